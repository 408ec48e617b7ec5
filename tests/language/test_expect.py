"""What is allowed at the cursor: from what the session knows, never from the network."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.config import load
from dicomsh.language.expect import candidates, expect
from dicomsh.language.words import quote
from dicomsh.model.levels import Level
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from tests.language.knowledge import REGISTRY, Known
from tests.language.test_analyse import any_line


def offered(text: str, next_level: Level = Level.PATIENT) -> tuple[str, set[str]]:
    """The word to be completed (`|` marks the cursor, `^` a pipe), and what is offered for it."""
    before, _, after = text.partition("|")
    before = before.replace("^", "|")
    expected = expect(before + after, len(before), REGISTRY, Known(next_level))
    assert expected is not None
    assert 0 <= expected.start <= len(before)
    return expected.prefix, {candidate.text for candidate in candidates(expected, REGISTRY)}


LEVELS = {"patient", "study", "series", "instance"}
FIND_OPTIONS = {"--limit", "--model"}


@pytest.mark.parametrize(
    ("text", "prefix", "some"),
    [
        ("|", "", {"find", "modality add", "exit"}),
        ("fi|", "fi", {"find"}),
        ("ls; fi|", "fi", {"find"}),
        ("ls;|", "", {"find"}),
        ("ls\n|", "", {"find"}),
        ("modality |", "modality ", {"modality add", "modality remove"}),
        ("modality a|", "modality a", {"modality add"}),
        ("find |", "", LEVELS),
        ("find st|", "st", LEVELS),
        ("find st|udy date=2024", "st", LEVELS),
        ("find study |", "", {"date=", "StudyDate=", "+mod", *FIND_OPTIONS}),
        ("find study da|", "da", {"date="}),
        ("find study --limit 5 date=2024 |", "", {"mod=", "--model"}),
        ("find study --model=s|", "s", {"study"}),
        ("last --output=|", "", {"table", "json"}),
        ("find study --|", "--", FIND_OPTIONS),
        ("find study --model |", "", {"patient", "study"}),
        ("find study --split |", "", {"auto", "week", "mod=", "--limit"}),
        ("last --output |", "", {"table", "json", "dicom-json"}),
        ("use |", "", {"pacs", "ward"}),
        ("cd |", "", {"0555643F", "A 1"}),
        ("cd 'A|", "A", {"A 1"}),
        ("ls |", "", {"0555643F", "sex=", "--limit"}),
        ("ls sex=M |", "", {"0555643F", "birth="}),
        ("set |", "", {"limit"}),
        ("help |", "", {"keys"}),
        ("print 'a;|", "a;", set()),
        ("ls ^ |", "", {"where", "sort", "head", "count"}),
        ("ls ^ wh|", "wh", {"where"}),
        ("find study ^ where |", "", {"date=", "StudyDate="}),
        ("find study ^ where mod=CT ^ sort da|", "da", {"date", "--reverse", "StudyDate"}),
        ("find study ^ to |", "", {"json", "csv"}),
        ("find study ^ count |", "", {"by", "mod"}),
        ("find study ^ count by |", "", {"mod"}),
    ],
)
def test_what_is_offered(text: str, prefix: str, some: set[str]) -> None:
    found, texts = offered(text)
    assert found == prefix
    assert some <= texts


@pytest.mark.parametrize(
    ("text", "none"),
    [
        ("find study |", LEVELS),
        ("find study --limit 5 |", {"--limit"}),
        ("find study JOD* --limit 5 |", {"0555643F"}),
        ("find study --model |", {"date=", "--limit"}),
        ("use pacs |", {"pacs"}),
        ("ls 1 |", {"0555643F"}),
        ("ls --limit 5 |", {"5"}),
        ("print 'a;|", {"find"}),
        ("find |", {"date=", "find"}),
        ("ls ^ |", {"find", "date="}),
        ("find study ^ where |", {"+date", "where", "find"}),
        ("find study ^ where mod=CT ^ head |", {"mod=", "find"}),
    ],
)
def test_what_is_not_offered(text: str, none: set[str]) -> None:
    assert not none & offered(text)[1]


def test_the_value_of_an_option_is_no_target() -> None:
    assert "0555643F" in offered("ls --limit 5 |")[1]


@pytest.mark.parametrize(
    ("text", "level", "meta"),
    [
        ("find series |", Level.PATIENT, "SeriesDate"),
        ("find study |", Level.PATIENT, "StudyDate"),
        ("ls |", Level.SERIES, "SeriesDate"),
    ],
)
def test_an_alias_tells_what_it_stands_for(text: str, level: Level, meta: str) -> None:
    before = text.rstrip("|")
    expected = expect(before, len(before), REGISTRY, Known(level))
    assert expected is not None
    found = {candidate.text: candidate.told for candidate in candidates(expected, REGISTRY)}
    assert found["date="].split(" · ")[0] == meta


@pytest.mark.parametrize("text", ["ls > |", "ls >|", "ls > ou|", "find study >> a|"])
def test_a_file_is_expected_after_a_redirection(text: str) -> None:
    before = text.rstrip("|")
    expected = expect(before, len(before), REGISTRY, Known())
    assert expected is not None
    assert expected.file
    assert before[expected.start :] == expected.prefix


def test_behind_the_file_the_command_goes_on() -> None:
    assert "sex=" in offered("ls > f |")[1]


@pytest.mark.parametrize("text", ["# fin", "ls # fin", "!fin", "ls | !wc", "ls | head | !wc"])
def test_nothing_is_offered_in_comments_and_system_commands(text: str) -> None:
    assert expect(text, len(text), REGISTRY, Known()) is None


@given(any_line, st.integers(0, 60), st.sampled_from(Level))
def test_any_cursor_of_any_line(text: str, cursor: int, level: Level) -> None:
    expected = expect(text, cursor, REGISTRY, Known(level))
    if expected is not None:
        assert 0 <= expected.start <= min(cursor, len(text))
        for candidate in candidates(expected, REGISTRY):
            assert candidate.text
            assert quote(candidate.text)


def test_a_real_session_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("completion opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    session = Session(load(None, environ={}, cwd=Path(__file__).parents[2]))
    session.choose(session.config.find("pacs"))
    for text in ("", "use ", "ls ", "find study ", "set ", "help ", "tree ", "cd -- w"):
        expected = expect(text, len(text), REGISTRY, SessionKnowledge(session))
        assert expected is not None
        assert list(candidates(expected, REGISTRY))
