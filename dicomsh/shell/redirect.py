"""The destination of a statement's data: a file, a command, the pager, or standard output."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

from dicomsh.errors import UsageError
from dicomsh.language.scan import Redirect, Statement, SystemCommand, Word
from dicomsh.model.results import FILE_FORMATS, Drawing, Listing, Report, Result, Text
from dicomsh.output.sink import Sink
from dicomsh.output.streams import reader_awaited
from dicomsh.session.state import Session

_Place = TypeVar("_Place")


@asynccontextmanager
async def directed(
    sink: Sink,
    statement: Statement,
    pager: Mapping[str, str] | None,
    variables: Mapping[str, str],
    *,
    wide: bool,
) -> AsyncIterator[bool]:
    """Inside the `async with`, data goes where a statement says.

    Args:
        sink: the only writer.
        statement: may end in `> file`, `>> file` or `| !command`.
        pager: environment variables that name the pager, or None for no pager.
        variables: environment variables of a command.
        wide: whether output wider than the terminal goes to the pager, too.

    Yields:
        Whether the data is appended to what the file already contains.

    Raises:
        UsageError: there are two destinations, or the file cannot be opened.
        DicomshError: the command failed.
    """
    redirect, command = statement.redirect, _command(statement)
    if redirect is not None and command is not None:
        raise UsageError("output goes to a file or a command, not both", span=redirect.span)
    async with AsyncExitStack() as stack:
        continues = False
        if redirect is not None and redirect.target is not None:
            continues = await _into(sink, stack, redirect, redirect.target)
        elif command is not None:
            await stack.enter_async_context(sink.to_command(command.text, variables))
        elif pager is not None:
            await stack.enter_async_context(sink.to_screen(pager, wide=wide))
        yield continues


async def _into(sink: Sink, stack: AsyncExitStack, redirect: Redirect, target: Word) -> bool:
    """Data goes to a file or a folder; returns whether it is appended to what a file contains."""
    from dicomsh.output.formats import is_folder

    if is_folder(target.text):
        _entered(stack, sink.to_folder(target.text, append=redirect.append), target)
        return False
    async with reader_awaited(target.text):
        return not _entered(stack, sink.to_file(target.text, append=redirect.append), target).fresh


def _entered(stack: AsyncExitStack, place: AbstractContextManager[_Place], target: Word) -> _Place:
    try:
        return stack.enter_context(place)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=target.span) from None


def asked_format(statement: Statement) -> str | None:
    """The format implied by the name of the output file."""
    redirect = statement.redirect
    if redirect is None or redirect.target is None:
        return None
    from dicomsh.output.formats import format_of

    return format_of(redirect.target.text)


def check_rows(statement: Statement, result: Result, output: str | None) -> None:
    """Refuse to put anything but rows into Excel, Parquet or a folder, and an image into any rows.

    Args:
        statement: may end in `> file`, `>> file` or `| !command`.
        result: what its command returned.
        output: the format of standard output, None if there is no choice or it is a terminal.

    Raises:
        UsageError: the file is not one for this result; it has not been touched.
    """
    redirect = statement.redirect
    target = redirect.target if redirect else None
    name = asked_format(statement) if redirect or _command(statement) else output
    image = isinstance(result, Drawing) and target is not None
    if name is None or isinstance(result, Listing | Report) or not (image or name in FILE_FORMATS):
        return
    message, hint = _refused(result, target is not None)
    if message:
        span = target.span if target else None
        raise UsageError(f"{message} {_place(target, name)}", hint=hint, span=span)


def _refused(result: Result, is_file: bool) -> tuple[str, str | None]:
    """Why a result is not written, up to the name of the place, and what to do instead."""
    if isinstance(result, Text):
        return "a text does not go into", "write it to FILE.txt"
    if isinstance(result, Drawing):
        return "an image does not go into", "write it to FILE.png"
    return "this command gives no rows for" if is_file else "", None


def _place(target: Word | None, name: str) -> str:
    from dicomsh.output.formats import is_folder

    if target and is_folder(target.text):
        return "a folder"
    return FILE_FORMATS.get(name, "a file of rows")


def remarks(statement: Statement, result: Result, session: Session) -> Iterator[str]:
    """Remarks about data that went to a file or a command."""
    target = statement.redirect and statement.redirect.target
    chosen = session.settings.output or getattr(result, "output", None)
    if target and not chosen and isinstance(result, Listing):
        from dicomsh.output.formats import unknown_suffix

        yield from unknown_suffix(target.text)
    if session.mask is not None and (target or _command(statement)):
        yield "masked: names and IDs in the output are made up; 'set mask off' writes real ones"


def _command(statement: Statement) -> SystemCommand | None:
    last = statement.stages[-1] if statement.stages else None
    return last if isinstance(last, SystemCommand) else None
