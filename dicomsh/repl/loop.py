"""Read a line at the prompt, run it, again.

The first prompt appears before the shell is imported, which happens in a background thread; the
DICOM modules follow, so that the first query need not wait for them either.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from prompt_toolkit.application import Application, in_terminal, run_in_terminal

from dicomsh.errors import ExitStatus
from dicomsh.folders import config_folder, state_folder
from dicomsh.regex import regex
from dicomsh.repl.completer import SessionCompleter
from dicomsh.repl.greeting import greeting
from dicomsh.repl.line import LineReader
from dicomsh.repl.line_analysis import LineAnalysis
from dicomsh.repl.progress_bar import ProgressBar, standard_bar
from dicomsh.session.history import History

if TYPE_CHECKING:
    from dicomsh.shell.shell import Shell
    from dicomsh.startup import Started

_SLOW_IMPORTS = ("dicomsh.dimse.client", "dicomsh.practice.server")


def run(make: Callable[[History], Started], *, waits: bool, color: bool) -> ExitStatus:
    """Run the prompt until the user leaves.

    Args:
        make: makes the shell from the command line and the user's settings; runs in a thread.
        waits: whether the first prompt needs the shell, because a modality was named.
        color: whether colours may be used.

    Raises:
        DicomshError: the shell cannot be made.
    """
    early = _early_settings(os.environ)
    if not color:
        early["color"] = "off"
    if early.get("greeting") != "off":
        sys.stdout.write(greeting(date.today()) + "\n")
    folder = state_folder(os.environ)
    history = History(folder / "history" if folder else None)
    return run_prompt(make, history, early, waits=waits)


_EARLY = regex(r"(color|editing|greeting|history|mask)\s*:\s*(\w+)\s*(?:#.*)?$")


def _early_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's settings that matter before the shell is made, as they are typed.

    They are picked from the lines of settings.yaml as `set --save` writes them. The file is read
    as a whole, and its errors are told, when the shell is made.
    """
    folder = config_folder(environ)
    try:
        text = (folder / "settings.yaml").read_text("utf-8", "replace") if folder else ""
    except OSError:
        return {}
    found = filter(None, map(_EARLY.match, text.splitlines()))
    return {line[1]: line[2] for line in found}


def run_prompt(
    make: Callable[[History], Started],
    history: History,
    early: Mapping[str, str],
    *,
    waits: bool,
) -> ExitStatus:
    """Run a prompt without a greeting, on the given history; otherwise like `run`.

    Args:
        make: makes the shell.
        history: the lines typed before.
        early: settings by name, as typed, for as long as there is no shell.
        waits: whether the first prompt needs the shell.
    """
    return asyncio.run(_Prompt(make, history, early).run(waits))


