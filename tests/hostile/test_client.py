"""dicomsh among hostile peers, by sampling; `python -m tests.hostile` tries everything."""

from __future__ import annotations

import pkgutil
import random
from functools import cache, partial
from itertools import cycle
from pathlib import Path

import pytest

from dicomsh.dimse.elements import ImplicitLittleEndian
from tests.hostile import floods
from tests.hostile.conversation import ENDS, STUDIES, Cut, Flip, fault, recorded, trickled
from tests.hostile.measure import MOST_BYTES, MOST_CALLS, held, turned
from tests.hostile.peer import Attack
from tests.hostile.session import BRIEF, session

_SEED, _SAMPLE = 20240305, 40

_recorded = cache(recorded)


@pytest.mark.parametrize("end", ENDS)
def test_a_conversation_cut_at_a_byte_is_never_taken_for_a_whole_one(end: str) -> None:
    _, length = _recorded()
    for place in random.Random(_SEED).sample(range(length), _SAMPLE // len(ENDS)):
        attack = Cut(place, end)
        assert fault(session(attack, timeouts=BRIEF), attack) == ""


def test_a_conversation_with_one_byte_changed_is_right_or_not_called_right() -> None:
    chosen = random.Random(_SEED)
    places, _ = _recorded()
    for place in chosen.sample(places, _SAMPLE):
        attack = Flip(place, chosen.randrange(1, 256))
        assert fault(session(attack, timeouts=BRIEF), attack) == ""


@pytest.mark.parametrize("change", [1 << bit for bit in range(8)] + [0xFF])
@pytest.mark.parametrize("name", ["first row", "final"])
def test_no_damaged_status_makes_a_part_the_whole(name: str, change: int) -> None:
    """FF00 that becomes 0000 is the end; 0000 that becomes FF00 promises a row."""
    for place in _statuses()[name]:
        attack = Flip(place, change)
        assert fault(session(attack, timeouts=BRIEF), attack) == ""


@cache
def _statuses() -> dict[str, range]:
    """Where the status of the first row, and of the final response, lies in the conversation."""
    found: list[int] = []

    def record(data: bytes, start: int) -> None:
        at = data.find(b"\0\0\0\x09\x02\0\0\0")
        while at >= 0:
            found.append(start + at + 8)
            at = data.find(b"\0\0\0\x09\x02\0\0\0", at + 1)

    recorded(record)
    return {"first row": range(found[0], found[0] + 2), "final": range(found[-1], found[-1] + 2)}


def test_one_byte_at_a_time() -> None:
    done = session(trickled)
    assert [row["StudyInstanceUID"] for row in done.json] == STUDIES
    assert done.status == 0


@pytest.mark.parametrize(
    ("name", "attack", "output"),
    [(*flood, output) for flood, output in zip(floods.all_attacks(), cycle(["json", "table"]))],
)
def test_a_flood_costs_a_bounded_amount(name: str, attack: Attack, output: str) -> None:
    done, cost = held(lambda: session(attack, output=output))
    assert "Traceback" not in done.err, name
    assert cost.held < MOST_BYTES
    done, cost = turned(lambda: session(attack, output=output))
    assert "Traceback" not in done.err, name
    assert cost.calls < MOST_CALLS


@pytest.mark.parametrize("stage", ["sort date", "tail 100000", "uniq uid"])
def test_stages_hold_no_more_than_memory_should(stage: str) -> None:
    done, cost = held(lambda: session(floods.heavy, f"find study | {stage} | count"))
    assert cost.held < MOST_BYTES
    assert "Traceback" not in done.err


_SHARE = 8
"""One part in so many of a long answer, of all that bounds what is done with it, and of the limit.

What is too much then is so with all of it. Counting calls and bytes takes four times as long as the
work itself.
"""


def _shared(monkeypatch: pytest.MonkeyPatch, bounds: tuple[str, ...]) -> None:
    for name in bounds:
        monkeypatch.setattr(name, pkgutil.resolve_name(name) // _SHARE)


_KEPT = (
    "dicomsh.commands.stages._MOST_BYTES",
    "dicomsh.dimse.exchange._MANY_BYTES",
    "dicomsh.model.answer._FEW_BYTES",
    "dicomsh.model.answer._MOST_BYTES",
    "dicomsh.session.kept_answer.KEPT_BYTES",
)
"""How many bytes are kept."""


@pytest.mark.parametrize(
    ("stages", "told", "reads"),
    [
        ("sort PatientComments | count", "rows for one query", 2 << 20),  # beside all that it keeps
        ("count by PatientComments", "different values", 0),
        ("where PatientComments!=x | count", "187 studies", 0),
        ("uniq PatientComments | count", "187 studies", 0),
    ],
)
def test_what_stages_remember_of_values_is_bounded(
    stages: str, told: str, reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"find study +PatientComments | {stages}"
    session(floods.once(floods.row()), text)  # imports what it needs
    _shared(monkeypatch, _KEPT)
    done, cost = held(lambda: session(partial(floods.different, rows=1_500 // _SHARE), text))
    assert cost.held < MOST_BYTES // _SHARE + reads
    assert told in done.err


_AT_ONCE = (
    "dicomsh.commands.from_file._BATCH",
    "dicomsh.commands.stages._SORTED_AT_ONCE",
    "dicomsh.commands.target.BATCH_ROWS",
    "dicomsh.dimse.exchange._MANY_ROWS",
    "dicomsh.input.value_list._IN_ONE_TURN",
    "dicomsh.model.batches.BATCH_ROWS",
    "dicomsh.output.parquet._CHUNK",
    "dicomsh.output.table.HELD",
    "dicomsh.output.table.PART",
)
"""How many rows, or values, are taken at once."""


@pytest.mark.parametrize(
    "text",
    [
        "find study | sort date | uniq uid date | count by uid",
        "find study > rows.txt; last | where date=2024 | tail 2500 | sort uid -r",
        "find study > rows.txt; last | each print $PatientID | head 3",
        "find study; cd 1; cd /; assert all uid=1*",
        "find study > rows.parquet",
        "find study > by-month/",
        "find study > rows.xlsx; last > rows.md",
        "find study | select uid date | to csv; last --wide",
    ],
)
def test_work_on_many_rows_leaves_the_event_loop_free(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that Ctrl-C is heard, and the progress line moves, whatever is done with them."""
    monkeypatch.chdir(tmp_path)
    session(floods.once(floods.row()), text, output="table")  # imports what it needs
    _shared(monkeypatch, _AT_ONCE)
    attack = floods.once(floods.rows(20_000 // _SHARE))
    done, cost = turned(lambda: session(attack, text, output="table"))
    assert "2,500 studies" in done.err
    assert cost.calls < MOST_CALLS // _SHARE


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("from long.csv | uniq", 20_000),
        ("from long.csv | each print $PatientID", 5_000),  # 550 calls a row
        ("from long.csv | sort PatientID | count", 20_000),
        ("explain find patient id=@long.csv", 20_000),
    ],
)
def test_a_long_file_leaves_the_event_loop_free(
    text: str, length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write_lines(1)
    session(floods.heavy, text)  # imports what it needs
    _shared(monkeypatch, _AT_ONCE)
    _write_lines(length // _SHARE)
    done, cost = turned(lambda: session(floods.heavy, text))
    assert done.status == 0, done.err
    assert cost.calls < MOST_CALLS // _SHARE


def _write_lines(number: int) -> None:
    lines = "".join(f"A{n},x\n" for n in range(number))
    Path("long.csv").write_text(f"PatientID,Note\n{lines}", "utf-8")


def test_stages_split_rows_into_their_elements_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Splitting takes longer than all that stages do, and of many rows only the bytes are kept."""
    split = 0
    read = ImplicitLittleEndian.read

    def counted(encoding: ImplicitLittleEndian, data: bytes) -> dict[int, bytes]:
        nonlocal split
        split += 1
        return read(encoding, data)

    monkeypatch.setattr(ImplicitLittleEndian, "read", counted)
    text = "find study | where id=A* | sort id | count by uid"
    done = session(floods.once(floods.rows(2_000)), text, output="json")
    assert [row["count"] for row in done.json] == [2_000]
    assert split == 2_000


@pytest.mark.parametrize("name", ["500,000 numbers", "45,000 identifiers"])
@pytest.mark.parametrize("output", ["vertical", "ndjson", "yaml", "dicom-json"])
def test_a_long_row_is_shown_a_part_at_a_time(name: str, output: str) -> None:
    text = "set mask on; find study"
    attack = floods.once(floods.ONCE[name])
    done, cost = turned(lambda: session(attack, text, output=output))
    assert "1 study" in done.err
    assert cost.calls < MOST_CALLS
