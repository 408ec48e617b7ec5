"""each: a command for every row, with one combined result."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from dicomsh.commands.apiece import HEAD, headed
from dicomsh.commands.context import Context
from dicomsh.commands.run import result_of
from dicomsh.errors import DicomshError, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.language.alias import NamedVariables
from dicomsh.language.analyse import Analysis, analyse
from dicomsh.language.binding import Commands
from dicomsh.language.calls import meanings
from dicomsh.language.command import stage
from dicomsh.language.kinds import ROW_COMMAND
from dicomsh.model.answer import Ending, Outcome, as_cancelled, combined
from dicomsh.model.batches import worked
from dicomsh.model.columns import (
    ARCHIVE_COLUMN,
    ERROR_COLUMN,
    AttributeColumn,
    FieldColumn,
    Record,
)
from dicomsh.model.derived_answer import DerivedAnswer
from dicomsh.model.keys import by_keyword, by_tag, is_keyword, path_of
from dicomsh.model.level_keys import STEP, STEP_KEYWORDS, heading
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place, each_once, places_of
from dicomsh.model.results import ROWS, DrawLine, Listing, Records, Report, Result, Talk, Text
from dicomsh.model.row import NamedRows, Row, text_at
from dicomsh.model.text_about import TextAbout, text_about
from dicomsh.output.result_line import counted
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session


@stage(
    "each",
    examples=(
        "find study date=2009 mod=MR | each ls",
        "find patient JOD* | each find series mod=CT | where desc=*lung*",
        "ls 0555643F | each print $StudyDate $StudyInstanceUID",
        "modalities | each echo $name --find",
        "find study date=2009 | each !echo $StudyInstanceUID",
        "find patient JOD* | each { find series mod=CT; find series mod=SR }",
    ),
)
async def each(
    context: Context,
    rows: Listing,
    command: Annotated[Commands, ROW_COMMAND],
    *,
    keep_going: Annotated[bool, "continue with the next row after a failure"] = False,
) -> Listing | Records:
    """Run COMMAND for every row, as if you had used cd to go to its entity.

    The items of a worklist have no place of their own: COMMAND runs where you are.

    $PatientID, $StudyInstanceUID and every other keyword hold the attributes of the row; if the
    rows are not entities, $name etc. hold their fields. A query takes them as values: * and ? in
    them are ordinary characters, and an empty one finds entities without a value. !LINE runs a
    line of the system's shell, with these values as environment variables. The output of all
    commands is a single result, for further stages. All rows are received before the first command
    runs, so that the query does not wait for the commands. Changes that COMMAND makes to variables
    or to the place apply to that row only.

    A failure names the row, its entity and its archive. With --keep-going the next row follows, and
    the failed one leaves a row with its keys and an error. In formats for machines, every text says
    whose it is.

    { COMMAND; COMMAND } runs several commands for every row, each with stages of its own if need
    be. What one of them changes holds for those after it. Their rows must be of the same kind.
    """
    runs = _Runs(context, await _received(context, rows), command, keep_going)
    parts = runs.parts()
    begun = [part async for part in _begun(parts, whole=runs.several)]
    results = [part.result for part in begun if part.result is not None]
    try:
        _check_alike(results)
    except UsageError:
        await parts.aclose()
        raise
    answer = _Merged(begun, parts, runs)
    listings = [result for result in results if isinstance(result, Listing)]
    if not results:
        return _nothing(rows, answer)
    if listings and _is_of_entities(listings[0]):
        elsewhere = tuple(dict.fromkeys(part.archive for part in begun if part.archive))
        return _of_entities(listings, rows, answer, keep_going=keep_going, elsewhere=elsewhere)
    texts = len(listings) < len(results)
    return _of_records(listings, answer, runs.keys, keep_going=keep_going, texts=texts)


_TEXT = FieldColumn("text", "Text")
_ERROR = FieldColumn(ERROR_COLUMN.keyword, ERROR_COLUMN.heading)


async def _begun(
    parts: AsyncGenerator[_ResultPart, None], *, whole: bool
) -> AsyncGenerator[_ResultPart, None]:
    """The parts up to the first result, or with `whole` up to the end of the first row's run."""
    async for part in parts:
        yield part
        if part.error is None and (part.ends or not whole):
            return


