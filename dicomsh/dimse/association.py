"""An open association: one DIMSE operation at a time (PS3.7 8, 9.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from dicomsh.dimse.negotiation import Agreement, PresentationContext
from dicomsh.dimse.pdu import write_message, write_part
from dicomsh.dimse.upper_layer import ServiceUser, UpperLayer
from dicomsh.model.extended_negotiation import Extensions


class Association:
    """An association whose peer accepted; made by `dicomsh.dimse.connect.open_association`.

    Attributes:
        agreement: what was negotiated.
        contexts: the accepted presentation contexts by abstract syntax, the first of each.
        extended: what the peer agreed to by extended negotiation, by abstract syntax.
        last_used: loop time of the last request or end of an operation.
        proven: whether an operation has completed on it.
    """

    def __init__(self, layer: UpperLayer, agreement: Agreement) -> None:
        self._layer = layer
        self._message_id = 0
        self.agreement = agreement
        self.contexts: Mapping[str, PresentationContext] = agreement.contexts
        self.extended: Mapping[str, Extensions] = agreement.extended
        self.proven = False
        self.last_used = asyncio.get_running_loop().time()

    @property
    def is_open(self) -> bool:
        """Whether operations can be started."""
        return self._layer.is_open

    @property
    def busy(self) -> bool:
        """Whether an operation is in progress."""
        return self._layer.user is not None

    @property
    def last_heard(self) -> float:
        """Loop time at which bytes last arrived."""
        return self._layer.last_heard

    def next_message_id(self) -> int:
        """A Message ID, 1 to 65535, that was not used recently."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def begin(
        self,
        user: ServiceUser,
        context: PresentationContext,
        command: bytes,
        identifier: bytes | None = None,
    ) -> None:
        """Send a request; its responses go to `user` until `user` calls `end`.

        Raises:
            AssociationAbortedError: the association is gone.
        """
        self.take(user)
        self.send(context, command, identifier)

    def take(self, user: ServiceUser) -> None:
        """What arrives goes to `user` from now on, until `user` calls `end`.

        Raises:
            AssociationAbortedError: the association is gone.
        """
        if self._layer.error is not None:
            raise self._layer.error
        self._layer.user = user

    def send(
        self, context: PresentationContext, command: bytes, identifier: bytes | None = None
    ) -> None:
        """Send a message of the operation in progress, command and identifier in one write.

        An identifier without elements is sent all the same: the peer waits for what was announced.
        """
        self.last_used = asyncio.get_running_loop().time()
        longest = self.agreement.max_pdu
        message = write_message(context.id, command, identifier or b"", longest)
        if identifier == b"":
            message += write_part(context.id, b"", longest, last=True)
        self._layer.write(message)

    def send_part(self, context: PresentationContext, part: bytes, *, last: bool) -> None:
        """Send part of the data set of the operation in progress, after its command.

        Args:
            context: the presentation context.
            part: an even number of bytes, unless it is the last part.
            last: whether the data set ends with it.
        """
        self._layer.write(write_part(context.id, part, self.agreement.max_pdu, last=last))

    async def drained(self) -> None:
        """Wait until what was written has been sent, but for a little.

        Raises:
            AssociationAbortedError: the association is gone.
        """
        await self._layer.drained()

    def end(self, user: ServiceUser) -> None:
        """The operation is over: any further message violates the protocol."""
        if self._layer.user is user:
            self._layer.user = None
            self.proven = True
            self.last_used = asyncio.get_running_loop().time()
            self.resume()

    def pause(self) -> None:
        """Stop reading; TCP flow control then stops the peer."""
        self._layer.pause_reading()

    def resume(self) -> None:
        """Continue reading."""
        self._layer.resume_reading()

    async def release(self, seconds: float) -> None:
        """Release gracefully; abort if the peer does not answer within `seconds`."""
        await self._layer.release(seconds)

    def abort(self) -> None:
        """Send A-ABORT and close; the operation in progress is told."""
        self._layer.abort()
