"""Sending objects to one modality by C-STORE (PS3.7 9.1.1), on an association of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import STORE_RESPONSE, CommandSet, store_request
from dicomsh.dimse.connect import open_association, timed_out
from dicomsh.dimse.negotiation import PresentationContext, Proposal
from dicomsh.dimse.pdu import Message
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import DicomshError, ProtocolViolationError, ShortFileError
from dicomsh.model.modality import Modality
from dicomsh.model.storage import Announced, Pair, Readable, StoreReply
from dicomsh.model.tap import Tap
from dicomsh.model.transfer_syntaxes import DEFLATED
from dicomsh.timeout import timeout

_BLOCK = 1 << 17
"""Bytes that are read and sent at once; even, as fragments have to be (PS3.8 annex E).

The C library gives larger blocks back to the system and gets new ones, page by page, each time.
"""


class Storer:
    """C-STORE to one modality, one operation at a time.

    A presentation context has one transfer syntax, that of the files: nothing is converted.

    Args:
        modality: the peer.
        tap: listens to the conversation.
        pairs: what is to be sent, at most `dicomsh.dimse.negotiation.MOST_CONTEXTS` of them.
    """

    def __init__(self, modality: Modality, tap: Tap, pairs: Sequence[Pair]) -> None:
        self._modality = modality
        self._tap = tap
        self._pairs = tuple(pairs)
        self._association: Association | None = None

    async def connect(self) -> frozenset[Pair]:
        """What the peer takes; opens the association if need be.

        Raises:
            NoAssociationError: unreachable, rejected, aborted.
            TimedOutError: the limit for connecting or for the association passed.
        """
        return frozenset(_contexts(await self._opened()))

    async def send(self, announced: Announced, data: Readable, size: int) -> StoreReply:
        """Send one object, and wait for the response.

        Args:
            announced: what it is, in a pair that `connect` returned.
            data: a file, at the beginning of the data set.
            size: bytes of the data set.

        Raises:
            ShortFileError: `data` ends early; the association was aborted.
            NoAssociationError: as `connect`, or the association was lost on the way.
            TimedOutError: the peer was silent for too long; the association was aborted.
            OSError: `data` cannot be read; the association was aborted.
        """
        association = await self._opened()
        context = _contexts(association)[announced.sop_class, announced.transfer_syntax]
        operation = _Store(association)
        limit = self._modality.timeouts.response
        try:
            operation.begin(context, announced)
            await self._stream(association, context, data, size)
            async with timeout(limit):
                return await operation.reply
        except TimeoutError:
            what = f"{self._modality.address}: no response to C-STORE"
            raise timed_out(what, "response", limit) from None
        finally:
            if not operation.answered:
                association.abort()

    async def _stream(
        self, association: Association, context: PresentationContext, data: Readable, size: int
    ) -> None:
        left = size
        while left:
            block = data.read(min(_BLOCK, left))
            if not block:
                raise ShortFileError("the file has become shorter, or cannot be read to its end")
            left -= len(block)
            if not left and size % 2 and context.transfer_syntax == DEFLATED:
                block += b"\0"  # missing in some files, and required (PS3.5 A.5)
            association.send_part(context, block, last=not left)
            async with timeout(self._modality.timeouts.response):
                await association.drained()

    async def close(self) -> None:
        """Release the association."""
        if self._association is not None:
            await self._association.release(self._modality.timeouts.cancel_grace)

    async def _opened(self) -> Association:
        if self._association is None or not self._association.is_open:
            proposals = [Proposal(sop_class, (syntax,)) for sop_class, syntax in self._pairs]
            self._association = await open_association(self._modality, self._tap, proposals)
        return self._association


def _contexts(association: Association) -> dict[Pair, PresentationContext]:
    accepted = association.agreement.accepted
    return {(one.abstract_syntax, one.transfer_syntax): one for one in accepted if one.scu}


class _Store(ServiceUser):
    """The operation in progress; `reply` becomes its outcome."""

    title = "C-STORE"

    def __init__(self, association: Association) -> None:
        self._association = association
        self._message_id = association.next_message_id()
        self.reply: asyncio.Future[StoreReply] = asyncio.get_running_loop().create_future()
        self.answered = False

    def begin(self, context: PresentationContext, announced: Announced) -> None:
        request = store_request(self._message_id, announced.sop_class, announced.sop_instance)
        self._association.begin(self, context, request)

    def received(self, messages: list[Message]) -> None:
        for _, response, _ in messages:
            self._take(response)

    def _take(self, response: CommandSet) -> None:
        answers = (response.field, response.message_id) == (STORE_RESPONSE, self._message_id)
        if not answers or self.answered:
            raise ProtocolViolationError("received a message that does not answer our C-STORE")
        self.answered = True
        self._association.end(self)
        if not self.reply.done():
            self.reply.set_result(StoreReply(response.status, response.comment or ""))

    def lost(self, error: DicomshError) -> None:
        self.answered = True  # there is nothing left to abort
        if not self.reply.done():
            self.reply.set_exception(error)
            self.reply.exception()  # or asyncio logs it, if nobody is waiting any more
