"""What turns rows into text, whatever the format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from dicomsh.model.batches import BATCH_ROWS
from dicomsh.output.plain import AnyRow

FIRST_PAGE = 50
"""Rows from which the first widths of a table are taken on a terminal."""

PART = BATCH_ROWS
"""Rows held back that are drawn at once."""


class Renderer(Protocol):
    """Turns batches of rows into chunks of text; used once, for one command.

    Write, in this order, `begin()`, `rows(batch)` for each batch, `flush()` until it is empty, and
    `end()`; `flush()` may be called before if no row has come for a while.
    """

    def begin(self) -> str:
        """Text before the first row."""
        ...

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """Text for a batch; empty while rows are held back."""
        ...

    def flush(self) -> str:
        """Text for rows held back, some hundreds at once; empty if there are none."""
        ...

    def end(self) -> str:
        """Text after the last row."""
        ...

    @property
    def hidden(self) -> list[str]:
        """After `end()`: what was returned but not shown, each a note for the user."""
        ...


@runtime_checkable
class InParts(Protocol):
    """A renderer that can turn a long row into text little by little."""

    def parts(self, row: AnyRow) -> Iterator[str]:
        """The text of `rows([row])` in parts, made one by one."""
        ...
