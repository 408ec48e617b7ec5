"""What a command returns: rows with their columns, or text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NewType

from dicomsh.errors import ExitStatus
from dicomsh.frozen import field, frozen, replace
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.asked_query import AskedQuery
from dicomsh.model.columns import Column, FieldColumn, Record
from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.model.progress import Progress

if TYPE_CHECKING:
    from dicomsh.model.drawing import DrawingStyle
    from dicomsh.model.picture import Picture

ROWS = ("row", "rows")
"""What rows are counted as if nothing better is known, singular and plural."""


DrawLine = Callable[[Record], "str | tuple[str, ...] | None"]
"""The line or lines of a record for people, or None for a record that has none."""


def _unknown() -> None:
    """How far a command is that does not know how much there is to do."""


@frozen
class Delimiting:
    """How csv and tsv are written.

    Args:
        spreadsheet: whether for a spreadsheet: with a byte order mark and ISO dates, and no text
            is a formula.
        header: whether with a line of keywords.
    """

    spreadsheet: bool = False
    header: bool = True


@frozen
class Listing:
    """Rows: entities that answer a query, or plain records.

    Args:
        columns: what to show, in order.
        answer: the rows, still arriving: `Row` for entities, `Record` for others.
        level: the level of the entities; None for records.
        place: the place of the query.
        unit: singular and plural of records in the result line; empty for no count.
        told: whether a result line says how it ended even if nothing is unusual.
        output: the format to show it in, or None for the session's.
        delimiting: how csv and tsv are written.
        again: whether it has been listed before.
        asked_query: the query, or None if it is not a single one.
        exact: whether only the columns of a row are shown, whatever else was returned.
        headway: returns the progress of the answer, for display.
        progress: returns how far the command is, if it knows how much there is to do; then its rows
            are not counted.
        remarks: returns what to say before the end, a line each; what was returned once is
            not returned again.
        wide: whether a table is as wide as its rows, whatever the terminal's width.
        draw: the line of a record for people; None for a table.
        note: a further note for the line below; empty for none.
        archives: names of the modalities that were asked, if their rows name them; else none.
        blocks: whether a vertical block suits each row; if not, `vertical` gives a table, too.
        works: whether the rows report work, which is done to its end whatever rows are wanted.
    """

    columns: tuple[Column, ...]
    answer: Answer
    level: Level | None = None
    place: Place = field(default_factory=Place)
    unit: tuple[str, str] = ("", "")
    told: bool = True
    output: str | None = None
    delimiting: Delimiting = Delimiting()
    again: bool = False
    asked_query: AskedQuery | None = None
    exact: bool = False
    headway: Callable[[], str] = str
    progress: Callable[[], Progress | None] = _unknown
    remarks: Callable[[], Iterable[str]] = tuple
    wide: bool = False
    draw: DrawLine | None = None
    note: str = ""
    blocks: bool = True
    works: bool = False
    archives: tuple[str, ...] = ()

    @property
    def counted_as(self) -> tuple[str, str]:
        """Singular and plural of its rows."""
        if self.level is not None:
            return self.level.noun, self.level.plural
        return self.unit if self.unit[0] else ROWS


Records = NewType("Records", Listing)
"""A listing of plain records, in the signature of a command: it shows what a stage accepts."""


def listing_of(
    columns: tuple[FieldColumn, ...],
    batches: AsyncGenerator[list[Record], None],
    draw: DrawLine | None = None,
    outcome: Callable[[], Outcome] | None = None,
    *,
    unit: tuple[str, str] = ("", ""),
    note: str = "",
    entities: bool = False,
    single: bool = False,
    own: bool = False,
) -> Records:
    """Plain rows, which are not the answer to one query.

    Args:
        columns: what to show, in order.
        batches: the rows, as they become known.
        draw: the line of a record for people; None for a table.
        outcome: known after the rows; None if there is nothing to say.
        unit: singular and plural of what is counted in the result line; empty for no count.
        note: a further note for the line below; empty for none.
        entities: whether each is about an entity that answered, so a vertical block suits it.
        single: whether all rows come as one batch, at the end.
        own: whether the outcome counts on its own; see `RecordAnswer`.
    """
    answer = RecordAnswer(batches, outcome, single=single, own=own)
    told = outcome is not None and bool(unit[0])
    made = Listing(columns, answer, unit=unit, told=told, draw=draw, note=note, blocks=entities)
    return Records(replace(made, works=own))


class RecordAnswer:
    """Records as an answer.

    Args:
        batches: the records.
        outcome: known after them; None for those that cannot be incomplete.
        single: whether they come as one batch, so that all are known when some are.
        own: whether the outcome counts on its own, also before the end: objects are reported in
            every state, and it knows how many are there.
    """

    def __init__(
        self,
        batches: AsyncGenerator[list[Record], None],
        outcome: Callable[[], Outcome] | None = None,
        *,
        single: bool = False,
        own: bool = False,
    ) -> None:
        self._batches = batches
        self._outcome = outcome
        self._own = own
        self._rows = 0
        self._single = single
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[list[Any]]:
        async for batch in self._batches:
            self._rows += len(batch)
            self._ended = self._single
            yield batch
        self._ended = True

    @property
    def outcome(self) -> Outcome:
        """How it ended; cancelled if it was left early.

        A known outcome may count something other than records: that of `count` does.
        """
        if self._ended and self._outcome:
            return self._outcome()
        outcome = self._outcome() if self._outcome else Outcome(Ending.COMPLETE, self._rows, 0.0)
        early = not self._ended and outcome.ending is Ending.COMPLETE
        ending = Ending.CANCELLED if early else outcome.ending
        return replace(outcome, ending=ending, rows=outcome.rows if self._own else self._rows)

    async def aclose(self) -> None:
        """Leave early."""
        await self._batches.aclose()


@frozen
class Text:
    """Lines that are the result itself: they go to standard output.

    Args:
        text: the lines.
        prose: whether they are prose, which a terminal wraps between words.
    """

    text: str
    prose: bool = False


@frozen
class Report:
    """A text for people that has records for machines.

    Args:
        text: lines for the formats for people, table and vertical.
        records: the same facts for all other formats.
        copied: further lines, to be copied from the terminal: they are not wrapped.
    """

    text: str
    records: Listing
    copied: str = ""


@frozen
class Talk:
    """What the shell says to the user: never part of the data.

    `status` is that of the command, if something of what it says has failed.
    """

    text: str
    status: ExitStatus = ExitStatus.DONE


@frozen
class Drawing:
    """An image for people: drawn on a terminal, or a PNG file.

    Args:
        picture: the image.
        caption: what it is, in one line.
        style: how to draw it; None for the best that the terminal knows.
    """

    picture: Picture
    caption: str
    style: DrawingStyle | None = None


Result = Listing | Report | Text | Talk | Drawing | None
"""What a command returns."""

FORMATS = ("table", "vertical", "json", "ndjson", "csv", "tsv", "yaml", "markdown", "dicom-json")
"""Names of the output formats that are text."""

FILE_FORMATS: Mapping[str, str] = {"excel": "an Excel file", "parquet": "a Parquet file"}
"""Names of the output formats that are files of other data, and what such a file is called."""


async def at_once(records: list[Record]) -> AsyncGenerator[list[Record], None]:
    """Records that are known already, as one batch."""
    if records:
        yield records
