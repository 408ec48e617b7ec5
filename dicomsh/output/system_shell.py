"""Command lines of the system's shell, with variables in their environment.

The text goes to the shell exactly as it was typed. Values never become part of it: a patient's name
that contains `$(…)` or `;` is data to the shell, whatever the server put there.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dicomsh.errors import DicomshError, InterruptedByUserError, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.interrupt import cancel_soon
from dicomsh.output.programs import CommandWriter, apart, finished, started
from dicomsh.regex import regex

if TYPE_CHECKING:
    from asyncio.subprocess import Process

_LONGEST = 32_000
"""Bytes of a value: an environment variable of Windows holds 32,767 characters."""

_NUMBERED = tuple("123456789")
_BY_CMD = frozenset('&|<>^"%!()\r\n')
"""Characters that cmd.exe interprets, because it replaces `%NAME%` before it reads the line."""

_PERCENT = regex(r"%([A-Za-z_]\w*)(?::[^%]*)?%", re.ASCII)


async def start(text: str, variables: Mapping[str, str], **streams: Any) -> Process:
    """Start a command line; a variable that is not set is an error of the shell (`set -u`).

    Args:
        text: the command line, as typed.
        variables: become environment variables; `1` to `9` the arguments `$1` to `$9`.
        **streams: as for `asyncio.create_subprocess_exec`.

    Raises:
        UsageError: it uses a variable that Windows cannot pass on safely, or that is not set.
        DicomshError: it cannot be started.
    """
    environ = {**os.environ, **passed(variables)}
    if sys.platform == "win32":
        check_percent(text, environ)
        starting = asyncio.create_subprocess_shell(text, env=environ, **streams)
    else:
        line = ("/bin/sh", "-u", "-c", text, "dicomsh", *_arguments(variables))
        streams = {**apart(), **streams}
        starting = asyncio.create_subprocess_exec(*line, env=environ, **streams)
    try:
        return await started(starting)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise DicomshError(f"the command cannot be started: {reason}") from None


_ON_WINDOWS = sys.platform == "win32"


def passed(variables: Mapping[str, str], *, by_cmd: bool = _ON_WINDOWS) -> dict[str, str]:
    """The variables that can be environment variables.

    Left out are names that a shell cannot use, values that are too long or contain a NUL character,
    and for cmd.exe values that it would interpret.
    """
    return {
        name: value
        for name, value in variables.items()
        if name.isascii() and name.isidentifier() and _can_be_passed(value, by_cmd=by_cmd)
    }


def _can_be_passed(value: str, *, by_cmd: bool) -> bool:
    try:
        held = os.fsencode(value)
    except UnicodeEncodeError:
        return False
    safe = not by_cmd or _BY_CMD.isdisjoint(value)
    return safe and b"\0" not in held and len(held) <= _LONGEST


def _arguments(variables: Mapping[str, str]) -> list[str]:
    """`$1`, `$2`, … up to the first that is not set."""
    found: list[str] = []
    for number in _NUMBERED:
        if number not in variables or not _can_be_passed(variables[number], by_cmd=False):
            break
        found.append(variables[number])
    return found


def check_percent(text: str, environ: Mapping[str, str]) -> None:
    """Raise UsageError for a `%NAME%` without a value, which cmd.exe would leave as it is."""
    held = {name.upper() for name in environ}
    for found in _PERCENT.finditer(text):
        if found[1].upper() not in held:
            raise UsageError(
                f"%{found[1]}% has no value, or one with characters that cmd.exe interprets",
                hint="'help !' says which variables reach a command",
            )


async def run(text: str, variables: Mapping[str, str]) -> None:
    """Run a command line with our own standard streams.

    Raises:
        InterruptedByUserError: Ctrl-C ended it.
        DicomshError: it cannot be started, or it failed.
    """
    process = await start(text, variables)
    if await finished(process) and process.returncode:
        raise InterruptedByUserError("the command was interrupted")
    if process.returncode:
        raise _failed(process.returncode)


async def reader(text: str, variables: Mapping[str, str], stdout: int | None) -> CommandWriter:
    """A command line that reads our data; `stdout` is a descriptor, or None for our own.

    Raises:
        DicomshError: it cannot be started.
    """
    pipe = asyncio.subprocess.PIPE
    return CommandWriter(await start(text, variables, stdin=pipe, stdout=stdout))


async def output_of(text: str, variables: Mapping[str, str]) -> str:
    """What a command line writes to its standard output; its standard input is empty.

    Raises:
        DicomshError: it cannot be started, or it failed.
    """
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await start(text, variables, stdin=nothing, stdout=pipe)
    assert process.stdout is not None
    reading = asyncio.ensure_future(process.stdout.read())
    pressed = await finished(process)
    written = (await reading).decode(errors="replace")
    if pressed:
        cancel_soon()  # the command has decided what Ctrl-C means for it; now it ends ours
    elif process.returncode:
        error = _failed(process.returncode)
        error.hint = written.strip().rpartition("\n")[2] or None
        raise error
    return written


def _failed(status: int) -> DicomshError:
    return DicomshError(f"the command exited with status {status}")
