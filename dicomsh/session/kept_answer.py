"""Answers that are kept after they were listed, and how much of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dicomsh.frozen import field, slotted
from dicomsh.model.answer import Outcome
from dicomsh.model.asked_query import AskedQuery
from dicomsh.model.columns import Column
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, PATIENT_ID
from dicomsh.model.levels import Level
from dicomsh.model.place import Place, place_of, with_issuer
from dicomsh.model.row import Row, weight

KEPT_ROWS = 50_000
"""Rows of one answer that are kept for `last`, row numbers and completion."""

KEPT_BYTES = 1 << 26
"""Bytes of the rows of one answer that are kept: a peer decides how long a row is."""

KEPT_IN_ALL = 250_000
"""Rows of all answers that are kept; the oldest answer is dropped first."""

KEPT_BYTES_IN_ALL = 4 * KEPT_BYTES
"""Bytes of the rows of all answers that are kept."""


@slotted
class KeptAnswer:
    """An answer that was listed: its rows and the place of the query."""

    modality: str
    columns: tuple[Column, ...]
    level: Level
    place: Place
    rows: list[Row] = field(default_factory=list)
    total: int = 0
    bytes: int = 0
    outcome: Outcome | None = None
    asked_query: AskedQuery | None = None
    exact: bool = False
    command: str = ""
    asked: datetime = field(default_factory=datetime.now)

    def add(self, batch: list[Row]) -> None:
        """Keep the rows of a batch, up to `KEPT_ROWS` and `KEPT_BYTES` in all."""
        self.total += len(batch)
        room = KEPT_ROWS - len(self.rows)
        if room > 0 and self.bytes < KEPT_BYTES:
            self.rows += [row.compact() for row in batch[:room]]
            self.bytes += weight(batch)

    def by_modality(self) -> dict[str, list[Row]]:
        """The rows of each archive, by modality name."""
        if not (self.rows and self.rows[0].archive):
            return {self.modality: self.rows}
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.archive, []).append(row)
        return found

    def archive(self, number: int) -> str:
        """The archive that row `number` names, counted from 1; empty if it names none."""
        return self.rows[number - 1].archive if 1 <= number <= len(self.rows) else ""

    def entity(self, number: int) -> Place | None:
        """The entity in row `number`, counted from 1; None when there is no such row."""
        if not 1 <= number <= len(self.rows):
            return None
        row = self.rows[number - 1].compact()
        place = place_of(row, self.level, self.place)
        if place is not None and self.level is Level.PATIENT and self._is_shared(row):
            return with_issuer(place, row.text(ISSUER_OF_PATIENT_ID) or "")
        return place

    def _is_shared(self, patient: Row) -> bool:
        """Whether other rows have the same PatientID."""
        key = patient.text(PATIENT_ID)
        alike = (row.compact() for row in self.rows if row.archive == patient.archive)
        return sum(row.text(PATIENT_ID) == key for row in alike) > 1


def too_much(kept: Iterable[KeptAnswer]) -> bool:
    """Whether answers have more rows, or more bytes, than are kept."""
    held = list(kept)
    if sum(len(one.rows) for one in held) > KEPT_IN_ALL:
        return True
    return sum(one.bytes for one in held) > KEPT_BYTES_IN_ALL
