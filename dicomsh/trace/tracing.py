"""The trace of a shell: on or off, in words or byte by byte, to standard error or to a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from dicomsh.errors import DicomshError
from dicomsh.frozen import slotted
from dicomsh.model.tap import Tap, Wire

if TYPE_CHECKING:
    from dicomsh.trace.conversation import Conversation, Event
    from dicomsh.trace.lines import Shown

_INDENT = " " * 15


class File(Protocol):
    """An open file."""

    def write(self, text: str) -> None:
        """Write text at once; raises DicomshError."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


@slotted
class _TracedConnection:
    """A traced connection."""

    number: int
    conversation: Conversation


class Tracing:
    """Switches the trace of a shell and writes its lines; implements `dicomsh.model.tap.Tracer`.

    Events while the shell waits for the user are shown with the next command, so that they do not
    disturb the line being typed; a file gets them at once.

    Args:
        tap: where to listen.
        talk: writes a message line.
        open_file: opens a file for writing; raises UsageError.
        shown: gives how values may be shown now, or None for as they are.

    Attributes:
        lost: whether a file could not be written any more, so that its trace is incomplete.
    """

    def __init__(
        self,
        tap: Tap,
        talk: Callable[[str], None],
        open_file: Callable[[str], File],
        shown: Callable[[], Shown | None] = lambda: None,
    ) -> None:
        self._shown = shown
        self.lost = False
        self._tap = tap
        self._talk = talk
        self._open_file = open_file
        self._hexadecimal = False
        self._file: File | None = None
        self._where = ""
        self._lines: dict[Wire, _TracedConnection] = {}
        self._count = 0
        self._start = 0.0
        self._waits = True
        self._held: list[str] = []

    @property
    def state(self) -> str:
        """Its state, detail and destination in one line."""
        if self._tap.tracer is None:
            return "trace is off"
        detail = "with every byte" if self._hexadecimal else "messages"
        return f"trace is on: {detail}, to {self._where or 'standard error or the terminal'}"

    def on(self, *, hexadecimal: bool) -> None:
        """Start tracing, or change the detail."""
        self._hexadecimal = hexadecimal
        if self._tap.tracer is None:
            self._tap.tracer = self
            self._start = time.monotonic()
            self._write([_beginning()])

    def to(self, name: str) -> None:
        """Trace to a file, readable only by its owner.

        Raises:
            UsageError: it cannot be opened.
            DicomshError: it cannot be written.
        """
        file = self._open_file(name)
        try:
            file.write(f"{_beginning()}\n")
        except DicomshError:
            file.close()
            raise
        self._close_file()
        self._file, self._where = file, name
        self._hexadecimal = self._hexadecimal and self._tap.tracer is not None
        self._tap.tracer, self._start = self, time.monotonic()

    def off(self) -> None:
        """Stop tracing."""
        self._tap.tracer = None
        self._hexadecimal = False
        self._lines.clear()
        self._count = 0
        self._close_file()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Lines are written at once inside the `with`, after those held back."""
        before, self._waits = self._waits, False
        if self._held:
            held, self._held = self._held, []
            self._write(held)
        try:
            yield
        finally:
            self._waits = before

    def opened(self, wire: Wire) -> None:
        """A connection is open."""
        self._tell(wire, "──", f"connected to {wire.peer}", [])

    def sent(self, wire: Wire, data: bytes) -> None:
        """We wrote bytes."""
        for event in self._line(wire).conversation.sent(data):
            self._event(wire, "→", event)

    def received(self, wire: Wire, data: bytes) -> None:
        """Bytes arrived."""
        for event in self._line(wire).conversation.received(data):
            self._event(wire, "←", event)

    def closed(self, wire: Wire, how: str) -> None:
        """The connection has closed."""
        self._tell(wire, "──", how, [])
        self._lines.pop(wire, None)

    def _line(self, wire: Wire) -> _TracedConnection:
        if wire not in self._lines:
            from dicomsh.trace.conversation import Conversation

            self._count += 1
            self._lines[wire] = _TracedConnection(self._count, Conversation(wire.agreed))
        return self._lines[wire]

    def _event(self, wire: Wire, arrow: str, event: Event) -> None:
        from dicomsh.trace.lines import as_typed, lines_of

        shown = self._shown() or as_typed
        lines = lines_of(event, hexadecimal=self._hexadecimal, shown=shown)
        if lines is not None:
            self._tell(wire, arrow, *lines)

    def _tell(self, wire: Wire, arrow: str, title: str, lines: list[str]) -> None:
        seconds = time.monotonic() - self._start
        number = self._line(wire).number
        head = f"{seconds:9.4f} {number:>2} {arrow} {title}"
        self._write([head, *(_INDENT + line for line in lines)])

    def _write(self, lines: list[str]) -> None:
        if self._file is not None:
            self._to_file(self._file, lines)
        elif self._waits:
            self._held += lines
        else:
            for line in lines:
                self._talk(line)

    def _to_file(self, file: File, lines: list[str]) -> None:
        try:
            file.write("".join(f"{line}\n" for line in lines))
        except DicomshError as problem:  # nothing may be raised in the middle of the protocol
            self.lost = True
            self.off()
            self._write([f"{problem.message}; trace is off"])

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._where = None, ""


def _beginning() -> str:
    return f"trace begins {datetime.now().astimezone():%Y-%m-%d %H:%M:%S%z}"
