"""The first, the middle, the last, or one by its number."""

from __future__ import annotations

import pytest

from dicomsh.errors import UsageError
from dicomsh.model.position import nth


@pytest.mark.parametrize(
    ("wanted", "count", "number"),
    [
        ("first", 7, 1),
        ("middle", 7, 4),
        ("middle", 6, 3),
        ("middle", 2, 1),
        ("middle", 1, 1),
        ("last", 7, 7),
        (1, 7, 1),
        (7, 7, 7),
    ],
)
def test_which_is_meant(wanted: str | int, count: int, number: int) -> None:
    assert nth(wanted, count, "frame") == number


def test_there_may_be_fewer() -> None:
    with pytest.raises(UsageError) as caught:
        nth(1_201, 1_200, "instance")
    assert caught.value.message == "there is no instance 1201: there are 1,200"