def _check_alike(results: Sequence[Result]) -> None:
    """Refuse entities beside lines, and entities of different levels."""
    kinds = list(dict.fromkeys(map(_kind, results)))
    if len(kinds) > 1:
        message = f"the commands return different kinds of rows: {kinds[0]} and {kinds[1]}"
        raise UsageError(message, hint="use each with one of them, and then with the other")


def _kind(result: Result) -> str:
    level = result.level if isinstance(result, Listing) else None
    return level.plural if level else "lines"


@frozen
class _Subject:
    """One run of the command: the values of its variables, and the place it runs in.

    `modality` is the archive that the row came from; None for the one in use. `keys` tell whose its
    output is, by keyword.
    """

    values: dict[str, str]
    place: Place
    keys: dict[str, str]
    modality: Modality | None = None


@frozen
class _Subjects:
    """All runs of the command, how complete their list is, and a note that describes it."""

    subjects: list[_Subject]
    outcome: Outcome
    note: Note


async def _received(context: Context, rows: Listing) -> _Subjects:
    answer = rows.answer
    # one operation at a time on an association: we negotiate no asynchronous operations window
    # (PS3.7 D.3.3.3), so the commands can query only after the answer has ended
    try:
        received = [row async for batch in answer for row in batch]
    finally:
        await answer.aclose()
    level, here = rows.level, context.session.place
    if level is None:
        subjects = await worked(
            lambda row: _Subject(_fields(row), here, _first_field(row)), received
        )
        return _source(subjects, answer.outcome, counted(len(received), ROWS))
    if level is Level.WORKLIST:
        subjects = await worked(lambda row: _entity(context, rows, row, here), received)
        return _source(subjects, answer.outcome, level.counted(len(subjects)))
    placed = zip(await places_of(received, level, rows.place), received, strict=True)
    once = each_once([(_named(place, level), row) for place, row in placed])
    subjects = await worked(lambda one: _entity(context, rows, one[1], one[0]), once)
    return _source(subjects, answer.outcome, level.counted(len(subjects)))


def _source(subjects: list[_Subject], outcome: Outcome, number: str) -> _Subjects:
    """The runs with a note; a row limit of the query is noted, but does not limit the result."""
    if outcome.ending is not Ending.LIMIT:
        return _Subjects(subjects, outcome, note(NoteKind.FOR_EACH, number))
    limit = outcome.stopped_by or f"--limit {outcome.limit or outcome.rows}"
    whole = replace(outcome, ending=Ending.COMPLETE)
    return _Subjects(subjects, whole, note(NoteKind.FOR_EACH, number, limit))


def _named(place: Place | None, level: Level) -> Place:
    if place is None:
        keyword = level.unique_keyword
        raise UsageError(f"cannot run a command in a {level.word} without a {keyword}")
    return place


def _entity(context: Context, listing: Listing, row: Row, place: Place) -> _Subject:
    columns = {c.keyword: "" for c in listing.columns if isinstance(c, AttributeColumn)}
    steps = {step.level.unique_keyword: step.key for step in place.steps}
    named = {ARCHIVE_COLUMN.keyword: row.archive} if row.archive else {}
    values = {**columns, **steps, **_values(row), **named}
    keys = {**named, **(_step_keys(row) if listing.level is Level.WORKLIST else steps)}
    return _Subject(values, place, keys, _modality_of(context, row))


def _step_keys(row: Row) -> dict[str, str]:
    """What people know an item of a worklist by."""
    return {word: _values(row).get(word, "") for word in ("AccessionNumber", "PatientID")}


def _first_field(record: Any) -> dict[str, str]:
    """The first field of a record, which is its name."""
    return dict(islice(_fields(record).items(), 1))


