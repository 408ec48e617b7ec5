"""A command run without a peer: what it would ask is written down, nothing is sent.

The command itself runs, with clients that answer each query with one made-up row, so that what it
asks because of an answer is met, too. What it changes in the session is thrown away.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from dicomsh.commands.context import Context, Peers, Pool, Scu
from dicomsh.errors import UsageError
from dicomsh.explain.reasons import Sent
from dicomsh.language.analyse import Call
from dicomsh.model.adapt import adapt
from dicomsh.model.answer import Answer, Ending, Listing, Outcome, Records
from dicomsh.model.asked_query import AskedQuery
from dicomsh.model.charset import UTF8
from dicomsh.model.extended_negotiation import NONE, Extensions
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.levels import VERIFICATION, Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.query import Matching, Query, QueryKey
from dicomsh.model.row import Row, Source
from dicomsh.model.tap import Tap
from dicomsh.query.ask import ask

_EVERYTHING = frozenset({VERIFICATION, *(model.value for model in Model)})
"""What a peer is assumed to accept as long as nobody asked it."""


@dataclass(slots=True)
class DryRun:
    """What a command would do.

    Args:
        sent: the queries, each once, in order.
        echoes: whether it sends a C-ECHO.
        agreed: what was agreed with the peer by extended negotiation, or is assumed to be.
        notes: what the result line would add.
    """

    sent: list[Sent] = field(default_factory=list)
    echoes: bool = False
    agreed: Extensions = NONE
    notes: tuple[str, ...] = ()

    def add(self, sent: Sent) -> None:
        """Write down a query, unless it was asked before."""
        if all(sent.query != other.query for other in self.sent):
            self.sent.append(sent)


async def dry_run(context: Context, call: Call) -> DryRun:
    """What a command would ask, and of whom.

    Raises:
        DicomshError: the command would fail before anything is sent.
    """
    done = DryRun()
    apart = _apart(context, done)
    await _read(await call.command.run(apart, *call.arguments, **call.options), done)
    return done


async def dry_run_again(context: Context, asked_query: AskedQuery) -> DryRun:
    """What a question that was asked would be sent as now."""
    done = DryRun()
    apart = _apart(context, done)
    await _read(
        await ask(apart, asked_query.modality, asked_query.request, asked_query.options), done
    )
    return done


def _apart(context: Context, done: DryRun) -> Context:
    session, peers = copy.copy(context.session), _Peers(context.peers, done)
    return replace(context, session=session, peers=peers)


async def _read(result: object, done: DryRun) -> None:
    """Take the rows of a result: some queries are sent only then."""
    if isinstance(result, Listing):
        async for _ in result.answer:
            pass
        done.notes = tuple(_notes(result, done))
    elif isinstance(result, Records):
        async for _ in result.batches:
            pass


def _notes(listing: Listing, done: DryRun) -> Iterator[str]:
    """What the result line would say, whatever the rows: how the question is met by this peer."""
    asked_query = listing.asked_query
    if asked_query is None or not done.sent:
        return
    levels = {sent.query.level for sent in done.sent}
    if listing.level is Level.PATIENT and Level.STUDY in levels:
        yield "patients are taken from the studies: the peer has no Patient Root"
    if listing.level is not Level.PATIENT and Level.PATIENT in levels:
        yield "asked patient by patient: the peer has no Study Root"
    adapted = adapt(asked_query.request, asked_query.modality, done.agreed)
    yield from (filter_.words for filter_ in adapted.filters)
    yield from adapted.notes


class _Peers(Peers):
    """Peers that are not there."""

    def __init__(self, real: Peers, done: DryRun) -> None:
        super().__init__(Tap(), real.memory)
        self._real = real
        self._done = done

    def reach(self, modality: Modality) -> Modality:
        """The address of the real one."""
        return self._real.reach(modality)

    async def client(self, modality: Modality) -> Scu:
        """A client that sends nothing."""
        return self._client(modality)

    def _client(self, modality: Modality) -> _Client:
        real = self._real.known(modality)
        accepted = frozenset[str]() if real is None else real.accepted
        return _Client(self._done, Sent(_NOTHING, self.reach(modality), None, accepted), real)

    def pool(self, modality: Modality, size: int = 1) -> Pool:
        """A pool of clients that send nothing."""
        del size
        return _Pool(self._client(modality))


_NOTHING = Query(Model.STUDY_ROOT.find, Level.STUDY, ())


class _Client:
    """Writes down what is asked and answers with one row.

    Args:
        done: where it is written down.
        bare: what is known of the peer.
        real: the client that asked the peer before, or None.
    """

    def __init__(self, done: DryRun, bare: Sent, real: Scu | None) -> None:
        self._done = done
        self._bare = bare
        self._real = real

    @property
    def accepted(self) -> frozenset[str]:
        return self._bare.accepted or _EVERYTHING

    async def connect(self) -> frozenset[str]:
        return self.accepted

    def extended(self, model: Model) -> Extensions:
        return self._bare.peer.extended if self._real is None else self._real.extended(model)

    async def echo(self) -> float:
        self._done.echoes = True
        return 0.0

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        self._done.add(replace(self._bare, query=query, limit=limit))
        self._done.agreed = self.extended(query.model)
        return _MadeUp(query)


class _Pool:
    def __init__(self, client: _Client) -> None:
        self._client = client

    @asynccontextmanager
    async def client(self) -> AsyncIterator[_Client]:
        yield self._client

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""


class _MadeUp:
    """An answer of one row: unique keys are those of the query, else their keyword in `<>`."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self.outcome = Outcome(Ending.COMPLETE, 1, 0.0)

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        yield [made_up(self._query)]

    async def aclose(self) -> None:
        """Nothing runs."""


def made_up(query: Query) -> Row:
    """A row that could answer a query; it lacks unique keys that are matched on in other ways."""
    given = {key.keyword: key for key in query.keys if key.value}
    own = () if query.level is None else (query.level,)
    words = [level.unique_keyword for level in (*query.levels_above, *own)]
    values = {by_keyword(word).tag: _made_up(given.get(word), word) for word in words}
    raw = {tag: value.encode() for tag, value in values.items() if value}
    return Row(b"", Source(_Unread()), {SPECIFIC_CHARACTER_SET: UTF8.encode(), **raw})


def _made_up(key: QueryKey | None, keyword: str) -> str:
    if key is None:
        return placeholder(keyword)
    return key.value if key.matching is Matching.SINGLE_VALUE else ""


def placeholder(keyword: str) -> str:
    """What stands for a value that only an answer can tell."""
    return f"<{keyword}>"


class _Unread:
    """The encoding of a row that was never encoded."""

    def split(self, data: bytes) -> dict[int, bytes]:
        del data
        return {}

    def vrs(self, data: bytes) -> Mapping[int, str]:
        del data
        return {}

    def items(self, value: bytes) -> list[bytes]:
        del value
        return []


def explainable(call: Call) -> None:
    """Refuse commands that are no questions to a peer.

    Raises:
        UsageError: it is one.
    """
    if call.command.family not in _ASKING and call.command.name not in ("use", "echo"):
        raise UsageError(
            f"there is nothing to explain about '{call.command.name}'",
            hint="explain takes find, ls, cd, tree, show, wado, use, echo, or last",
        )


_ASKING = ("query", "walk")
