"""A time of day at which something may run: `19:00..07:00`, every day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.regex import regex

_DAY = timedelta(days=1)
_WINDOW = regex(r"(\d{1,2}):(\d{2})\.\.(\d{1,2}):(\d{2})\Z")


@frozen
class DailyWindow:
    """From one time of day to another, past midnight if the second is earlier.

    Args:
        start: when it opens.
        end: when it closes.
    """

    start: time
    end: time

    def seconds_until_open(self, now: datetime) -> float:
        """Seconds until it is open; 0 if it is."""
        opens, closes = (datetime.combine(now.date(), time) for time in (self.start, self.end))
        since = (now - opens) % _DAY
        is_open = since < ((closes - opens) % _DAY or _DAY)
        return 0.0 if is_open else (_DAY - since).total_seconds()


def read_daily_window(text: str) -> DailyWindow:
    """The window in a text such as `19:00..07:00`.

    Raises:
        UsageError: it is not one.
    """
    match = _WINDOW.match(text)
    try:
        if match is None:
            raise ValueError
        first, second, third, fourth = map(int, match.groups())
        return DailyWindow(time(first, second), time(third, fourth))
    except ValueError:
        raise UsageError(
            f"'{text}' is not a time of day from and to", hint="for example 19:00..07:00"
        ) from None
