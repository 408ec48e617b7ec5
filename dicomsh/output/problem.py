"""Errors in the text they come from: the line, a caret under the place, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from dicomsh.errors import DicomshError, Span
from dicomsh.language.scan import place_of
from dicomsh.output.safe import visible, width
from dicomsh.output.theme import Theme, paint


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text was typed.

    Args:
        name: file name, `-c` or `<stdin>`; empty at the prompt.
        first_line: the number of its first line.
    """

    name: str = ""
    first_line: int = 1


def problem(error: DicomshError, text: str, span: Span, origin: Origin, theme: Theme) -> str:
    """The error as lines for people, without a line end.

    Args:
        error: what went wrong.
        text: the text that was run.
        span: the place to mark where the error names none.
        origin: where the text came from; in a script the message begins `file:line:column:`.
        theme: the colours.
    """
    start, end = error.span or span
    number, column, line = place_of(text, start)
    where = f"{origin.name}:{number + origin.first_line - 1}:{column}: " if origin.name else ""
    lines = [paint(theme.error, where + visible(error.message))]
    if error.span is not None or origin.name:
        lines += [f"  {visible(line)}", f"  {_caret(line, column - 1, end - start, theme)}"]
    if error.hint:
        lines.append(paint(theme.note, visible(error.hint)))
    return "\n".join(lines)


def _caret(line: str, column: int, length: int, theme: Theme) -> str:
    marked = line[column : column + max(length, 1)] or " "
    before = width(visible(line[:column]))
    return " " * before + paint(theme.place, "^" * max(width(visible(marked)), 1))
