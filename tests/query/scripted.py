"""An archive that answers as a test says, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar

from dicomsh.archives.archive import Connection
from dicomsh.archives.open_archives import OpenArchives
from dicomsh.config import KnownPeers
from dicomsh.errors import DicomshError
from dicomsh.frozen import replace
from dicomsh.model.abilities import Abilities
from dicomsh.model.answer import Ending, Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.model.extended_negotiation import NONE, Extensions
from dicomsh.model.levels import ROOT_MODELS, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind
from dicomsh.model.plan import Request
from dicomsh.model.query import Query
from dicomsh.model.results import Listing
from dicomsh.model.row import Row
from dicomsh.model.tap import Tap
from dicomsh.query.ask import Way, ask, plain_way
from dicomsh.query.context import Limits, QueryContext
from tests.archives.listed import ListKind

Result = TypeVar("Result")

TODAY = date(2024, 3, 5)
BOTH = ROOT_MODELS
NO_LIMITS = Limits()
CANCELLED = "C-CANCEL"
"""The detail of an answer that was left or ended at a limit."""

Reply = Callable[[Query], list[Row] | tuple[list[Row], Outcome]]
"""The rows for a query, and how the answer ends if it is not complete; raises what fails it."""


@dataclass(frozen=True)
class ScriptAddress:
    """Answers with the rows of `reply`; has these models, and agrees to these extensions.

    `left` are the queries whose answers were left early, `opened` the modalities as they were
    opened. If it `fails`, every answer does, after its rows; if it `stalls`, none ends, and each
    sets the event once its rows are there.
    """

    reply: Reply
    models: Sequence[Model] = BOTH
    agreed: Extensions = NONE
    asked: list[tuple[Query, int | None]] = field(default_factory=list)
    left: list[Query] = field(default_factory=list)
    opened: list[Modality] = field(default_factory=list)
    fails: DicomshError | None = None
    stalls: asyncio.Event | None = None

    title = "a script"

    def __str__(self) -> str:
        return self.title


class ScriptKind(ListKind):
    """Opens it."""

    def open(self, modality: Modality, tap: Tap) -> Connection:
        del tap
        assert isinstance(modality.address, ScriptAddress)
        modality.address.opened.append(modality)
        return _Script(modality.address)


class _Batches(KnownAnswer):
    """As from a network: the rows come in batches, and an error only when they are waited for.

    Left before its end, it is cancelled.
    """

    def __init__(
        self,
        rows: list[Row],
        outcome: Outcome,
        address: ScriptAddress,
        error: DicomshError | None,
        leave: Callable[[], None],
    ) -> None:
        super().__init__(rows, outcome)
        self._stalls = address.stalls
        self._error = error
        self._leave = leave
        self._over = False

    async def __aiter__(self) -> AsyncIterator[list[Any]]:
        async for rows in super().__aiter__():
            for at in range(0, len(rows), 2):
                yield rows[at : at + 2]
        if self._stalls is not None:
            self._stalls.set()
            await asyncio.Event().wait()
        if self._error is not None:
            raise self._error
        self._over = True

    async def aclose(self) -> None:
        if not self._over:
            self._leave()
            self.outcome = replace(self.outcome, ending=Ending.CANCELLED, detail=CANCELLED)


class _Script:
    is_open = True
    is_opening = False

    def __init__(self, address: ScriptAddress) -> None:
        self._address = address
        models = [model.value for model in address.models]
        self.abilities = Abilities(frozenset(models), dict.fromkeys(models, address.agreed))

    async def connect(self) -> Abilities:
        return self.abilities

    async def echo(self) -> float:
        return 0.0

    async def find(self, query: Query, *, limit: int | None = None) -> KnownAnswer:
        self._address.asked.append((query, limit))
        try:
            reply, error = self._address.reply(query), self._address.fails
        except DicomshError as raised:
            reply, error = [], raised
        rows, outcome = (
            reply if isinstance(reply, tuple) else (reply, Outcome(Ending.COMPLETE, 0, 0.0))
        )
        if limit is not None and len(rows) > limit:
            rows, outcome = rows[:limit], Outcome(Ending.LIMIT, limit, 0.0, detail=CANCELLED)
        leave = partial(self._address.left.append, query)
        return _Batches(rows, outcome, self._address, error, leave)

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Asked:
    """What came of a request."""

    rows: list[Row]
    outcome: Outcome
    listing: Listing
    queries: list[tuple[Query, int | None]]

    @property
    def kinds(self) -> list[NoteKind]:
        return [note.kind for note in self.outcome.notes]

    def texts(self, tag: int) -> list[str | None]:
        return [row.text(tag) for row in self.rows]


def asked(
    request: Request,
    reply: Reply = lambda _: [],
    options: QueryOptions | None = None,
    *,
    models: Sequence[Model] = BOTH,
    agreed: Extensions = NONE,
    limits: Limits = NO_LIMITS,
    way: Way = plain_way,
    elsewhere: bool = False,
    earlier: Iterable[tuple[Request, Outcome]] = (),
    **settings: Any,
) -> Asked:
    """What comes of a request to an archive with that script.

    With `elsewhere` the modality in use is another one; the settings are those of the modality.
    """
    address = ScriptAddress(reply, models, agreed)
    modality = Modality("scripted", address, **settings)

    async def work(context: QueryContext) -> Asked:
        here = replace(modality, name="other") if elsewhere else modality
        of_this = list(earlier)
        context = replace(
            context,
            limits=limits,
            modalities=(here,),
            place=request.place,
            earlier=lambda name: of_this if name == modality.name else [],
        )
        listing = await ask(context, modality, request, options, way)
        rows = await all_rows(listing.answer)
        return Asked(rows, listing.answer.outcome, listing, address.asked)

    return in_context(work)


def in_context(work: Callable[[QueryContext], Awaitable[Result]]) -> Result:
    """What some work gives that may ask scripts.

    Not as the result of the task, which asyncio.run writes out as text: `signal.getsignal` makes an
    error of its handler, and catches it. With many queries in it, that took half of the time.
    """
    given: list[Result] = []

    async def run() -> None:
        archives = OpenArchives(Tap(), KnownPeers(None), {ScriptAddress: ScriptKind})
        try:
            given.append(await work(QueryContext(archives, TODAY)))
        finally:
            await archives.close()

    asyncio.run(run())
    return given[0]
