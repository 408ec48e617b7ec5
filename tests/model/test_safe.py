import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model import safe
from dicomsh.model.safe import (
    LONGEST,
    fit,
    is_unsafe,
    pieces,
    remark,
    shorten_middle,
    tail,
    visible,
    visible_lines,
    width,
)

ANY_TEXT = st.text(st.characters())  # lone surrogates too
ACTIVE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
UID = "1.2.840.113704.1.111.2768.1239195678.57"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("JODOGNE^SEBASTIEN", "JODOGNE^SEBASTIEN"),
        ("山田^太郎", "山田^太郎"),
        ("山田\u3000太郎", "山田\u3000太郎"),
        ("\x1b[2J", "␛[2J"),
        ("a\r\nb\tc\0\x7f", "a␍␊b␉c␀␡"),
        ("\x9b31m", "⟨009b⟩31m"),
        ("abc\u202exe.", "abc⟨202e⟩xe."),
        ("\u2066\u200f\u2028\ufeff", "⟨2066⟩⟨200f⟩⟨2028⟩⟨feff⟩"),
        ("\ud800", "⟨d800⟩"),
        ("A\u00a0B", "A⟨00a0⟩B"),
        ("A\u2003B", "A⟨2003⟩B"),
        ("A\u034fB", "A⟨034f⟩B"),
        ("A\u3164\u115f\u1160\uffa0B", "A⟨3164⟩⟨115f⟩⟨1160⟩⟨ffa0⟩B"),
        ("\u2800", "⟨2800⟩"),
        ("A\ufe0f\U000e0100\u180b", "A⟨fe0f⟩⟨e0100⟩⟨180b⟩"),
        ("\u0301a", "⟨0301⟩a"),
        ("Nguye\u0302\u0303n", "Nguye\u0302\u0303n"),
        ("a" + "\u0301" * 8, "a" + "\u0301" * 6 + "⟨0301⟩" * 2),
        ("a" + "\u0301" * 25_000, "a" + "\u0301" * 6 + "⟨0301⟩" * 4 + "⟨+24,990 marks⟩"),
        ("\U000e0041", "⟨e0041⟩"),
        ("\x1f \x80", "␟ ⟨0080⟩"),
        ("A\ufe00\ufe0f\ufe10", "A⟨fe00⟩⟨fe0f⟩\ufe10"),
        ("A\U000e0100\U000e01ef", "A⟨e0100⟩⟨e01ef⟩"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 6),
        ("a" + "\u0301" * 7, "a" + "\u0301" * 6 + "⟨0301⟩"),
        ("a" + "\u0301" * 10, "a" + "\u0301" * 6 + "⟨0301⟩" * 4),
        ("a" + "\u0301" * 11, "a" + "\u0301" * 6 + "⟨0301⟩" * 4 + "⟨+1 marks⟩"),
        ("a" + "\u0301" * 11 + "b\u0301", "a" + "\u0301" * 6 + "⟨0301⟩" * 4 + "⟨+1 marks⟩b\u0301"),
        ("a\u0301\x1bb\u20dd", "a\u0301␛b\u20dd"),
        ("\u0301" * 5, "⟨0301⟩" * 4 + "⟨+1 marks⟩"),
    ],
)
def test_what_acts_is_shown_instead(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(ANY_TEXT)
def test_visible_text_never_acts(text: str) -> None:
    assert not {unicodedata.category(char) for char in visible(text)} & ACTIVE
    visible(text).encode()


@given(ANY_TEXT)
def test_what_is_plain_is_visible(text: str) -> None:
    if safe._PLAIN.match(text):
        assert not any(map(is_unsafe, text))


def test_a_remark_is_one_bounded_line() -> None:
    assert remark("no\n500 patients, complete") == "no␊500 patients, complete"
    assert remark("x" * 60_000) == "x" * LONGEST + "… (60,000 characters)"
    assert remark("x" * LONGEST) == "x" * LONGEST
    assert remark("x" * 501) == "x" * LONGEST + "… (501 characters)"


def test_lines_stay_lines() -> None:
    assert visible_lines("a\n\tb\r\x1b\n") == "a\n\tb␍␛\n"
    assert visible("a\n\tb") == "a␊␉b"


@given(ANY_TEXT)
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "cells"),
    [("", 0), ("abc", 3), ("Müller", 6), ("山田", 4), ("e\u0301a", 2), ("홍", 2), ("قباني", 5)],
)
def test_width_is_in_terminal_cells(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("text", "cells", "cut"),
    [
        ("CT THORAX", 9, "CT THORAX"),
        ("CT THORAX", 5, "CT T…"),
        ("山田太郎", 5, "山田…"),
        ("山田太郎", 4, "山…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_fit_cuts_the_end(text: str, cells: int, cut: str) -> None:
    assert fit(text, cells) == cut


@pytest.mark.parametrize(
    ("text", "cells", "parts"),
    [
        ("abcdef", 2, ["ab", "cd", "ef"]),
        ("abcde", 2, ["ab", "cd", "e"]),
        ("山田太", 3, ["山", "田", "太"]),
        ("a山b", 3, ["a山", "b"]),
        ("e\u0301e\u0301", 1, ["e\u0301", "e\u0301"]),
        # a character is never cut, even if it does not fit
        ("a山b", 1, ["a", "山", "b"]),
        ("", 2, [""]),
    ],
)
def test_a_text_in_pieces(text: str, cells: int, parts: list[str]) -> None:
    assert list(pieces(text, cells)) == parts


@pytest.mark.parametrize(
    ("text", "cells", "end"),
    [
        ("1.2.840", 3, "840"),
        ("1.2.840", 7, "1.2.840"),
        ("1.2.840", 9, "1.2.840"),
        ("1.2.840", 0, ""),
        ("山田", 3, "田"),
        ("山田", 1, ""),
        ("ae\u0301", 1, "e\u0301"),
        ("\u0301ab", 5, "ab"),
    ],
)
def test_the_end_of_a_text(text: str, cells: int, end: str) -> None:
    assert tail(text, cells) == end


def test_a_uid_is_shortened_in_the_middle() -> None:
    assert shorten_middle(UID, 20) == "1.2.840.113704…78.57"
    assert shorten_middle(UID, len(UID)) == UID


@pytest.mark.parametrize(
    ("cells", "after", "short"),
    [
        (20, 8, "1.2.840.113…95678.57"),
        (20, 0, "1.2.840.113704.1.11…"),
        (4, None, "1.…7"),
        (3, None, "1.…"),
        (3, 1, "1…7"),
        (2, 1, "1…"),
        (0, None, ""),
    ],
)
def test_how_much_of_the_end_is_shown(cells: int, after: int | None, short: str) -> None:
    assert shorten_middle(UID, cells, after) == short


@given(st.text(), st.integers(0, 30))
def test_shortened_text_fits(text: str, cells: int) -> None:
    for shorten in (fit, shorten_middle):
        short = shorten(text, cells)
        assert width(short) <= cells or width(text) == 0
        assert short == text or "…" in short or not cells


@given(st.text("ae\u0301\u0308山"), st.integers(1, 12))
def test_a_combining_character_stays_with_its_base(text: str, cells: int) -> None:
    short = shorten_middle("x" + text, cells)
    if "…" in short:
        head, tail = short.split("…")
        rest = ("x" + text)[len(head) :]
        assert not unicodedata.combining(rest[0])
        assert not tail or not unicodedata.combining(tail[0])
