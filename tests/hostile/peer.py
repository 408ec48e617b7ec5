"""A peer on a raw socket, in a thread of its own: it sends what an attack says."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.dimse.peers import Request, acceptance, decoded

Attack = Callable[["Conversation"], None]


@dataclass
class Conversation:
    """One connection, seen from the peer."""

    connection: socket.socket

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def proposal(self) -> bytes:
        """The A-ASSOCIATE-RQ, whole."""
        kind, body = self._pdu()
        return struct.pack(">BxI", kind, len(body)) + body

    def accepted(self) -> Request:
        """Accept the association; its first request, without the identifier."""
        self.send(acceptance(self.proposal()))
        return self.request()

    def request(self) -> Request:
        """The next request, without its identifier; EOFError at anything else."""
        parts = {1: b"", 0: b""}
        while True:
            for context, flags, data in self.values():
                parts[flags & 1] += data
                if flags & 2:
                    command = decoded(parts[1])
                    if not flags & 1 or command.CommandDataSetType == 0x0101:
                        return Request(context, command, decoded(b""))

    def values(self) -> Iterator[tuple[int, int, bytes]]:
        """Context, flags and data of each value of the next P-DATA-TF; EOFError at anything else.

        A release is answered.
        """
        kind, body = self._pdu()
        if kind == 5:
            self.send(struct.pack(">BxI", 6, 4) + bytes(4))
        if kind != 4:
            raise EOFError(kind)
        while body:
            length, context, flags = struct.unpack_from(">IBB", body)
            yield context, flags, body[6 : 4 + length]
            body = body[4 + length :]

    def acceptance(self) -> None:
        """Wait for an A-ASSOCIATE-AC; EOFError at anything else."""
        kind, _ = self._pdu()
        if kind != 2:
            raise EOFError(kind)

    def reset(self) -> None:
        """Close with RST."""
        linger = struct.pack("ii" if hasattr(socket, "SO_REUSEPORT") else "hh", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def silence(self) -> None:
        """Send nothing more, until the other side ends the conversation."""
        while self.connection.recv(65_536):
            pass

    def _pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxI", self._read(6))
        return kind, self._read(length)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.connection.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data


@contextmanager
def attacking(attack: Attack) -> Iterator[str]:
    """The address of a peer that attacks on every association."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        open_: list[socket.socket] = []
        threads: list[threading.Thread] = []

        def play(connection: socket.socket) -> None:
            with connection, suppress(OSError, EOFError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                attack(Conversation(connection))

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    open_.append(connection)
                    threads.append(threading.Thread(target=play, args=(connection,)))
                    threads[-1].start()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"ODD@127.0.0.1:{listener.getsockname()[1]}"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            # where shutdown does not wake accept, a connection does
            with suppress(OSError), socket.create_connection(listener.getsockname(), 1):
                pass
            listener.close()
            thread.join()
            for connection in open_:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for playing in threads:
                playing.join()
