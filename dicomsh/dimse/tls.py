"""TLS with a peer: the context of a connection, and what to do when the handshake fails."""

from __future__ import annotations

import ssl

from dicomsh.errors import ConfigError, UnreachableError
from dicomsh.model.modality import Modality, Tls


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
    # Python 3.13 refuses a certificate without key identifiers (RFC 5280 4.2.1), as many CAs make
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _no_password() -> str:
    """Without this, OpenSSL would ask for the key's password at the terminal."""
    raise ValueError("the key has a password; use one without")


def failed(modality: Modality, problem: Exception) -> UnreachableError:
    """The error for a TLS handshake that failed, or that the server broke off after it.

    Args:
        modality: the peer.
        problem: an `ssl.SSLError`, or the end of the connection during the handshake.
    """
    where = modality.address
    if isinstance(problem, ssl.SSLCertVerificationError):
        return UnreachableError(
            f"{where}: its certificate is not trusted: {problem.verify_message}",
            hint=_untrusted(modality, problem.verify_code),
        )
    reason = str(getattr(problem, "reason", "") or "")
    if "ALERT" in reason:
        return UnreachableError(
            f"{where}: the server refused the TLS connection: {_words(reason)}",
            hint=_alerted(modality, reason),
        )
    return UnreachableError(f"{where}: no TLS handshake: {_ending(reason)}", hint=NOT_TLS)


NOT_TLS = (
    "this port seems not to use TLS: use the server's TLS port (often 2762),"
    " or remove tls: for this modality"
)

_NAME, _ADDRESS = 62, 64  # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH
_NOT_YET_VALID, _EXPIRED, _SELF_SIGNED = 9, 10, 18
_UNKNOWN_CA = (2, 7, 19, 20, 21, 30)  # its certificate is missing here, or another one of that name


def _untrusted(modality: Modality, code: int) -> str:
    """What to do about a certificate, by OpenSSL's verification error."""
    if code in (_NAME, _ADDRESS):
        return (
            f"the certificate is for another name than {modality.entity.host}:"
            " set host: to a name in the certificate, or have the server's certificate reissued"
        )
    if code == _EXPIRED:
        return "ask the server's administrator to renew it; is the clock of this computer right?"
    if code == _NOT_YET_VALID:
        return "is the clock of this computer right? If so, ask the server's administrator"
    if code == _SELF_SIGNED:
        return (
            "the server signed it itself: ask its administrator for the certificate (PEM) and set"
            " ca: under tls: to that file"
        )
    if code in _UNKNOWN_CA:
        return (
            "its CA is unknown here: ask the server's administrator for the CA certificate (PEM)"
            " and set ca: under tls: to that file"
        )
    return "ask the server's administrator for a certificate without this fault"


_ABOUT_OUR_CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "DECRYPT_ERROR")
"""Parts of the names of alerts that are about the client's certificate (RFC 8446 6.2)."""


def _alerted(modality: Modality, reason: str) -> str:
    """What to do about an alert that the server sent."""
    tls = modality.entity.tls
    if tls is None or tls.cert is None:
        certificate = "set cert: and key: under tls: to one that the server accepts"
        if "HANDSHAKE_FAILURE" in reason:
            return f"it may require a client certificate ({certificate}), or another TLS version"
        if any(part in reason for part in _ABOUT_OUR_CERTIFICATE):
            return f"the server requires a client certificate: {certificate}"
    elif "HANDSHAKE_FAILURE" in reason or any(part in reason for part in _ABOUT_OUR_CERTIFICATE):
        return (
            f"the server does not accept our certificate ({tls.cert}): ask its administrator"
            " whether it knows the CA that signed it, and whether it is still valid"
        )
    return "dicomsh speaks TLS 1.2 and 1.3: ask the server's administrator what it speaks"


def _words(reason: str) -> str:
    """The name of an alert, as `certificate required`."""
    return reason.partition("ALERT_")[2].replace("_", " ").lower() or reason


def _ending(reason: str) -> str:
    """How the server answered our first message of a handshake, if not with one of its own."""
    if reason == "WRONG_VERSION_NUMBER":
        return "the server answered with something else"
    return reason.replace("_", " ").lower() or "the server closed the connection"
