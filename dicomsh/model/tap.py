"""Where one listens to what is said to peers: bytes of a connection, queries. Off costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from dicomsh.frozen import field, slotted
from dicomsh.model.query import Query
from dicomsh.model.row import Row


class Wire:
    """One connection, as a listener knows it: two of the same peer are two.

    Args:
        peer: `AET@HOST:PORT`.

    Attributes:
        agreed: presentation context ID → abstract and transfer syntax, once negotiated.
    """

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.agreed: Mapping[int, tuple[str, str]] = {}


class Tracer(Protocol):
    """Is told of every byte; it must not raise, since it is called in the middle of the protocol.

    The pieces are those of the transport: PDUs may be cut anywhere.
    """

    def opened(self, wire: Wire) -> None:
        """A connection stands."""
        ...

    def sent(self, wire: Wire, data: bytes) -> None:
        """We wrote bytes."""
        ...

    def received(self, wire: Wire, data: bytes) -> None:
        """Bytes arrived."""
        ...

    def closed(self, wire: Wire, how: str) -> None:
        """The connection is gone; `how` says so in words."""
        ...


@slotted
class Tap:
    """What is switched on and off while connections stand; nobody listens at first.

    Args:
        tracer: is told of bytes.
        asked: each is told of every query when it is sent.
        answered: is shown the rows of every answer as they come.
    """

    tracer: Tracer | None = None
    asked: list[Callable[[Query], None]] = field(default_factory=list)
    answered: Callable[[Sequence[Row]], None] | None = None
