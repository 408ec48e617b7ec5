"""A pager for long output; output that fits the screen stays as plain lines."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Awaitable, Callable, Mapping

from dicomsh.event_loop import asyncio
from dicomsh.interrupt import unsuspended
from dicomsh.model.safe import width
from dicomsh.output.programs import CommandWriter
from dicomsh.output.streams import SOON, CommandGoneError, PagerLeftError, Stream
from dicomsh.output.theme import SEQUENCE

ROOM = 32 * 2**20
"""Bytes that may be buffered for the pager, so that an answer need not wait for its reader."""

OWNER_ONLY_UMASK = 0o077
"""Umask for the pager: the files it saves contain patient data, like ours."""

_BELOW = 2
"""Lines of the screen not used for data: the result line and the next prompt."""


def pager_command(environ: Mapping[str, str], platform: str = sys.platform) -> str | None:
    """The pager as a command line: `$PAGER`, else less; None if there is none.

    Windows has only `more`, which can neither stream nor show UTF-8: there, `$PAGER` must be set.
    """
    import shlex
    import shutil

    if environ.get("TERM") == "dumb":
        return None
    wanted = environ.get("PAGER", "" if platform == "win32" else "less")
    try:
        words = shlex.split(wanted, posix=platform != "win32")
    except ValueError:
        return None
    if not words or words[0] == "cat":
        return None
    return wanted if "=" in words[0] or shutil.which(words[0].strip('"')) else None


def pager_environ(environ: Mapping[str, str], *, wide: bool = False) -> dict[str, str]:
    """The pager's variables: our colours and UTF-8, unless the user has set others.

    For less: R passes colours through, F quits at once if all fits, X leaves the text on the
    screen, S cuts lines that are too wide, so that the arrow keys scroll sideways. LESSSECURE
    disables the keys that save the text, edit files and run commands, because it is patient data.
    So are searches, which `-` keeps out of less's history.
    """
    options = "-RXS" if wide else "-RFX"
    ours = {"LESS": options, "LESSCHARSET": "utf-8", "LESSSECURE": "1", "LESSHISTFILE": "-"}
    return {**ours, **environ}


async def start_pager(
    command: str, environ: Mapping[str, str], stdout: int | None
) -> CommandWriter:
    """Start a pager.

    Args:
        command: as returned by `pager_command`.
        environ: its environment variables.
        stdout: file descriptor of the terminal.
    """
    with contextlib.ExitStack() as stack:
        if environ.get("LESSSECURE"):
            stack.enter_context(unsuspended())
        pager = await _Pager.start(
            command, stdout, ROOM, environ, safe=True, umask=OWNER_ONLY_UMASK
        )
        pager.held = stack.pop_all()
        return pager


class _Pager(CommandWriter):
    """A pager. If less may not run commands, it ignores Ctrl-Z, and so do we.

    If we stopped, less and the user's shell would both read the keyboard.

    Attributes:
        held: resources released with it.
    """

    held: contextlib.ExitStack

    async def close(self) -> None:
        """Close its input and wait for it."""
        with self.held:
            await super().close()


class Paged:
    """The terminal, replaced by the pager as soon as data is longer than the screen.

    Until then lines are written as they come. When the pager starts, they are erased, and it shows
    them again.

    Args:
        screen: the terminal; the cursor is at the beginning of a line.
        columns: its width.
        lines: its height.
        start: starts the pager.
        wide: whether data that is too wide also goes to the pager.
    """

    is_terminal = True
    patience = SOON

    def __init__(
        self,
        screen: Stream,
        columns: int,
        lines: int,
        start: Callable[[], Awaitable[CommandWriter]],
        *,
        wide: bool = False,
    ) -> None:
        self._screen = screen
        self._columns = columns
        self._room = lines - _BELOW
        self._start = start
        self._wide = wide
        self._written = ""
        self._beyond = ""
        self._pager: CommandWriter | None = None
        self._started = asyncio.Event()

    @property
    def holds_screen(self) -> bool:
        """Whether the pager is running or about to start."""
        if self._pager is None:
            return bool(self._beyond)
        return self._pager.status is None

    def write(self, text: str) -> None:
        """Writes text, or buffers it for the pager."""
        if self._pager is not None:
            self._page(self._pager, text)
        elif self._beyond or self._is_too_tall(text):
            self._beyond += text
        else:
            self._written += text
            self._screen.write(text)

    def interrupt(self, number: int) -> None:
        """The terminal tells the pager."""

    async def drain(self) -> None:
        """Waits while too much is buffered for the pager."""
        if self._pager is None and not self._beyond:
            return
        pager = self._pager or await self._opened()
        try:
            await pager.drain()
        except CommandGoneError:
            raise PagerLeftError from None

    async def gone(self) -> PagerLeftError:
        """Returns when the user has quit the pager."""
        await self._started.wait()
        assert self._pager
        await self._pager.gone()
        return PagerLeftError()

    async def close(self) -> None:
        """Waits until the user quits the pager, if there is one."""
        with contextlib.suppress(PagerLeftError):
            await self.drain()
        if self._pager is not None:
            await self._pager.close()

    def _is_too_tall(self, text: str) -> bool:
        if text.count("\n") > self._room:
            return True
        if self._wide and _rows(text, self._columns) > text.count("\n") + 1:
            return True
        return _rows(self._written + text, self._columns) - 1 > self._room

    async def _opened(self) -> CommandWriter:
        self._screen.control(_erasing(_rows(self._written, self._columns) - 1))
        pager = self._pager = await self._start()
        self._started.set()
        text, self._written, self._beyond = self._written + self._beyond, "", ""
        self._page(pager, text)
        return pager

    def _page(self, pager: CommandWriter, text: str) -> None:
        try:
            pager.write(text)
        except CommandGoneError:
            raise PagerLeftError from None


def _rows(text: str, columns: int) -> int:
    """Screen rows that a text takes, including the one the cursor is on afterwards."""
    lines = SEQUENCE.sub("", text).expandtabs().split("\n")
    return sum(max(1, -(-width(line) // columns)) for line in lines)


def _erasing(rows: int) -> str:
    """Erases these rows above the cursor (ECMA-48 8.3.22 CUU, 8.3.39 ED)."""
    return f"\x1b[{rows}A\r\x1b[J" if rows else "\r\x1b[J"
