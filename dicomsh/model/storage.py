"""Where objects go that an archive gives us, whatever way they come."""

from __future__ import annotations

from typing import Protocol

from dicomsh.frozen import frozen

Pair = tuple[str, str]
"""UIDs of a SOP class and of the transfer syntax that its objects are in."""


@frozen
class Announced:
    """An object that is about to arrive.

    Args:
        sop_class: its SOP Class UID.
        sop_instance: its SOP Instance UID.
        transfer_syntax: UID of the transfer syntax of its data set.
    """

    sop_class: str
    sop_instance: str
    transfer_syntax: str


@frozen
class StoreReply:
    """What the sender of an object is told.

    Args:
        status: the DIMSE status of a C-STORE (PS3.4 table B.2-1).
        comment: why it was not stored; empty if it was.
    """

    status: int
    comment: str = ""


class Readable(Protocol):
    """A file, as far as it is needed here."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end. Raises OSError."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


Fragment = bytes | memoryview
"""Bytes as they arrived; a view is valid only until the call that it was given to returns."""


class Incoming(Protocol):
    """An object on its way; it takes the data set as it arrives."""

    def write(self, fragment: Fragment) -> None:
        """Take the next bytes of the data set."""
        ...

    def close(self) -> None:
        """The data set is complete."""
        ...

    async def keep(self) -> StoreReply:
        """Make it permanent; only then is the sender told that it was stored."""
        ...

    def discard(self) -> None:
        """It will not be completed: the connection is gone."""
        ...


class Storage(Protocol):
    """Where objects go."""

    def accept(self, announced: Announced) -> Incoming:
        """A place for an object."""
        ...
