"""trace: the conversation with a peer as it happens."""

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
    """Tell whether the conversation with peers is traced; trace on begins to."""
    return Talk(context.tracing.state)


@command("trace on", family="teaching", examples=("trace on; use pacs; find patient JOD*",))
async def trace_on(context: Context) -> Talk:
    """Show the conversation with peers as it happens.

    Association requests and what was accepted, every DIMSE message with its identifier, with
    arrows for the direction, bytes, and seconds since the trace began. It goes where the result
    lines go, never among the data. Values of real patients appear in a trace.
    """
    context.tracing.on(hexadecimal=False)
    return Talk(context.tracing.state)


@command("trace pdu", family="teaching", examples=("trace pdu; use pacs",))
async def trace_pdu(context: Context) -> Talk:
    """Show the conversation and every byte of it, with the fields of each PDU named."""
    context.tracing.on(hexadecimal=True)
    return Talk(context.tracing.state)


@command("trace to", family="teaching", examples=("trace to talk.txt; use pacs; trace off",))
async def trace_to(context: Context, file: Annotated[Word, FILE]) -> Talk:
    """Write the trace to FILE until trace off.

    The file can be read by its owner only, because the values of patients are in it. What FILE held
    is replaced. trace pdu afterwards adds the bytes. Where FILE cannot be written any more, the
    trace ends, commands go on, and a script that did all else ends with status 1.
    """
    try:
        context.tracing.to(file.text)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=file.span) from None
    return Talk(f"{context.tracing.state}; it will hold patients' data")


@command("trace off", family="teaching", examples=("trace on; trace off",))
async def trace_off(context: Context) -> Talk:
    """Stop tracing."""
    context.tracing.off()
    return Talk(context.tracing.state)
