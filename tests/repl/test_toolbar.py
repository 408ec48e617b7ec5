"""The line below the prompt: what is told, and what goes first where there is no room."""

from __future__ import annotations

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.safe import width
from dicomsh.repl.line_analysis import LineAnalysis
from dicomsh.repl.toolbar import toolbar
from tests.repl.test_colours import insight
from tests.session.test_entity_index import row


def told(known: LineAnalysis, before: str = "", columns: int = 140) -> list[str]:
    return "".join(part[1] for part in toolbar(known, before, columns)).split("\n")


def used() -> LineAnalysis:
    """A shell with a modality, an answer and a changed setting."""
    known = insight()
    assert known.shell
    session = known.shell.session
    session.choose(session.config.adhoc("ORTHANC@192.0.2.10:4242"))
    kept = session.begin((), Level.STUDY, Place())
    session.keep(kept, Outcome(Ending.CUT_OFF, 200, 0.012))
    session.set("output", "vertical")
    return known


def test_before_there_is_a_shell_it_tells_the_keys() -> None:
    assert told(LineAnalysis()) == ["F1 help · Tab completes · Ctrl-C cancels · Ctrl-D exits"]


def test_it_tells_the_peer_the_last_answer_and_what_was_set() -> None:
    name = "ORTHANC@192.0.2.10:4242"
    peer = f"{name} · association not used yet"
    assert told(used()) == [f"{peer} · 200 studies, CUT OFF, 12 ms · output=vertical"]


def test_the_last_answer_of_another_modality_is_not_told() -> None:
    known = used()
    assert known.shell
    session = known.shell.session
    session.choose(session.config.adhoc("OTHER@192.0.2.10:4242"))
    assert "studies" not in told(known)[0]


@pytest.mark.parametrize("columns", [1, 10, 40, 60, 80, 100, 120])
def test_what_is_less_important_goes_where_there_is_no_room(columns: int) -> None:
    for line in told(used(), "find patient JOD* ", columns):
        assert width(line) <= columns


@pytest.mark.parametrize("ending", Ending)
def test_every_ending_has_a_word(ending: Ending) -> None:
    known = used()
    assert known.shell
    session = known.shell.session
    session.keep(session.begin((), Level.STUDY, Place()), Outcome(ending, 1, 1.5))
    assert "1 study, " in told(known)[0]


def current(before: str) -> list[str]:
    """The parts of the usage line that may be at the cursor."""
    parts = toolbar(insight(), before, 200)
    return [part[1] for part in parts if part[0] == "class:toolbar.current"]


@pytest.mark.parametrize(
    ("before", "parts"),
    [
        ("find ", ["LEVEL"]),
        ("find pat", ["LEVEL"]),
        ("find patient ", ["[PATTERN]", "[Key=Value|+Key…]"]),
        ("find patient JOD* ", ["[Key=Value|+Key…]"]),
        ("find patient --limit ", ["[--limit N]"]),
        ("pwd; set ", ["[NAME]"]),
        ("set limit ", ["[VALUE]"]),
        ("nonsense ", []),
        ("!ls ", []),
        ("", []),
    ],
)
def test_the_part_of_the_usage_that_is_typed_stands_out(before: str, parts: list[str]) -> None:
    assert current(before) == parts


@pytest.mark.parametrize("before", ["cd ", "show ", "pwd; ls "])
def test_where_nothing_was_listed_it_tells_what_lists(before: str) -> None:
    known = used()
    assert known.shell
    assert told(known, before)[0].endswith(" · nothing listed here yet: ls")
    assert "listed" not in told(known, f"{before}1")[0]
    assert "listed" not in told(known, "find ")[0]
    assert "listed" not in told(insight(), before)[0], "no modality is in use"
    session = known.shell.session
    kept = session.begin((), Level.PATIENT, session.place)
    kept.add([row(PatientID="P1")])
    session.keep(kept, Outcome(Ending.COMPLETE, 1, 0.012))
    assert "listed" not in told(known, before)[0]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_in_the_lines_of_an_open_quote_it_tells_the_way_out(quote: str) -> None:
    known, way_out = insight(), "a quote is open: close it, or clear the lines with Ctrl-C"
    assert told(known, f"find study desc={quote}CT\nMR")[0] == way_out
    for before in (f"find study desc={quote}CT", f"find study desc={quote}CT\n{quote} "):
        assert told(known, before)[0].startswith("find LEVEL ")


def test_in_the_lines_of_an_open_brace_it_tells_the_usage() -> None:
    known = insight()
    assert told(known, "find patient | each {\n  find study\n  ls ")[0].startswith("ls ")
    assert "quote is open" in told(known, "find patient | each {\n  print 'a\n")[0]


def test_below_an_instance_there_is_nothing_to_list() -> None:
    known = used()
    assert known.shell
    session = known.shell.session
    place = Place(tuple(PlaceStep(level, "1.2", "1") for level in HIERARCHY))
    session.move((session.current(),), place)
    assert "listed" not in told(known, "cd ")[0]


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("find ", "find LEVEL [PATTERN] [Key=Value|+Key…] [--…]"),
        ("find study --limit ", " [--limit N] [--…]"),
    ],
)
def test_options_that_are_not_typed_go_where_there_is_no_room(before: str, line: str) -> None:
    assert line in told(insight(), before, 80)[0]


def test_text_from_elsewhere_cannot_act_on_the_terminal() -> None:
    known = used()
    assert known.shell
    from dicomsh.frozen import replace

    session = known.shell.session
    session.move((replace(session.current(), name="a\x1b[2Jb"),), Place())
    assert "\x1b" not in told(known)[0]
