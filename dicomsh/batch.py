"""Running without a prompt: -c texts, a script file, or lines from standard input."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TextIO, TypeVar

from dicomsh import open_files
from dicomsh.commands.context import LeaveShell
from dicomsh.errors import ExitStatus, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.interrupt import interruptible
from dicomsh.language.lines import whole_lines
from dicomsh.output.error_text import TextOrigin
from dicomsh.output.streams import StdoutGoneError
from dicomsh.shell.shell import Shell, overall, read_script

SourceText = tuple[str, TextOrigin]
"""A text to run and where it comes from."""

_Result = TypeVar("_Result")

_STDIN = "<stdin>"


def commands(texts: list[str]) -> Iterator[SourceText]:
    """The texts of `-c` options."""
    for number, text in enumerate(texts, 1):
        yield text, TextOrigin("-c" if len(texts) == 1 else f"-c {number}")


def script(shell: Shell, name: str) -> Iterator[SourceText]:
    """A script file.

    Raises:
        UsageError: it cannot be read; with a hint if the name probably means something else.
    """
    path = Path(name)
    try:
        yield read_script(path), TextOrigin(name)
    except UsageError as error:
        if path.exists():
            raise
        raise UsageError(error.message, hint=_meant(shell, name)) from None


def _meant(shell: Shell, name: str) -> str | None:
    """What to type if the name of a script is actually a modality or a command."""
    if name in shell.session.config.modalities:
        return f"to use a modality: dicomsh -m {name}"
    words = name.split()
    if len(words) > 1 or (words and shell.registry.get(words[0])):
        import shlex

        return f"to run a command: dicomsh -c {shlex.quote(name)}"
    return None


def _goes_on(sources: Iterator[SourceText], origin: TextOrigin) -> bool:
    """Whether any text is left; for standard input, finding out could mean waiting: assume so."""
    return origin.name == _STDIN or next(sources, None) is not None


def lines(stream: TextIO) -> Iterator[SourceText]:
    """Lines as they arrive, so that another program can drive us; continued lines are joined.

    Raises:
        UsageError: they cannot be read.
    """
    try:
        for number, text in whole_lines(stream):
            yield text, TextOrigin(_STDIN, number)
    except OSError as error:
        message = f"cannot read standard input: {error.strerror}"
        raise UsageError(message, hint="name a script, or use -c TEXT") from None


class _EventLoop:
    """Runs coroutines one after the other, in one event loop that starts when one needs it.

    Leaving the `with` ends whatever they have left running.
    """

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner is not None:
            self._runner.close()

    def run(self, work: Coroutine[Any, None, _Result]) -> _Result:
        """Run a coroutine; Ctrl-C cancels it where it waits.

        Raises:
            ToldToEndError: a signal told the program to end.
            KeyboardInterrupt: Ctrl-C was pressed while nothing was waiting.
        """
        return self._run(work, ends_early=True)

    def end(self, work: Coroutine[Any, None, _Result]) -> _Result:
        """Run a coroutine that releases resources and does not wait for long."""
        return self._run(work, ends_early=False)

    def _run(self, work: Coroutine[Any, None, _Result], *, ends_early: bool) -> _Result:
        with closing(work):  # which has not begun if no event loop can be made for it
            return self._ran(work, ends_early=ends_early)

    def _ran(self, work: Coroutine[Any, None, _Result], *, ends_early: bool) -> _Result:
        if self._runner is None:
            # run up to the first wait without a loop: importing asyncio takes as long as everything
            # else that `pwd` needs
            try:
                work.send(None)
            except StopIteration as done:
                result: _Result = done.value
                return result
            runner = asyncio.Runner()
            runner.get_loop().set_exception_handler(open_files.handle)
            self._runner = runner
        if ends_early:
            work = interruptible(work)  # asyncio accepts a coroutine that has already begun
        return self._runner.run(work)


def check(shell: Shell, sources: Iterator[SourceText]) -> ExitStatus:
    """Report all errors in the texts, without sending anything."""
    with _EventLoop() as loop:
        statuses = [loop.run(shell.check(text, origin)) for text, origin in sources]
        loop.end(shell.close())
    return overall([ExitStatus.DONE, *statuses])


def run(shell: Shell, sources: Iterator[SourceText]) -> ExitStatus:
    """Run the texts one after the other, up to the first that fails; then release everything."""
    return _each(shell, sources, shell.run)


def dry_run(shell: Shell, sources: Iterator[SourceText]) -> ExitStatus:
    """Say what the texts would do, as `run` would run them; nothing is sent."""
    return _each(shell, sources, shell.dry_run)


_Run = Callable[[str, TextOrigin], Coroutine[Any, None, ExitStatus]]


def _each(shell: Shell, sources: Iterator[SourceText], run: _Run) -> ExitStatus:
    statuses = [ExitStatus.DONE]
    with _EventLoop() as loop:
        try:
            for text, origin in sources:
                status = loop.run(run(text, origin))
                statuses.append(status)
                if shell.ends_with(status):
                    if shell.cancelled and _goes_on(sources, origin):
                        statuses.append(ExitStatus.INTERRUPTED)
                    break
        except (LeaveShell, StdoutGoneError):  # the latter in `dicomsh … | head`: not an error
            pass
        finally:
            loop.end(shell.close())
    status = overall(statuses)
    return shell.unheard if status is ExitStatus.DONE else status
