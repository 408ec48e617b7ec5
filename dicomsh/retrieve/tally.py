"""How far a transfer is: in all and by series, how fast, and how long the rest will take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from dicomsh.frozen import slotted
from dicomsh.model.claim import Claim
from dicomsh.model.progress import Progress, bar
from dicomsh.output.result_line import duration, file_size
from dicomsh.retrieve.account import Instance, Line

_WINDOW = 10.0
"""Seconds that a rate is the average of: long enough to be steady, short enough to be true."""
_SERIES_CELLS = 6


class Pace:
    """How fast something grows, lately.

    Args:
        clock: tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._samples = deque([(clock(), 0)])

    def rate(self, total: int) -> float:
        """Per second, if it is at `total` now; 0 if that cannot be told yet."""
        now = self._clock()
        self._samples.append((now, total))
        while len(self._samples) > 2 and self._samples[1][0] <= now - _WINDOW:
            self._samples.popleft()
        since, before = self._samples[0]
        return (total - before) / (now - since) if now > since else 0.0


def time_left(seconds: float) -> str:
    """Seconds that the rest will take, in words: whole ones, for it is an estimate."""
    whole = max(1, round(seconds))
    return f"{whole} s left" if whole < 60 else f"{duration(whole)} left"


@slotted
class _Series:
    """The count of a series.

    Args:
        label: what people call it.
        expected: how many instances it has.
        started: when it was begun.
    """

    label: str
    expected: int = 0
    done: int = 0
    arrived: int = 0
    size: int = 0
    started: float = 0.0

    def line(self, now: float) -> str:
        """What there is of it, and how long it took."""
        told = f"{self.label}: {self.done:,} of {self.expected:,}"
        if not self.arrived:
            return f"{told}, already here"
        return f"{told}, {file_size(self.size)} in {duration(now - self.started)}"


class Tally:
    """Counts what is there.

    Args:
        instances: all that are to be there.
        clock: tells seconds.
    """

    def __init__(
        self, instances: Iterable[Instance], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._series: dict[str, _Series] = {}
        self._complete: list[str] = []
        self._current: _Series | None = None
        self._clock = clock
        self._pace = Pace(clock)
        self._count_pace = Pace(clock)
        self._begun = clock()
        self._expected = self._done = self._arrived = self._size = self._new = 0
        for one in instances:
            series = self._series.setdefault(one.series, _Series(_label(one)))
            series.expected += 1
            self._expected += 1

    def add(self, lines: Iterable[Line], *, here: bool = False) -> None:
        """Objects that are there now.

        Args:
            lines: their account; those that nobody asked for are not counted.
            here: whether they were there before.
        """
        for line in lines:
            if line.instance is not None and line.state.whole:
                self._add(self._series[line.instance.series], line, here=here)

    def _add(self, series: _Series, line: Line, *, here: bool) -> None:
        size = line.entry.bytes if line.entry else 0
        series.done += 1
        self._done += 1
        self._size += size
        if not here:
            series.started = series.started or self._begun
            series.arrived += 1
            series.size += size
            self._arrived += 1
            self._new += size
            self._current = series
        if series.done == series.expected:
            self._complete.append(series.line(self._clock()))
            self._begun = self._clock()

    def complete(self) -> list[str]:
        """A line about each series that has been completed since the last call."""
        found, self._complete = self._complete, []
        return found

    def progress(self, arriving: int, claim: Claim | None) -> Progress:
        """How far it is.

        Args:
            arriving: bytes of objects that are not whole yet.
            claim: the last counters that the server sent.
        """
        told = f"{self._done:,} of {self._expected:,}, {file_size(self._size + arriving)}"
        rate = self._pace.rate(self._new + arriving)
        fast = [f"{file_size(round(rate))}/s"] if rate else []
        count = self._count_pace.rate(self._arrived)
        if count:
            fast.append(time_left((self._expected - self._done) / count))
        doing = [_now(self._current)] if self._current and len(self._series) > 1 else []
        doing += [said] if (said := _said(claim)) else []
        state = f"{bar(self._done, self._expected)} {told}"
        return Progress(state, ", ".join(fast), " · ".join(doing))


def _label(one: Instance) -> str:
    about = " ".join(filter(None, (one.modality, one.series_number)))
    return about or one.series


def _now(series: _Series) -> str:
    done = bar(series.done, series.expected, _SERIES_CELLS)
    return f"{series.label} {done} {series.done:,} of {series.expected:,}"


def _said(claim: Claim | None) -> str:
    """The server's own counters, in words; empty if it sent none."""
    if claim is None or claim.completed is None:
        return ""
    failed = f", {claim.failed:,} failed" if claim.failed else ""
    return f"the server counts {claim.arrived:,} sent{failed}"
