"""Extended negotiation (PS3.4 C.5.1.1): asked for on wish, and what comes of it is told.

Guards against rivals' failure: `findscu --fuzzy` and its like propose, and never tell whether the
server agreed, so that an answer by the plain rules passes for one by the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import evt

from dicomsh.model.extended_negotiation import Extension, agreed, application_information
from dicomsh.model.levels import Model
from tests.dimse.peers import scp
from tests.harness import Done, practice, run
from tests.servers import Orthanc, Server

AROUND_MIDNIGHT = "date=2024-03-05..2024-03-06 time=08:00..23:59:20"


def ids(done: Done) -> list[str]:
    assert done.status == 0, done.err
    return [row["PatientID"] for row in done.json]


def test_the_bytes_of_the_proposal() -> None:
    assert application_information(Extension) == b"\x01\x01\x01\x00\x00\x01"
    assert application_information([]) == b"\x00\x00\x00"
    assert application_information([Extension.FUZZY]) == b"\x00\x00\x01"
    assert agreed(b"\x01") == {Extension.RELATIONAL}
    assert agreed(b"\x02\x00\x01\x01") == {Extension.FUZZY}
    assert agreed(b"\x00\x00\x00\x01\x01\x01\x01") == {Extension.EMPTY}
    assert agreed(b"") == frozenset()


def test_fuzzy_matching_finds_what_is_alike_and_says_so() -> None:
    plain = run("find patient name='ubung muller'", modality="pacs", output="json")
    fuzzy = run("find patient name='ubung muller' --fuzzy", modality="pacs", output="json")
    assert ids(plain) == []
    assert ids(fuzzy) == ["MUC-0001", "MUC-0005"]
    assert "fuzzy matching of names agreed" in fuzzy.last


def test_empty_values_are_matched_by_a_server_that_agrees(tmp_path: Path) -> None:
    """PS3.4 C.2.2.2.7: `""` may be sent only where it was negotiated; else all are asked for."""
    config = practice(tmp_path, refuse_extended=True)
    text = "find study acc='\"\"' --empty"
    there = run(text, config=config, modality="pacs", output="json")
    here = run(text, config=config, modality="faulty", output="json")
    plain = run(text.removesuffix(" --empty"), config=config, modality="pacs", output="json")
    assert there.json == here.json == plain.json != []
    assert "without AccessionNumber: matched by the server (agreed)" in there.last
    for done in (here, plain):
        assert "without AccessionNumber: filtered locally" in done.last


def test_no_query_is_fuzzy_because_an_earlier_one_was() -> None:
    """What was agreed holds for the whole association, so that it is one of its own."""
    text = "find patient name=muller --fuzzy; find patient name=muller*"
    done = run(text, modality="pacs", output="csv")
    assert done.err.count("fuzzy") == 1
    assert [line.split(",")[0] for line in done.out.splitlines() if "MUC" in line] == [
        "MUC-0001",
        "MUC-0005",
        "MUC-0005",
    ]


def test_combined_date_and_time_match_as_one_range() -> None:
    text = f"find study {AROUND_MIDNIGHT} id=NGT-0001 --datetime"
    done = run(text, modality="pacs", output="json")
    assert len(ids(done)) == 1 + 2
    assert "StudyDate and StudyTime matched as one continuous period (agreed)" in done.last
    apart = run(text.removesuffix(" --datetime"), modality="pacs", output="json")
    assert len(ids(apart)) == 1
    assert (
        "StudyTime matched on each day separately; --datetime makes it one continuous period"
        in apart.last
    )


NIGHT = "find study date=2024-03-05..2024-03-06 time=23:59..00:01 id=NGT-0001"


def test_a_range_of_times_can_go_over_midnight(tmp_path: Path) -> None:
    """The night shift: what no two separate ranges can ask for."""
    config = practice(tmp_path, refuse_extended=True)
    for modality in ("pacs", "faulty"):
        done = run(f"{NIGHT} --datetime", config=config, modality=modality, output="json")
        assert len(ids(done)) == 3
        assert "do not match" not in done.last


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (NIGHT, "time=23:59..00:01 --datetime"),
        (f"{NIGHT} --datetime".replace("..2024-03-06", ""), "needs a date range"),
        ("find study time=23:59..00:01 --datetime", "needs a date range"),
        ("cd NGT-0001; ls time=23:59..00:01", "time=23:59..00:01 --datetime"),
    ],
)
def test_over_midnight_needs_days_and_the_option(text: str, hint: str) -> None:
    done = run(text, modality="pacs")
    assert done.status == 2
    message, line, caret, told = done.err.splitlines()
    assert message.endswith("the range is backwards")
    assert line[caret.index("^") : caret.rindex("^") + 1] == "23:59..00:01"
    assert hint in told


def test_rows_that_match_together_are_not_suspected() -> None:
    text = "find study date=2024-03-05..2024-03-07 time=08:00..12:00 --datetime"
    assert "do not match" not in run(text, modality="pacs").last


def test_date_and_time_are_combined_here_where_the_server_does_not(tmp_path: Path) -> None:
    config = practice(tmp_path, refuse_extended=True)
    text = f"find study {AROUND_MIDNIGHT} --datetime +StudyTime"
    here = run(text, config=config, modality="faulty", output="csv")
    there = run(text, config=config, modality="pacs", output="csv")
    assert here.out == there.out
    assert here.out.count("\n") > 3
    kept = here.out.count("\n") - 1
    assert f"combined locally, as the server did not agree to: {kept} of " in here.last


def test_a_limit_counts_the_rows_that_are_kept(tmp_path: Path) -> None:
    config = practice(tmp_path, refuse_extended=True)
    text = f"find study {AROUND_MIDNIGHT} --datetime --limit 2"
    done = run(text, config=config, modality="faulty", output="json")
    assert len(ids(done)) == 2
    assert "2 studies, stopped at --limit 2 · the server has more" in done.last


@pytest.mark.parametrize("option", ["--fuzzy", "--relational"])
def test_a_refusal_is_told(tmp_path: Path, option: str) -> None:
    config = practice(tmp_path, refuse_extended=True)
    done = run(f"find series CT {option} --limit 1", config=config, modality="faulty")
    assert done.status == 0
    assert "NOT agreed to by the server" in done.last
    agreed_to = run(f"find series CT {option} --limit 1", config=config, modality="pacs")
    assert " agreed" in agreed_to.last
    assert "NOT" not in agreed_to.last


def test_a_modality_can_ask_for_it_always(tmp_path: Path) -> None:
    config = tmp_path / "modalities.yaml"
    config.write_text("modalities: {p: {practice: true, extended: [fuzzy]}}")
    done = run("find patient name='ubung muller'", config=config, modality="p", output="json")
    assert ids(done) == ["MUC-0001", "MUC-0005"]


@pytest.mark.parametrize("words", ["find patient JOD*", "ls 0555643F"])
def test_orthanc_takes_the_proposal_and_does_not_answer_it(
    orthanc_server: Orthanc, words: str
) -> None:
    """Orthanc 1.10 (on DCMTK) knows none of the options: the answer is the plain one, and told."""
    plain = run(words, modality=orthanc_server.address, output="csv")
    text = f"{words} --relational --fuzzy --datetime"
    done = run(text, modality=orthanc_server.address, output="csv")
    assert (done.status, done.out) == (0, plain.out)
    assert done.last.count("NOT agreed to by the server") == 2


def test_dcmqrscp_takes_the_proposal_too(dcmqrscp_server: Server) -> None:
    plain = run("find patient JOD*", modality=dcmqrscp_server.address, output="csv")
    text = "find patient JOD* --relational --fuzzy --datetime"
    done = run(text, modality=dcmqrscp_server.address, output="csv")
    assert (done.status, done.out) == (0, plain.out)


def nothing_found(event: Any) -> Iterator[tuple[int, None]]:
    yield 0x0000, None


@pytest.mark.parametrize(
    ("information", "said"),
    [
        (b"\x00\x00\x01", "fuzzy matching of names agreed"),
        (b"\x01\x01\x00", "fuzzy matching of names NOT agreed"),
        (b"\x01", "fuzzy matching of names NOT agreed"),
        (b"\x01\x01\x02\x01\x01", "fuzzy matching of names NOT agreed"),
    ],
)
def test_what_another_implementation_answers(information: bytes, said: str) -> None:
    offered: list[dict[str, bytes]] = []

    def extended(event: Any) -> dict[str, bytes]:
        offered.append({str(uid): value for uid, value in event.app_info.items()})
        return dict.fromkeys(event.app_info, information)

    with scp(nothing_found, handlers=[(evt.EVT_SOP_EXTENDED, extended)]) as peer:
        done = run("find study name=a; find study name=a --fuzzy", modality=str(peer.address))
    assert done.status == 0, done.err
    proposals = [proposal for proposal in offered if proposal]
    assert proposals == [{model.value: b"\x00\x00\x01" for model in Model}]
    assert said in done.last
    assert "fuzzy" not in done.err.splitlines()[0]


@pytest.mark.parametrize(
    ("dates", "times"),
    [("2024-02-28..", "12:00..14:00"), ("..2024-02-28", "12:00..14:00"), ("..2024", ">=12:00")],
)
def test_an_end_of_the_times_without_a_day_is_refused(dates: str, times: str) -> None:
    for command in ("", "explain "):
        text = f"{command}find study date={dates} 'time={times}' --datetime"
        done = run(text, modality="pacs")
        assert done.status != 0
        assert "has an end without a day" in done.err


def test_a_night_names_the_option_that_it_needs() -> None:
    done = run("find study date=2024-03-05..2024-03-06 time=22:00..02:00", modality="pacs")
    assert done.status == 2
    assert "StudyDate=2024-03-05..2024-03-06 time=22:00..02:00 --datetime" in done.last
