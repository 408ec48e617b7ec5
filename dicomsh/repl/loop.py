"""Read a line at the prompt, run it, again.

The first prompt is on the screen before the shell is imported, which happens in a thread behind it;
what speaks DICOM follows, so that the first query need not wait for it either.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.formatted_text import FormattedText

from dicomsh.errors import ExitStatus
from dicomsh.repl.completer import SessionCompleter
from dicomsh.repl.history import open_history

if TYPE_CHECKING:
    from dicomsh.session import Session
    from dicomsh.startup import Started

_SLOW_IMPORTS = ("dicomsh.dimse.client", "dicomsh.practice.server")


def run(make: Callable[[], Started], *, waits: bool) -> ExitStatus:
    """Run the prompt until the user leaves.

    Args:
        make: makes the shell, from the command line and the user's settings; runs in a thread.
        waits: whether the first prompt needs the shell, because a modality was named.

    Raises:
        DicomshError: the shell cannot be made.
    """
    return asyncio.run(_Prompt(make).run(waits))


class _Prompt:
    """A prompt, and the shell that is made behind it."""

    def __init__(self, make: Callable[[], Started]) -> None:
        self._make = make
        self._making: asyncio.Task[Started] | None = None
        self._warming: asyncio.Future[None] | None = None
        self._remarking: asyncio.Future[None] | None = None
        self._completer = SessionCompleter()
        self._lines: PromptSession[str] = PromptSession(
            history=open_history(), completer=self._completer, complete_while_typing=False
        )

    async def run(self, waits: bool) -> ExitStatus:
        """Run until the user leaves."""
        if waits:
            await self._line("use")
        self._lines.app.after_render += self._rendered
        try:
            while await self._typed():
                pass
        finally:
            await self._close()
        return ExitStatus.DONE

    def _rendered(self, application: Application[str]) -> None:
        self._begin()
        self._completer.learn(application)

    async def _typed(self) -> bool:
        """One line from the user; False when there will be no more."""
        try:
            text = await self._lines.prompt_async(self._text())
        except KeyboardInterrupt:
            return True
        except EOFError:
            return False
        return await self._line(text)

    async def _line(self, text: str) -> bool:
        """Run a line; False when the user leaves."""
        shell = (await self._begin()).shell
        from dicomsh.commands.scripting import LeaveShell
        from dicomsh.interrupt import interruptible
        from dicomsh.output.problem import Origin
        from dicomsh.output.targets import StdoutGoneError

        try:
            await interruptible(shell.run(text, Origin()))
        except (LeaveShell, StdoutGoneError):
            return False
        return True

    def _text(self) -> FormattedText:
        made = self._making is not None and self._making.done()
        if self._making is None or not made:
            return FormattedText([("bold", "dicomsh"), ("", "> ")])
        return prompt_text(self._making.result().shell.session)

    def _begin(self) -> asyncio.Task[Started]:
        """Begin to make the shell, the first time."""
        if self._making is None:
            self._making = asyncio.get_running_loop().create_task(asyncio.to_thread(self._make))
            self._making.add_done_callback(self._made)
        return self._making

    def _made(self, making: asyncio.Task[Started]) -> None:
        if making.cancelled():
            return
        error = making.exception()
        if error is None:
            started = making.result()
            self._completer.know(started.shell.registry, started.shell.session)
            self._warming = asyncio.get_running_loop().run_in_executor(None, _import_slow)
            if started.problems:
                self._remarking = asyncio.ensure_future(run_in_terminal(started.tell))
        elif self._lines.app.is_running:
            self._lines.app.exit(exception=error)

    async def _close(self) -> None:
        if self._warming is not None:
            await self._warming
        if self._making is not None and not self._making.cancelled():
            await asyncio.wait({self._making})
            if self._making.exception() is None:
                await self._making.result().shell.close()


def _import_slow() -> None:
    for name in _SLOW_IMPORTS:
        importlib.import_module(name)
    importlib.import_module("dicomsh.model.dictionary").load()


def prompt_text(session: Session) -> FormattedText:
    """`pacs:/0555643F/2009-04-12 CT THORAX> `; `dicomsh> ` while no modality is in use."""
    from dicomsh.output.safe import visible

    if session.modality is None:
        return FormattedText([("bold", "dicomsh"), ("", "> ")])
    place = "/" + "/".join(visible(label) for label in session.place.labels)
    return FormattedText([("bold", session.modality.name), ("", f":{place}> ")])
