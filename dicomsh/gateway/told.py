"""What an answer tells besides its rows: headers, and the outcome as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dicomsh.gateway.styled import Json
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.levels import Level
from dicomsh.output.note_words import note_text
from dicomsh.output.result_line import result_line

COMPLETE = "Dicomsh-Complete"
"""The header that says whether an answer is complete: `true`, `false`, or `last-line`."""

OUTCOME = "dicomsh-outcome"
"""Where the outcome of a query is."""

Shown = Callable[[str], str]
"""A text as it may be shown."""


def is_whole(outcome: Outcome) -> bool:
    """Whether the rows are all that match, and nothing else; a limit of ours makes them fewer."""
    return outcome.ending is Ending.COMPLETE and not outcome.doubtful


def line_of(level: Level | None, outcome: Outcome, unit: tuple[str, str] = ("row", "rows")) -> str:
    """The result line of the shell."""
    return result_line(level, outcome, unit=unit).replace("--limit", "the limit of")


def headers_of(line: str, *, whole: bool) -> Mapping[str, str]:
    """The headers of an answer: whether it is complete, and what is wrong if it is not (RFC 7234).

    Args:
        line: what is said about it.
        whole: whether it is complete.
    """
    if whole:
        return {COMPLETE: "true"}
    return {COMPLETE: "false", "Warning": f'199 dicomsh "{_in_header(line)}"'}


_MOST = 1000
_PLAIN = str.maketrans({"·": ";", "…": "...", '"': "'", "\\": "/"})


def _in_header(text: str) -> str:
    """A text in the characters of a header; of a long one, the beginning."""
    plain = text.translate(_PLAIN).encode("ascii", "backslashreplace").decode()
    return "".join(char if char.isprintable() else " " for char in plain)[:_MOST].replace("\\", "")


def outcome_json(level: Level | None, outcome: Outcome, shown: Shown = str) -> dict[str, Json]:
    """How an answer ended, as JSON.

    Args:
        level: the level of its rows; None if they are not entities.
        outcome: how it ended.
        shown: what may be shown of a text.
    """
    return {
        "Complete": is_whole(outcome),
        "Ending": outcome.ending.name.lower().replace("_", "-"),
        "InDoubt": outcome.doubtful,
        "Rows": outcome.rows,
        "Seconds": round(outcome.seconds, 6),
        "DimseStatus": None if outcome.status is None else f"0x{outcome.status:04X}",
        "Notes": [shown(text) for one in outcome.notes if (text := note_text(one))],
        "Line": shown(line_of(level, outcome)),
    }
