"""get where the connection is lost: what has arrived, or still arrives, is counted."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, evt

from dicomsh.model.levels import ROOT_MODELS
from tests import servers
from tests.dimse.peers import scp
from tests.processes import free_ports
from tests.retrieve.giving import IMAGES, Faults, Giver, giving, got

LIMIT = 60
"""Seconds for what takes a fraction of one."""

_RESET = struct.pack("ii", 1, 0)
"""With this `SO_LINGER`, closing a socket resets the connection."""


class Resetting(Giver):
    """Resets the connection after each two objects."""

    def get(self, event: evt.Event) -> Iterator[Any]:
        for number, made in enumerate(super().get(event)):
            yield made
            if number == 2:  # the first is the number of objects
                connection: Any = event.assoc.dul.socket
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                connection.close()
                return


def test_what_arrived_before_a_reset_is_counted(tmp_path: Path) -> None:
    with giving(Resetting(IMAGES[:3], Faults())) as modality:
        done = got(modality, f"get P1 --retries 0 --to '{tmp_path}'")
        assert (done.status, done.last.split(" instances")[0]) == (5, "2 of 3")
        assert len(list(tmp_path.rglob("*.dcm"))) == 2
        again = got(modality, f"get P1 --to '{tmp_path}'")
    assert (again.status, again.last.split(" instances")[0]) == (0, "3 of 3")


def test_a_reset_is_followed_by_another_association(tmp_path: Path) -> None:
    with giving(Resetting(IMAGES, Faults())) as modality:
        done = got(modality, f"get P1 --retries 3 --to '{tmp_path}'")
    assert (done.status, done.last.split(" instances")[0]) == (0, "6 of 6")


def test_what_comes_after_the_c_move_was_lost_is_counted(tmp_path: Path) -> None:
    """A firewall ends the silent association of the C-MOVE; the objects come on another one."""
    (port,) = free_ports(1)
    giver, begun, lost = Giver(IMAGES, Faults()), threading.Event(), threading.Event()

    def send() -> None:
        entity = AE("ARCHIVE")
        entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", port, ae_title=servers.AET)
        for number, one in enumerate(IMAGES):
            association.send_c_store(one)
            if number == 0:
                begun.set()
                lost.wait(LIMIT)
        association.release()

    def move(event: evt.Event) -> Iterator[Any]:
        sending = threading.Thread(target=send)
        sending.start()
        begun.wait(LIMIT)
        event.assoc.abort()
        lost.set()
        sending.join()
        yield None, None

    def configure(entity: AE) -> None:
        for model in ROOT_MODELS:
            entity.add_supported_context(model.move.uid)

    handlers = ((evt.EVT_C_MOVE, move),)
    with scp(giver.find, handlers=handlers, configure=configure) as modality:
        done = got(modality, f"get P1 --via move --port {port} --retries 0 --to '{tmp_path}'")
    assert done.status == 0, done.err
    assert done.last.startswith("6 of 6 instances, ")
