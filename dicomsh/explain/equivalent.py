"""A query for another tool, and what all tools need for it."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.frozen import frozen
from dicomsh.model.keys import Attribute, tag_pair


@frozen
class Equivalent:
    """A query for another tool.

    Args:
        title: the tool.
        text: the command; empty if the tool cannot express the query.
        notes: differences, each a sentence.
    """

    title: str
    text: str
    notes: tuple[str, ...] = ()


_WIDTH = 78
"""Characters per line, so that most terminals need not wrap."""


def lines_of(parts: Sequence[str], end: str = " \\") -> str:
    """Parts of one command, as many on a line as fit; `end` marks a continued line."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + len(end) < _WIDTH:
            lines[-1] += f" {part}"
        else:
            lines.append(f"  {part}")
    return f"{end}\n".join(lines)


def keyword_or_hex(attribute: Attribute) -> str:
    """The keyword; the tag as eight digits for an attribute without one."""
    return f"{attribute.tag:08X}" if is_nameless(attribute) else attribute.keyword


def is_nameless(attribute: Attribute) -> bool:
    """Whether an attribute has no keyword, but only a tag."""
    return attribute.keyword == tag_pair(attribute.tag)


def without_level(title: str) -> Equivalent:
    """A query without a level, which the tool cannot express."""
    return Equivalent(title, "", ("cannot be said: this route asks at a Query/Retrieve level",))
