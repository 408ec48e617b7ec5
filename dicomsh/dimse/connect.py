"""Opening an association with a modality: TCP, TLS, negotiation, with time limits."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence

from dicomsh.dimse.associate import AssociateRequest
from dicomsh.dimse.association import Association
from dicomsh.dimse.negotiation import Proposal, associate_request
from dicomsh.dimse.upper_layer import UpperLayer
from dicomsh.errors import ConfigError, DicomshError, TimedOutError, UnreachableError
from dicomsh.model.modality import Modality, Tls
from dicomsh.model.tap import Tap


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
        async with asyncio.timeout(limit):
            return Association(layer, await layer.negotiated)
    except TimeoutError:
        layer.abort()
        what = f"{modality.address}: no answer to A-ASSOCIATE-RQ"
        raise timed_out(what, "association", limit) from None
    except asyncio.CancelledError:
        layer.abort()
        raise


def timed_out(what: str, which: str, seconds: float) -> TimedOutError:
    """The error for a time limit that passed; `which` is its name in the configuration."""
    return TimedOutError(
        f"{what} within {seconds:g} s (time limit: {which})",
        hint="to wait longer: set timeout N, or timeout: in modalities.yaml",
    )


async def _connect(modality: Modality, request: AssociateRequest, tap: Tap) -> UpperLayer:
    limit = modality.timeouts.connect
    context = None if modality.entity.tls is None else ssl_context(modality.entity.tls)
    try:
        async with asyncio.timeout(limit):
            _, layer = await asyncio.get_running_loop().create_connection(
                lambda: UpperLayer(modality, request, tap),
                modality.entity.host,
                modality.entity.port,
                ssl=context,
                server_hostname=modality.entity.host if context else None,
            )
    except TimeoutError:
        raise timed_out(f"{modality.address}: no connection", "connect", limit) from None
    except (OSError, ValueError) as problem:  # ValueError: a host name that cannot be encoded
        raise _unreachable(modality, problem) from problem
    return layer


def _unreachable(modality: Modality, problem: Exception) -> DicomshError:
    where = modality.address
    if isinstance(problem, ssl.SSLCertVerificationError):
        return UnreachableError(
            f"{where}: its certificate is not trusted: {problem.verify_message}",
            hint="under tls: in modalities.yaml, set ca: to its CA certificate, or verify: false",
        )
    if isinstance(problem, ssl.SSLError):
        return UnreachableError(
            f"{where}: TLS connection failed: {problem.reason or problem}",
            hint="does this port use TLS, and does the server require a client certificate?",
        )
    if isinstance(problem, socket.gaierror | ValueError):
        return UnreachableError(f"{where}: unknown host name {modality.entity.host!r}")
    if modality.entity.tls is not None and isinstance(problem, ConnectionResetError):
        # a port without TLS takes the ClientHello for an invalid PDU and closes
        return UnreachableError(f"{where}: the server closed during the TLS handshake")
    # a host with several addresses fails with one OSError that quotes the error of each of them
    refused = isinstance(problem, ConnectionRefusedError) or "refused" in str(problem)
    return UnreachableError(
        f"{where}: " + ("connection refused" if refused else f"no connection: {problem}"),
        hint=_refused_hint(modality) if refused else None,
    )


def _refused_hint(modality: Modality) -> str:
    return f"is the PACS running, and is {modality.entity.port} its DICOM port?"


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 or later; certificate and host name are verified unless switched off.

    Raises:
        ConfigError: a file cannot be read, or contains no certificate or key.
    """
    context = _trusting(tls)
    if tls.cert is not None:
        try:
            context.load_cert_chain(tls.cert, tls.key, password=_no_password)
        except (OSError, ValueError) as problem:
            raise ConfigError(f"{tls.cert}: cannot load certificate and key: {problem}") from None
    return context


def _trusting(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca)
    except OSError as problem:
        raise ConfigError(f"{tls.ca}: cannot load CA certificates: {problem}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # PS3.15 B.9: the BCP 195 profile
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _no_password() -> str:
    """Without this, OpenSSL would ask for the key's password at the terminal."""
    raise ValueError("the key has a password; use one without")
