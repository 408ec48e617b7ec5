"""Errors in the text they come from: the place stays under the eye, however narrow the terminal."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicomsh.errors import Span, UsageError
from dicomsh.model.safe import visible, width
from dicomsh.output.error_text import TextOrigin, problem
from dicomsh.output.prose import wrapped
from dicomsh.output.theme import Theme

LINE = "find study +PatientBirthDate +PatientSex Nonsense=5 +ReferringPhysicianName"
START = LINE.index("Nonsense")


def lines_of(text: str, span: Span, columns: int | None) -> list[str]:
    """The lines behind the message."""
    error = UsageError("no", span=span)
    told = problem(error, text, span, TextOrigin(), Theme.plain(), columns=columns)
    assert columns is None or wrapped(told, columns) == told
    return told.split("\n")[1:]


@pytest.mark.parametrize(
    ("columns", "shown", "caret"),
    [
        (None, f"  {LINE}", " " * (2 + START) + "^" * 8),
        (80, f"  {LINE}", " " * (2 + START) + "^" * 8),
        (60, f"  {LINE[:57]}…", " " * (2 + START) + "^" * 8),
        (40, "  …rthDate +PatientSex Nonsense=5 +Refe…", " " * 23 + "^" * 8),
        (20, "  …tSex Nonsense=5 …", " " * 8 + "^" * 8),
    ],
)
def test_a_long_line_is_shown_around_the_place(columns: int | None, shown: str, caret: str) -> None:
    assert lines_of(LINE, Span(START, START + 8), columns) == [shown, caret]


def test_a_place_that_is_wider_than_the_terminal_shows_its_beginning() -> None:
    shown, caret = lines_of(f"find study {'山' * 40} id=1", Span(11, 51), 40)
    assert shown == f"  …d study {'山' * 14}…"
    assert caret == " " * 11 + "^" * 29


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n…"), max_size=40) | st.text(
    "ab =山\u0301홍", max_size=90
)


@given(before=TEXTS, marked=TEXTS.filter(bool), after=TEXTS, columns=st.integers(20, 100))
@example(before="0" * 13 + "⺀" * 6, marked="\u0300", after="", columns=27)
def test_the_caret_is_under_the_place(before: str, marked: str, after: str, columns: int) -> None:
    span = Span(len(before), len(before) + len(marked))
    shown, caret = lines_of(before + marked + after, span, columns)
    assert max(width(shown), width(caret)) <= columns
    place = len(caret) - len(caret.lstrip(" "))
    parts = [shown[:index] for index in range(len(shown) + 1) if width(shown[:index]) == place]
    whole = visible(marked) + visible(after)
    rests = [shown[len(part) :].partition("…") for part in parts]
    assert any(whole.startswith(rest) and (mark or rest == whole) for rest, mark, _ in rests)
    assert len(caret) - place in (max(1, width(visible(marked))), columns - place)