def _modality_of(context: Context, row: Row) -> Modality | None:
    return context.session.known(row.archive) if row.archive else None


def _values(row: Row) -> dict[str, str]:
    """The values of a row by keyword; those of a worklist's step, too, which is in a sequence."""
    own = {by_tag(tag).keyword: row.text(tag) or "" for tag in row.elements}
    inner = {f"{STEP}.{word}": word for word in STEP_KEYWORDS}
    found = {word: text_at(row, path_of(name)) for name, word in inner.items() if STEP in own}
    return {**{word: text for word, text in found.items() if text is not None}, **own}


def _fields(record: Any) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in record.items()}


@frozen
class _ResultPart:
    """A part of a command's result for a row.

    With an error, the command failed there. `ends` says that the run for the row has ended, and
    `archive` is where the command went, if that is not where the row is.
    """

    result: Result
    batch: list[Any]
    subject: _Subject
    error: str | None = None
    ends: bool = False
    archive: str = ""


class _Runs:
    """Runs commands for each row in turn."""

    def __init__(
        self, context: Context, source: _Subjects, commands: Commands, keep_going: bool
    ) -> None:
        self._context = replace(context, run_file=_no_script)
        self._statements = commands.statements
        self.several = len(commands.calls) > 1
        self._keep_going = keep_going
        self._failed: list[tuple[int, DicomshError]] = []
        self._source = source
        self._outcomes: list[Outcome] = []
        self.ended = False

    async def parts(self) -> AsyncGenerator[_ResultPart, None]:
        """The results of the commands; at least one part of each, possibly without rows."""
        for number, subject in enumerate(self._source.subjects, 1):
            try:
                async with aclosing(self._run(subject)) as parts:
                    async for part in parts:
                        yield part
                yield _ResultPart(None, [], subject, ends=True)
            except DicomshError as error:
                told = error.message
                error.message = f"row {number} ({self.name_of(subject)}): {told}"
                if not self._keep_going:
                    raise
                self._failed.append((number, error))
                yield _ResultPart(None, [], subject, told)
        self.ended = True
        if self._failed:
            raise self._failure()

    async def _run(self, subject: _Subject) -> AsyncGenerator[_ResultPart, None]:
        session = self._context.session.at(subject.place, subject.values)
        if subject.modality is not None:
            session.modalities = (subject.modality,)
        context = replace(self._context, session=session)
        here = session.modalities
        for analysis in self._analysed(session, subject):
            assert analysis.call is not None
            result = await result_of(context, analysis.call, analysis.stages)
            archive = session.names_in_use if session.modalities != here else ""
            if self.several and isinstance(result, Talk):
                continue  # what it did is for the commands after it
            async with aclosing(self._parts_of(result, subject, archive)) as parts:
                async for part in parts:
                    yield part

    def _analysed(self, session: Session, subject: _Subject) -> Iterator[Analysis]:
        """What to run for a row, one after another: `let` sets what the next one uses."""
        registry, knowledge = self._context.registry, SessionKnowledge(session)
        for typed in self._statements:
            own = subject.values.items()
            values = {name: text for name, text in own if session.variables.get(name) == text}
            filled = typed.resolved(values, NamedVariables(session.variables))
            for statement in meanings(filled, registry, knowledge):
                analysis = analyse(statement.resolved(values), registry, knowledge)
                if analysis.problem is not None:
                    raise analysis.problem
                yield analysis

    async def _parts_of(
        self, result: Result, subject: _Subject, archive: str
    ) -> AsyncGenerator[_ResultPart, None]:
        if not isinstance(result, Listing):
            texts = [{"text": _quoting(text)} for text in _texts(result)]
            yield _ResultPart(result, texts, subject)
            return
        answer = result.answer
        of_row = subject.modality.name if subject.modality else ""
        name = (archive or of_row) if _is_of_entities(result) else ""
        named = NamedRows(name) if name else None
        try:
            yield _ResultPart(result, [], subject, archive=archive)
            async for batch in answer:
                yield _ResultPart(result, named.of(batch) if named else batch, subject)
        finally:
            await answer.aclose()
        self._outcomes.append(answer.outcome)

    def name_of(self, subject: _Subject) -> str:
        """The entity of a row and its archive, in a message."""
        modality = subject.modality or (subject.place.steps and self._context.session.modality)
        keys = {name: key for name, key in subject.keys.items() if name != ARCHIVE_COLUMN.keyword}
        entity = "/".join(filter(None, keys.values()))
        return ", ".join(filter(None, (entity, modality.name if modality else "")))

    @property
    def keys(self) -> tuple[FieldColumn, ...]:
        """Columns for the keys of the rows."""
        names = dict.fromkeys(name for one in self._source.subjects for name in one.keys)
        return tuple(FieldColumn(name, _heading(name)) for name in names)

    def _failure(self) -> DicomshError:
        """The first failure, with a summary of the others."""
        numbers = [str(number) for number, _ in self._failed]
        _, first = self._failed[0]
        if len(numbers) > 1:
            rows = ", ".join(numbers[:_NAMED]) + (" …" if len(numbers) > _NAMED else "")
            first.message = f"{len(numbers)} rows failed ({rows}); the first, {first.message}"
        return first

    @property
    def outcome(self) -> Outcome:
        """The worst ending of the query and the commands; notes that all commands share."""
        whole = combined([self._source.outcome, *self._outcomes])
        notes = [o.notes for o in self._outcomes]
        common = [one for one in whole.notes if all(_same(one, own) for own in notes)]
        whole = whole if self.ended else as_cancelled(whole)
        doubt = [note(NoteKind.IN_DOUBT)] if whole.doubtful else []
        whole = _accounted(replace(whole, received=None), self._outcomes)
        return replace(whole, notes=(self._source.note, *doubt, *common))


