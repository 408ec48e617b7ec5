"""C-ECHO: whether the peer answers, and how fast (PS3.7 9.1.5)."""

from __future__ import annotations

import asyncio

from dicomsh.dimse import command, status
from dicomsh.dimse.association import Association
from dicomsh.dimse.connect import timed_out
from dicomsh.dimse.negotiation import PresentationContext
from dicomsh.dimse.pdu import Message
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import DicomshError, NoPresentationContextError, ProtocolViolationError
from dicomsh.model.levels import VERIFICATION
from dicomsh.model.modality import Modality
from dicomsh.timeout import timeout


async def echo(association: Association, modality: Modality) -> float:
    """Seconds from C-ECHO-RQ to its response.

    Raises:
        NoPresentationContextError: Verification was not accepted.
        AssociationAbortedError: the association is gone.
        TimedOutError: no response in time; the association was aborted.
        QueryFailedError: the peer answered with a failure.
    """
    context = association.contexts.get(VERIFICATION)
    if context is None:
        raise NoPresentationContextError(
            f"{modality.address} does not accept Verification (C-ECHO)",
            hint="it may still answer queries: echo --find tries one",
        )
    operation = _Echo(association, context)
    limit = modality.timeouts.response
    loop = asyncio.get_running_loop()
    started = loop.time()
    request = command.echo_request(operation.message_id, VERIFICATION)
    association.begin(operation, context, request)
    try:
        async with timeout(limit):
            response = await operation.response
    except TimeoutError:
        raise timed_out(f"{modality.address}: no response to C-ECHO", "response", limit) from None
    finally:
        if not operation.answered:
            association.abort()
    if response.status != 0:
        raise status.failure(response, str(modality.address))
    return loop.time() - started


class _Echo(ServiceUser):
    """The operation in progress; `response` becomes its outcome."""

    title = "C-ECHO"

    def __init__(self, association: Association, context: PresentationContext) -> None:
        self._association = association
        self._context = context
        self.message_id = association.next_message_id()
        self.answered = False
        loop = asyncio.get_running_loop()
        self.response: asyncio.Future[command.CommandSet] = loop.create_future()

    def received(self, messages: list[Message]) -> None:
        context, response, _ = messages[0]
        answers = context, response.field, response.message_id
        if len(messages) > 1 or answers != (
            self._context.id,
            command.ECHO_RESPONSE,
            self.message_id,
        ):
            raise ProtocolViolationError("received a message that does not answer our C-ECHO")
        self.answered = True
        self._association.end(self)
        if not self.response.done():
            self.response.set_result(response)

    def lost(self, error: DicomshError) -> None:
        if not self.response.done():
            self.response.set_exception(error)
