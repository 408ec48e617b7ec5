"""The threads of an association wait for something to do.

Those of pynetdicom look for it a thousand times a second, which takes 7 % of a processor for each
association that is idle, and up to 2 ms for each request.
"""

from __future__ import annotations

from contextlib import suppress
from select import select
from ssl import SSLSocket
from threading import Event
from typing import Any

from dicomsh.practice.responses import socket_of

_LOOK = 0.1
"""Seconds between looks at what wakes neither thread: timers, and that it was told to end."""


def wait_for_work(association: Any) -> None:
    """Make the threads of an accepted association wait, before they run.

    Args:
        association: pynetdicom's, with the DIMSE provider that it keeps.
    """
    waiting = _Waiting(association)
    association.dul._process_recv_primitive = waiting.look_for_primitive
    association.dul.state_machine.do_action = waiting.do_action
    association.dimse.get_msg = waiting.get_msg


class _Waiting:
    """What the two threads call in each turn: one serves requests, one reads from the peer.

    The thread that reads waits for the peer alone, so it must not begin to while the other one
    works, and may want to send. It looks for messages first, then whether the other is idle, and
    then for what that may have sent before it was. New work can only come from itself after that.
    """

    def __init__(self, association: Any) -> None:
        self._association = association
        self._dul, self._dimse = association.dul, association.dimse
        self._look: Any = association.dul._process_recv_primitive
        self._act: Any = association.dul.state_machine.do_action
        self._take: Any = association.dimse.get_msg
        self._news = Event()
        self._is_idle = False

    def get_msg(self, block: bool = False) -> Any:
        """The next message; waits a moment for it, or for the end of the association."""
        if block:
            return self._take(block=True)
        self._is_idle = True
        self._news.wait(_LOOK)
        self._is_idle = False  # before the message is taken
        self._news.clear()
        return self._take()

    def do_action(self, event: str) -> None:
        """React to an event, which may be a message or the end."""
        try:
            self._act(event)
        finally:
            self._news.set()

    def look_for_primitive(self) -> Any:
        """Whether there is something to send; waits a moment for the peer if nobody works."""
        if self._is_calm():
            self._wait_for_peer()
        return self._look()

    def _is_calm(self) -> bool:
        dul = self._dul
        if self._dimse.msg_queue.queue or dul.to_user_queue.queue or not self._is_idle:
            return False
        return not (dul.to_provider_queue.queue or dul.event_queue.queue)

    def _wait_for_peer(self) -> None:
        connection = socket_of(self._association)
        if connection is not None and not _holds_something(connection):
            with suppress(OSError, ValueError):  # closed; what looks next finds out
                select([connection], [], [], _LOOK)


def _holds_something(connection: Any) -> bool:
    """Whether TLS has read more than was taken from it, which `select` does not see."""
    return isinstance(connection, SSLSocket) and connection.pending() > 0
