"""Peers for the tests of the engine: pynetdicom's SCP, and one that plays any script."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from queue import SimpleQueue
from socketserver import BaseServer
from typing import Any, TypeVar

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pynetdicom import AE, evt
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.presentation import negotiate_as_acceptor
from pynetdicom.transport import ThreadedAssociationServer

from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.answer import Answer
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, ROOT_MODELS, VERIFICATION, Level, Model
from dicomsh.model.modality import DicomAddress, Modality, Timeouts
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from dicomsh.model.row import Row
from dicomsh.practice.waiting import wait_for_work

DEADLINE = 60.0
QUICK = Timeouts(connect=20, association=20, response=20, cancel_grace=0.3, idle_release=60)
"""Limits that no test is meant to reach, but a bounded grace time."""

ABSTRACT_SYNTAXES = (VERIFICATION, *(model.value for model in ROOT_MODELS), MODALITY_WORKLIST_FIND)

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a test's coroutine; hanging is failing, and so is an error inside a callback."""
    problems: list[dict[str, Any]] = []

    async def limited() -> Result:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: problems.append(what))
        async with asyncio.timeout(DEADLINE):
            return await work

    result = asyncio.run(limited())
    assert not problems, problems
    return result


def query(
    level: Level = Level.STUDY, model: Model = Model.STUDY_ROOT, charset: str = "", **keys: str
) -> Query:
    """A query with keys by keyword."""
    typed = [
        QueryKey((by_keyword(word),), value, Matching.SINGLE_VALUE, KeyOrigin.TYPED)
        for word, value in (keys or {"StudyInstanceUID": ""}).items()
    ]
    return Query(model.find, level, tuple(typed), charset)


async def rows_of(answer: Answer) -> list[Row]:
    """All rows of an answer."""
    return [row async for batch in answer for row in batch]


def uids(rows: Sequence[Row]) -> list[str | None]:
    """StudyInstanceUID of each row."""
    return [row.text(0x0020000D) for row in rows]


def study(number: int, **values: Any) -> Dataset:
    """A study-level identifier."""
    dataset = Dataset()
    dataset.QueryRetrieveLevel = "STUDY"
    dataset.StudyInstanceUID = f"1.2.3.{number}"
    for word, value in values.items():
        setattr(dataset, word, value)
    return dataset


def encoded(dataset: Dataset, explicit: bool = False) -> bytes:
    """A data set as pydicom writes it."""
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, not explicit
    write_dataset(file, dataset)
    return file.getvalue()


def decoded(data: bytes, explicit: bool = False) -> Dataset:
    """A data set as pydicom reads it."""
    return read_dataset(BytesIO(data), not explicit, True)


# pynetdicom's SCP


