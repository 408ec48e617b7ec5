"""A signature is a grammar, or no command at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any

import pytest

from dicomsh.language.command import Alone, Command, Registry, command, commands_of, stages_of
from dicomsh.language.kinds import COUNT, LEVEL, PATTERN, TERM
from dicomsh.model.levels import Level
from tests.language.knowledge import REGISTRY

Word = Annotated[str, PATTERN]


def made(function: Any) -> Command:
    marked = SimpleNamespace(function=command("do", family="test")(function))
    return commands_of(marked)["do"]()


async def whole(
    context: object,
    level: Annotated[Level, LEVEL],
    pattern: Annotated[str | None, PATTERN] = None,
    *terms: Annotated[str, TERM],
    row_limit: Annotated[int | None, COUNT, "stop after N rows"] = None,
    all_: Annotated[bool, "everything"] = False,
) -> None:
    """Do it.

    With all its parts.
    """


def test_a_signature_is_the_grammar() -> None:
    found = made(whole)
    assert found.usage == "do LEVEL [PATTERN] [Key=Value|+Key…] [--row-limit N] [--all]"
    assert found.summary == "Do it"
    assert "With all its parts." in found.doc
    assert [p.name for p in found.positionals] == ["level", "pattern", "terms"]
    assert [(p.required, p.many, p.option) for p in found.parameters] == [
        (True, False, False),
        (False, False, False),
        (False, True, False),
        (False, False, True),
        (False, False, True),
    ]
    limit = found.option("--row-limit")
    assert limit is not None
    assert (limit.name, limit.kind, limit.help) == ("row_limit", COUNT, "stop after N rows")
    assert found.option("--nothing") is None


async def optional(
    context: object,
    pattern: Annotated[str | None, PATTERN] = None,
    *,
    count: Annotated[int | None, COUNT, Alone(7), "so many, or seven"] = None,
) -> None:
    """Do it."""


def test_the_value_of_an_option_may_be_left_out() -> None:
    found = made(optional)
    assert found.usage == "do [PATTERN] [--count [N]]"
    option = found.option("--count")
    assert option is not None
    assert option.alone == Alone(7)


async def a_word_alone(context: object, word: Annotated[str, PATTERN, Alone("x")]) -> None:
    """Do it."""


async def no_annotation(context: object, word) -> None:  # type: ignore[no-untyped-def]
    """Do it."""


async def no_kind(context: object, word: str) -> None:
    """Do it."""


async def no_kind_but_text(context: object, word: Annotated[str, "a word"]) -> None:
    """Do it."""


async def a_flag_among_words(context: object, word: Annotated[bool, "all"] = False) -> None:
    """Do it."""


async def an_option_without_help(context: object, *, limit: Annotated[int, COUNT] = 1) -> None:
    """Do it."""


async def no_docstring(context: object, word: Word) -> None: ...


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (no_annotation, "no_annotation: parameter 'word' has no kind"),
        (no_kind, "no_kind: parameter 'word' has no kind"),
        (no_kind_but_text, "parameter 'word' has no kind"),
        (a_flag_among_words, "parameter 'word' has no kind"),
        (an_option_without_help, "option 'limit' has no help"),
        (a_word_alone, "'word' is not an option with a value"),
        (no_docstring, "command 'do' has no docstring"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_no_grammar_is_refused_when_it_is_loaded(function: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        made(function)


def test_a_registry_finds_the_commands_of_modules() -> None:
    marked = command("do", family="test")(whole)
    module = SimpleNamespace(a=marked, b="something else", c=marked)
    found = Registry(commands_of(module), stages_of(module))
    assert found.stages.names == ()
    assert found.names == ("do",)
    assert [entry.run for entry in found] == [whole]
    assert found.get("do") is not None
    assert found.get("other") is None


CONTRACT = (
    "modalities, modality add, modality remove, use, echo, find, ls, cd, pwd, tree, show, wado,"
    " last, set, let, source, print, help, exit"
).split(", ")


def test_the_commands_of_the_contract_are_there() -> None:
    assert set(CONTRACT) <= set(REGISTRY.names)


STAGES = {"where", "sort", "select", "head", "tail", "uniq", "count", "to", "each"}


def test_the_stages_of_the_contract_are_there() -> None:
    assert set(REGISTRY.stages.names) >= STAGES
    assert not set(REGISTRY.names) & STAGES


@pytest.mark.parametrize("entry", [*REGISTRY, *REGISTRY.stages], ids=lambda entry: entry.name)
def test_every_command_explains_itself(entry: Command) -> None:
    assert entry.summary[0].isupper()
    assert len(entry.summary) <= 90
    assert all(parameter.help for parameter in entry.parameters if parameter.option)
    assert entry.usage.startswith(entry.name)
