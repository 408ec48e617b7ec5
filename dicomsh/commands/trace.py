"""trace: showing the conversation with a peer as it happens."""

from __future__ import annotations

from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.language.command import command
from dicomsh.language.kinds import FILE
from dicomsh.language.scan import Word
from dicomsh.model.results import Talk


@command("trace", family="teaching", examples=("trace",))
async def trace(context: Context) -> Talk:
    """Say whether tracing is on; 'trace on' starts it."""
    return Talk(context.tracing.state)


@command("trace on", family="teaching", examples=("trace on; use pacs; find patient JOD*",))
async def trace_on(context: Context) -> Talk:
    """Show the conversation with peers as it happens.

    Shows association requests and what was accepted, and every DIMSE message with its identifier,
    with arrows for the direction, bytes, and seconds since the trace began. The trace goes where
    the result lines go, never into the data. A trace contains real patient data.
    """
    context.tracing.on(hexadecimal=False)
    return Talk(context.tracing.state)


@command("trace pdu", family="teaching", examples=("trace pdu; use pacs",))
async def trace_pdu(context: Context) -> Talk:
    """Show the conversation with every byte, naming the fields of each PDU."""
    context.tracing.on(hexadecimal=True)
    return Talk(context.tracing.state)


@command("trace to", family="teaching", examples=("trace to talk.txt; use pacs; trace off",))
async def trace_to(context: Context, file: Annotated[Word, FILE]) -> Talk:
    """Write the trace to FILE until trace off.

    Only its owner can read the file, because it contains patient data. An existing FILE is
    replaced. A later trace pdu adds the bytes. If FILE can no longer be written, the trace ends and
    commands continue; an otherwise successful script ends with status 1.
    """
    try:
        context.tracing.to(file.text)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=file.span) from None
    return Talk(f"{context.tracing.state}; it will contain patient data")


@command("trace off", family="teaching", examples=("trace on; trace off",))
async def trace_off(context: Context) -> Talk:
    """Stop tracing."""
    context.tracing.off()
    return Talk(context.tracing.state)