class _Prompt:
    """A prompt, and the shell that is made in the background."""

    def __init__(
        self, make: Callable[[History], Started], history: History, early: Mapping[str, str]
    ) -> None:
        self._make = partial(make, history)
        self._making: asyncio.Task[Started] | None = None
        self._beside: set[asyncio.Future[None]] = set()
        self._left: list[str] = []
        self._bar: ProgressBar | None = None
        self._insight = LineAnalysis()
        self._completer = SessionCompleter()
        self._reader = LineReader(self._insight, early, history, self._completer, self._explain)

    async def run(self, waits: bool) -> ExitStatus:
        """Run until the user leaves."""
        if waits:
            await self._run("use")
        self._application.after_render += self._rendered
        try:
            while await self._typed():
                pass
        finally:
            await self._close()
        return ExitStatus.DONE

    @property
    def _application(self) -> Application[str]:
        return self._reader.prompt.app

    def _rendered(self, application: Application[str]) -> None:
        self._begin()
        self._completer.learn(application)

    async def _typed(self) -> bool:
        """Read and run what the user types; False at the end of input."""
        from dicomsh.interrupt import endable

        text, self._left = "\n".join(self._left), []
        try:
            text = await endable(self._reader.read(text))
        except KeyboardInterrupt:
            return True
        except EOFError:
            return False
        return await self._run(text)

    async def _run(self, text: str) -> bool:
        """Run lines up to the first that fails; False if the user leaves."""
        shell = (await self._begin()).shell
        from dicomsh.commands.context import LeaveShell
        from dicomsh.language.lines import commands_of
        from dicomsh.output.streams import StdoutGoneError

        lines = commands_of(text)
        try:
            await self._lines(shell, lines)
        except (LeaveShell, StdoutGoneError):
            return False
        return True

    async def _lines(self, shell: Shell, lines: list[str]) -> None:
        from dicomsh.interrupt import interruptible, suspendable
        from dicomsh.output.error_text import TextOrigin

        for number, line in enumerate(lines, 1):
            if len(lines) > 1:
                self._reader.echo(line)
            try:
                with suspendable(self._step_aside):
                    status = await interruptible(shell.run(line, TextOrigin()))
            except KeyboardInterrupt:  # pressed as the line ended: it is for those that follow
                status = ExitStatus.INTERRUPTED
            if shell.ends_with(status) and lines[number:]:
                self._left = lines[number:]
                shell.say(_not_run(len(self._left)))
                return

    def _step_aside(self) -> None:
        """Remove the line below the rows."""
        if self._bar is not None:
            self._bar.clear()

    def _explain(self, before: str) -> None:
        """Show help on the command at the end of a text, above the prompt."""
        if self._insight.shell is not None:
            self._do_beside(self._help(self._insight.shell, before))

    async def _help(self, shell: Shell, before: str) -> None:
        from dicomsh.output.error_text import TextOrigin

        usage = self._insight.usage(before)
        topic = usage[0][0] if usage else before.strip()
        known = shell.registry.get(topic) is not None
        async with in_terminal():
            await shell.run(f"help {topic}" if known else "help", TextOrigin())

    def _do_beside(self, work: Awaitable[None]) -> None:
        doing = asyncio.ensure_future(work)
        self._beside.add(doing)
        doing.add_done_callback(self._beside.discard)

    def _begin(self) -> asyncio.Task[Started]:
        """Start making the shell, the first time."""
        if self._making is None:
            self._making = asyncio.get_running_loop().create_task(
                asyncio.to_thread(self._make_warm)
            )
            self._making.add_done_callback(self._made)
        return self._making

    def _make_warm(self) -> Started:
        """Make the shell and import the modules it will use; nothing is analysed before.

        One thread does both: two that import pynetdicom at the same time can each get half of it.
        """
        started = self._make()
        _import_slow()
        return started

    def _made(self, making: asyncio.Task[Started]) -> None:
        if making.cancelled():
            return
        error = making.exception()
        if error is None:
            self._know(making.result())
        elif self._application.is_running:
            self._application.exit(exception=error)

    def _know(self, started: Started) -> None:
        shell = self._insight.shell = started.shell
        self._completer.know(shell.registry, shell.session)
        self._bar = standard_bar(shell, self._reader.depth)
        if self._bar is not None:
            shell.tell_progress_in(self._bar)
        self._reader.apply()
        self._application.invalidate()
        if started.problems:
            self._do_beside(run_in_terminal(started.tell))

    async def _close(self) -> None:
        if self._making is not None and not self._making.cancelled():
            await asyncio.wait({self._making})
            if self._making.exception() is None:
                await self._making.result().shell.close()


def _import_slow() -> None:
    for name in _SLOW_IMPORTS:
        importlib.import_module(name)
    importlib.import_module("dicomsh.model.dictionary").load()


def _not_run(number: int) -> str:
    if number == 1:
        return "1 line was not run; it is back at the prompt; Ctrl-C clears it"
    return f"{number} lines were not run; they are back at the prompt; Ctrl-C clears them"
