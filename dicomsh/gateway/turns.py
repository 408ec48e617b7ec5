"""One operation at a time for each archive, in turns among those who ask.

An archive is asked on one association, which carries one operation at a time (PS3.7 D.3.3.3). Who
asks often waits for those who ask seldom, and a slow archive keeps nobody from asking another one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_WAITING = 1_000
"""Operations that may wait for one archive."""


class TooManyError(Exception):
    """So many operations wait for an archive that another one would never come to its turn."""


class _Line:
    """Those who wait for one archive, by caller."""

    def __init__(self) -> None:
        self.busy = False
        self.waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self.waiting.values()))

    def join(self, caller: str) -> asyncio.Future[None]:
        """A place in the line of a caller."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(caller, deque()).append(turn)
        return turn

    def leave(self, caller: str, turn: asyncio.Future[None]) -> None:
        """Give the place up, and the turn if it has just come."""
        mine = self.waiting.get(caller)
        if mine is not None and turn in mine:
            mine.remove(turn)
            if not mine:
                del self.waiting[caller]
        elif turn.done() and not turn.cancelled():
            self.next()

    def next(self) -> None:
        """Let the next caller in; its further operations wait behind those of all others."""
        while self.waiting:
            caller, mine = self.waiting.popitem(last=False)
            turn = mine.popleft()
            if mine:
                self.waiting[caller] = mine
            if not turn.done():
                turn.set_result(None)
                return
        self.busy = False


class Turns:
    """Who may ask which archive next."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def of(self, archive: str, caller: str) -> AsyncIterator[None]:
        """Inside the `with`, nobody else asks this archive.

        Args:
            archive: its name.
            caller: who asks.

        Raises:
            TooManyError: too many wait already.
        """
        line = self._lines.setdefault(archive, _Line())
        await self._entered(line, caller)
        try:
            yield
        finally:
            line.next()
            if not line.busy:
                self._lines.pop(archive, None)

    async def _entered(self, line: _Line, caller: str) -> None:
        if not line.busy:
            line.busy = True
            return
        if len(line) >= MOST_WAITING:
            raise TooManyError
        turn = line.join(caller)
        try:
            await turn
        except asyncio.CancelledError:
            line.leave(caller, turn)
            raise
