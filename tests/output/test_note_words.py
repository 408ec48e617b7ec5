"""Every kind of note has words, and notes that say the same are added up."""

from __future__ import annotations

import pytest

from dicomsh.model.notes import NoteKind, note, summed
from dicomsh.output.note_words import note_text

TWO = ("first", "second", "third")


@pytest.mark.parametrize("kind", NoteKind)
def test_every_kind_has_words(kind: NoteKind) -> None:
    """Whatever number of things it is about: one of these fits."""
    texts = []
    for about in (*(TWO[:size] for size in range(4)), ("1", "2", "3"), tuple("tab123456")):
        try:
            texts.append(note_text(note(kind, *about, count=2, of=3)))
        except (ValueError, IndexError):
            continue
    assert texts
    assert all(text and "{" not in text.replace("{fallback", "") for text in texts)


def test_notes_that_count_rows_are_summed() -> None:
    differ = [note(NoteKind.NO_MATCH, "A=1", "pacs", count=n, of=9) for n in (1, 1001)]
    other = note(NoteKind.NO_MATCH, "B=1", "pacs", count=1, of=9)
    agreed = note(NoteKind.FUZZY_AGREED)
    whole = note(NoteKind.NO_MATCH, "A=1", "pacs", count=1002, of=18)
    assert summed([differ[0], agreed, differ[1], agreed, other]) == (whole, agreed, other)


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 row has no PatientID"), (1200, "1,200 rows have no PatientID")],
)
def test_numbers_agree_with_what_they_count(count: int, words: str) -> None:
    assert note_text(note(NoteKind.NO_UNIQUE_KEY, "PatientID", count=count)) == words
