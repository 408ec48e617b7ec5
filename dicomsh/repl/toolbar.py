"""The line below the prompt: the connection, the last query, the command being typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.formatted_text import StyleAndTextTuples

from dicomsh.model.levels import HIERARCHY
from dicomsh.repl.line_analysis import LineAnalysis

if TYPE_CHECKING:
    from dicomsh.language.hint import UsagePart
    from dicomsh.output.progress import Headway
    from dicomsh.session.kept_answer import KeptAnswer
    from dicomsh.session.state import Session
    from dicomsh.shell.shell import Shell

_GREETING = "F1 help · Tab completes · Ctrl-C cancels · Ctrl-D exits"
_NOWHERE = "no modality in use: use NAME"
_UNLISTED = "· nothing listed here yet: ls"
_BETWEEN = " · "


def toolbar(insight: LineAnalysis, before: str, columns: int, mode: str = "") -> StyleAndTextTuples:
    """The state of the session; above it, the usage of the command being typed.

    Args:
        insight: what is known.
        before: the text before the cursor.
        columns: width of the terminal in cells.
        mode: the editing mode, if there are several, as in vi.
    """
    if insight.shell is None:
        return [("", _BETWEEN.join(filter(None, (mode, _GREETING)))[:columns])]
    usage = _way_out(before) or [*insight.usage(before), *_advice(insight, before)]
    state = ("", _state(insight.shell, mode, columns))
    shown = insight.shell.session.masking.text
    usage = [(shown(text), current) for text, current in usage]
    return [*_usage(usage, columns), ("", "\n"), state] if usage else [state]


def running(shell: Shell, headway: Headway, columns: int) -> str:
    """The line while a command runs: the connection and the progress.

    If space is short, the address goes first; then what is being done, and the time so far. How
    fast it is, and how long the rest will take, stay longer, and rows and the cancel key longest.
    """
    name = shell.session.names_in_use
    peer = _peer(shell) if name else ""
    headway = headway.shown(shell.session.masking.text)
    rows, rate, doing, elapsed = headway.state, headway.rate, headway.doing, headway.elapsed
    leave = "" if headway.leaving else "Ctrl-C cancels"
    return _fitting(
        [
            [peer, _association(shell), rows, rate, doing, elapsed, leave],
            [name, _association(shell), rows, rate, doing, elapsed, leave],
            [name, rows, rate, doing, elapsed, leave],
            [name, rows, doing, elapsed, leave],
            [name, rows, rate, elapsed, leave],
            [name, rows, rate, leave],
            [rows, rate, leave],
            [name, rows, elapsed, leave],
            [rows, leave],
            [rows],
        ],
        columns,
        shell.session.masking.text,
    )


def _way_out(before: str) -> list[UsagePart]:
    """How to end the lines that a forgotten quote starts."""
    from dicomsh.language.scan import has_open_quote

    goes_on = "\n" in before and has_open_quote(before)
    return [("a quote is open: close it, or clear the lines with Ctrl-C", True)] if goes_on else []


def _advice(insight: LineAnalysis, before: str) -> list[UsagePart]:
    """What to do if Tab has no TARGET to offer."""
    from dicomsh.session.targets import completions

    awaited = any(current and "TARGET" in text for text, current in insight.usage(before))
    if insight.shell is None or not awaited or not before.endswith(" "):
        return []
    session = insight.shell.session
    deepest = len(session.place.steps) == len(HIERARCHY)
    offered = (one for one in completions(session, "") if one.text != "..")
    if session.modality is None or deepest or any(True for _ in offered):
        return []
    return [(_UNLISTED, False)]


def _usage(parts: list[UsagePart], columns: int) -> StyleAndTextTuples:
    """The parts separated by blanks; if space is short, without options not being typed."""
    from dicomsh.model.safe import fit, width

    if width(" ".join(text for text, _ in parts)) > columns:
        parts = _without_options(parts)
    shown: StyleAndTextTuples = []
    room = columns
    for text, current in parts:
        blank = " " if shown else ""
        piece = fit(text, room - len(blank))
        if piece:
            shown += [("", blank), ("class:toolbar.current" if current else "", piece)]
        room -= len(blank) + width(piece)
    return shown


def _without_options(parts: list[UsagePart]) -> list[UsagePart]:
    options = [part for part in parts if not part[1] and part[0].startswith("[--")]
    if not options:
        return parts
    first = parts.index(options[0])
    kept = [part for part in parts[first:] if part not in options]
    return [*parts[:first], ("[--…]", False), *kept]


def _state(shell: Shell, mode: str, columns: int) -> str:
    """As much as fits: the address goes first, then parts at the end."""
    session = shell.session
    rest = [part for part in (_association(shell), _last(session), _settings(session)) if part]
    shorter = [[mode, _name(session), *rest[:n]] for n in range(len(rest), -1, -1)]
    return _fitting([[mode, _peer(shell), *rest], *shorter], columns, session.masking.text)


def _fitting(choices: list[list[str]], columns: int, shown: Callable[[str], str]) -> str:
    """The first choice that fits, joined; else the last one, cut."""
    from dicomsh.model.safe import fit, visible, width

    texts = [visible(shown(_BETWEEN.join(filter(None, parts)))) for parts in choices]
    fitting = (text for text in texts if width(text) <= columns)
    return next(fitting, fit(texts[-1], columns))


def _name(session: Session) -> str:
    return session.names_in_use or _NOWHERE


def _peer(shell: Shell) -> str:
    modality = shell.session.modality
    if modality is None:
        return _name(shell.session)
    address = shell.archives.address(modality)
    return address if modality.name == address else f"{modality.name} {address}"


def _association(shell: Shell) -> str:
    modality = shell.session.modality
    return f"association {shell.archives.state(modality)}" if modality else ""


def _last(session: Session) -> str:
    kept = next(session.answers(), None)
    return "" if kept is None else _told(kept)


def _told(kept: KeptAnswer) -> str:
    """`42 studies, complete, 12 ms`: the last answer in short."""
    from dicomsh.output.result_line import short_line

    return short_line(kept.level, kept.outcome) if kept.outcome else ""


def _settings(session: Session) -> str:
    from dicomsh.settings import changed

    values = changed(session.settings, session.defaults)
    return " ".join(f"{name}={value}" for name, value in values.items())
