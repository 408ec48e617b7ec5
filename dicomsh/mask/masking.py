"""The mask of a session: what it knows, and what may be shown while it is on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dicomsh.errors import DicomshError, FileContentError
from dicomsh.language.analyse import Analysis
from dicomsh.late import LateModule
from dicomsh.model.answer import Outcome
from dicomsh.model.columns import Record
from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.model.query import Query
from dicomsh.model.row import Row

if TYPE_CHECKING:  # loaded when the mask is first on, which it seldom is in a script
    from dicomsh.mask import mask as masks
    from dicomsh.mask import row as masked
    from dicomsh.mask import shown, typed
    from dicomsh.mask.mask import Mask
else:
    masks = LateModule("dicomsh.mask.mask")
    masked = LateModule("dicomsh.mask.row")
    shown = LateModule("dicomsh.mask.shown")
    typed = LateModule("dicomsh.mask.typed")


class Masking:
    """Masks while it is on; gives things as they are while it is off.

    Args:
        is_on: whether it is.
    """

    def __init__(self, is_on: Callable[[], bool]) -> None:
        self._is_on = is_on

    @cached_property
    def _mask(self) -> Mask:
        return masks.Mask()

    @property
    def mask(self) -> Mask | None:
        """What makes up names and IDs for all that is shown; None while real ones are shown."""
        return self._mask if self._is_on() else None

    def recognise(self, rows: Iterable[Row]) -> None:
        """Know the values of rows, so that they are found in a text."""
        if self._is_on():
            for row in rows:
                masked.MaskedRow(row, self._mask)

    def recognise_query(self, query: Query) -> None:
        """Know the values of a query, so that they are found in a text."""
        if self._is_on():
            shown.shown_query(query, self._mask)

    def recognise_typed(self, analysis: Analysis, level: Level) -> None:
        """Know the values in a statement, which may fail before anything of it is sent.

        Args:
            analysis: of the statement.
            level: where the names of keys are looked up, unless the statement tells.
        """
        if self._is_on():
            for attribute, value in typed.typed_values(analysis, level):
                self._mask.value(attribute, value)

    def text(self, text: str) -> str:
        """A text as it may be shown."""
        return shown.shown_text(text, self._mask) if self._is_on() else text

    def rows(self, rows: list[Any]) -> list[Any]:
        """Rows, or records, as they may be shown.

        In the text made of them a date could not be told from an identifier of the same digits.
        """
        return [self._row(row) for row in rows] if self._is_on() else rows

    def _row(self, row: Row | Record) -> Row | Record:
        if isinstance(row, Row):
            return masked.MaskedRow(row, self._mask)
        return shown.shown_record(row, self._mask)

    def place(self, place: Place) -> Place:
        """A place as it may be shown."""
        return shown.shown_place(place, self._mask) if self._is_on() else place

    def typed(self, text: str) -> str:
        """Text that somebody typed, as it may be shown."""
        return self._mask.typed(text) if self._is_on() else text

    def error(self, error: DicomshError) -> None:
        """Change an error into one that may be shown."""
        if self._is_on():
            quoted = error.quoted if isinstance(error, FileContentError) else ()
            error.message = self._mask.told(error.message, quoted)
            error.hint = error.hint and self._mask.told(error.hint, quoted)

    def outcome(self, outcome: Outcome) -> Outcome:
        """How an answer ended, as it may be shown."""
        return shown.shown_outcome(outcome) if self._is_on() else outcome

    def element(self) -> Callable[[int, str], str] | None:
        """How the text of an element, by tag, may be shown; None for as it is."""
        return self._mask.by_tag if self._is_on() else None
