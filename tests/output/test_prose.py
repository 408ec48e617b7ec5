"""Prose on a terminal: broken between words, and nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.safe import width
from dicomsh.output.prose import filled, wrapped
from dicomsh.output.theme import SEQUENCE, Theme, paint


def test_lists_hang_below_what_is_said_of_a_name() -> None:
    text = "options:\n  --limit N     stop after N rows or so"
    assert wrapped(text, 32) == "options:\n  --limit N     stop after N\n                rows or so"


def test_too_deep_lists_hang_near_the_left() -> None:
    assert wrapped("  --a-long-name     what it is for", 24) == (
        "  --a-long-name     what\n    it is for"
    )


def test_a_usage_hangs_below_its_command_and_keeps_options_whole() -> None:
    assert wrapped("usage: find LEVEL [--limit N] [--model MODEL] [PATTERN]", 36) == (
        "usage: find LEVEL [--limit N]\n       [--model MODEL] [PATTERN]"
    )


def test_colours_take_no_room() -> None:
    painted = paint(Theme.ansi().error, "one two") + " three"
    assert wrapped(painted, 13) == painted


def test_a_paragraph_is_filled_anew() -> None:
    text = "aaa bbb ccc\nddd eee\n\n  x  y\nshort\nlines"
    assert filled(text, 8) == "aaa bbb\nccc ddd\neee\n\n  x  y\nshort\nlines"


def test_what_is_enumerated_behind_a_name_is_filled_anew() -> None:
    text = "one    aaa, bbb, ccc,\n       ddd, eee\ntwo    aaa bbb ccc\n       ddd"
    assert filled(text, 16) == (
        "one    aaa, bbb,\n       ccc, ddd,\n       eee\ntwo    aaa bbb\n       ccc\n       ddd"
    )


def test_a_name_may_have_several_parts() -> None:
    assert wrapped("  Up  Down   lines typed before", 28) == (
        "  Up  Down   lines typed\n             before"
    )


@given(st.text("ab山 -\n", max_size=80), st.integers(4, 40))
def test_no_word_is_broken_and_none_is_lost(text: str, columns: int) -> None:
    for result in (wrapped(text, columns), filled(text, columns)):
        assert result.split() == text.split()
        for line in result.split("\n"):
            assert width(line) <= columns or len(line.split()) <= 1


@pytest.mark.parametrize("columns", [60, 80])
def test_sequences_stay_whole(columns: int) -> None:
    text = paint(Theme.ansi().note, "word " * 40)
    assert SEQUENCE.sub("", wrapped(text, columns)).split() == ["word"] * 40
