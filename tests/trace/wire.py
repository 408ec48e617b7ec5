"""Conversations recorded on their way: a relay between dicomsh and a server, and a pcap of it."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from dicomsh.trace.conversation import Conversation, Event

HOST = "127.0.0.1"
CLIENT_PORT = 40000


@dataclass
class Recording:
    """Pieces of one connection in the order in which they passed: was it sent by us, bytes."""

    port: int
    pieces: list[tuple[bool, bytes]] = field(default_factory=list)

    def events(self) -> list[Event]:
        """What our own reading makes of it."""
        talk = Conversation()
        found: list[Event] = []
        for sent, data in self.pieces:
            found += talk.sent(data) if sent else talk.received(data)
        return found

    def bytes(self, sent: bool) -> bytes:
        """All bytes of one direction."""
        return b"".join(data for ours, data in self.pieces if ours is sent)


@contextmanager
def relay(host: str, port: int) -> Iterator[Recording]:
    """A TCP relay to a server for one connection; `port` of the recording is where it listens.

    A second connection is refused.
    """
    with closing(socket.create_server((HOST, 0))) as listening:
        recording = Recording(listening.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listening, (host, port), recording))
        thread.start()
        yield recording
        thread.join(20)
        assert not thread.is_alive()


def _serve(listening: socket.socket, target: tuple[str, int], recording: Recording) -> None:
    with listening:
        ours, _ = listening.accept()
    with ours, socket.create_connection(target) as theirs, selectors.DefaultSelector() as ready:
        for source, drain, sent in ((ours, theirs, True), (theirs, ours, False)):
            ready.register(source, selectors.EVENT_READ, (source, drain, sent))
        while ready.get_map():
            for key, _ in ready.select():
                source, drain, sent = key.data
                if not _passed(source, drain, sent, recording):
                    ready.unregister(source)


def _passed(source: socket.socket, drain: socket.socket, sent: bool, recording: Recording) -> bool:
    try:
        data = source.recv(65536)
        if data:
            recording.pieces.append((sent, data))
            drain.sendall(data)
            return True
        drain.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return False


def pcap(recording: Recording) -> bytes:
    """The recording as a capture file (libpcap 2.4, raw IPv4), each PDU in a segment of its own.

    tshark 4.0 calls a PDU malformed whose first segment ends in the header of its value. The
    client's port is `CLIENT_PORT`. Checksums are left at zero, which tshark takes as such.
    """
    packets = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    next_byte = {True: 1, False: 1}
    for number, (sent, pdu) in enumerate(_pdus(recording)):
        ports = (CLIENT_PORT, recording.port) if sent else (recording.port, CLIENT_PORT)
        packet = _packet(*ports, next_byte[sent], next_byte[not sent], pdu)
        next_byte[sent] += len(pdu)
        packets.append(struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet)
    return b"".join(packets)


def _pdus(recording: Recording) -> Iterator[tuple[bool, bytes]]:
    """The PDUs in the order in which they were whole."""
    held = {True: b"", False: b""}
    for sent, piece in recording.pieces:
        data = held[sent] + piece
        while len(data) >= 6 and len(data) >= (whole := 6 + int.from_bytes(data[2:6], "big")):
            yield sent, data[:whole]
            data = data[whole:]
        held[sent] = data
    assert not any(held.values())


def _packet(source: int, target: int, sequence: int, seen: int, data: bytes) -> bytes:
    tcp = struct.pack(">HHIIBBHHH", source, target, sequence, seen, 0x50, 0x18, 65535, 0, 0)
    length = 20 + len(tcp) + len(data)
    address = socket.inet_aton(HOST)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, length, 0, 0, 64, 6, 0) + address + address
    return ip + tcp + data
