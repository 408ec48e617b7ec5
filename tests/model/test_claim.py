"""What a peer says about a retrieval, in numbers and in words."""

from __future__ import annotations

import pytest

from dicomsh.model.claim import Claim, said


@pytest.mark.parametrize(
    ("completed", "warning", "arrived"), [(None, None, 0), (3, None, 3), (None, 2, 2), (3, 2, 5)]
)
def test_what_came_with_a_warning_arrived(
    completed: int | None, warning: int | None, arrived: int
) -> None:
    assert Claim(0, completed=completed, warning=warning, failed=9, remaining=9).arrived == arrived


@pytest.mark.parametrize(
    ("comment", "words"),
    [(None, "0x0000 Success"), ("", "0x0000 Success"), ("done", "0x0000 Success: done")],
)
def test_a_comment_is_told_if_there_is_one(comment: str | None, words: str) -> None:
    assert said(Claim(0, comment)) == words
