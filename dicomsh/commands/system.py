"""!: a command line of the system's shell."""

from __future__ import annotations

from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.language.command import command
from dicomsh.language.kinds import SYSTEM_LINE
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.results import Records, at_once, listing_of


@command("!", family="shell")
async def system(context: Context, line: Annotated[str, SYSTEM_LINE]) -> Records:
    """Run a command line of the system's shell: !LINE, up to ; or the end of the line.

    Variables, and below each the values of the row, are its environment variables:
    find study | each !getscu -k 0020,000D="$StudyInstanceUID" HOST PORT. The shell's own quoting
    holds, so put them in double quotes; nothing that a server sent is ever read as a command. A
    variable that is not set is an error. On Windows, write %StudyInstanceUID%; a value with
    characters that cmd.exe interprets (such as & or %) is not passed on. Below each, the standard
    output becomes the result, and the standard input is empty.
    """
    from dicomsh.output.system_shell import output_of

    written = await output_of(line, context.session.variables)
    lines = written.removesuffix("\n").split("\n") if written else []
    columns = (FieldColumn("text", "Text"),)
    records = at_once([{"text": text} for text in lines])
    return listing_of(columns, records, _line)


def _line(record: Record) -> str:
    return str(record["text"])
