"""An SCP on a raw socket that plays a case; it knows nothing of the engine that it tests."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.dimse.peers import Request, decoded, pdu, pdv, response
from tests.peers.script import Case, answer_bytes, association_answer

FIND, ECHO, CANCEL = 0x0020, 0x0030, 0x0FFF


@dataclass
class Played:
    """Where the peer listens, and what it has seen."""

    port: int
    associations: int = 0
    sockets: list[socket.socket] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"ODD@127.0.0.1:{self.port}"


@contextmanager
def playing(case: Case, *, byte_by_byte: bool = False) -> Iterator[Played]:
    """A peer that plays the case on every association until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        played = Played(listener.getsockname()[1])
        threads: list[threading.Thread] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                played.associations += 1
                played.sockets.append(connection)
                player = _Player(case, connection, byte_by_byte)
                threads.append(threading.Thread(target=player.run))
                threads[-1].start()

        server = threading.Thread(target=serve)
        server.start()
        try:
            yield played
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            # where shutdown does not wake accept, a connection does
            with suppress(OSError), socket.create_connection(listener.getsockname(), 1):
                pass
            listener.close()
            server.join()
            for connection in played.sockets:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


class _Player:
    """The accepting side of one connection."""

    def __init__(self, case: Case, connection: socket.socket, byte_by_byte: bool) -> None:
        self._case = case
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._size = 1 if byte_by_byte else 1 << 20
        self._late: list[bytes] = []

    def run(self) -> None:
        with self._connection, self._stream, suppress(OSError, EOFError):
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _, proposal = self._read_pdu()
            self._send(association_answer(self._case.accept, proposal))
            while True:
                self._answer(self._request())

    def _answer(self, request: Request) -> None:
        late, self._late = self._late, []
        self._send(b"".join(late))
        field = int(request.command.CommandField)
        if field == FIND:
            first, *self._late = answer_bytes(self._case, request.message_id, request.context)
            self._send(first)
        elif field == ECHO:
            reply = response(request.message_id, 0, data_set=False, field=ECHO | 0x8000)
            self._send(pdu(4, pdv(request.context, 3, reply)))
        elif field != CANCEL:
            raise EOFError(field)

    def _send(self, data: bytes) -> None:
        for place in range(0, len(data), self._size):
            self._connection.sendall(data[place : place + self._size])

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _read_pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxI", self._read(6))
        return kind, self._read(length)

    def _request(self) -> Request:
        """The next message; A-RELEASE-RQ is answered and ends the conversation."""
        parts = {1: b"", 0: b""}
        while True:
            kind, body = self._read_pdu()
            if kind == 5:
                self._send(pdu(6, bytes(4)))
            if kind != 4:
                raise EOFError(kind)
            while body:
                length, context, flags = struct.unpack_from(">IBB", body)
                parts[flags & 1] += body[6 : 4 + length]
                body = body[4 + length :]
                if flags & 2:
                    command = decoded(parts[1])
                    if not flags & 1 or command.CommandDataSetType == 0x0101:
                        # the identifier may be explicit; no case depends on it
                        return Request(context, command, decoded(b""))