@contextmanager
def scp(
    find: Callable[[evt.Event], Iterator[tuple[int | Dataset, Dataset | None]]] | None = None,
    *,
    abstract_syntaxes: Sequence[str] = ABSTRACT_SYNTAXES,
    transfer_syntaxes: Sequence[str] = (EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN),
    timeouts: Timeouts = QUICK,
    handlers: Sequence[tuple[Any, Callable[..., Any]]] = (),
    configure: Callable[[AE], None] = lambda _: None,
    port: int = 0,
    **start: Any,
) -> Iterator[Modality]:
    """A pynetdicom SCP on loopback, at any free port, whose C-FIND is answered by `find`."""
    entity = AE("ARCHIVE")
    for uid in abstract_syntaxes:
        entity.add_supported_context(uid, list(transfer_syntaxes))
    configure(entity)
    opened: list[tuple[Any, socket.socket]] = []
    chosen: list[Any] = [*handlers]
    chosen.append((evt.EVT_CONN_OPEN, lambda event: opened.append(_opened(event.assoc))))
    if find is not None:
        chosen.append((evt.EVT_C_FIND, find))
    server = entity.make_server(
        ("127.0.0.1", port), evt_handlers=chosen, server_class=_Listener, **start
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Modality(
            "test",
            DicomAddress("ARCHIVE", "127.0.0.1", server.server_address[1]),
            timeouts=timeouts,
        )
    finally:
        server.shutdown()
        thread.join()
        for association, connection in opened:
            _end(association, connection)


class Reports:
    """Takes the N-EVENT-REPORTs of storage commitment, as a client or as a server of pynetdicom."""

    def __init__(self) -> None:
        self._taken: SimpleQueue[tuple[int, Dataset, threading.Thread]] = SimpleQueue()
        self.handler: Any = (evt.EVT_N_EVENT_REPORT, self._take)

    def _take(self, event: evt.Event) -> tuple[int, None]:
        kind, information = event.event_type, event.event_information
        self._taken.put((kind or 0, information, threading.current_thread()))
        return 0x0000, None

    def next(self) -> tuple[int, Dataset]:
        """The event type and the information of the next one, once it has been answered.

        pynetdicom answers each in a thread of its own, and lets nobody see when it has: an
        association that is released before breaks in the middle.
        """
        kind, information, answering = self._taken.get(timeout=DEADLINE)
        answering.join(DEADLINE)
        return kind, information


@contextmanager
def silent_port() -> Iterator[int]:
    """The port of a listener that does not answer, because its queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


class _Listener(ThreadedAssociationServer):
    def shutdown(self) -> None:
        BaseServer.shutdown(self)
        self.server_close()

    def service_actions(self) -> None:
        """Collect no garbage: all that was ever imported is looked at, again and again."""


def _opened(association: Any) -> tuple[Any, socket.socket]:
    """An association and its socket, which pynetdicom forgets where its shutdown fails."""
    wait_for_work(association)
    return association, association.dul.socket.socket


def _end(association: Any, connection: socket.socket) -> None:
    """End the threads of an association; the one that sends may be waiting for a reader."""
    association.dul.kill_dul()
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    association.dul.join(5)
    association.kill()
    association.join(5)
    connection.close()


def answering(
    *datasets: Dataset, status: int = 0x0000
) -> Callable[[evt.Event], Iterator[tuple[int, Dataset | None]]]:
    """A C-FIND handler with these rows and this final status."""

    def handle(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        for dataset in datasets:
            yield 0xFF00, dataset
        if status:
            yield status, None

    return handle


# A peer that plays a script


def element(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def response(message_id: int, status: int, *, data_set: bool, field: int = 0x8020) -> bytes:
    """The command set of a response."""
    numbers = {0x0100: field, 0x0120: message_id, 0x0800: 1 if data_set else 0x0101, 0x0900: status}
    body = element(0x0002, b"1.2.840.10008.5.1.4.1.2.2.1\0")
    body += b"".join(element(tag, struct.pack("<H", number)) for tag, number in numbers.items())
    return element(0, struct.pack("<I", len(body))) + body


def pdv(context: int, flags: int, data: bytes) -> bytes:
    return struct.pack(">IBB", len(data) + 2, context, flags) + data


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


ABORT_BY_USER = pdu(7, bytes((0, 0, 0, 0)))
ABORT_BY_PROVIDER = pdu(7, bytes((0, 0, 2, 1)))


@dataclass(frozen=True)
class Request:
    """A message that the peer received."""

    context: int
    command: Dataset
    identifier: Dataset

    @property
    def message_id(self) -> int:
        return int(self.command.MessageID)

    def row(self, number: int, *, status: int = 0xFF00, message_id: int | None = None) -> bytes:
        """A pending response with a study."""
        return self.raw_row(encoded(study(number)), status=status, message_id=message_id)

    def raw_row(
        self, identifier: bytes, *, status: int = 0xFF00, message_id: int | None = None
    ) -> bytes:
        command = response(message_id or self.message_id, status, data_set=True)
        parts = [identifier[i : i + 16000] for i in range(0, len(identifier), 16000)] or [b""]
        pdus = [pdu(4, pdv(self.context, 0, part)) for part in parts[:-1]]
        pdus.append(pdu(4, pdv(self.context, 2, parts[-1])))
        return pdu(4, pdv(self.context, 3, command)) + b"".join(pdus)

    def final(self, status: int = 0) -> bytes:
        command = response(self.message_id, status, data_set=False)
        return pdu(4, pdv(self.context, 3, command))


class Peer:
    """The accepting side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def read_pdu(self) -> tuple[int, bytes]:
        header = await self._reader.readexactly(6)
        kind, length = struct.unpack(">BxI", header)
        return kind, await self._reader.readexactly(length)

    async def proposal(self) -> bytes:
        """The A-ASSOCIATE-RQ, whole."""
        kind, body = await self.read_pdu()
        assert kind == 1
        return pdu(kind, body)

    async def accept(self, max_pdu: int = 16384) -> None:
        self.writer.write(acceptance(await self.proposal(), max_pdu))

    async def request(self) -> Request:
        """The next message; raises EOFError at A-RELEASE-RQ, which is answered, or A-ABORT."""
        parts: dict[int, bytes] = {1: b"", 0: b""}
        context = 0
        while True:
            kind, body = await self.read_pdu()
            if kind == 5:
                self.writer.write(pdu(6, bytes(4)))
            if kind != 4:
                raise EOFError(kind)
            while body:
                length, context, flags = struct.unpack_from(">IBB", body)
                parts[flags & 1] += body[6 : 4 + length]
                body = body[4 + length :]
                if flags & 2:
                    command = decoded(parts[1])
                    if not flags & 1 or command.CommandDataSetType == 0x0101:
                        return Request(context, command, decoded(parts[0]))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def reset(self) -> None:
        """Close with RST."""
        linger = struct.pack("ii" if hasattr(socket, "SO_REUSEPORT") else "hh", 1, 0)
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


@cache  # pynetdicom takes 2 ms for one, and most tests propose the same
def acceptance(proposal: bytes, max_pdu: int = 16384) -> bytes:
    """A-ASSOCIATE-AC that takes every context, in implicit VR."""
    request = A_ASSOCIATE_RQ()
    request.decode(proposal)
    primitive = request.to_primitive()
    supported = AE()
    for uid in ABSTRACT_SYNTAXES:
        supported.add_supported_context(uid, IMPLICIT_LITTLE_ENDIAN)
    results, _ = negotiate_as_acceptor(
        primitive.presentation_context_definition_list, supported.supported_contexts
    )
    primitive.presentation_context_definition_results_list = results
    primitive.maximum_length_received = max_pdu
    return bytes(A_ASSOCIATE_AC(primitive).encode())


Script = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def scripted(
    *scripts: Script, timeouts: Timeouts = QUICK, **settings: Any
) -> AsyncIterator[Modality]:
    """A peer that plays one script for each connection, the last one again and again."""
    started: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []
    failures: list[BaseException] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        script = scripts[min(len(started), len(scripts) - 1)]
        started.append(task)
        writers.append(writer)
        try:
            await script(Peer(reader, writer))
        except (EOFError, ConnectionError, asyncio.CancelledError):
            return
        except BaseException as failure:
            failures.append(failure)
        finally:
            writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0, **settings)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Modality("test", DicomAddress("ARCHIVE", "127.0.0.1", port), timeouts=timeouts)
    finally:
        server.close()
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()  # it may be closing, and never get rid of what it has to send
        await asyncio.sleep(0)
    assert not failures, failures


@contextmanager
def playing(script: Script) -> Iterator[str]:
    """The address of a peer that plays a script in a loop of its own."""
    with asyncio.Runner() as runner:
        loop, peer = runner.get_loop(), scripted(script)
        modality = runner.run(peer.__aenter__())
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield f"{modality.entity}"
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            runner.run(peer.__aexit__(None, None, None))


async def forever() -> None:
    """Wait until the test is over."""
    await asyncio.Event().wait()
