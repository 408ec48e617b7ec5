"""What a command may use: the session, the peers, and the shell it runs in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from dicomsh.config import KnownPeers
from dicomsh.errors import UnreachableError
from dicomsh.language.command import Registry
from dicomsh.lessons.tutor import Tutor
from dicomsh.model.answer import Answer
from dicomsh.model.capability import NOTHING_KNOWN
from dicomsh.model.extended_negotiation import Extensions
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.tap import Tap
from dicomsh.session.history import History
from dicomsh.session.state import Session
from dicomsh.trace.tracing import Tracing

if TYPE_CHECKING:
    from dicomsh.dimse import pool as dimse_pool
    from dicomsh.dimse.client import Client
    from dicomsh.practice.server import PracticeServer

POOL_SIZE = 3
"""Associations used at once: enough to hide the server's thinking, few enough to be polite."""


class Scu(Protocol):
    """What commands ask a peer through: the service class user of one modality."""

    @property
    def accepted(self) -> frozenset[str]:
        """Abstract syntaxes that the peer accepted when asked last; empty before."""
        ...

    async def connect(self) -> frozenset[str]:
        """The abstract syntaxes that the peer accepts."""
        ...

    def extended(self, model: Model) -> Extensions:
        """What the peer agreed to by extended negotiation, of what the modality wants."""
        ...

    async def echo(self) -> float:
        """Seconds that a C-ECHO takes."""
        ...

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        """Send a query, and hand out at most `limit` rows."""
        ...


class Pool(Protocol):
    """Several of them for one modality, for queries that run side by side."""

    def client(self) -> AbstractAsyncContextManager[Scu]:
        """One for one's own use."""
        ...

    async def close(self) -> None:
        """Release those that are not in use."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class Peers:
    """One client for each modality that was used, and the practice archives that run.

    Args:
        tap: who listens to what is said to them.
        memory: what was found out about them.
    """

    def __init__(self, tap: Tap, memory: KnownPeers) -> None:
        self.memory = memory
        self._tap = tap
        self._clients: dict[tuple[str, Extensions], tuple[Modality, Client]] = {}
        self._pools: dict[str, tuple[Modality, dimse_pool.Pool]] = {}
        self._archives: dict[str, tuple[Modality, PracticeServer]] = {}

    def reach(self, modality: Modality) -> Modality:
        """The modality with the address it can be reached at; starts a practice archive.

        One that runs with other faults than it is to have now makes room.
        """
        if not modality.practice:
            return modality
        held = self._archives.get(modality.name)
        if held is not None and not _same_archive(held[0], modality):
            held[1].stop()
            held = None
        if held is None:
            held = self._archives[modality.name] = modality, _started(modality)
        return replace(modality, host="127.0.0.1", port=held[1].port)

    async def client(self, modality: Modality) -> Scu:
        """The client that keeps the association with a modality.

        What is agreed by extended negotiation changes what a query means, so that associations
        which propose something else are kept apart.
        """
        from dicomsh.dimse.client import Client

        reached = replace(self.reach(modality), capabilities=NOTHING_KNOWN)
        key = (modality.name, modality.extended)
        held = self._clients.get(key)
        if held is not None and held[0] == reached:
            return held[1]
        if held is not None:
            await held[1].close()
        client = Client(reached, self._tap)
        self._clients[key] = (reached, client)
        return client

    def state(self, modality: Modality) -> str:
        """Whether an association with a modality is open: `open`, `closed`, or `not used yet`."""
        held = [client for (name, _), (_, client) in self._clients.items() if name == modality.name]
        if not held:
            return "not used yet"
        return "open" if any(client.is_open for client in held) else "closed"

    def address(self, modality: Modality) -> str:
        """`AET@HOST:PORT`, or that it is a practice archive that does not run yet."""
        held = self._archives.get(modality.name)
        if modality.practice and held is None:
            return "practice archive"
        return self.reach(modality).address

    def known(self, modality: Modality) -> Scu | None:
        """The client of a modality, or None where no association was opened yet."""
        held = self._clients.get((modality.name, modality.extended))
        return held[1] if held is not None and held[1].accepted else None

    @property
    def connecting(self) -> str:
        """The address of a modality that an association is being opened with, or nothing."""
        single = [modality for modality, user in self._clients.values() if user.is_opening]
        pooled = [modality for modality, pool in self._pools.values() if pool.is_opening]
        return next((modality.address for modality in (*single, *pooled)), "")

    def pool(self, modality: Modality, size: int = POOL_SIZE) -> Pool:
        """A new pool of clients of a modality."""
        from dicomsh.dimse import pool

        reached = self.reach(modality)
        self._pools[reached.name] = reached, pool.Pool(reached, size, self._tap)
        return self._pools[reached.name][1]

    async def close(self) -> None:
        """Release every association and stop every practice archive."""
        for _, client in self._clients.values():
            await client.close()
        self._clients.clear()
        for _, archive in self._archives.values():
            archive.stop()
        self._archives.clear()


def _same_archive(one: Modality, other: Modality) -> bool:
    return (one.aet, one.faults) == (other.aet, other.faults)


def _started(modality: Modality) -> PracticeServer:
    from dicomsh.practice.server import start

    try:
        return start(modality)
    except OSError as error:
        raise UnreachableError(f"the practice archive cannot start: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Context:
    """Where a command runs.

    Args:
        session: what the shell remembers.
        peers: the remote application entities in use.
        tracing: the trace of what is said to them.
        tutor: the course.
        registry: all commands, for help.
        run_file: runs a script file with its arguments in this shell.
        environ: environment variables.
        history: the lines typed at the prompt; None in scripts.
    """

    session: Session
    peers: Peers
    tracing: Tracing
    tutor: Tutor
    registry: Registry
    run_file: Callable[[Path, tuple[str, ...]], Awaitable[None]]
    environ: Mapping[str, str]
    history: History | None = None

    def timed(self, modality: Modality) -> Modality:
        """A modality with what is known of it, and the session's own time limit if one is set."""
        modality = replace(modality, capabilities=self.peers.memory.of(modality))
        seconds = self.session.settings.timeout
        if seconds is None:
            return modality
        limits = replace(modality.timeouts, connect=seconds, association=seconds, response=seconds)
        return replace(modality, timeouts=limits)
