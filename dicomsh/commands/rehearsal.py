"""A command run without a peer: what it would ask is written down, nothing is sent.

The command itself runs, with clients that answer each query with one made-up row, so that what it
asks because of an answer is met, too. What it changes in the session is thrown away.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from dicomsh.commands.ask import ask
from dicomsh.commands.context import Context, Peers, Pool, Scu
from dicomsh.errors import UsageError
from dicomsh.explain.reasons import Sent
from dicomsh.language.analyse import Call
from dicomsh.model.answer import Row, Source
from dicomsh.model.charset import UTF8
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.levels import VERIFICATION, Level, Model
from dicomsh.model.listing import Answer, Ending, Listing, Outcome, Records
from dicomsh.model.peer import Modality
from dicomsh.model.query import Matching, Query
from dicomsh.model.question import Question

_EVERYTHING = frozenset({VERIFICATION, *(model.value for model in Model)})
"""What a peer is assumed to accept as long as nobody asked it."""


@dataclass(slots=True)
class Rehearsal:
    """What a command would do.

    Args:
        sent: the queries, each once, in order.
        echoes: whether it sends a C-ECHO.
        notes: what the result line would add.
    """

    sent: list[Sent] = field(default_factory=list)
    echoes: bool = False
    notes: tuple[str, ...] = ()

    def add(self, sent: Sent) -> None:
        """Write down a query, unless it was asked before."""
        if all(sent.query != other.query for other in self.sent):
            self.sent.append(sent)


async def rehearse(context: Context, call: Call) -> Rehearsal:
    """What a command would ask, and of whom.

    Raises:
        DicomshError: the command would fail before anything is sent.
    """
    done = Rehearsal()
    apart = _apart(context, done)
    await _read(await call.command.run(apart, *call.arguments, **call.options), done)
    return done


async def rehearse_again(context: Context, question: Question) -> Rehearsal:
    """What a question that was asked would be sent as now."""
    done = Rehearsal()
    apart = _apart(context, done)
    await _read(await ask(apart, question.modality, question.request, question.wish), done)
    return done


def _apart(context: Context, done: Rehearsal) -> Context:
    session, peers = copy.copy(context.session), _Peers(context.peers, done)
    return replace(context, session=session, peers=peers)


async def _read(result: object, done: Rehearsal) -> None:
    """Take the rows of a result: some queries are sent only then."""
    if isinstance(result, Listing):
        async for _ in result.answer:
            pass
        done.notes = result.answer.outcome.notes
    elif isinstance(result, Records):
        async for _ in result.batches:
            pass


class _Peers(Peers):
    """Peers that are not there."""

    def __init__(self, real: Peers, done: Rehearsal) -> None:
        super().__init__()
        self._real = real
        self._done = done

    def reach(self, modality: Modality) -> Modality:
        """The address of the real one."""
        return self._real.reach(modality)

    async def client(self, modality: Modality) -> Scu:
        """A client that sends nothing."""
        return self._client(modality)

    def _client(self, modality: Modality) -> _Client:
        accepted = self._real.accepted(modality)
        return _Client(self._done, Sent(_NOTHING, self.reach(modality), None, accepted))

    def pool(self, modality: Modality, size: int) -> Pool:
        """A pool of clients that send nothing."""
        del size
        return _Pool(self._client(modality))


_NOTHING = Query(Model.STUDY_ROOT, Level.STUDY, ())


class _Client:
    """Writes down what is asked and answers with one row."""

    def __init__(self, done: Rehearsal, bare: Sent) -> None:
        self._done = done
        self._bare = bare

    @property
    def accepted(self) -> frozenset[str]:
        return self._bare.accepted or _EVERYTHING

    async def connect(self) -> frozenset[str]:
        return self.accepted

    async def echo(self) -> float:
        self._done.echoes = True
        return 0.0

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        self._done.add(replace(self._bare, query=query, limit=limit))
        return _MadeUp(query)


class _Pool:
    def __init__(self, client: _Client) -> None:
        self._client = client

    @asynccontextmanager
    async def client(self) -> AsyncIterator[_Client]:
        yield self._client

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
    """A row that could answer a query."""
    given = {k.keyword: k.value for k in query.keys if k.matching is Matching.SINGLE_VALUE}
    words = [level.unique_keyword for level in (*query.level.ancestors, query.level)]
    values = {by_keyword(word).tag: given.get(word, placeholder(word)) for word in words}
    raw = {tag: value.encode() for tag, value in values.items()}
    return Row(b"", Source(_Unread()), {SPECIFIC_CHARACTER_SET: UTF8.encode(), **raw})


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
    """Refuse commands that ask no peer for anything.

    Raises:
        UsageError: it is one.
    """
    if call.command.family not in _ASKING and call.command.name not in ("use", "echo"):
        raise UsageError(
            f"'{call.command.name}' asks nothing of a peer",
            hint="explain takes find, ls, cd, tree, show, wado, use, echo, or last",
        )


_ASKING = ("query", "walk")
