import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.levels import Level
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.safe import width
from dicomsh.output.result_line import duration, result_line
from dicomsh.output.theme import SEQUENCE, Theme


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome(Ending.COMPLETE, 42, 0.012, 0), "42 studies, complete · 12 ms"),
        (Outcome(Ending.COMPLETE, 1, 1.2444, 0), "1 study, complete · 1.24 s"),
        (Outcome(Ending.COMPLETE, 0, 0.005, 0), "no studies, complete · 5 ms"),
        (Outcome(Ending.COMPLETE, 12345, 0.5, 0), "12,345 studies, complete · 500 ms"),
        (
            Outcome(Ending.CUT_OFF, 200, 1, 0xFE00),
            "200 studies, CUT OFF by the server (0xFE00, not asked for) · narrow the query",
        ),
        (
            Outcome(Ending.CUT_OFF, 0, 1, 0xA700, comment="no\x1b memory"),
            "no studies, CUT OFF by the server (0xA700, out of resources) · narrow the query"
            " · the server says: no␛ memory",
        ),
        (
            Outcome(Ending.CUT_OFF, 2, 1, 0xB001),
            "2 studies, CUT OFF by the server (0xB001, its limit on answers is reached)"
            " · narrow the query",
        ),
        (
            Outcome(Ending.CUT_OFF, 2, 1, 0xC012),
            "2 studies, CUT OFF by the server (0xC012, unable to process) · narrow the query",
        ),
        (
            Outcome(Ending.LIMIT, 100, 1),
            "100 studies, stopped at --limit 100 · the server has more",
        ),
        (
            Outcome(Ending.CANCELLED, 50, 1, 0xFE00, detail="C-CANCEL, 12 more rows received"),
            "50 studies, cancelled by you · C-CANCEL, 12 more rows received",
        ),
        (Outcome(Ending.CANCELLED, 0, 1), "no studies so far, cancelled by you"),
        (
            Outcome(Ending.LOST, 17, 1),
            "17 studies, then the association was lost · incomplete",
        ),
        (
            Outcome(Ending.TIMED_OUT, 17, 1),
            "17 studies, then no further answer in time · incomplete",
        ),
        (
            Outcome(Ending.COMPLETE, 3, 0.004, 0, notes=(note(NoteKind.TRY, "tell\u202e"),)),
            "3 studies, complete · 4 ms · try: tell⟨202e⟩ · last",
        ),
    ],
)
def test_every_ending(outcome: Outcome, line: str) -> None:
    notes = ("last",) if outcome.notes else ()
    assert result_line(Level.STUDY, outcome, notes=notes) == line


def test_rows_that_are_no_entities() -> None:
    one, none = Outcome(Ending.COMPLETE, 1, 0), Outcome(Ending.COMPLETE, 0, 0)
    assert result_line(None, one).startswith("1 row, complete")
    assert result_line(None, none).startswith("no rows, complete")
    assert result_line(None, none, unit=("peer", "peers")).startswith("no peers,")


def test_the_colour_tells_whether_something_is_missing() -> None:
    theme = Theme.ansi()
    for ending in Ending:
        outcome = Outcome(ending, 1, 0)
        line = result_line(Level.SERIES, outcome, theme=theme)
        assert line.startswith(f"\x1b[{theme.complete if outcome.complete else theme.warning}m")
        assert SEQUENCE.sub("", line) == result_line(Level.SERIES, outcome)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 ms"),
        (0.0004, "0.4 ms"),
        (0.00096, "1 ms"),
        (0.0123, "12 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (59.99, "59.99 s"),
        (59.999, "1 min 00 s"),
        (125.4, "2 min 05 s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_it_goes_on_below_where_the_terminal_is_narrow() -> None:
    outcome = Outcome(Ending.CANCELLED, 2, 0.1, detail="C-CANCEL, no more rows received")
    notes = ("you left the pager", "2 columns shortened: last --wide shows them whole")
    theme = Theme.ansi()
    line = result_line(Level.STUDY, outcome, notes=notes, theme=theme, columns=80)
    assert SEQUENCE.sub("", line).splitlines() == [
        "2 studies, cancelled by you · C-CANCEL, no more rows received",
        "  · you left the pager · 2 columns shortened: last --wide shows them whole",
    ]
    assert line.startswith("\x1b[1;33m2 studies, cancelled by you\x1b[0m · ")


@given(st.lists(st.text("ab山 ", min_size=1, max_size=20)), st.integers(45, 90))
def test_no_line_of_it_is_wider_than_the_terminal(notes: list[str], columns: int) -> None:
    outcome = Outcome(Ending.COMPLETE, 2, 0.1)
    text = result_line(Level.STUDY, outcome, notes=notes, columns=columns)
    whole = result_line(Level.STUDY, outcome, notes=notes)
    assert text.replace("\n  ·", " ·") == whole
    assert all(width(line) <= columns for line in text.splitlines())
