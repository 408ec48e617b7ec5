"""The explanation of a command that moves objects, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.errors import UsageError
from dicomsh.explain.equivalent import Equivalent
from dicomsh.explain.page import tool_lines
from dicomsh.explain.transfer import (
    SentRetrieve,
    is_placeholder,
    retrieve_lines,
    store_lines,
    whole,
)
from dicomsh.explain.transfer_tools import RETRIEVE_TOOLS, STORE_TOOLS, StoredPaths


def moved_lines(
    retrieves: Sequence[SentRetrieve], stored: Sequence[StoredPaths], *, listed: bool
) -> list[str]:
    """Each request and each storage, after the queries.

    Args:
        retrieves: the requests.
        stored: the storages.
        listed: whether queries come before, which list what is requested.
    """
    lines = []
    for sent in retrieves:
        each = any(is_placeholder(key.value) for key in sent.query.keys)
        lines += ["", "then, for each of them:" if each else "then:"] if listed else [""]
        lines += retrieve_lines(sent)
    for one in stored:
        lines += ["", *store_lines(one.sent)]
    return lines


def equivalents(
    retrieves: Sequence[SentRetrieve], stored: Sequence[StoredPaths]
) -> list[Equivalent]:
    """The same for each of the other tools; of several requests, the first."""
    made = [tool(whole(sent)) for sent in retrieves[:1] for tool in RETRIEVE_TOOLS.values()]
    return made + [tool(one) for one in stored[:1] for tool in STORE_TOOLS.values()]


def tool_text(
    name: str | None, retrieves: Sequence[SentRetrieve], stored: Sequence[StoredPaths]
) -> list[str]:
    """The same for a tool, ready to run.

    Args:
        name: the tool; None for all of them.
        retrieves: the requests.
        stored: the storages.

    Raises:
        UsageError: the tool cannot do it.
    """
    if name is None:
        made = equivalents(retrieves, stored)
    else:
        made = [RETRIEVE_TOOLS[name](whole(one)) for one in retrieves if name in RETRIEVE_TOOLS]
        made += [STORE_TOOLS[name](one) for one in stored if name in STORE_TOOLS]
        for one in made:
            if not one.text:
                raise UsageError(f"{one.title}: {'; '.join(one.notes)}")
    if not made:
        tools = (*(RETRIEVE_TOOLS if retrieves else ()), *(STORE_TOOLS if stored else ()))
        raise UsageError(f"{name} does not do this", hint=f"tools that do: {', '.join(tools)}")
    return [line for one in made for line in tool_lines(one)]
