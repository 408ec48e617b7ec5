"""Listening to the conversation with peers: bytes of a connection, queries. Free when off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from dicomsh.frozen import field, slotted
from dicomsh.model.query import Query
from dicomsh.model.row import Row


class Wire:
    """One connection, as listeners know it: two to the same peer are distinct.

    Args:
        peer: `AET@HOST:PORT`.

    Attributes:
        agreed: presentation context ID → abstract and transfer syntax, once negotiated.
    """

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.agreed: Mapping[int, tuple[str, str]] = {}


class Tracer(Protocol):
    """Receives every byte; must not raise, since it is called in the middle of the protocol.

    Pieces come as the transport delivers them: PDUs may be cut anywhere.
    """

    def opened(self, wire: Wire) -> None:
        """A connection was opened."""
        ...

    def sent(self, wire: Wire, data: bytes) -> None:
        """We sent bytes."""
        ...

    def received(self, wire: Wire, data: bytes) -> None:
        """Bytes arrived."""
        ...

    def closed(self, wire: Wire, how: str) -> None:
        """The connection was closed; `how` says how, in words."""
        ...


@slotted
class Tap:
    """The listeners, which can change while connections are open; none at first.

    Args:
        tracer: receives the bytes.
        asked: each receives every query when it is sent.
        answered: receives the rows of every answer as they come.
    """

    tracer: Tracer | None = None
    asked: list[Callable[[Query], None]] = field(default_factory=list)
    answered: Callable[[Sequence[Row]], None] | None = None
