"""Where a C-MOVE can send objects to, and the association for it (PS3.4 C.4.2.3)."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pynetdicom import build_context
from pynetdicom.presentation import PresentationContext

from dicomsh.practice.objects import PracticeObject
from dicomsh.practice.responses import SenderProvider, close_surely, send_at_once

USUAL_PORT = 11112
"""The port of an application entity that calls us; the one registered for DICOM besides 104."""

Entity = tuple[str, int]
"""Host and port of an application entity."""

_MOST_CONTEXTS = 128
_CONNECTING = 10.0


def destination(event: Any, known: Mapping[str, Entity]) -> Entity | None:
    """Where the application entity that a C-MOVE names is; None if nobody knows.

    Args:
        event: the `EVT_C_MOVE`.
        known: host and port of application entities, by AE title.
    """
    wanted = event.request.MoveDestination.strip(" ")
    caller = event.assoc.requestor
    if wanted in known:
        return known[wanted]
    return (caller.address, USUAL_PORT) if wanted == caller.ae_title.strip(" ") else None


@contextmanager
def associated(event: Any, entity: Entity, objects: Iterable[PracticeObject]) -> Iterator[Any]:
    """An association to store objects with, released at the end; None if there cannot be one."""
    if not _listens(entity):
        yield None
        return
    host, port = entity
    association = event.assoc.ae.associate(
        host,
        port,
        contexts=_contexts(objects),
        ae_title=event.request.MoveDestination,
    )
    association.dimse = SenderProvider(association)
    send_at_once(association)
    close_surely(association)
    try:
        yield association if association.is_established else None
    finally:
        if association.is_established:
            association.release()


def _contexts(objects: Iterable[PracticeObject]) -> list[PresentationContext]:
    """One for each SOP class and transfer syntax, so that the other side chooses none."""
    pairs = dict.fromkeys((one.sop_class, syntax) for one in objects for syntax in one.syntaxes)
    made = [build_context(sop_class, syntax) for sop_class, syntax in pairs]
    return made[:_MOST_CONTEXTS]


def _listens(entity: Entity) -> bool:
    """Whether one can connect; if not, pynetdicom would leave a socket open."""
    try:
        socket.create_connection(entity, _CONNECTING).close()
    except OSError:
        return False
    return True
