"""The receiving side of C-STORE, on any association: during a C-GET of ours, or as an acceptor."""

from __future__ import annotations

import asyncio
from collections import deque

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import STORE_REQUEST, CommandSet, write_command
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.levels import ROOT_MODELS
from dicomsh.model.storage import Announced, Incoming, Storage

_RETRIEVING = frozenset(model.get.uid for model in ROOT_MODELS)


class StoreService:
    """Takes the C-STORE requests of one association, one after the other.

    Nothing more is read while an object is made permanent: a peer that does not wait for our
    response (asynchronous operations were not negotiated, PS3.7 D.3.3.3) is slowed down by TCP.

    Args:
        association: where they arrive.
        storage: where the objects go.
    """

    def __init__(self, association: Association, storage: Storage) -> None:
        self._association = association
        self._storage = storage
        self._arriving: deque[Incoming] = deque()  # one read may bring several
        self._keeping: set[asyncio.Task[None]] = set()

    @property
    def keeping(self) -> bool:
        """Whether an object is being made permanent now."""
        return bool(self._keeping)

    def requested(self, context_id: int, request: CommandSet) -> Incoming:
        """The sink for the data set of a request.

        Raises:
            ProtocolViolationError: it is not a C-STORE request, or is in the presentation context
                of a C-GET, which has no C-STORE (PS3.4 C.4.3).
        """
        if request.field != STORE_REQUEST:
            raise ProtocolViolationError(f"received an unexpected {request.title}")
        if not request.has_data_set:
            raise ProtocolViolationError("received a C-STORE request without data set")
        context = self._association.agreement.by_id[context_id]
        if not context.scp:
            raise ProtocolViolationError(
                "received a C-STORE request on a context that is not for objects"
            )
        syntax = context.transfer_syntax
        announced = Announced(request.sop_class, request.sop_instance, syntax)
        incoming = self._storage.accept(announced)
        self._arriving.append(incoming)
        return incoming

    def received(self, context_id: int, request: CommandSet) -> None:
        """The data set of a request is complete: keep the object, then respond."""
        arrived = self._arriving.popleft()
        self._association.pause()
        task = asyncio.get_running_loop().create_task(self._keep(arrived, context_id, request))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    def lost(self) -> None:
        """The association is gone."""
        while self._arriving:
            self._arriving.popleft().discard()

    async def kept(self) -> None:
        """Wait until no object is being made permanent."""
        while self._keeping:
            await asyncio.wait(set(self._keeping))

    async def _keep(self, arrived: Incoming, context_id: int, request: CommandSet) -> None:
        reply = await arrived.keep()
        association = self._association
        if association.is_open:
            response = request.answered(reply.status, comment=reply.comment[:64] or None)
            context = association.agreement.by_id[context_id]
            association.send(context, write_command(response))
            association.resume()
