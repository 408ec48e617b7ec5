"""Where a C-MOVE can send objects to, and the association for it (PS3.4 C.4.2.3)."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE, build_context
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

from dicomsh.model.modality import USUAL_PORT
from dicomsh.practice.objects import CompositeObject
from dicomsh.practice.responses import SenderProvider, close_surely, send_at_once

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
    if wanted == event.assoc.requestor.ae_title.strip(" "):
        return caller(event, known)
    return known.get(wanted)


def caller(event: Any, known: Mapping[str, Entity]) -> Entity:
    """Where the application entity that sends a request is expected to listen."""
    requestor = event.assoc.requestor
    return known.get(requestor.ae_title.strip(" ")) or (requestor.address, USUAL_PORT)


@contextmanager
def associated(
    ours: AE,
    entity: Entity,
    called: str,
    contexts: Sequence[PresentationContext],
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
) -> Iterator[Any]:
    """An association of our own, released at the end; None if there cannot be one.

    Args:
        ours: the application entity that opens it.
        entity: whom with.
        called: their AE title.
        contexts: the presentation contexts to propose.
        roles: the roles to propose.
    """
    if not _listens(entity):
        yield None
        return
    host, port = entity
    association = ours.associate(
        host,
        port,
        contexts=list(contexts),
        ae_title=called,
        ext_neg=list(roles),
    )
    association.dimse = SenderProvider(association)
    send_at_once(association)
    close_surely(association)
    try:
        yield association if association.is_established else None
    finally:
        if association.is_established:
            association.release()


def storage_contexts(objects: Iterable[CompositeObject]) -> list[PresentationContext]:
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
