"""Colours while typing: from the analysis; errors where they are, none for what is unfinished."""

from __future__ import annotations

import io

import pytest
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import fragment_list_to_text
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Attrs

from dicomsh.commands import registry
from dicomsh.config import Config
from dicomsh.lexer import TOKENS
from dicomsh.output.sink import Sink
from dicomsh.repl.colours import STYLE, LineLexer, depth
from dicomsh.repl.line_analysis import LineAnalysis
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions


def insight(**variables: str) -> LineAnalysis:
    """An insight into a shell that nothing was done in."""
    made = LineAnalysis()
    sink = Sink(io.StringIO(), io.StringIO())
    made.shell = Shell(Session(Config(), variables), sink, ShellOptions(), {})
    return made


def painted(text: str, known: LineAnalysis | None = None) -> list[tuple[str, str]]:
    """The text in pieces with their roles, without what has none."""
    lexer = LineLexer(known or insight())
    lines = lexer.lex_document(Document(text))
    fragments = [part for number in range(text.count("\n") + 1) for part in lines(number)]
    assert fragment_list_to_text(fragments) == text.replace("\n", "")
    return [(part[0].removeprefix("class:"), part[1]) for part in fragments if part[0]]


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("find patient JOD*", [("command", "find"), ("level", "patient"), ("string", "JOD*")]),
        (
            "ls sex=M --limit 5 > a.csv # now",
            [
                ("command", "ls"),
                ("keyword", "sex"),
                ("operator", "="),
                ("value", "M"),
                ("option", "--limit"),
                ("value", "5"),
                ("operator", ">"),
                ("file", "a.csv"),
                ("comment", "# now"),
            ],
        ),
        ("cd 1", [("command", "cd"), ("target", "1")]),
        ("set limit 5", [("command", "set"), ("setting", "limit"), ("value", "5")]),
        ("pwd; !less", [("command", "pwd"), ("system", "!less")]),
        ("print 'a\nb'", [("command", "print"), ("string", "'a"), ("string", "b'")]),
    ],
)
def test_every_word_has_the_colour_of_what_it_is(text: str, roles: list[tuple[str, str]]) -> None:
    assert painted(text) == roles


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("fnd patient", ["fnd"]),
        ("find patent ", ["patent"]),
        ("find series number=1-5 ", ["1-5"]),
        ("ls --limt 5", ["--limt"]),
        ("pwd; fnd x; pwd y ", ["fnd", "y"]),
        ("find study date=$DAY mod=CT", ["$DAY"]),
        ("set limit many ", ["many"]),
    ],
)
def test_what_is_wrong_is_underlined_where_it_is(text: str, wrong: list[str]) -> None:
    assert [piece for role, piece in painted(text) if role == "wrong"] == wrong


@pytest.mark.parametrize(
    "text",
    ["fnd", "find", "find ", "find pat", "find series number=1-", "print 'one", "ls --lim", "ls >"],
)
def test_what_may_only_be_unfinished_is_not_wrong_yet(text: str) -> None:
    assert "wrong" not in [role for role, _ in painted(text)]


def test_nothing_is_painted_before_there_is_a_shell() -> None:
    assert painted("find patient", LineAnalysis()) == []


def test_a_text_is_painted_anew_when_the_shell_comes_or_a_line_begins() -> None:
    known = LineAnalysis()
    lexer = LineLexer(known)
    before = lexer.invalidation_hash()
    known.shell = insight().shell
    made = lexer.invalidation_hash()
    known.renew()
    assert len({before, made, lexer.invalidation_hash()}) == 3


def test_every_role_has_a_style() -> None:
    roles = {
        parameter.kind.role
        for command in registry()
        for parameter in command.parameters
        if parameter.kind
    }
    plain = STYLE.get_attrs_for_style_str("")
    for role in roles | {"command", "option", "operator", "system", "comment", "wrong"}:
        assert STYLE.get_attrs_for_style_str(f"class:{role}") != plain, role


def test_the_prompt_has_a_style_for_every_role_of_the_documents() -> None:
    styled = {name for names, _ in STYLE.style_rules for name in names.split()}
    assert set(TOKENS) - {"error"} <= styled


def test_only_the_colours_of_the_terminal_are_used() -> None:
    for _, style in STYLE.style_rules:
        for word in style.split():
            assert word.startswith("ansi") or word in Attrs._fields, word


@pytest.mark.parametrize(
    ("color", "environ", "expected"),
    [
        ("auto", {}, ColorDepth.DEPTH_4_BIT),
        ("auto", {"NO_COLOR": ""}, ColorDepth.DEPTH_4_BIT),
        ("auto", {"NO_COLOR": "1"}, ColorDepth.DEPTH_1_BIT),
        ("on", {"NO_COLOR": "1"}, ColorDepth.DEPTH_4_BIT),
        ("off", {}, ColorDepth.DEPTH_1_BIT),
    ],
)
def test_colours_are_for_those_who_want_them(
    color: str, environ: dict[str, str], expected: ColorDepth
) -> None:
    assert depth(color, environ) is expected
