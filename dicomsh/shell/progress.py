"""The progress of the running command, shown on the terminal if it takes more than a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dicomsh.event_loop import asyncio
from dicomsh.model.results import Listing
from dicomsh.model.safe import visible
from dicomsh.output.progress import Headway
from dicomsh.output.sink import Sink

_FIRST = 0.5
"""Seconds before progress is shown."""

_EVERY = 0.25
"""Seconds between two updates: often enough to see movement, rarely enough to cost nothing."""


class RowProgress:
    """Counts the rows of the running command and reports them regularly.

    Args:
        sink: the only writer.
        waiting: what a command without rows waits for, in words.
    """

    def __init__(self, sink: Sink, waiting: Callable[[], str]) -> None:
        self._sink = sink
        self._waiting = waiting
        self._timer: asyncio.TimerHandle | None = None
        self.count(str)

    def count(self, counted: Callable[[int], str], listing: Listing | None = None) -> None:
        """Start counting from zero.

        Args:
            counted: puts a number of rows into words.
            listing: what the rows belong to; it may know more about its progress.
        """
        self._counted = counted
        self._listing = listing
        self._rows = 0
        self._leaving = False
        self._start = time.monotonic()

    def add(self, rows: int) -> None:
        """More rows have arrived."""
        self._rows += rows

    def remark(self) -> None:
        """Say the remarks made since the last time."""
        for line in self._listing.remarks() if self._listing else ():
            self._sink.talk(visible(line))

    def leaving(self) -> None:
        """The user has left; the peer is being asked to stop."""
        self._leaving = True

    @contextmanager
    def told(self) -> Iterator[None]:
        """Report what runs inside the `with`; a nested command takes over while it runs."""
        before, self._timer = self._timer, None
        if before is not None:
            before.cancel()
        self.count(str)
        self._tell_in(_FIRST)
        try:
            yield
        finally:
            self._stop()
            if before is not None:
                self.count(str)
                self._tell_in(_FIRST)

    def _tell_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._tell)

    def _tell(self) -> None:
        self.remark()
        self._sink.progress(self.headway)
        self._tell_in(_EVERY)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._sink.passing.clear()

    @property
    def headway(self) -> Headway:
        """The rows so far with their rate, or what we are waiting for; and for how long."""
        if self._leaving:
            return Headway("waiting for the server to stop … Ctrl-C again aborts", leaving=True)
        seconds = time.monotonic() - self._start
        from dicomsh.output.result_line import duration

        listing, elapsed = self._listing, duration(seconds)
        if listing is not None and (known := listing.progress()):
            return Headway(known.state, known.rate, known.doing, elapsed)
        doing = listing.headway() if listing else ""
        if not self._rows:
            return Headway(doing or self._waiting(), elapsed=elapsed)
        rate = self._rows / seconds
        told = f"{rate:,.{0 if rate >= 10 else 1}f}/s"
        return Headway(f"{self._counted(self._rows)} so far", told, doing, elapsed)
