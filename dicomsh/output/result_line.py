"""The line after the rows: how many there are, and whether any are missing."""

from __future__ import annotations

from collections.abc import Iterable

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.levels import Level
from dicomsh.model.safe import remark, visible, width
from dicomsh.model.status import status
from dicomsh.output.note_words import note_text
from dicomsh.output.theme import Theme, paint


def result_line(
    level: Level | None,
    outcome: Outcome,
    *,
    unit: tuple[str, str] = ("row", "rows"),
    remedy: str = "narrow the query",
    notes: Iterable[str] = (),
    theme: Theme | None = None,
    columns: int | None = None,
) -> str:
    """One line, without line end, that says what was found and whether it is complete.

    If it is wider than the terminal, it continues on the next line instead of breaking a word.

    Args:
        level: the level of the rows; None to count them in `unit`.
        outcome: how the answer ended.
        unit: singular and plural of what is counted if there is no level.
        remedy: what to do about an answer that the server cut off.
        notes: further notes, after those of the outcome.
        theme: the colours; none by default.
        columns: width of the terminal; None for no limit.
    """
    ending, *details = _ending(outcome, remedy)
    told = [part for part in (*details, *map(note_text, outcome.notes), *notes) if part]
    failed = outcome.ending is Ending.FAILED
    what = ending if failed and not outcome.rows else f"{_counted(level, outcome, unit)}, {ending}"
    first, *others = _lines([what, *map(remark, told)], columns)
    painted = _painted(what, outcome, theme or Theme.plain())
    return "\n  · ".join([painted + first.removeprefix(what), *others])


def archive_lines(
    outcome: Outcome, *, theme: Theme | None = None, columns: int | None = None
) -> list[str]:
    """A result line for each of several archives, after its name; the arguments as above."""
    room = max((width(visible(one.name)) for one in outcome.archives), default=0)
    lines = []
    for one in outcome.archives:
        name = visible(one.name)
        lead = f"  {name}{' ' * (room - width(name))}  "
        left = None if columns is None else columns - width(lead)
        line = result_line(one.level, one.outcome, unit=one.unit, theme=theme, columns=left)
        lines.append(lead + line.replace("\n", "\n  "))
    return lines


def _lines(parts: list[str], columns: int | None) -> list[str]:
    """The parts joined, as many on a line as fit."""
    lines = parts[:1]
    for part in parts[1:]:
        line = f"{lines[-1]} · {part}"
        indent = 4 if len(lines) > 1 else 0
        if columns is None or indent + width(line) <= columns:
            lines[-1] = line
        else:
            lines.append(part)
    return lines


_SHORT = {
    Ending.COMPLETE: "complete",
    Ending.LIMIT: "at the limit",
    Ending.CUT_OFF: "CUT OFF",
    Ending.PARTIAL: "INCOMPLETE",
    Ending.CAPPED: "INCOMPLETE",
    Ending.CANCELLED: "cancelled",
    Ending.LOST: "association lost",
    Ending.TIMED_OUT: "timed out",
    Ending.FAILED: "no answer",
}


_DOUBT = "IN DOUBT"
"""The ending of an answer that is complete but may contain rows that do not match."""


def short_line(level: Level, outcome: Outcome) -> str:
    """`42 studies, complete, 12 ms`: how an answer ended, in short form."""
    what = _counted(level, outcome, ("", ""))
    doubtful = outcome.doubtful and outcome.ending is Ending.COMPLETE
    told = _DOUBT if doubtful else _SHORT[outcome.ending]
    return f"{what}, {told}, {duration(outcome.seconds)}"


def _painted(text: str, outcome: Outcome, theme: Theme) -> str:
    return paint(theme.complete if outcome.sound else theme.warning, text)


def _counted(level: Level | None, outcome: Outcome, unit: tuple[str, str]) -> str:
    what = (level.noun, level.plural) if level else unit
    if outcome.expected:
        return _sized(f"{outcome.rows:,} of {counted(outcome.expected, what)}", outcome)
    if outcome.received not in (None, outcome.rows) and not outcome.stopped_by:
        return f"{outcome.rows:,} of {counted(outcome.received or 0, what)}"
    if outcome.rows:
        return _sized(counted(outcome.rows, what), outcome)
    return f"no {what[1]} so far" if outcome.ending is Ending.CANCELLED else f"no {what[1]}"


def _sized(told: str, outcome: Outcome) -> str:
    return f"{told}, {file_size(outcome.size)}" if outcome.size else told


def counted(number: int, unit: tuple[str, str]) -> str:
    """A number with its unit in the singular or plural."""
    return f"{number:,} {unit[number != 1]}"


def _ending(outcome: Outcome, remedy: str) -> list[str]:
    """How it ended, then the additions in order."""
    comment = f"the server says: {outcome.comment}" if outcome.comment else ""
    match outcome.ending:
        case Ending.COMPLETE:
            told = _DOUBT if outcome.doubtful else "complete"
            return [told, duration(outcome.seconds), outcome.detail, comment]
        case Ending.LIMIT:
            return [*_stopped(outcome), outcome.detail]
        case Ending.CUT_OFF | Ending.CAPPED:
            told = f"CUT OFF by the server{_status(outcome)}"
            told = _SHORT[Ending.CAPPED] if outcome.ending is Ending.CAPPED else told
            return [told, outcome.remedy or remedy, comment, outcome.detail]
        case Ending.CANCELLED:
            return ["cancelled by you", outcome.detail]
        case Ending.PARTIAL:
            return ["INCOMPLETE", duration(outcome.seconds), outcome.detail]
        case Ending.LOST | Ending.TIMED_OUT | Ending.FAILED:
            return [*_BROKEN_OFF[outcome.ending], outcome.detail, outcome.remedy]


_BROKEN_OFF = {
    Ending.LOST: ("then the association was lost", "incomplete"),
    Ending.TIMED_OUT: ("then no further answer in time", "incomplete"),
    Ending.FAILED: (Ending.FAILED.value,),
}


def _stopped(outcome: Outcome) -> tuple[str, str]:
    if outcome.stopped_by:
        return f"stopped at {outcome.stopped_by}", "there may be more"
    limit = outcome.limit or outcome.rows
    if outcome.archives:
        return f"stopped at --limit {limit} of each archive", "there are more"
    return f"stopped at --limit {limit}", "the server has more"


def _status(outcome: Outcome) -> str:
    if outcome.status is None:
        return ""
    reason = status(outcome.status).reason or "a status this service does not define"
    return f" (0x{outcome.status:04X}, {reason})"


def file_size(number: int) -> str:
    """A number of bytes as people say it: `812 bytes`, `20 kB`, `216 MB`, `1.2 GB`."""
    if number < 1000:
        return f"{number} bytes"
    size, unit = number / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}" if size < 9.95 else f"{size:.0f} {unit}"


def duration(seconds: float) -> str:
    """A time as people say it: `0.4 ms`, `12 ms`, `1.24 s`, `2 min 05 s`."""
    if seconds < 0.00095:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"
