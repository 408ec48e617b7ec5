"""A command that asks one archive, run for each of several: one list, and an outcome for each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from dicomsh.errors import DicomshError
from dicomsh.frozen import replace
from dicomsh.model.answer import ArchiveOutcome, Outcome, failure_of, of_archives
from dicomsh.model.columns import ARCHIVE_COLUMN, FieldColumn, Record
from dicomsh.model.results import DrawLine, Listing, Records, listing_of

HEAD = "_head"
"""The field of a record, in no column, that says whose it is."""

ARCHIVE = FieldColumn(ARCHIVE_COLUMN.keyword, ARCHIVE_COLUMN.heading)
"""The column for the archive of a record."""


def headed(draw: DrawLine) -> DrawLine:
    """Draws records below their heads: each head is a line before the first of its records."""
    head = ""

    def drawn(record: Record) -> str | tuple[str, ...] | None:
        nonlocal head
        line, before = draw(record), head
        if not isinstance(line, str):
            return line
        head = record.get(HEAD, "")
        return line if head == before else (head, line)

    return drawn


def apiece(listings: Mapping[str, Listing]) -> Records:
    """The records of several archives, one after another.

    An archive that cannot be asked has an outcome that says so, and costs no records of the others.

    Args:
        listings: the same command for each archive, by its name.
    """
    all_of_them = _Apiece(listings)
    first = next(iter(listings.values()))
    columns = tuple(column for column in first.columns if isinstance(column, FieldColumn))
    return listing_of(
        (ARCHIVE, *columns),
        all_of_them.records(),
        draw=first.draw and headed(first.draw),
        outcome=lambda: all_of_them.outcome,
        unit=first.unit,
    )


class _Apiece:
    """The listings of several archives, and how each of them ended."""

    def __init__(self, listings: Mapping[str, Listing]) -> None:
        self._listings = listings
        self._failed: dict[str, Outcome] = {}

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """The records of each archive, with its name."""
        for name, listing in self._listings.items():
            whose = {ARCHIVE.keyword: name, HEAD: name}
            try:
                async for batch in listing.answer:
                    records: list[Any] = batch
                    yield [{**whose, **record} for record in records]
            except DicomshError as error:
                self._failed[name] = failure_of(error, 0, 0.0)
            finally:
                await listing.answer.aclose()

    @property
    def outcome(self) -> Outcome:
        """How all of them ended."""
        parts = [self._part(name, listing) for name, listing in self._listings.items()]
        return replace(of_archives(parts), seconds=sum(part.outcome.seconds for part in parts))

    def _part(self, name: str, listing: Listing) -> ArchiveOutcome:
        outcome = self._failed.get(name, listing.answer.outcome)
        return ArchiveOutcome(name, outcome, None, unit=listing.unit)
