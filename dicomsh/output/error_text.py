"""Errors shown in their source text: the line, a caret under the place, and what to do."""

from __future__ import annotations

from dicomsh.errors import DicomshError, Span
from dicomsh.frozen import frozen
from dicomsh.language.scan import place_of
from dicomsh.model.safe import fit, remark, tail, visible, width
from dicomsh.output.theme import Theme, paint


@frozen
class TextOrigin:
    """Where a text was typed.

    Args:
        name: file name, `-c` or `<stdin>`; empty at the prompt.
        first_line: the number of its first line.
    """

    name: str = ""
    first_line: int = 1

    def place(self, text: str, offset: int) -> str:
        """Where an offset of the text is: `walk.dsh:3:1`, line and column counted from 1."""
        number, column, _ = place_of(text, offset)
        return f"{self.name}:{number + self.first_line - 1}:{column}"


_INDENT = "  "


def problem(
    error: DicomshError,
    text: str,
    span: Span,
    origin: TextOrigin,
    theme: Theme,
    *,
    columns: int | None = None,
) -> str:
    """The error as lines for people, without a line end.

    If a line is wider than the terminal, only the part around the place is shown.

    Args:
        error: what went wrong.
        text: the text that was run.
        span: the place to mark if the error has none.
        origin: where the text came from; in a script the message begins `file:line:column:`.
        theme: the colours.
        columns: width of the terminal; None for no limit.
    """
    start, end = error.span or span
    number, column, line = place_of(text, start)
    where = f"{origin.name}:{number + origin.first_line - 1}:{column}: " if origin.name else ""
    lines = [paint(theme.error, where + remark(error.message))]
    if error.span is not None or origin.name:
        room = None if columns is None else columns - len(_INDENT)
        before, marked, after = _parts(line, column - 1, end - start)
        shown, place, cells = _excerpt(before, marked, after, room)
        caret = " " * place + paint(theme.place, "^" * cells)
        lines += [_INDENT + shown, _INDENT + caret]
    if error.hint:
        lines.append(paint(theme.note, remark(error.hint)))
    return "\n".join(lines)


def _parts(line: str, column: int, length: int) -> tuple[str, str, str]:
    """The line before, at and after a place, as shown."""
    end = column + max(length, 1)
    return visible(line[:column]), visible(line[column:end]), visible(line[end:])


def _excerpt(before: str, marked: str, after: str, room: int | None) -> tuple[str, int, int]:
    """The part of a line that can be shown, the cells before the place, and the place's own."""
    cells = max(width(marked), 1)
    if room is None or max(width(before + marked + after), width(before) + cells) <= room:
        return before + marked + after, width(before), cells
    if width(before) + cells >= room:
        context = min(width(after), room // 4)
        before = _ending(before, max(room - cells - context, room // 4))
    left = room - width(before)
    return before + fit(marked + after, left), width(before), min(cells, left)


def _ending(text: str, cells: int) -> str:
    """The text, or as much of its end as fits, with `…` for what is missing."""
    return text if width(text) <= cells else "…" + tail(text, cells - 1)
