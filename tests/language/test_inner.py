"""A command as the argument of another: bound, coloured and completed as if it stood alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated

import pytest

from dicomsh.commands import find, query, scripting
from dicomsh.commands import show as entity
from dicomsh.language.analyse import Analysis, analyse_text
from dicomsh.language.binding import Call
from dicomsh.language.command import Registry, command, commands_of
from dicomsh.language.expect import candidates, expect
from dicomsh.language.kinds import COMMAND, NEW_NAME
from dicomsh.language.scan import Word
from dicomsh.model.levels import Level
from tests.language.knowledge import Known


@command("explain", family="test")
async def explain(
    context: object,
    inner: Annotated[Call, COMMAND],
    *,
    wire: Annotated[bool, "as bytes"] = False,
) -> None:
    """Explain a command."""


@command("give", family="test")
async def give(
    context: object,
    name: Annotated[Word, NEW_NAME],
    inner: Annotated[Call | None, COMMAND] = None,
) -> None:
    """Give a command a name."""


OURS = SimpleNamespace(explain=explain, give=give)
MODULES = (find, query, entity, scripting, OURS)
REGISTRY = Registry(
    {name: load for module in MODULES for name, load in commands_of(module).items()}, {}
)


def analysed(text: str) -> Analysis:
    (analysis,), _ = analyse_text(text, REGISTRY, Known(Level.SERIES))
    return analysis


def inner(analysis: Analysis) -> Call:
    assert analysis.call is not None, analysis.problem
    call = analysis.call.arguments[-1]
    assert isinstance(call, Call)
    return call


def test_the_rest_of_the_words_is_bound_as_a_command() -> None:
    found = inner(analysed("explain find study JOD* sex=M --limit 5"))
    level, pattern, term = found.arguments
    assert (found.command.name, level, pattern.text, term.key, found.options) == (
        "find",
        Level.STUDY,
        "JOD*",
        "sex",
        {"limit": 5},
    )


def test_options_before_it_belong_to_the_outer_command() -> None:
    analysis = analysed("explain --wire find study --limit 5")
    assert analysis.call is not None
    assert analysis.call.options == {"wire": True}
    assert inner(analysis).options == {"limit": 5}


def test_a_command_in_a_command_in_a_command() -> None:
    found = inner(analysed("explain give x explain ls"))
    assert [found.command.name, found.arguments[0].text] == ["give", "x"]
    assert found.arguments[1].arguments[0].command.name == "ls"


def test_an_optional_command_may_be_left_out() -> None:
    analysis = analysed("give x")
    assert analysis.call is not None
    assert analysis.call.arguments[1] is None


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("explain", "COMMAND is missing", "n"),
        ("explain fnd study", "no command 'fnd'", "fnd"),
        ("explain find stdy", "expected patient, study, series, instance or worklist", "stdy"),
        ("explain find study sx=M", "no attribute 'sx'", "sx"),
        ("explain find", "LEVEL is missing", "d"),
        ("explain find study --wired", "find has no option '--wired'", "--wired"),
        ("give x explain show a b", "unexpected word 'b'", "b"),
    ],
)
def test_the_first_problem_inside_is_told_in_its_place(
    text: str, message: str, marked: str
) -> None:
    analysis = analysed(text)
    assert analysis.call is None
    assert analysis.problem is not None
    assert message in analysis.problem.message
    assert analysis.problem.span is not None
    start, end = analysis.problem.span
    assert text[start:end] == marked


def test_colours_go_on_inside() -> None:
    text = "explain --wire find study sex=M --limit 5"
    roles = [(text[span.start : span.end], role) for span, role in analysed(text).tokens]
    assert roles == [
        ("explain", "command"),
        ("--wire", "option"),
        ("find", "command"),
        ("study", "level"),
        ("sex", "keyword"),
        ("=", "operator"),
        ("M", "value"),
        ("--limit", "option"),
        ("5", "value"),
    ]


@pytest.mark.parametrize(
    ("text", "prefix", "some", "none"),
    [
        ("explain ", "", {"find", "show", "--wire"}, {"study"}),
        ("explain fi", "fi", {"find"}, {"study"}),
        ("explain --wire ", "", {"find"}, set()),
        ("explain find ", "", {"study"}, {"find", "--wire"}),
        ("explain find study da", "da", {"date=", "--limit"}, {"--wire"}),
        ("explain find study --model ", "", {"patient"}, {"--limit"}),
        ("give x explain cd", "cd", {"ls"}, {"study"}),
        ("give x", "x", set(), {"ls"}),
    ],
)
def test_completion_goes_on_inside(text: str, prefix: str, some: set[str], none: set[str]) -> None:
    expected = expect(text, len(text), REGISTRY, Known())
    assert expected is not None
    assert expected.prefix == prefix
    found = {candidate.text for candidate in candidates(expected, REGISTRY)}
    assert some <= found
    assert not none & found


def test_the_inner_command_is_read_as_if_it_stood_alone() -> None:
    found = inner(analysed("explain ls number=4"))
    assert found.arguments[1].path(Level.SERIES)[0].keyword == "SeriesNumber"
