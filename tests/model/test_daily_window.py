"""A window of the day: when it is open, and how long until then."""

from __future__ import annotations

from datetime import datetime

import pytest

from dicomsh.errors import UsageError
from dicomsh.model.daily_window import read_daily_window


@pytest.mark.parametrize(
    ("window", "now", "seconds"),
    [
        ("19:00..07:00", "19:00:00", 0),
        ("19:00..07:00", "23:59:59", 0),
        ("19:00..07:00", "06:59:59", 0),
        ("19:00..07:00", "07:00:00", 12 * 3600),
        ("19:00..07:00", "18:59:30", 30),
        ("8:30..17:00", "08:30:00", 0),
        ("08:30..17:00", "16:59:59", 0),
        ("08:30..17:00", "17:00:00", 15.5 * 3600),
        ("08:30..17:00", "08:29:59", 1),
        ("00:00..00:00", "12:00:00", 0),
        ("19:30..07:15", "07:14:59", 0),
        ("19:30..07:15", "07:15:00", 12.25 * 3600),
        ("19:30..07:15", "19:29:59", 1),
        ("08:30..17:15", "17:14:59", 0),
        ("08:30..17:15", "17:15:00", 15.25 * 3600),
    ],
)
def test_it_opens_and_closes(window: str, now: str, seconds: float) -> None:
    moment = datetime.fromisoformat(f"2024-03-05T{now}")
    assert read_daily_window(window).seconds_until_open(moment) == seconds


@pytest.mark.parametrize("text", ["", "19:00", "19..7", "24:00..07:00", "19:60..07:00", "x..y"])
def test_what_is_not_a_window_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_daily_window(text)
    assert caught.value.message == f"'{text}' is not a time of day from and to"
    assert caught.value.hint == "for example 19:00..07:00"
