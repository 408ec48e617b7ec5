"""Batches of rows, as small as the event loop needs them: between two of them, Ctrl-C is heard."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any, TypeVar

from dicomsh.event_loop import asyncio
from dicomsh.model.row import Row

Result = TypeVar("Result")

BATCH_ROWS = 512
"""Rows that are worked on at once."""

_BATCH_BYTES = 64 * 1024
"""Bytes of identifiers that are worked on at once: a peer decides how long a row is."""


def is_long(row: Any) -> bool:
    """Whether a row alone is more than is worked on at once."""
    return isinstance(row, Row) and len(row.data) > _BATCH_BYTES


def batch_length(rows: Sequence[Any]) -> int:
    """How many of the first rows, or records, are one batch: at least one."""
    sizes = [len(row.data) if isinstance(row, Row) else 0 for row in rows[:BATCH_ROWS]]
    if sum(sizes) <= _BATCH_BYTES:
        return len(sizes)
    return max(bisect_right([*accumulate(sizes)], _BATCH_BYTES), 1)


def in_batches(rows: list[Any]) -> Iterator[list[Any]]:
    """All rows, or records, as batches; no rows are one batch, too."""
    if not rows:
        yield rows
    start = 0
    while start < len(rows):
        batch = rows[start : start + BATCH_ROWS]
        batch = batch[: batch_length(batch)]
        yield batch
        start += len(batch)


async def in_turns(rows: list[Any]) -> AsyncIterator[list[Any]]:
    """All rows, or records, as batches; between two of them the event loop does what waits.

    Raises:
        CancelledError: Ctrl-C was pressed; the rest does not come.
    """
    for number, batch in enumerate(in_batches(rows)):
        if number:
            await asyncio.sleep(0)
        yield batch


async def worked(work: Callable[[Any], Result], rows: list[Any]) -> list[Result]:
    """What some work makes of each row, or record, in turns.

    Raises:
        CancelledError: Ctrl-C was pressed.
    """
    return [work(row) async for part in in_turns(rows) for row in part]
