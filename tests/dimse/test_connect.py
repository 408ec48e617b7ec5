"""Connecting: names, ports, rejections, TLS."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pynetdicom import evt

from dicomsh.dimse import Client
from dicomsh.errors import (
    AssociationAbortedError,
    AssociationRejectedError,
    ConfigError,
    DicomshError,
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
    assert isinstance(failure(at(nowhere(), aet=title)), UsageError)
    assert isinstance(failure(replace(nowhere(), local_aet=title)), UsageError)


def test_connecting_has_its_own_limit() -> None:
    with silent_port() as port:
        limits = replace(QUICK, connect=0.2)
        error = failure(replace(nowhere(port=port), timeouts=limits))
    assert isinstance(error, TimedOutError)
    assert "no connection within 0.2 s (time limit: connect)" in error.message
    assert "timeout" in (error.hint or "")


@pytest.mark.parametrize(
    ("result", "source", "reason", "words", "hint"),
    [
        (1, 1, 3, "Calling AE title not recognised", "DICOMSH"),
        (1, 1, 7, "Called AE title not recognised", "ARCHIVE"),
        (2, 3, 1, "Temporary congestion", "try again"),
        (1, 2, 2, "Protocol version not supported", None),
        (9, 9, 9, "reason 9", None),
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


class Pki:
    """An authority and certificates of it for 127.0.0.1, in PEM files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.ca = self._write("ca", self._name, self._key, True, "127.0.0.1")
        self.server = self.certificate("server", "127.0.0.1")

    def certificate(self, name: str, address: str) -> Path:
        """A file with a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._write(name, subject, key, False, address)

    def _write(
        self, name: str, subject: x509.Name, key: Any, authority: bool, address: str
    ) -> Path:
        now = datetime.datetime.now(datetime.UTC)
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(alternative, critical=False)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = self.folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
        return path


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


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


def test_our_certificate_is_shown_when_asked_for(pki: Pki) -> None:
    context = server_context(pki.server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pki.ca)
    ours = pki.certificate("ours", "127.0.0.1")
    assert asked_over_tls(context, Tls(ca=pki.ca, cert=ours)) == ["1.2.3.1", "1.2.3.2"]
    with pytest.raises(DicomshError):
        asked_over_tls(context, Tls(ca=pki.ca))


def test_verification_is_on_unless_switched_off(pki: Pki, tmp_path: Path) -> None:
    stranger = Pki(tmp_path)
    for tls in (Tls(), Tls(ca=stranger.ca)):
        with pytest.raises(UnreachableError, match="not trusted") as caught:
            asked_over_tls(server_context(pki.server), tls)
        assert "ca" in (caught.value.hint or "")
    assert len(asked_over_tls(server_context(pki.server), Tls(verify=False))) == 2


def test_the_host_name_is_verified(pki: Pki) -> None:
    other = server_context(pki.certificate("other", "127.0.0.2"))
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1"):
        asked_over_tls(other, Tls(ca=pki.ca))
    assert len(asked_over_tls(other, Tls(ca=pki.ca, verify=False))) == 2


@pytest.mark.parametrize("reply", [ABORT_BY_USER, b""])
def test_tls_to_a_plain_port(pki: Pki, reply: bytes) -> None:
    async def plain(peer: Peer) -> None:
        peer.send(reply)
        await peer.writer.drain()

    async def work() -> None:
        async with scripted(plain) as modality:
            with pytest.raises(UnreachableError, match=r"TLS|SSL"):
                await Client(at(modality, tls=Tls(ca=pki.ca))).connect()

    run(work())


def test_a_plain_connection_to_a_tls_port(pki: Pki) -> None:
    async def work() -> None:
        async with scripted(lambda _: forever(), ssl=server_context(pki.server)) as modality:
            with pytest.raises((ProtocolViolationError, AssociationAbortedError)):
                await Client(modality).connect()

    run(work())


def test_a_handshake_that_never_ends() -> None:
    async def work() -> None:
        limits = replace(QUICK, connect=0.2)
        async with scripted(lambda _: forever(), timeouts=limits) as modality:
            with pytest.raises(TimedOutError, match="connect"):
                await Client(at(modality, tls=Tls())).connect()

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
