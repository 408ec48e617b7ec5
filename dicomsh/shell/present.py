"""Results on their way to the sink: rows as they arrive, then the result line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dicomsh.errors import DicomshError, ExitStatus, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.late import LateModule
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.keys import BOOKKEEPING
from dicomsh.model.notes import NoteKind
from dicomsh.model.results import (
    FILE_FORMATS,
    Drawing,
    DrawLine,
    Listing,
    Report,
    Result,
    Talk,
    Text,
)
from dicomsh.model.safe import visible, visible_lines
from dicomsh.output.sink import Sink
from dicomsh.output.streams import CommandGoneError
from dicomsh.output.theme import Palette, Theme
from dicomsh.session.kept_answer import KeptAnswer
from dicomsh.session.state import Session
from dicomsh.shell.progress import RowProgress

if TYPE_CHECKING:  # for rows alone
    from dicomsh.output import drawing, formats, plain
    from dicomsh.output import result_line as lines
    from dicomsh.output.renderer import Renderer
    from dicomsh.shell import flow
    from dicomsh.shell.flow import Cut, LeaveReason, RowOutput
else:
    drawing = LateModule("dicomsh.output.drawing")
    flow = LateModule("dicomsh.shell.flow")
    formats = LateModule("dicomsh.output.formats")
    plain = LateModule("dicomsh.output.plain")
    lines = LateModule("dicomsh.output.result_line")

_NOTHING_COMPARED = (NoteKind.NEITHER_HAS, NoteKind.BOTH_EMPTY)

_BELOW = 3
"""Lines below a drawing: its caption, which may be long, and the prompt."""

_WITH_HEADER = ("csv", "tsv")


@frozen
class Reporting:
    """What a script reports about its answers.

    Args:
        quiet: whether a line is left out if it reports nothing wrong.
        fail_empty: whether an answer without rows is a failure (status 6).
    """

    quiet: bool = False
    fail_empty: bool = False


def _cut(listing: Listing) -> Cut:
    if not listing.exact:
        return flow.whole
    tags = BOOKKEEPING.union(plain.needed_tags(listing.columns))
    return lambda batch: [row.only(tags) for row in batch]


class Presenter:
    """Shows what commands return.

    Args:
        session: remembers what was listed.
        sink: the only writer.
        progress: counts the rows.
        data: colours for results on a terminal.
        talk: colours for messages.
        reporting: what is reported about answers.

    Attributes:
        cancelled: whether Ctrl-C ended the last answer.
    """

    def __init__(
        self,
        session: Session,
        sink: Sink,
        progress: RowProgress,
        data: Palette,
        talk: Palette,
        *,
        reporting: Reporting,
    ) -> None:
        self._session = session
        self._sink = sink
        self._progress = progress
        self._data = data
        self._talk = talk
        self._reporting = reporting
        self.cancelled = False
        self._file_begun = False

    @cached_property
    def _flow(self) -> flow.Flow:
        return flow.Flow(self._sink, self._progress)

    async def show(
        self, result: Result, suffix: str | None = None, *, continues: bool = False
    ) -> ExitStatus:
        """Write a result.

        Args:
            result: what a command returned.
            suffix: the format implied by the suffix of the output file, or None.
            continues: whether the file already contains rows, so that csv and tsv need no second
                header.

        Raises:
            DicomshError: the answer failed, or it cannot be written.
            StdoutGoneError: the reader of standard output is gone.
        """
        name = suffix or self._session.settings.output or "table"
        match result:
            case Listing():
                return await self._listing(result, result.output or _usual(name, result), continues)
            case Report() if name not in formats.FOR_PEOPLE:
                return await self._listing(result.records, name, continues)
            case Text(prose=False):
                self._sink.data(self._lines(result.text) + "\n")
            case Text():
                self._sink.prose(self._lines(result.text))
            case Report():
                self._sink.prose(self._lines(result.text))
                self._sink.data(self._lines(result.copied))
            case Drawing():
                self._drawing(result, continues)
            case Talk() if not self._reporting.quiet:
                self._sink.talk(visible_lines(result.text))
                return result.status
        return ExitStatus.DONE

    def _drawing(self, result: Drawing, continues: bool) -> None:
        if self._sink.width is not None:
            descriptor, columns, lines = self._sink.screen
            style = result.style or drawing.style_here(self._session.settings.color)
            screen = drawing.screen_of(descriptor, columns, max(lines - _BELOW, 1))
            self._sink.drawing(drawing.drawn(result.picture, style, screen))
        elif not self._sink.redirected:
            raise DicomshError(
                "the output is not a terminal", hint="to write a PNG file: view … > FILE.png"
            )
        elif continues:
            raise DicomshError("a PNG file cannot be appended to", hint="view … > FILE.png")
        else:
            self._sink.binary(drawing.png(result.picture))
        self._sink.talk(visible_lines(result.caption))

    def _lines(self, text: str) -> str:
        """Lines of a result, in which control characters are made visible."""
        # values come from the archive: escape sequences in them must not act
        return visible_lines(self._session.masking.text(text))

    async def _listing(self, listing: Listing, name: str, continues: bool) -> ExitStatus:
        answer = listing.answer
        try:
            rows = self._renderer(name, listing, continues=continues)
        except DicomshError:
            await answer.aclose()
            raise
        kept = self._begun(listing)
        begun = continues and name in _WITH_HEADER
        output = self._row_output(rows, begun, kept.add if kept else _forget, _cut(listing))
        counted = partial(lines.counted, unit=listing.counted_as)
        self._progress.count(counted, listing)
        try:
            left = await self._flow.run(aiter(answer), output, answer.aclose)
        except CommandGoneError:
            return ExitStatus.DONE
        self._progress.remark()
        outcome = _of_shown(answer.outcome, output.count) if left else answer.outcome
        if kept is not None:
            self._session.keep(kept, outcome)
        if (folder := self._sink.folder) is not None:
            folder.whole = outcome.complete and not left
        outcome = self._session.masking.outcome(outcome)
        return self._concluded(listing, outcome, left, rows.hidden)

    def _begun(self, listing: Listing) -> KeptAnswer | None:
        """Where to remember the rows; None for records, and for rows that were listed before."""
        if listing.level is None or listing.again:
            return None
        kept = self._session.begin(listing.columns, listing.level, listing.place)
        kept.asked_query = listing.asked_query
        kept.exact = listing.exact
        return kept

    def _concluded(
        self, listing: Listing, outcome: Outcome, left: LeaveReason | None, hidden: Sequence[str]
    ) -> ExitStatus:
        """Say how the answer ended; for complete records, only if there is something to say."""
        if listing.told or not outcome.sound:
            return self._told(listing, outcome, left, hidden)
        count = (
            [lines.counted(outcome.rows, listing.unit)] if listing.unit[0] and outcome.rows else []
        )
        told = [*count, *hidden, *filter(None, [listing.note])]
        if told:
            self._sink.passing.clear()
            self._say(" · ".join(told), ExitStatus.DONE)
        return status_of(outcome)

    def _told(
        self, listing: Listing, outcome: Outcome, left: LeaveReason | None, notes: Sequence[str]
    ) -> ExitStatus:
        self._sink.passing.clear()
        line = lines.result_line(
            listing.level,
            outcome,
            unit=listing.counted_as,
            notes=[left.value, *notes] if left else notes,
            theme=self._talk(self._session.settings.color),
            columns=self._sink.columns() if self._sink.is_terminal else None,
        )
        self.cancelled = left is flow.LeaveReason.CTRL_C
        status = ExitStatus.INCOMPLETE if left is flow.LeaveReason.PAGER else status_of(outcome)
        if status is ExitStatus.DONE and self._is_missed(listing, outcome):
            status = ExitStatus.UNMET
        for told in (line, *self._told_of_each(outcome)):
            self._say(told, status)
        return status

    def _is_missed(self, listing: Listing, outcome: Outcome) -> bool:
        """Whether nothing was found where something was wanted."""
        compared_none = any(one.kind in _NOTHING_COMPARED for one in outcome.notes)
        found_none = listing.level is not None and not outcome.rows
        return self._reporting.fail_empty and (found_none or compared_none)

    def _say(self, line: str, status: ExitStatus) -> None:
        """Write a line about an answer, unless nothing is wrong and nobody wants to know."""
        if status is not ExitStatus.DONE or not self._reporting.quiet:
            self._sink.talk(line)

    def _told_of_each(self, outcome: Outcome) -> list[str]:
        """A line for each archive, if several were asked."""
        return lines.archive_lines(
            outcome,
            theme=self._talk(self._session.settings.color),
            columns=self._sink.columns() if self._sink.is_terminal else None,
        )

    def _row_output(
        self,
        rows: Renderer,
        begun: bool,
        took: Callable[[list[Any]], None],
        cut: Cut,
    ) -> RowOutput:
        def counted(batch: list[Any]) -> None:
            self._progress.add(len(batch))
            took(batch)

        def shown(batch: list[Any]) -> list[Any]:
            return self._session.masking.rows(cut(batch))

        return flow.RowOutput(self._sink, rows, counted, begun=begun, cut=shown)

    def _renderer(self, name: str, listing: Listing, *, continues: bool) -> Renderer:
        folder = self._sink.folder
        if folder is not None:
            return formats.folder_renderer(name, listing.columns, listing.level, folder.part)
        if name in FILE_FORMATS:
            self._check_file_format(name, continues=continues)
            return formats.file_renderer(name, listing.columns, listing.level, self._sink.binary)
        if listing.draw is not None and name == "table":
            return _Drawn(listing.draw)
        width = self._sink.width
        theme = Theme.plain() if width is None else self._data(self._session.settings.color)
        columns, level = listing.columns, listing.level
        wide = None if listing.wide else width
        return formats.renderer(
            name, columns, level=level, width=wide, theme=theme, delimiting=listing.delimiting
        )

    def _check_file_format(self, name: str, *, continues: bool) -> None:
        """Raises UsageError if a file of a format cannot be written where data goes."""
        hint = f"write it to a file of its own: … > FILE{formats.suffix_of(name)}"
        if self._sink.width is not None:
            raise UsageError(f"{FILE_FORMATS[name]} is not text for a terminal", hint=hint)
        if continues or (self._file_begun and not self._sink.redirected):
            raise UsageError(f"{FILE_FORMATS[name]} holds one result", hint=hint)
        self._file_begun = not self._sink.redirected or self._file_begun


def _forget(batch: list[Any]) -> None:
    """Do not remember rows that cannot be a TARGET."""
    del batch


class _Drawn:
    """Records as lines drawn by a function."""

    def __init__(self, draw: DrawLine) -> None:
        self._draw = draw
        self.hidden: list[str] = []

    def begin(self) -> str:
        return ""

    def rows(self, batch: Sequence[Any]) -> str:
        return "".join(f"{visible(line)}\n" for record in batch for line in self._lines(record))

    def _lines(self, record: Any) -> tuple[str, ...]:
        drawn = self._draw(record)
        return () if drawn is None else (drawn,) if isinstance(drawn, str) else drawn

    def flush(self) -> str:
        return ""

    def end(self) -> str:
        return ""


def _usual(name: str, listing: Listing) -> str:
    """The format of a listing if the session's format is `name`: blocks are only for entities."""
    return "table" if name == "vertical" and not listing.blocks else name


def _of_shown(outcome: Outcome, number: int) -> Outcome:
    """The outcome of an answer that was left when so many of its rows had been shown."""
    if number >= outcome.rows or outcome.expected is not None:  # an account counts by itself
        return outcome
    whole = outcome.ending in (Ending.COMPLETE, Ending.LIMIT)
    ending = Ending.CANCELLED if whole else outcome.ending
    return replace(outcome, rows=number, received=outcome.received or outcome.rows, ending=ending)


def status_of(outcome: Outcome) -> ExitStatus:
    """The exit status for an answer.

    A cancelled answer that the peer ended with a final status counts as incomplete; without one,
    the association had to be aborted, and it counts as interrupted. Differences found are a
    failure, as for diff(1).
    """
    if outcome.failure.failed:
        return outcome.failure
    if outcome.ending is Ending.CANCELLED and outcome.status is None:
        return ExitStatus.INTERRUPTED
    if not outcome.sound:
        return ExitStatus.INCOMPLETE
    return ExitStatus.FAILED if outcome.different else ExitStatus.DONE
