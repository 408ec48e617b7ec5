"""Words of a similar spelling, the most similar first."""

from __future__ import annotations

import pytest

from dicomsh.model.spelling import Spelling

WORDS = ("study", "studies", "sturdy", "series", "patient", "instance", "image", "ab")


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("study", ["study", "sturdy"]),
        ("studi", ["studies", "study"]),
        ("stuyd", ["study", "sturdy"]),
        ("patent", ["patient"]),
        ("serie", ["series"]),
        ("instnce", ["instance"]),
        ("ab", ["ab"]),
        ("b", []),
        ("zzz", []),
        ("", []),
    ],
)
def test_similar_words(text: str, near: list[str]) -> None:
    assert Spelling(WORDS).near(text, 2) == near


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        # 3 of 8 pairs, and 4 of 10
        ("abcdefg", "abxcxdxexfxg", False),
        ("abcdefghi", "abcxdxexfxgxhxi", True),
    ],
)
def test_similar_words_have_two_fifths_of_the_letter_pairs(
    text: str, word: str, found: bool
) -> None:
    assert Spelling([word]).near(text, 1) == [word] * found


def test_no_more_than_are_wanted_come() -> None:
    words = [f"keyword{number}" for number in range(9)]
    assert [len(Spelling(words).near("keyword", most)) for most in (1, 3, 9)] == [1, 3, 9]


def test_a_word_of_pairs_in_common_is_found_among_longer_ones() -> None:
    """Those that share the same pairs, but have many others, are less like it."""
    long = [f"patientname{letter * 3}extended" for letter in "abcdefghijklmnopqrst"]
    assert Spelling([*long, "patientname"]).near("patientnam", 1) == ["patientname"]
