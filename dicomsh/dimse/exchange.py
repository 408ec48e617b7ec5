"""The receiving side of one C-FIND: collecting rows, the final status, ending early."""

from __future__ import annotations

import asyncio

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import FIND_RESPONSE, CommandSet, cancel_request, find_request
from dicomsh.dimse.negotiation import PresentationContext
from dicomsh.dimse.pdu import Message
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import DicomshError, ProtocolViolationError
from dicomsh.model.batches import batch_length
from dicomsh.model.row import Row, Source, weight
from dicomsh.model.status import CANCEL, PENDING_STATUSES, PENDING_UNSUPPORTED
from dicomsh.timeout import timeout

_MANY_ROWS = 4096
"""With more rows than this waiting to be taken, reading pauses."""
_MANY_BYTES = 1 << 23
"""The same for the bytes that they take."""
_LINGER = 0.25
"""Seconds to wait for the data set that a final response announces, in violation of PS3.7 9.1.2."""


class FindExchange(ServiceUser):
    """One C-FIND on an association (PS3.7 9.1.2), from its request to its final status.

    Args:
        association: open, and with no operation in progress.
        context: the presentation context to use.
        source: how to read the rows.
        limit: number of rows after which the peer is asked to stop, or None.

    Attributes:
        arrived: rows received, without those dropped.
        dropped: rows received after the limit or after C-CANCEL.
        over_limit: whether there was a row beyond the limit.
        unsupported: whether a row came with 0xFF01: some optional keys are not supported.
        final: the final response, once received.
        error: why the association is gone, once it is.
    """

    title = "C-FIND"

    def __init__(
        self,
        association: Association,
        context: PresentationContext,
        source: Source,
        limit: int | None,
    ) -> None:
        self.arrived = 0
        self.dropped = 0
        self.over_limit = False
        self.unsupported = False
        self.final: CommandSet | None = None
        self.error: DicomshError | None = None
        self._association = association
        self._context = context
        self._source = source
        self._limit = limit
        self._message_id = association.next_message_id()
        self._rows: list[Row] = []
        self._weight = 0
        self._cancelled = False
        self._over = False
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None

    def begin(self, identifier: bytes) -> None:
        """Send the request; raises AssociationAbortedError if the association is gone."""
        command = find_request(self._message_id, self._context.abstract_syntax)
        self._association.begin(self, self._context, command, identifier)

    @property
    def waiting(self) -> int:
        """Rows that have arrived but have not been taken."""
        return len(self._rows)

    @property
    def answered(self) -> bool:
        """Whether nothing more should arrive."""
        return self.final is not None or self.error is not None

    @property
    def ended(self) -> bool:
        """Whether nothing more will arrive."""
        return self._over or self.error is not None

    def take(self) -> list[Row]:
        """Some of the rows that have arrived: as many as are soon dealt with, and at least one."""
        number = batch_length(self._rows)
        rows, self._rows = self._rows[:number], self._rows[number:]
        self._weight -= weight(rows)
        if not self.ended and not self._is_full:
            self._association.resume()
        return rows

    @property
    def _is_full(self) -> bool:
        return len(self._rows) > _MANY_ROWS or self._weight > _MANY_BYTES

    async def wait(self, seconds: float) -> None:
        """Wait until something arrives; on TimeoutError the association is aborted."""
        try:
            async with timeout(seconds):
                await self._woken()
        except TimeoutError:
            self._association.abort()
            raise

    async def leave(self, seconds: float) -> str:
        """Make the peer stop: C-CANCEL, then up to `seconds` for the final status, else A-ABORT.

        Returns:
            How that went, in words.
        """
        if self.answered:
            return f"{_rows(self.waiting + self.dropped)} had already arrived"
        self._cancel()
        self._association.resume()
        try:
            async with timeout(seconds):
                await self._drained()
        except TimeoutError:  # some SCPs ignore C-CANCEL (pynetdicom #553)
            self._association.abort()
            how = f"no reaction to C-CANCEL within {seconds:g} s; association aborted"
        except asyncio.CancelledError:
            self._association.abort()
            raise
        else:
            how = "C-CANCEL" if self.final else "C-CANCEL, then the association was lost"
        return f"{how}, {_rows(self.waiting + self.dropped)} received"

    def received(self, messages: list[Message]) -> None:
        """Take the messages of one read.

        Raises:
            ProtocolViolationError: a message is not a response to this query.
        """
        rows, source, read = self._rows, self._source, self._context.encoding.read
        before = len(rows)
        try:
            checked = None
            for context_id, response, identifier in messages:
                if response is not checked:  # equal command sets in a row share one object
                    self._check(context_id, response)
                    checked = response
                if response.status not in PENDING_STATUSES:
                    self.final = response
                elif self._cancelled:
                    self.dropped += 1
                else:
                    rows.append(Row(identifier, source, read(identifier)))
        finally:
            self.arrived += len(rows) - before
            self._weight += weight(rows[before:])
            self._after_read()

    def lost(self, error: DicomshError) -> None:
        """The association is gone, which matters only before the final response, or in its wake.

        What comes after it may be rows: one byte that flips in transit makes a row the end.
        """
        if self.final is None or isinstance(error, ProtocolViolationError):
            self.error = error
        self._finish()

    def _check(self, context_id: int, response: CommandSet) -> None:
        if response.message_id != self._message_id or response.field != FIND_RESPONSE:
            raise ProtocolViolationError(
                f"received the response 0x{response.field:04X} to message {response.message_id}"
                f" while C-FIND {self._message_id} is in progress"
            )
        if context_id != self._context.id:
            raise ProtocolViolationError("a response on another presentation context")
        if self.final is not None:
            if response.status not in PENDING_STATUSES:
                self._finish()  # pynetdicom follows a warning with a success of its own
            raise ProtocolViolationError("received a response after the final one")
        self.unsupported |= response.status == PENDING_UNSUPPORTED

    def _after_read(self) -> None:
        # C-FIND has no maximum of its own (PS3.7 9.1.2.1): one row too many shows that there are
        # more, and then only C-CANCEL can stop the peer
        if self._limit is not None and self.arrived > self._limit:
            self._cut(self.arrived - self._limit)
        if self.final is not None:
            self._finish_soon(self.final)
        elif self.over_limit:
            self._cancel()
        elif self._is_full:
            self._association.pause()
        self._wake()

    def _finish_soon(self, final: CommandSet) -> None:
        """Not at once: the rest of this read, or the data set announced, may contradict it.

        That of a cancelled answer cannot: it is a row that is ignored, whenever it comes.
        """
        if final.has_data_set and final.status != CANCEL:
            self._loop.call_later(_LINGER, self._finish)
        else:
            self._loop.call_soon(self._finish)

    def _finish(self) -> None:
        self._over = True
        self._association.end(self)
        self._wake()

    def _cut(self, excess: int) -> None:
        del self._rows[-excess:]
        self.arrived -= excess
        self.dropped += excess
        self.over_limit = True

    def _cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            self._association.send(self._context, cancel_request(self._message_id))

    async def _drained(self) -> None:
        while not self.ended:
            await self._woken()

    async def _woken(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _rows(number: int) -> str:
    if not number:
        return "no more rows"
    return f"{number:,} more row{'' if number == 1 else 's'}"
