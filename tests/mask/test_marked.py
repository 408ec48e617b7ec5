"""What counts as a marker that has left."""

from __future__ import annotations

import pytest

from tests.mask.marked import leaks


@pytest.mark.parametrize(
    "text",
    [
        *("qxq0555643F", "x qxqA^qxqB y", "QXQA^QXQB", "9.8.111", "%2Fqxq", "a,QXQ1"),
        *("19770707", "1977-07-07", "1977-7-7", "1977.07.07", "7.7.1977", "07/07/1977", "07071977"),
        *("7 JUL 1977", "7. Juli 1977", "7 juillet 1977", "July 7, 1977", "19770707101500"),
    ],
)
def test_a_marker(text: str) -> None:
    assert leaks(text)


@pytest.mark.parametrize("text", ["X-KYN9QXQ9", "X-QXQ1ABCD", "2.25.3319777755", "2.25.1197707071"])
def test_a_made_up_value_with_the_same_letters(text: str) -> None:
    assert leaks(text) == []
