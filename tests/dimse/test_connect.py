"""Connecting: names, ports, rejections, TLS."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from pynetdicom import evt

from dicomsh.dimse import Client
from dicomsh.dimse.connect import _unreachable, timed_out
from dicomsh.dimse.tls import failed
from dicomsh.errors import (
    AssociationAbortedError,
    AssociationRejectedError,
    ConfigError,
    DicomshError,
    NoAssociationError,
    ProtocolViolationError,
    TimedOutError,
    UnreachableError,
    UsageError,
)
from dicomsh.frozen import replace
from dicomsh.model.modality import DicomAddress, Modality, Tls
from tests.dimse.peers import (
    ABORT_BY_USER,
    QUICK,
    Peer,
    answering,
    forever,
    pdu,
    query,
    rows_of,
    run,
    scp,
    scripted,
    silent_port,
    study,
    uids,
)
from tests.dimse.pki import Pki, server_context


def failure(modality: Modality) -> DicomshError:
    with pytest.raises(DicomshError) as caught:
        run(Client(modality).connect())
    return caught.value


def nowhere(host: str = "127.0.0.1", port: int = 1) -> Modality:
    return Modality("test", DicomAddress("ARCHIVE", host, port), timeouts=QUICK)


def at(modality: Modality, **changes: Any) -> Modality:
    """The modality with parts of its address changed."""
    return replace(modality, address=replace(modality.entity, **changes))


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = failure(nowhere(port=port))
    assert isinstance(error, UnreachableError)
    assert error.message == f"ARCHIVE@127.0.0.1:{port}: connection refused"
    assert str(port) in (error.hint or "")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".invalid", "a\0b", ".."])
def test_a_host_that_does_not_exist(host: str) -> None:
    error = failure(nowhere(host))
    assert isinstance(error, UnreachableError)
    assert "unknown host name" in error.message


@pytest.mark.parametrize("title", ["A" * 17, "", "A\\B", "Ä"])
def test_an_ae_title_that_cannot_be_sent(title: str) -> None:
    for modality in (at(nowhere(), aet=title), replace(nowhere(), local_aet=title)):
        error = failure(modality)
        assert isinstance(error, UsageError)
        assert "1 to 16" in (error.hint or "")


def test_connecting_has_its_own_limit() -> None:
    with silent_port() as port:
        limits = replace(QUICK, connect=0.2)
        error = failure(replace(nowhere(port=port), timeouts=limits))
    assert isinstance(error, TimedOutError)
    assert "no connection within 0.2 s (time limit: connect)" in error.message
    assert "a firewall may be dropping the packets" in (error.hint or "")
    assert "timeout" in (error.hint or "")


@pytest.mark.parametrize(
    ("result", "source", "reason", "words", "hint"),
    [
        (1, 1, 3, "Calling AE title not recognised", "DICOMSH"),
        (1, 1, 7, "Called AE title not recognised", "ARCHIVE"),
        (1, 1, 7, "Called AE title not recognised", "our AE title DICOMSH in their configuration?"),
        (1, 1, 1, "No reason given", "our AE title DICOMSH and our address"),
        (2, 3, 1, "Temporary congestion", "try again"),
        (1, 2, 1, "No reason given", None),
        (1, 1, 2, "Application context name not supported", None),
        (1, 2, 2, "Protocol version not supported", None),
        (9, 9, 9, r"reason 9 \(result 9; source 9\)", None),
    ],
)
def test_rejections_are_told_in_words(
    result: int, source: int, reason: int, words: str, hint: str | None
) -> None:
    async def reject(peer: Peer) -> None:
        await peer.proposal()
        peer.send(pdu(3, bytes((0, result, source, reason))))
        await peer.read_pdu()

    async def work() -> None:
        async with scripted(reject) as modality:
            with pytest.raises(AssociationRejectedError, match=words) as caught:
                await Client(modality).find(query())
            assert (caught.value.hint is None) == (hint is None)
            assert (hint or "") in (caught.value.hint or "")

    run(work())


def test_a_real_rejection() -> None:
    def strict(entity: Any) -> None:
        entity.require_called_aet = True

    with scp(configure=strict) as modality:
        error = failure(at(modality, aet="SOMEONE"))
    assert isinstance(error, AssociationRejectedError)
    assert "Called AE title not recognised" in error.message


def test_a_short_rejection_is_no_crash() -> None:
    async def reject(peer: Peer) -> None:
        await peer.proposal()
        peer.send(pdu(3, b""))
        await peer.read_pdu()

    async def work() -> None:
        async with scripted(reject) as modality:
            with pytest.raises(AssociationRejectedError):
                await Client(modality).connect()

    run(work())


def test_two_tasks_open_one_association() -> None:
    async def work(modality: Modality) -> None:
        client = Client(modality)
        await asyncio.gather(client.connect(), client.connect(), client.connect())
        await client.close()

    seen: list[Any] = []
    with scp(handlers=[(evt.EVT_ACCEPTED, seen.append)]) as modality:
        run(work(modality))
    assert len(seen) == 1


def test_connecting_can_be_interrupted() -> None:
    async def work() -> None:
        asked, gone = asyncio.Event(), asyncio.Event()

        async def silent(peer: Peer) -> None:
            await peer.proposal()
            asked.set()
            kind, _ = await peer.read_pdu()
            assert kind == 7
            gone.set()

        async with scripted(silent) as modality:
            task = asyncio.create_task(Client(modality).connect())
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await gone.wait()

    run(work())


# TLS


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


async def studies(modality: Modality) -> list[str | None]:
    client = Client(modality)
    rows = uids(await rows_of(await client.find(query())))
    await client.close()
    return rows


def asked_over_tls(server: ssl.SSLContext, tls: Tls | None) -> list[str | None]:
    with scp(answering(study(1), study(2)), ssl_context=server) as modality:
        return run(studies(at(modality, tls=tls)))


def test_a_trusted_certificate_is_accepted(pki: Pki) -> None:
    rows = asked_over_tls(server_context(pki.server), Tls(ca=pki.ca))
    assert rows == ["1.2.3.1", "1.2.3.2"]


def test_a_certificate_without_key_identifiers_is_accepted_with_every_python(
    pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = ssl.create_default_context

    def as_from_python_3_13_on(**given: Any) -> ssl.SSLContext:
        context = default(**given)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", as_from_python_3_13_on)
    rows = asked_over_tls(server_context(pki.server), Tls(ca=pki.ca))
    assert rows == ["1.2.3.1", "1.2.3.2"]


def test_our_certificate_is_shown_when_asked_for(pki: Pki) -> None:
    context = server_context(pki.server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pki.ca)
    ours = pki.certificate("ours", "127.0.0.1")
    assert asked_over_tls(context, Tls(ca=pki.ca, cert=ours)) == ["1.2.3.1", "1.2.3.2"]
    with pytest.raises(DicomshError):
        asked_over_tls(context, Tls(ca=pki.ca))


def certificate_required(pki: Pki, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = server_context(pki.server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pki.ca)
    context.maximum_version = version
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_requires_a_certificate(pki: Pki, version: ssl.TLSVersion) -> None:
    with pytest.raises(NoAssociationError) as caught:
        asked_over_tls(certificate_required(pki, version), Tls(ca=pki.ca))
    assert "client certificate" in (caught.value.hint or "")
    assert "cert:" in (caught.value.hint or "")
    assert "verify" not in (caught.value.hint or "")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_of_ours_that_the_server_does_not_know(
    pki: Pki, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    ours = Pki(tmp_path).certificate("ours", "127.0.0.1")
    with pytest.raises(NoAssociationError) as caught:
        asked_over_tls(certificate_required(pki, version), Tls(ca=pki.ca, cert=ours))
    assert "our certificate" in (caught.value.hint or "")
    assert str(ours) in (caught.value.hint or "")


def test_verification_is_on_unless_switched_off(pki: Pki, tmp_path: Path) -> None:
    stranger = Pki(tmp_path)
    for tls in (Tls(), Tls(ca=stranger.ca)):
        with pytest.raises(UnreachableError, match="not trusted") as caught:
            asked_over_tls(server_context(pki.server), tls)
        assert "CA is unknown here" in (caught.value.hint or "")
        assert "set ca: under tls:" in (caught.value.hint or "")
        assert "verify" not in (caught.value.hint or "")
    assert len(asked_over_tls(server_context(pki.server), Tls(verify=False))) == 2


def test_a_certificate_that_the_server_signed_itself(pki: Pki) -> None:
    with pytest.raises(UnreachableError, match="not trusted") as caught:
        asked_over_tls(server_context(pki.ca), Tls())
    assert "the server signed it itself" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("first", "last", "hint"), [(-3, -2, "renew it"), (2, 3, "clock of this computer")]
)
def test_a_certificate_that_is_not_valid_now(pki: Pki, first: int, last: int, hint: str) -> None:
    dated = pki.certificate("dated", "127.0.0.1", first=first, last=last)
    with pytest.raises(UnreachableError, match="not trusted") as caught:
        asked_over_tls(server_context(dated), Tls(ca=pki.ca))
    assert hint in (caught.value.hint or "")


def test_a_certificate_for_another_use_is_not_blamed_on_its_authority(pki: Pki) -> None:
    for_clients = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    shown = pki.certificate("for-clients", "127.0.0.1", for_clients)
    with pytest.raises(UnreachableError, match="purpose") as caught:
        asked_over_tls(server_context(shown), Tls(ca=pki.ca))
    assert (
        caught.value.hint == "ask the server's administrator for a certificate without this fault"
    )


def test_the_host_name_is_verified(pki: Pki) -> None:
    other = server_context(pki.certificate("other", "127.0.0.2"))
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1") as caught:
        asked_over_tls(other, Tls(ca=pki.ca))
    assert "another name than 127.0.0.1: set host:" in (caught.value.hint or "")
    assert len(asked_over_tls(other, Tls(ca=pki.ca, verify=False))) == 2


@pytest.mark.parametrize("reply", [ABORT_BY_USER, b""])
def test_tls_to_a_plain_port(pki: Pki, reply: bytes) -> None:
    async def plain(peer: Peer) -> None:
        peer.send(reply)
        await peer.writer.drain()

    async def work() -> None:
        async with scripted(plain) as modality:
            with pytest.raises(UnreachableError, match="no TLS handshake") as caught:
                await Client(at(modality, tls=Tls(ca=pki.ca))).connect()
            assert "seems not to use TLS" in (caught.value.hint or "")

    run(work())


def test_a_plain_connection_to_a_tls_port(pki: Pki) -> None:
    async def work() -> None:
        async with scripted(lambda _: forever(), ssl=server_context(pki.server)) as modality:
            with pytest.raises((ProtocolViolationError, AssociationAbortedError)) as caught:
                await Client(modality).connect()
            assert "tls: true" in (caught.value.hint or "")

    run(work())


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x46", "TLS"),
        (b"\x16\x03\x03\x00\x7a\x02", "TLS"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP (a web server)"),
        (b"<html><head>", "HTTP (a web server)"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"220 mail ESMTP\r\n", "FTP or SMTP"),
    ],
)
def test_an_answer_in_another_protocol_is_named(said: bytes, name: str) -> None:
    async def other(peer: Peer) -> None:
        peer.send(said)
        await forever()

    async def work() -> None:
        async with scripted(other) as modality:
            with pytest.raises(ProtocolViolationError) as caught:
                await Client(modality).connect()
            told = f"{modality.address}: the server answered in {name}, not in "
            assert caught.value.message.startswith(told)
            hint = "set tls: true" if name == "TLS" else "is this the DICOM port?"
            assert hint in (caught.value.hint or "")

    run(work())


@pytest.mark.parametrize("with_certificate", [None, False, True])
def test_a_server_that_closes_instead_of_answering(pki: Pki, with_certificate: bool | None) -> None:
    async def closes(peer: Peer) -> None:
        await peer.proposal()

    tls = None if with_certificate is None else Tls(ca=pki.ca)
    if tls and with_certificate:
        tls = replace(tls, cert=pki.certificate("ours", "127.0.0.1"))
    hint = {None: "tls: true", False: "client certificate", True: "our certificate"}

    async def work() -> None:
        settings: dict[str, Any] = {"ssl": server_context(pki.server)} if tls else {}
        async with scripted(closes, **settings) as modality:
            with pytest.raises(AssociationAbortedError) as caught:
                await Client(at(modality, tls=tls)).connect()
            told = f"{modality.address}: the connection was closed unexpectedly, without an answer"
            assert caught.value.message == f"{told} to A-ASSOCIATE-RQ"
            assert hint[with_certificate] in (caught.value.hint or "")
            assert "our AE title DICOMSH" in (caught.value.hint or "")

    run(work())


def test_a_server_that_never_answers_the_association() -> None:
    async def work() -> None:
        limits = replace(QUICK, association=0.2)
        async with scripted(lambda _: forever(), timeouts=limits) as modality:
            with pytest.raises(TimedOutError, match="no answer to A-ASSOCIATE-RQ") as caught:
                await Client(modality).connect()
            assert "may not be the DICOM port" in (caught.value.hint or "")

    run(work())


def test_a_handshake_that_never_ends() -> None:
    async def work() -> None:
        limits = replace(QUICK, connect=0.2)
        async with scripted(lambda _: forever(), timeouts=limits) as modality:
            with pytest.raises(TimedOutError, match=r"no TLS handshake within.*connect") as caught:
                await Client(at(modality, tls=Tls())).connect()
            assert "seems not to use TLS" in (caught.value.hint or "")

    run(work())


def no_file(folder: Path) -> Path:
    return folder / "none.pem"


def no_pem(folder: Path) -> Path:
    path = folder / "text.pem"
    path.write_text("no certificate")
    return path


def locked_key(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    path = folder / "locked.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    return path


@pytest.mark.parametrize("make", [no_file, no_pem])
@pytest.mark.parametrize("field", ["ca", "cert"])
def test_tls_files_that_cannot_be_used(
    tmp_path: Path, make: Callable[[Path], Path], field: str
) -> None:
    error = failure(at(nowhere(), tls=Tls(**{field: make(tmp_path)})))  # type: ignore[arg-type]
    assert isinstance(error, ConfigError)
    assert ".pem" in error.message


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(pki: Pki, tmp_path: Path) -> None:
    tls = Tls(ca=pki.ca, cert=pki.server, key=locked_key(tmp_path))
    error = failure(at(nowhere(), tls=tls))
    assert isinstance(error, ConfigError)
    assert error.message.endswith("the key has a password; use one without")


SPEAKS = "dicomsh speaks TLS 1.2 and 1.3"
NOT_OURS = "the server does not accept our certificate (ours.pem)"
REQUIRES = "the server requires a client certificate"


@pytest.mark.parametrize(
    ("reason", "words", "without", "with_certificate"),
    [
        (
            "SSLV3_ALERT_HANDSHAKE_FAILURE",
            "handshake failure",
            "it may require a client certificate",
            NOT_OURS,
        ),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "certificate required", REQUIRES, NOT_OURS),
        ("TLSV1_ALERT_UNKNOWN_CA", "unknown ca", REQUIRES, NOT_OURS),
        ("TLSV1_ALERT_ACCESS_DENIED", "access denied", REQUIRES, NOT_OURS),
        ("TLSV1_ALERT_DECRYPT_ERROR", "decrypt error", REQUIRES, NOT_OURS),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "protocol version", SPEAKS, SPEAKS),
        ("SSL_ALERT", "SSL_ALERT", SPEAKS, SPEAKS),
    ],
)
def test_what_an_alert_of_the_server_means(
    reason: str, words: str, without: str, with_certificate: str
) -> None:
    problem = ssl.SSLError()
    problem.reason = reason
    for tls, hint in ((Tls(), without), (Tls(cert=Path("ours.pem")), with_certificate)):
        error = failed(at(nowhere(), tls=tls), problem)
        assert error.message.endswith(f"the server refused the TLS connection: {words}")
        assert (error.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("WRONG_VERSION_NUMBER", "the server answered with something else"),
        ("UNEXPECTED_EOF_WHILE_READING", "unexpected eof while reading"),
        ("", "the server closed the connection"),
        (None, "the server closed the connection"),
    ],
)
def test_how_a_handshake_ended_without_an_alert(reason: str | None, words: str) -> None:
    problem: OSError = ConnectionResetError()
    if reason is not None:
        problem = ssl.SSLError()
        problem.reason = reason
    error = failed(at(nowhere(), tls=Tls()), problem)
    assert error.message == f"ARCHIVE@127.0.0.1:1: no TLS handshake: {words}"
    assert "seems not to use TLS" in (error.hint or "")


@pytest.mark.parametrize(
    ("problem", "words", "hint"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "connection refused", "its DICOM port"),
        (OSError("Multiple exceptions: refused, refused"), "connection refused", "its DICOM port"),
        (OSError(errno.EHOSTUNREACH, "No route"), "no connection: [Errno ", "a missing route"),
    ],
)
def test_why_a_host_was_not_reached(problem: OSError, words: str, hint: str) -> None:
    error = _unreachable(nowhere(), problem)
    assert error.message.startswith(f"ARCHIVE@127.0.0.1:1: {words}")
    assert hint in (error.hint or "")


def test_a_limit_without_a_usual_cause_can_only_be_longer() -> None:
    assert (timed_out("PACS: no answer", "response", 2).hint or "").startswith("to wait longer: ")
    assert (timed_out("PACS: none", "connect", 2, "why").hint or "").startswith("why; to wait")


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_too_many_open_files_here_are_not_blamed_on_the_peer(number: int) -> None:
    modality = Modality("pacs", DicomAddress("PACS", "127.0.0.1", 104))
    error = _unreachable(modality, OSError(number, "Too many open files"))
    assert "too many open files here" in error.message
    assert "ulimit -n" in (error.hint or "")