def _accounted(whole: Outcome, outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome with the objects of all retrievals; with its rows if there were other commands.

    Several fetched objects may be one row, as the series are of `move`.
    """
    expected = [one.expected for one in outcomes if one.expected is not None]
    if not expected or len(expected) < len(outcomes):
        return replace(whole, expected=None, size=0)
    there, size = sum(one.rows for one in outcomes), sum(one.size for one in outcomes)
    return replace(whole, rows=there, expected=sum(expected), size=size)


def _heading(name: str) -> str:
    archive = ARCHIVE_COLUMN
    return archive.heading if name == archive.keyword else heading(name)


def _same(one: Note, notes: Sequence[Note]) -> bool:
    """Whether one of the notes says the same, possibly with another number of rows."""
    return any((one.kind, one.about) == (other.kind, other.about) for other in notes)


_NAMED = 8


async def _no_script(path: Path, arguments: tuple[str, ...]) -> None:
    del arguments
    raise UsageError(f"a script cannot run for each row ('{path}')", hint="each runs one command")


def _texts(result: Result) -> list[str]:
    return [result.text] if isinstance(result, Text | Talk | Report) else []


def _quoting(text: str) -> str:
    """A text that may quote values of a row."""
    return text if isinstance(text, TextAbout) else text_about(text, str)


class _Merged(DerivedAnswer):
    """The results of all commands, as one answer."""

    def __init__(
        self, begun: list[_ResultPart], parts: AsyncGenerator[_ResultPart, None], runs: _Runs
    ) -> None:
        super().__init__()
        self._begun = begun
        self._is_of_entities = any(_is_of_entities(part.result) for part in begun)
        self._parts = parts
        self._runs = runs
        self._start = time.monotonic()

    async def _batches(self) -> AsyncIterator[list[Any]]:
        for part in self._begun:
            yield self._rows(part)
        async for part in self._parts:
            yield self._rows(part)

    def _rows(self, part: _ResultPart) -> list[Any]:
        """The rows of a part, of the kind of the first result; records say whose they are."""
        if part.error is not None:
            return [self._failed_row(part.subject, part.error)]
        if part.batch and _is_of_entities(part.result) is not self._is_of_entities:
            raise UsageError("the command returns different kinds of rows")
        if self._is_of_entities:
            return part.batch
        whose = {**part.subject.keys, HEAD: self._runs.name_of(part.subject)}
        return [{**whose, **record} for record in part.batch]

    def _failed_row(self, subject: _Subject, error: str) -> Row | Record:
        keys = subject.keys
        if not self._is_of_entities:
            return {**keys, ERROR_COLUMN.keyword: _quoting(error)}
        from dicomsh.archives.rows import row_of

        attributes = {by_keyword(name): key for name, key in keys.items() if is_keyword(name)}
        row = row_of({one.tag: (one.vr, [key]) for one, key in attributes.items()})
        archive = keys.get(ARCHIVE_COLUMN.keyword, "")
        return row.of(replace(row.source, archive=archive, error=error))

    def _ended(self) -> Outcome:
        """How the commands ended, combined."""
        return replace(self._runs.outcome, seconds=time.monotonic() - self._start)

    async def aclose(self) -> None:
        await self._parts.aclose()


def _is_of_entities(result: Result) -> bool:
    return isinstance(result, Listing) and result.level is not None


def _nothing(rows: Listing, answer: _Merged) -> Listing:
    """The result if no command ran, because there were no rows."""
    return replace(rows, answer=answer, draw=None)


def _of_records(
    listings: Sequence[Listing],
    answer: _Merged,
    keys: tuple[FieldColumn, ...],
    *,
    keep_going: bool,
    texts: bool,
) -> Listing:
    """The listing of records and texts, with columns that tell whose they are."""
    columns = {column.keyword: column for listing in listings for column in listing.columns}
    columns |= {_TEXT.keyword: _TEXT} if texts else {}
    whose = tuple(column for column in keys if column.keyword not in columns)
    errors = (_ERROR,) if keep_going else ()
    all_columns = (*whose, *columns.values(), *errors)
    if not listings:
        return Listing(all_columns, answer, told=False, draw=_text_of)
    draw = _drawing(listings)
    return replace(listings[0], columns=all_columns, answer=answer, draw=draw)


def _text_of(record: Record) -> str | None:
    """The text for people, to whom errors are told elsewhere."""
    return str(record[_TEXT.keyword]) if _TEXT.keyword in record else None


def _drawing(listings: Sequence[Listing]) -> DrawLine | None:
    """How people see the lines of commands, if all of them are drawn in the same way."""
    draws = {listing.draw for listing in listings}
    draw = draws.pop() if len(draws) == 1 else None
    if draw is None:
        return None

    below = headed(draw)

    def drawn(record: Record) -> str | tuple[str, ...] | None:
        if _TEXT.keyword in record:
            return _text_of(record)
        return None if ERROR_COLUMN.keyword in record else below(record)

    return drawn


def _of_entities(
    listings: Sequence[Listing],
    rows: Listing,
    answer: _Merged,
    *,
    keep_going: bool,
    elsewhere: tuple[str, ...],
) -> Listing:
    """The listing of all rows, with columns for what differs between the places."""
    first = listings[0]
    place = rows.place if rows.level is not None else first.place
    known = {step.level.unique_keyword for step in place.steps}
    own = {column.keyword: column for listing in listings for column in listing.columns}
    attributes = [c for c in own.values() if isinstance(c, AttributeColumn)]
    told = [c for c in attributes if c.context and c.keyword not in known]
    others = [column for column in own.values() if column not in told]
    columns = (*(replace(column, context=False) for column in told), *others)
    archives = first.archives or rows.archives or elsewhere
    if archives and not first.archives:
        columns = (ARCHIVE_COLUMN, *columns)
    if keep_going:
        columns = (*columns, ERROR_COLUMN)
    return replace(
        first, columns=columns, answer=answer, place=place, asked_query=None, archives=archives
    )
