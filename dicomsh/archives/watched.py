"""An archive of any kind, whose queries and rows are shown to listeners, and remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from dicomsh.archives.archive import Connection
from dicomsh.config.experience import Experience
from dicomsh.model.abilities import Abilities
from dicomsh.model.answer import Answer, Outcome
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.model.tap import Tap


class WatchedArchive:
    """An archive that reports each query sent, and the rows received, to `tap`.

    Args:
        archive: the one that answers.
        tap: the listeners.
        experience: what its answers have shown.
    """

    def __init__(self, archive: Connection, tap: Tap, experience: Experience) -> None:
        self._archive = archive
        self._tap = tap
        self.experience = experience
        self.connect = archive.connect
        self.echo = archive.echo
        self.close = archive.close

    @property
    def abilities(self) -> Abilities:
        """What it offered at the last connection."""
        return self._archive.abilities

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""
        return self._archive.is_open

    @property
    def is_opening(self) -> bool:
        """Whether a connection is being opened now."""
        return self._archive.is_opening

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        """Send a query."""
        for listen in self._tap.asked:
            listen(query)
        answer = await self._archive.find(query, limit=limit)
        return answer if self._tap.answered is None else _Seen(answer, self._tap.answered)


class _Seen:
    """An answer whose rows are shown to a listener before they are passed on."""

    def __init__(self, answer: Answer, show: Callable[[Sequence[Row]], None]) -> None:
        self._answer = answer
        self._show = show

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        async for batch in self._answer:
            self._show(batch)
            yield batch

    @property
    def outcome(self) -> Outcome:
        return self._answer.outcome

    async def aclose(self) -> None:
        await self._answer.aclose()
