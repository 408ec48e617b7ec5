"""The role of requestor: we open the connection and send A-ASSOCIATE-RQ (PS3.8 9.2.1)."""

from __future__ import annotations

import ssl

from dicomsh.dimse import negotiation, tls
from dicomsh.dimse.associate import AssociateRequest, read_accept, read_reject, write_request
from dicomsh.dimse.pdu import ASSOCIATE_AC, ASSOCIATE_RJ, PduReader
from dicomsh.dimse.upper_layer import UpperLayer
from dicomsh.errors import NoAssociationError, ProtocolViolationError
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap


class Requestor(UpperLayer):
    """The connection of an association that we request.

    Args:
        modality: the peer.
        request: the A-ASSOCIATE-RQ, sent as soon as the connection is open.
        tap: listens to the conversation.
    """

    def __init__(self, modality: Modality, request: AssociateRequest, tap: Tap) -> None:
        super().__init__(str(modality.address), PduReader(), tap)
        self._modality = modality
        self._request = request

    def _begin(self) -> None:
        self.write(write_request(self._request))

    def _negotiate(self, kind: int, body: bytes) -> None:
        """The answer to A-ASSOCIATE-RQ."""
        if kind == ASSOCIATE_AC:
            self._agreed(negotiation.agreement(self._request, read_accept(body)))
        elif kind == ASSOCIATE_RJ:
            self._lose(negotiation.rejection(read_reject(body), self._modality))
            self.transport.abort()
        else:
            raise ProtocolViolationError(
                f"the peer answered A-ASSOCIATE-RQ with a PDU of type 0x{kind:02X}"
            )

    def _closed_by_peer(self, how: str, exc: Exception | None) -> NoAssociationError:
        modality = self._modality
        if isinstance(exc, ssl.SSLError):  # TLS 1.3 refuses our certificate after the handshake
            return tls.failed(modality, exc)
        error = super()._closed_by_peer(how, exc)
        if not self.negotiated.done():
            error.message += ", without an answer to A-ASSOCIATE-RQ"
            error.hint = negotiation.closing_hint(modality)
        return error
