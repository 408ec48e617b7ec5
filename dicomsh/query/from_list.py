"""A query for every value of a list: side by side, in the order of the list, found ones counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import date
from functools import partial
from pathlib import Path

from dicomsh.archives.archive import Archive
from dicomsh.errors import FileContentError, UsageError
from dicomsh.frozen import replace
from dicomsh.input.value_list import ListedValue, ValueList
from dicomsh.model.answer import Answer, Ending, Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.batches import worked
from dicomsh.model.dedup import Dedup
from dicomsh.model.derived_answer import DerivedAnswer, KnownAnswer
from dicomsh.model.keys import Attribute
from dicomsh.model.list_parts import ListPart, list_parts
from dicomsh.model.matching import matcher
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.tap import Tap
from dicomsh.model.vr import MOST_CHARACTERS
from dicomsh.query.ask import plain_way
from dicomsh.query.checkpoint import Checkpoint
from dicomsh.query.context import QueryContext
from dicomsh.query.parallel import AnsweredPart, Ask, Parallel


async def list_keys(
    values: ValueList, path: tuple[Attribute, ...], today: date, typed: str
) -> list[QueryKey]:
    """The key with each value of a list. A value is taken as it is: `*` in it is a character.

    Args:
        values: the list.
        path: the attribute, with its enclosing sequences.
        today: the day that relative dates count from.
        typed: the word that names the list.

    Raises:
        FileContentError: a value is not valid for the attribute, with its line.
    """
    of = partial(_key, values.name, path, today, typed)
    return await worked(of, [*values.values])


def _key(
    name: str, path: tuple[Attribute, ...], today: date, typed: str, value: ListedValue
) -> QueryKey:
    try:
        found = matcher(path[-1], value.text, today, literal=True)
    except UsageError as error:
        message = f"{name}, line {value.line}: {error.message}"
        raise FileContentError(message, quoted=(value.text,), hint=error.hint) from None
    return QueryKey(path, found.value, found.kind, KeyOrigin.TYPED, typed, literal=True)


def _too_long(values: ValueList, attribute: Attribute) -> list[Note]:
    """The note on values that are longer than the VR allows, which some archives hold."""
    longest = MOST_CHARACTERS.get(attribute.vr)
    found = [one for one in values.values if longest is not None and len(one.text) > longest]
    if not found:
        return []
    about = str(found[0].line), attribute.keyword, str(longest)
    return [note(NoteKind.LIST_TOO_LONG, *about, count=len(found))]


class Tally:
    """Which values of a list have been found.

    Args:
        values: the list.
        attribute: what they are values of.

    Attributes:
        found: how many are there.
        unanswered: how many have no complete answer.
        missing: how many are not there.
    """

    def __init__(self, values: ValueList, attribute: Attribute) -> None:
        self._list = values
        self._too_long = _too_long(values, attribute)
        self._at = 0
        self._news: list[ListedValue] = []
        self.found = 0
        self.missing = 0
        self.unanswered = 0

    def add(self, part: ListPart, rows: list[Row], outcome: Outcome) -> None:
        """Count the values of the next part.

        Args:
            part: it.
            rows: all rows of its answer, also those that an earlier part had.
            outcome: how its answer ended.
        """
        found = part.found(rows)
        values = self._list.values[self._at : self._at + len(part.keys)]
        absent = [value for index, value in enumerate(values) if index not in found]
        self._at += len(part.keys)
        self.found += len(found)
        if outcome.complete:
            self.missing += len(absent)
            self._news += absent
        else:
            self.unanswered += len(absent)

    def take_missing(self) -> list[ListedValue]:
        """The values that turned out not to be there since this was last called."""
        news, self._news = self._news, []
        return news

    @property
    def notes(self) -> list[Note]:
        """The notes on the list."""
        whole, left = self._list, len(self._list.values) - self._at
        about = (str(self.missing), str(self.unanswered), str(left))
        said = [note(NoteKind.VALUES_FOUND, *about, count=self.found, of=len(whole.values))]
        if whole.heading:
            said.append(note(NoteKind.LIST_HEADING, whole.heading))
        said += self._too_long
        if whole.repeated:
            said.append(note(NoteKind.LIST_REPEATED, count=whole.repeated))
        if whole.empty:
            said.append(note(NoteKind.LIST_EMPTY, count=whole.empty))
        return said

    @property
    def headway(self) -> str:
        """How far it is, for people."""
        return f"{self._at:,} of {len(self._list.values):,} values, {self.missing:,} not found"


class ListWay:
    """Answers a request for each value of a list.

    Args:
        values: the list.
        keys: the key with each of its values.
        limit: maximum number of rows in all, or None.
        resumed: the file of a checkpoint, or None.

    Attributes:
        tallies: what was found in each archive that was asked.
    """

    def __init__(
        self,
        values: ValueList,
        keys: list[QueryKey],
        limit: int | None,
        resumed: Path | None = None,
    ) -> None:
        self._values = values
        self._resumed = resumed
        self._keys = keys
        self._limit = limit
        self.tallies: list[Tally] = []

    async def __call__(
        self,
        context: QueryContext,
        archive: Archive,
        modality: Modality,
        request: Request,
        options: QueryOptions,
    ) -> Answer:
        """The answer of one archive; the arguments as for every way."""
        await archive.connect()
        tally = Tally(self._values, self._keys[0].attribute)
        self.tallies.append(tally)
        limit = self._limit or context.limits.rows or modality.limit

        async def ask_for(archive: Archive, request: Request, limit: int | None) -> Answer:
            settled = replace(options, limit=limit)
            return await plain_way(context, archive, modality, request, settled)

        ask: Ask = ask_for
        checkpoint = None
        if self._resumed is not None and context.archives.sends:
            asked = _in_words(modality, request, self._keys[0])
            checkpoint = Checkpoint(self._resumed, asked)
            ask = _remembered(ask, checkpoint, context.archives.tap)

        # in a dry run, where all answers are made up, the first query shows what the others are
        keys = self._keys if context.archives.sends else self._keys[:1]
        pool, once = context.archives.pool(modality), Dedup(request.level, limit)
        union = Parallel(pool, ask, list_parts(request, keys), once, limit=limit)
        return FromList(union, once, tally, checkpoint)


def _in_words(modality: Modality, request: Request, key: QueryKey) -> str:
    """The query and its archive, whatever the values are."""
    keys = [f"{one.keyword}={one.value}" for one in request.keys if one.keyword != key.keyword]
    asked = " ".join((*keys, f"{key.keyword}=@"))
    return f"{modality.name}: find {request.level.word} in {request.place.path}: {asked}"


def _remembered(ask: Ask, checkpoint: Checkpoint, tap: Tap) -> Ask:
    """Ask only for what no earlier run has had a complete answer for."""

    async def ask_once(archive: Archive, request: Request, limit: int | None) -> Answer:
        value = request.keys[-1].value  # of the list: a part puts its key last
        known = checkpoint.answer(value)
        if known is not None:
            if tap.answered is not None:
                tap.answered(await all_rows(known))
            return known
        answer = await ask(archive, request, limit)
        rows = await all_rows(answer)
        checkpoint.keep(value, rows, answer.outcome)
        return KnownAnswer(rows, answer.outcome)

    return ask_once


class FromList(DerivedAnswer):
    """The rows of all parts of a list, in the order of its values, each entity once.

    Args:
        union: the parts.
        once: what lets each entity through once.
        tally: counts the values.
        checkpoint: what keeps the answers, or None.
    """

    def __init__(
        self, union: Parallel, once: Dedup, tally: Tally, checkpoint: Checkpoint | None = None
    ) -> None:
        super().__init__()
        self._union = union
        self._once = once
        self._tally = tally
        self._checkpoint = checkpoint
        self._known = checkpoint.known if checkpoint else 0

    async def _batches(self) -> AsyncIterator[list[Row]]:
        try:
            async with aclosing(self._union.found()) as answers:
                async for answered in answers:
                    yield self._counted(answered)
            yield self._once.left_over()
            done = self._union.outcome.ending is Ending.COMPLETE
        except BaseException:
            self._close(done=False)
            raise
        self._close(done=done)

    def _close(self, *, done: bool) -> None:
        if self._checkpoint is not None:
            self._checkpoint.close(done=done)

    def _counted(self, answered: AnsweredPart) -> list[Row]:
        part = answered.part
        assert isinstance(part, ListPart)
        self._tally.add(part, answered.found.rows, answered.found.outcome)
        return part.in_order(answered.rows)

    def _ended(self) -> Outcome:
        """How they ended, and how many values were found."""
        outcome = self._union.outcome
        # which values were not asked for is said by their number
        detail = "" if outcome.ending is Ending.CANCELLED else outcome.detail
        known = [note(NoteKind.RESUMED, count=self._known)] if self._known else []
        return replace(outcome, detail=detail, notes=(*self._tally.notes, *known, *outcome.notes))

    @property
    def headway(self) -> str:
        """Progress, for display."""
        return self._tally.headway

    async def aclose(self) -> None:
        """Leave early."""
        await self._union.aclose()
        self._close(done=False)
