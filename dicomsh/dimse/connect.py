"""Opening an association with a modality: TCP, TLS, negotiation, with time limits."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from typing import cast

from dicomsh.dimse import tls
from dicomsh.dimse.associate import AssociateRequest
from dicomsh.dimse.association import Association
from dicomsh.dimse.negotiation import Proposal, associate_request
from dicomsh.dimse.requestor import Requestor
from dicomsh.dimse.tls import ssl_context
from dicomsh.dimse.upper_layer import UpperLayer
from dicomsh.errors import AssociationAbortedError, DicomshError, TimedOutError, UnreachableError
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.tap import Tap
from dicomsh.open_files import REMEDY, TOO_MANY, hardly_any_can_be_opened, is_too_many
from dicomsh.timeout import timeout

_NO_DICOM = "this may not be the DICOM port, or it may expect TLS (tls: true)"
"""The usual causes for a port that takes a connection but answers no A-ASSOCIATE-RQ."""


async def open_association(
    modality: Modality, tap: Tap, proposals: Sequence[Proposal] | None = None
) -> Association:
    """An accepted association with a modality.

    Args:
        modality: the peer.
        tap: listens to the conversation.
        proposals: the presentation contexts to propose; None for those of queries.

    Raises:
        UnreachableError: no TCP connection, or TLS failed.
        AssociationRejectedError: the peer rejected it.
        AssociationAbortedError: the peer aborted, or closed the connection, instead of answering.
        TimedOutError: the limit for connecting or for the association passed.
        ConfigError: a TLS file cannot be used.
        UsageError: an AE title is not valid.
    """
    layer = await _connect(modality, associate_request(modality, proposals), tap)
    limit = modality.timeouts.association
    try:
        async with timeout(limit):
            return Association(layer, await layer.negotiated)
    except TimeoutError:
        layer.abort()
        what = f"{modality.address}: no answer to A-ASSOCIATE-RQ"
        raise timed_out(what, "association", limit, _NO_DICOM) from None
    except AssociationAbortedError:
        if hardly_any_can_be_opened():  # the practice archive shares our limit
            raise _ours(modality) from None
        raise
    except asyncio.CancelledError:
        layer.abort()
        raise


def timed_out(what: str, which: str, seconds: float, cause: str = "") -> TimedOutError:
    """The error for a time limit that passed.

    Args:
        what: what was waited for, beginning with the peer.
        which: the name of the limit in the configuration.
        seconds: the limit.
        cause: its usual cause, or empty if the peer may just be slow.
    """
    longer = "to wait longer: set timeout N, or timeout: in modalities.yaml"
    return TimedOutError(
        f"{what} within {seconds:g} s (time limit: {which})",
        hint=f"{cause}; {longer}" if cause else longer,
    )


async def _connect(modality: Modality, request: AssociateRequest, tap: Tap) -> UpperLayer:
    limit, entity = modality.timeouts.connect, modality.entity
    context = None if entity.tls is None else ssl_context(entity.tls)
    stage = "connection"
    try:
        async with timeout(limit):
            layer = Requestor(modality, request, tap)
            if context is None:
                await _tcp(entity, layer)
            else:
                transport = await _tcp(entity, _Waiting())
                stage = "TLS handshake"
                await _secured(transport, layer, context, entity.host)
    except TimeoutError:
        what = f"{modality.address}: no {stage}"
        raise timed_out(what, "connect", limit, _SILENT[stage]) from None
    except (OSError, ValueError) as problem:  # ValueError: a host name that cannot be encoded
        if stage != "connection":
            raise tls.failed(modality, problem) from problem
        raise _unreachable(modality, problem) from problem
    return layer


_SILENT = {
    "connection": "a firewall may be dropping the packets, or the host is down or has another"
    " address: ask the network team",
    "TLS handshake": tls.NOT_TLS,
}
"""The usual cause when a peer does not answer, by what was waited for."""


async def _tcp(entity: DicomAddress, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: protocol, entity.host, entity.port)
    return transport


class _Waiting(asyncio.Protocol):
    """Leaves what the peer sends unread until the TLS handshake begins."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).pause_reading()


async def _secured(
    transport: asyncio.Transport, layer: UpperLayer, context: ssl.SSLContext, host: str
) -> None:
    """Make the TLS handshake on a connection, then hand it to the upper layer."""
    loop = asyncio.get_running_loop()
    try:
        secured = await loop.start_tls(transport, layer, context, server_hostname=host)
    except BaseException:
        transport.abort()
        raise
    assert secured is not None
    layer.connection_made(secured)


def _unreachable(modality: Modality, problem: Exception) -> DicomshError:
    where, entity = modality.address, modality.entity
    if is_too_many(problem):
        return _ours(modality)
    if isinstance(problem, socket.gaierror | ValueError):
        return UnreachableError(f"{where}: unknown host name {entity.host!r}")
    # a host with several addresses fails with one OSError that quotes the error of each of them
    if isinstance(problem, ConnectionRefusedError) or "refused" in str(problem):
        hint = f"is the PACS running, and is {entity.port} its DICOM port?"
        return UnreachableError(f"{where}: connection refused", hint=hint)
    return UnreachableError(f"{where}: no connection: {problem}", hint=_NO_WAY)


def _ours(modality: Modality) -> DicomshError:
    return UnreachableError(f"{modality.address}: no connection: {TOO_MANY}", hint=REMEDY)


_NO_WAY = "check the address; if it is right, a firewall or a missing route is in the way"
