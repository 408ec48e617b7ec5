"""Read a line at the prompt, run it, again."""

from __future__ import annotations

import asyncio
import importlib
import threading

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application
from prompt_toolkit.formatted_text import FormattedText

from dicomsh.commands.scripting import LeaveShell
from dicomsh.errors import ExitStatus
from dicomsh.interrupt import interruptible
from dicomsh.output.problem import Origin
from dicomsh.output.safe import visible
from dicomsh.output.targets import StdoutGoneError
from dicomsh.repl.completer import SessionCompleter
from dicomsh.repl.history import open_history
from dicomsh.session import Session
from dicomsh.shell import Shell

_SLOW_IMPORTS = ("dicomsh.dimse.client", "dicomsh.practice.server")


def run(shell: Shell) -> ExitStatus:
    """Run the prompt until the user leaves."""
    return asyncio.run(_run(shell))


async def _run(shell: Shell) -> ExitStatus:
    prompt: PromptSession[str] = PromptSession(
        history=open_history(),
        completer=SessionCompleter(shell.registry, shell.session),
        complete_while_typing=False,
    )
    prompt.app.after_render += _Warmth()
    try:
        if shell.session.modality is not None:
            await interruptible(shell.run("use", Origin()))
        while True:
            await _line(shell, prompt)
    except (EOFError, LeaveShell, StdoutGoneError):
        return ExitStatus.DONE
    finally:
        await shell.close()


async def _line(shell: Shell, prompt: PromptSession[str]) -> None:
    try:
        text = await prompt.prompt_async(prompt_text(shell.session))
    except KeyboardInterrupt:
        return
    await interruptible(shell.run(text, Origin()))


def prompt_text(session: Session) -> FormattedText:
    """`pacs:/0555643F/2009-04-12 CT THORAX> `; `dicomsh> ` while no modality is in use."""
    if session.modality is None:
        return FormattedText([("bold", "dicomsh"), ("", "> ")])
    place = "/" + "/".join(visible(label) for label in session.place.labels)
    return FormattedText([("bold", session.modality.name), ("", f":{place}> ")])


class _Warmth:
    """Once the prompt is on the screen, imports what the first query will need."""

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, application: Application[str]) -> None:
        del application
        if not self._begun:
            self._begun = True
            threading.Thread(target=_import_slow, daemon=True).start()


def _import_slow() -> None:
    for name in _SLOW_IMPORTS:
        importlib.import_module(name)
