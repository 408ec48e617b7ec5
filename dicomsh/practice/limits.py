"""How much one client may make the practice archive do: on a network, anyone may be one."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from dicomsh.practice.responses import hang_up

MOST_CONNECTIONS = 64
"""Connections that are kept; for one more, the one that has been open longest is closed."""

_LONGEST_PDU = 1 << 20
"""Bytes of a PDU that are read; one that proposes 128 presentation contexts is much shorter."""


_NO_CONNECTION = "Sta1"
"""State of PS3.8 table 9-1."""


class Connections:
    """The open connections. Idle ones cost threads, and must not shut others out."""

    def __init__(self) -> None:
        self._open: list[Any] = []
        self._lock = Lock()

    def add(self, association: Any) -> None:
        """Take one in before its threads run; closes an older one if there are too many."""
        with self._lock:
            self._open = [one for one in self._open if one.ident is None or one.is_alive()]
            if len(self._open) >= MOST_CONNECTIONS:
                idle = [one for one in self._open if not one.dimse.answering]
                oldest = (idle or self._open)[0]
                self._open.remove(oldest)
                hang_up(oldest)
            self._open.append(association)

    @property
    def arriving(self) -> int:
        """Bytes of objects on their way in."""
        with self._lock:
            return sum(one.dimse.arriving for one in self._open if one.is_alive())


def end_quietly(association: Any) -> None:
    """Close the connection when pynetdicom has no answer to what has arrived, and end its threads.

    One thread would end with a traceback, and leave the connection open. The other would wait for
    the A-ASSOCIATE-RQ of a client that is gone, as long as for that of a slow one.
    """
    machine = association.dul.state_machine
    act: Callable[[str], None] = machine.do_action
    react: Callable[[], None] = association._target

    def do_action(event: str) -> None:
        try:
            act(event)
        except Exception:
            _end(association)
        if machine.current_state == _NO_CONNECTION:
            association.dul.to_user_queue.put(None)

    def run() -> None:
        try:
            react()
        except Exception:
            _end(association)

    machine.do_action, association._target = do_action, run


def _end(association: Any) -> None:
    """End an association from the thread that reads; `kill` would wait there for that thread."""
    hang_up(association)
    association.dul.kill_dul()
    association._kill = True
    association.is_established = False
    association._reactor_checkpoint.set()
    association.dul.to_user_queue.put(None)


def bound_pdus(association: Any) -> None:
    """Close the connection at a PDU that is too long, before any of its body is read."""
    connection = association.dul.socket
    read: Callable[[int], bytearray] = connection.recv

    def recv(size: int) -> bytearray:
        if size > _LONGEST_PDU:
            hang_up(association)
            raise ConnectionError(f"a PDU of {size} bytes")
        return read(size)

    connection.recv = recv
