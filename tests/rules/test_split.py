"""--split: what a server cuts off is asked for again in windows, until nothing is missing.

Rivals stop at the server's limit: "stops at 500" (pynetdicom #467), Orthanc's own SCU throws the
matches of a cut-off answer away, and DCMTK's findscu shows a part as if it were all.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from dicomsh.config.known import KnownPeers
from dicomsh.frozen import replace
from dicomsh.model.capability import Capabilities
from dicomsh.model.modality import Modality
from dicomsh.settings import AT_PROMPT
from tests import servers
from tests.dimse.peers import Peer, Script, encoded, forever, playing, scp, study
from tests.harness import Done, dicomsh, interrupted, practice, run

UID = "StudyInstanceUID"
CUT_OFF = (0xFE00, 0xA700, 0xB001)


def rows(done: Done) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.out)))


def uids(done: Done) -> list[str]:
    return [row[UID] for row in rows(done)]


def whole(query: str = "find study") -> list[dict[str, str]]:
    """What the practice archive answers when it cuts nothing off."""
    return rows(run(f"use pacs; {query}", output="csv"))


def with_a_date() -> set[str]:
    return {row[UID] for row in whole() if row["StudyDate"]}


def split(folder: Path, query: str, **faults: Any) -> Done:
    done = run(f"use faulty; {query}", config=practice(folder, **faults), output="csv")
    found = uids(done)
    assert len(set(found)) == len(found), "a row came twice"
    return done


@pytest.mark.parametrize("status", CUT_OFF, ids=hex)
def test_the_union_is_the_uncut_answer(status: int, tmp_path: Path) -> None:
    done = split(tmp_path, "find study --split", cut_off=50, cut_off_status=status)
    assert set(uids(done)) == {row[UID] for row in whole()}
    assert done.status == 0
    assert done.last.startswith("120 studies, complete")
    assert "none is missing according to the patients' study counts" in done.last


@pytest.mark.parametrize("cut_off", [1, 5, 17])
def test_a_small_limit_leaves_only_what_no_range_matches(cut_off: int, tmp_path: Path) -> None:
    """The patients are cut off too, so that nobody can tell of the study without a date."""
    done = split(tmp_path, "find study --split", cut_off=cut_off)
    assert with_a_date() <= set(uids(done))
    assert done.status == 5
    assert " studies, INCOMPLETE · " in done.last
    assert "studies without StudyDate" in done.last


def test_a_range_that_was_typed_leaves_studies_without_date_out(tmp_path: Path) -> None:
    done = split(tmp_path, "find study date=>=1900 --split", cut_off=20)
    assert set(uids(done)) == with_a_date()
    assert done.status == 0, done.err


def test_without_counts_nothing_is_claimed(tmp_path: Path) -> None:
    done = split(tmp_path, "find study --split", cut_off=50, no_counts=True)
    assert done.status == 5
    assert "studies without StudyDate may be missing" in done.last


def test_a_key_of_studies_makes_counts_of_patients_useless(tmp_path: Path) -> None:
    done = split(tmp_path, "find study mod=CT,CR,MR --split", cut_off=10)
    wanted = {row[UID] for row in whole("find study mod=CT,CR,MR")}
    assert wanted - set(uids(done)) <= {row[UID] for row in whole() if not row["StudyDate"]}
    assert done.status == 5


def test_a_crowded_day_is_split_by_time(tmp_path: Path) -> None:
    done = split(tmp_path, "find study date=2024-03-05 --split", cut_off=4)
    wanted = {row[UID] for row in whole("find study date=2024-03-05")}
    assert set(uids(done)) == wanted
    times = [row["StudyTime"] for row in rows(done)]
    assert times == sorted(times)


@pytest.mark.parametrize("cut_off", [1, 2])
def test_midnight_is_no_obstacle(cut_off: int, tmp_path: Path) -> None:
    """ADIT: ranges of date and time are matched apart, so no time range may span two days."""
    query = "find study id=NGT-0001 date=2024-03-05..2024-03-06 --split"
    done = split(tmp_path, query, cut_off=cut_off)
    moments = [(row["StudyDate"], row["StudyTime"]) for row in rows(done)]
    assert moments == [
        ("20240305", "235900"),
        ("20240305", "235930"),
        ("20240306", "000000"),
    ]


def test_a_time_that_was_typed_holds_in_every_window(tmp_path: Path) -> None:
    query = "find study time=09:00..11:30"
    done = split(tmp_path, f"{query} --split", cut_off=6)
    found, wanted = set(uids(done)), {row[UID] for row in whole(query) if row["StudyDate"]}
    assert found == wanted


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_periods_of_the_calendar(period: str, tmp_path: Path) -> None:
    done = split(tmp_path, f"find study date=2023-11..2024-06 --split {period}", cut_off=9)
    assert set(uids(done)) == {row[UID] for row in whole("find study date=2023-11..2024-06")}
    dates = [row["StudyDate"] for row in rows(done)]
    assert dates == sorted(dates)


def test_periods_without_a_range_begin_with_the_oldest_study(tmp_path: Path) -> None:
    done = split(tmp_path, "find study --split month", cut_off=50)
    assert set(uids(done)) == {row[UID] for row in whole()}
    assert done.status == 0
    asked = int(done.last.split(" queries")[0].split()[-1].replace(",", ""))
    assert 12 * 20 < asked < 12 * 24 + 20  # years from 2005 on, not from 1900


def test_nothing_cut_off_is_one_query(tmp_path: Path) -> None:
    done = split(tmp_path, "find study date=2009 --split")
    assert uids(done) == [row[UID] for row in whole("find study date=2009")]
    assert done.last.startswith("7 studies, complete") or ", complete" in done.last
    assert "asked in" not in done.last


@pytest.mark.parametrize("limit", [1, 3, 7, 14])
def test_a_limit_ends_it_and_says_that_there_is_more(limit: int, tmp_path: Path) -> None:
    done = split(tmp_path, f"find study date=2024 --split --limit {limit}", cut_off=5)
    in_order = sorted(
        (row["StudyDate"], row["StudyTime"], row[UID])
        for row in whole("find study date=2024 +StudyTime")
    )
    if limit < 5:  # the first answer was not cut off before the limit: the server's order
        assert len(uids(done)) == limit
    else:
        assert uids(done) == [uid for _, _, uid in in_order[:limit]]
    assert done.status == 0
    assert f"stopped at --limit {limit} · the server has more" in done.last


def test_a_limit_that_is_not_reached_says_nothing_of_more(tmp_path: Path) -> None:
    number = len(whole("find study date=2024"))
    done = split(tmp_path, f"find study date=2024 --split --limit {number}", cut_off=6)
    assert len(uids(done)) == number
    assert "the server has more" not in done.last


@pytest.mark.parametrize(
    ("text", "plain", "split"),
    [("", 5, 120), ("set limit 7;", 7, 7), ("set limit none;", 120, 120)],
    ids=["the prompt's", "set", "none"],
)
def test_the_limit_that_a_prompt_begins_with_is_not_meant_for_windows(
    text: str, plain: int, split: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.harness.AT_PROMPT", replace(AT_PROMPT, limit=5))
    settings = tmp_path / "settings.yaml"
    for query, number in (("find study", plain), ("find study --split", split)):
        done = run(f"use pacs; {text} {query}", output="csv", settings_file=settings)
        found = done.out.partition("PatientID")[2].splitlines()[1:]
        assert len(found) == number


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("find patient --split", "--split needs StudyDate, which a query for patients"),
        ("find series --split week", "--split needs StudyDate, which a query for series"),
        ("find study --split=year", "expected auto, day, week, month, found 'year'"),
        ("find study time=10:00..12:00 --datetime --split", "cannot be combined with --datetime"),
    ],
)
def test_what_cannot_be_split_is_refused(query: str, message: str) -> None:
    done = run(f"use pacs; {query}")
    assert done.status == 2
    assert message in done.err


def test_patient_root_alone_is_split_inside_a_patient(tmp_path: Path) -> None:
    config = tmp_path / "m.yaml"
    config.write_text(
        "modalities:\n  faulty:\n    practice: true\n    model: patient\n    faults: {cut_off: 4}\n"
    )
    refused = run("use faulty; find study --split", config=config)
    assert refused.status == 2
    assert "accepts only Patient Root" in refused.err
    inside = run("use faulty; cd RTN-0001; find study --split", config=config, output="csv")
    assert len(set(uids(inside))) == len(uids(inside)) == 12
    assert inside.status == 0, inside.err


def test_a_list_of_uids_is_split_as_a_list(tmp_path: Path) -> None:
    """Studies without a date are then found too: nothing is in doubt."""
    wanted = [row[UID] for row in whole()]
    uids = [f"1.2.840.113704.1.111.{number}" for number in range(9_880)]
    for place, uid in enumerate(wanted):
        uids.insert(place * 80, uid)
    query = "use faulty; find study study=$LIST"
    config, words = practice(tmp_path, cut_off=20), {"LIST": ",".join(uids)}
    cut = run(query, config=config, variables=words, output="csv")
    assert cut.status == 5
    done = run(f"{query} --split", config=config, variables=words, output="csv")
    assert sorted(uid for uid in (row[UID] for row in rows(done))) == sorted(wanted)
    assert done.status == 0, done.err
    assert "is not known" not in done.last


def test_a_silent_limit_that_is_known_is_split_as_well(tmp_path: Path) -> None:
    """The server calls 3 of 12 studies complete; a probe once saw it cut off at 3."""
    archive = Archive(DAYS, 3, silent=True)
    with scp(archive.find) as modality:
        KnownPeers(tmp_path / "dicomsh").keep(modality, Capabilities(probed="2026-01-01", cap=3))
        environ = {"XDG_STATE_HOME": str(tmp_path)}
        arguments = ("-m", _address(modality), "-o", "csv", "-c")
        plain = dicomsh(*arguments, "find study date=2020", environ=environ)
        done = dicomsh(*arguments, "find study date=2020 --split", environ=environ)
    assert len(uids(plain)) == 3
    assert "the server is known to cut answers off at 3 rows" in plain.last
    assert plain.last.startswith("3 studies, INCOMPLETE · narrow the query, or: find study")
    assert plain.status == 5
    assert len(set(uids(done))) == len(uids(done)) == 12
    assert done.status == 0, done.err


# A real server


@pytest.fixture(scope="module")
def limited(sample_files: list[Path]) -> Iterator[Callable[[int], str]]:
    """Starts an Orthanc with a limit; tests only ask it, and those with the same limit share it."""
    with ExitStack() as stack:

        @cache
        def start(limit: int) -> str:
            server = stack.enter_context(servers.orthanc(limit_results=limit))
            server.upload(sample_files)
            return server.address

        yield start


@pytest.mark.parametrize(
    ("query", "limit"),
    [("find study", 25), ("find study date=2015..2020", 7), ("find study id=*-1", 7)],
)
def test_orthanc_with_a_limit_gives_everything(
    query: str, limit: int, limited: Callable[[int], str], orthanc_server: servers.Orthanc
) -> None:
    """Orthanc matches an empty date in a range that is open below: that is noticed and used."""
    wanted = sorted(uids(run(query, modality=orthanc_server.address, output="csv")))
    address = limited(limit)
    cut = run(query, modality=address, output="csv")
    done = run(f"{query} --split", modality=address, output="csv")
    print(done.err)
    assert sorted(uids(done)) == wanted
    assert len(uids(cut)) == min(limit, len(wanted))
    assert done.status == 0, done.err


def test_orthanc_with_more_studies_without_date_than_its_limit_is_not_called_complete(
    limited: Callable[[int], str],
) -> None:
    done = run("find study --split", modality=limited(7), output="csv")
    assert done.status == 5
    assert "incomplete: studies without a date ·" in done.last


@pytest.mark.parametrize("period", ["auto", "week", "month"])
def test_dcmqrscp_takes_every_window(period: str, dcmqrscp_server: servers.Server) -> None:
    query = "find study date=2014..2020"
    wanted = uids(run(query, modality=dcmqrscp_server.address, output="csv"))
    done = run(f"{query} --split {period}", modality=dcmqrscp_server.address, output="csv")
    assert sorted(uids(done)) == sorted(wanted)
    assert done.status == 0, done.err


def test_orthanc_names_the_second_that_holds_more_than_its_limit(
    limited: Callable[[int], str], orthanc_server: servers.Orthanc
) -> None:
    """Six of the made-up studies have one date and one time."""
    query = "find study date=2019-12-31"
    wanted = set(uids(run(query, modality=orthanc_server.address, output="csv")))
    done = run(f"{query} --split", modality=limited(3), output="csv")
    assert len(uids(done)) == 3 < len(wanted)
    assert set(uids(done)) < wanted
    assert done.status == 5
    assert "CUT OFF by the server (0xFE00" in done.last
    assert "incomplete: 2019-12-31 23:59:59" in done.last


# Servers as odd as they come


Moment = tuple[str, str]


class Archive:
    """Answers study queries from moments, at most `cap` of them; a value in `broken` fails."""

    def __init__(self, moments: Sequence[Moment], cap: int, **traits: bool) -> None:
        self.moments = moments
        self.cap = cap
        self.traits = traits
        self.asked: list[Moment] = []

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        wanted = event.identifier
        date, time = str(wanted.get("StudyDate", "")), str(wanted.get("StudyTime", ""))
        self.asked.append((date, time))
        if wanted.QueryRetrieveLevel == "PATIENT" or (
            '""' in (date, time) and not self.traits.get("matches_empty")
        ):
            yield 0xC000, None
            return
        found = [
            study(number, StudyDate=day, StudyTime=clock)
            for number, (day, clock) in enumerate(self.moments, 1)
            if self.traits.get("ignores_ranges") or (_fits(day, date) and _fits(clock, time))
        ]
        for dataset in found[: self.cap]:
            yield 0xFF00, dataset
        if len(found) > self.cap and not self.traits.get("silent"):
            yield 0xFE00, None

    def run(self, query: str) -> Done:
        with scp(self.find) as modality:
            return run(query, modality=_address(modality), output="csv")


def _address(modality: Modality) -> str:
    return f"{modality.entity}"


def _fits(value: str, wanted: str) -> bool:
    if wanted == '""':
        return not value
    first, dash, last = wanted.partition("-")
    if not dash:
        return not wanted or value == wanted
    return bool(value) and first <= value and (not last or value <= last)


DAYS = [(f"2020{month:02}15", "101500") for month in range(1, 13)]


def test_a_server_that_matches_empty_values_is_complete() -> None:
    archive = Archive([*DAYS, ("", ""), ("", "1200")], 3, matches_empty=True)
    done = archive.run("find study --split")
    assert len(uids(done)) == 14
    assert done.status == 0, done.err
    assert done.last.startswith("14 studies, complete")


def test_a_server_that_ignores_ranges_is_not_asked_forever() -> None:
    archive = Archive(DAYS, 3, ignores_ranges=True)
    done = archive.run("find study --split")
    assert len(archive.asked) < 20
    assert len(set(uids(done))) == len(uids(done)) == 3
    assert done.status == 5
    assert "incomplete: " in done.last


def test_a_server_that_gives_nothing_is_not_asked_forever() -> None:
    asked = 0

    def exhausted(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        nonlocal asked
        asked += 1
        yield 0xA700, None

    with scp(exhausted) as modality:
        done = run("find study --split", modality=_address(modality))
    assert asked < 300
    assert done.status == 5
    assert "no studies, CUT OFF by the server (0xA700, out of resources)" in done.last


def test_a_server_that_refuses_broad_queries_is_asked_narrow_ones() -> None:
    """Out of resources without a single row, until the window is small enough."""
    archive = Archive([*DAYS, ("20200615", "120000")], 99)

    def narrow(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        found = list(archive.find(event))
        yield from found if len(found) <= 1 else [(0xA700, None)]

    with scp(narrow) as modality:
        query = "find study date=2020 --split"
        done = run(query, modality=_address(modality), output="csv")
    assert len(uids(done)) == 13


@pytest.mark.parametrize("time", ["12", "1200", "120000", "120000.5", "115959.9"])
def test_times_of_every_precision_are_found(time: str) -> None:
    """Many servers compare times as text, where 12 and 1200 come before 120000."""
    moments = [("20200115", time), *(("20200115", f"{hour:02}3000") for hour in range(24))]
    done = Archive(moments, 2).run("find study date=2020-01-15 --split")
    assert len(uids(done)) == 25


def test_rows_come_in_the_order_of_date_and_time_whatever_the_server_does() -> None:
    moments = [*reversed(DAYS), ("20200315", "093000"), ("20200315", "")]
    done = Archive(moments, 5, matches_empty=True).run("find study date=2020 --split")
    found = [(row["StudyDate"], row["StudyTime"] or "~") for row in rows(done)]
    assert len(found) == 14
    assert found == sorted(found)


def test_what_only_the_cut_off_answer_gave_is_not_lost() -> None:
    """The study without a date comes first, so that the answer that is cut off has it."""
    done = Archive([("", ""), *DAYS], 3).run("find study --split")
    assert len(uids(done)) == 13
    assert rows(done)[-1]["StudyDate"] == ""
    assert done.status == 5


def test_a_kept_association_that_is_found_dead_is_asked_again_and_nothing_comes_twice() -> None:
    """The server ends every association after its first answer, without a word."""
    archive, status = Archive(DAYS, 3), b"\0\0\0\x09\2\0\0\0"
    closed = 0

    def sent(event: evt.Event) -> None:
        nonlocal closed
        if status in event.data and status + b"\0\xff" not in event.data:
            closed += 1
            cast(Any, event.assoc.dul.socket).close()

    with scp(archive.find, handlers=[(evt.EVT_DATA_SENT, sent)]) as modality:
        done = run("find study date=2020 --split", modality=_address(modality), output="csv")
    assert sorted(uids(done)) == sorted({f"1.2.3.{number}" for number in range(1, 13)})
    assert done.status == 0, done.err
    assert closed > 3


def test_an_association_lost_in_mid_answer_keeps_the_rows_and_is_not_asked_again(
    tmp_path: Path,
) -> None:
    done = split(tmp_path, "find study date=2024 --split", close_after=3)
    assert len(uids(done)) == 3
    assert done.status == 5
    assert "3 studies, then the association was lost" in done.last


def test_the_answer_can_be_explained(tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=5)
    done = run("use faulty; find study --split | head 1; explain last", config=config)
    assert done.status in (0, 5), done.err
    whole = run("use faulty; find study --split; explain last", config=config)
    assert "no range can match" in whole.out, whole.out


def test_explain_shows_the_query_of_a_split(tmp_path: Path) -> None:
    done = run("use pacs; explain find study date=2024 --split; explain find study --split day")
    assert done.status == 0, done.err
    assert "20240101-20241231" in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
def test_ctrl_c_keeps_the_windows_that_were_shown(tmp_path: Path) -> None:
    """From June on the server says nothing, so that Ctrl-C is pressed before that at any speed."""
    archive, over = Archive(DAYS, 4), threading.Event()

    def stalling(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        if str(event.identifier.StudyDate) >= "202006":
            over.wait()
        yield from archive.find(event)

    with scp(stalling) as modality:
        find = "find study date=2020 --split month; print never"
        done = interrupted(practice(tmp_path), "-m", _address(modality), "-c", find)
        over.set()
    assert done.status == 130
    found = [json.loads(line)[UID] for line in done.out.splitlines()]
    assert found == [f"1.2.3.{number}" for number in range(1, len(found) + 1)]
    assert 1 <= len(found) <= 5
    assert f"{len(found)} stud" in done.err
    assert "cancelled by you" in done.err
    assert "not queried: " in done.err
    assert "never" not in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is needed")
def test_the_progress_line_tells_the_window(tmp_path: Path) -> None:
    from tests.repl.terminal import Terminal

    config = practice(tmp_path, cut_off=30, row_delay=0.05)
    command = ("-f", str(config), "-m", "faulty", "-c", "find study --split month")
    window = re.compile(r"[0-9,]+ queries, now [0-9]{4}-[0-9]{2}-[0-9]{2}\.\.")
    with Terminal(*command, home=tmp_path, columns=120) as terminal:
        terminal.wait_until(lambda: window.search(terminal.screen) is not None, "a window")


# Servers that need too long, or never stop


def slow(moments: Sequence[Moment], most: int, never: str = "") -> Script:
    """A server that stays silent if asked for more than so many studies, or for one of a day."""

    async def play(peer: Peer) -> None:
        await peer.accept()
        while True:
            asked = await peer.request()
            wanted = asked.identifier
            date, time = str(wanted.get("StudyDate", "")), str(wanted.get("StudyTime", ""))
            found = [
                study(number, StudyDate=day, StudyTime=clock)
                for number, (day, clock) in enumerate(moments, 1)
                if _fits(day, date) and _fits(clock, time)
            ]
            if len(found) > most or never in [row.StudyDate for row in found]:
                await forever()
            peer.send(b"".join(asked.raw_row(encoded(row)) for row in found) + asked.final())

    return play


def test_a_window_that_timed_out_is_divided() -> None:
    with playing(slow(DAYS, 3)) as address:
        done = run("set timeout 0.4; find study date=2020 --split", modality=address, output="csv")
    assert uids(done) == [f"1.2.3.{number}" for number in range(1, 13)]
    assert done.last.startswith("12 studies, ")


def test_a_window_that_always_times_out_costs_no_rows_of_the_others() -> None:
    with playing(slow(DAYS, 99, never="20200615")) as address:
        query = "set timeout 0.4; find study date=2020 --split month"
        done = run(query, modality=address, output="csv")
    assert uids(done) == [f"1.2.3.{number}" for number in range(1, 13) if number != 6]
    assert done.status == 5
    assert done.last.startswith("11 studies, INCOMPLETE")
    assert "incomplete: 2020-06-15" in done.last


def test_a_server_that_is_gone_is_not_asked_for_every_window() -> None:
    asked = 0

    async def silent(peer: Peer) -> None:
        nonlocal asked
        await peer.accept()
        await peer.request()
        asked += 1
        await forever()

    with playing(silent) as address:
        done = run("set timeout 0.2; find study --split", modality=address, output="csv")
    assert done.status == 4
    assert "no answer within 0.2 s" in done.err
    assert asked < 40


def test_a_broad_query_that_timed_out_is_offered_a_split() -> None:
    async def stalls(peer: Peer) -> None:
        await peer.accept()
        asked = await peer.request()
        peer.send(asked.row(1) * bool(asked.identifier.get("StudyDate")))
        await forever()

    with playing(stalls) as address:
        nothing = run("set timeout 0.3; find study", modality=address)
        part = run("set timeout 0.3; find study date=2020", modality=address)
        inside = run("set timeout 0.3; find series study=1.2", modality=address)
    assert nothing.status == 4
    assert "find study --split" in nothing.err
    assert part.status == 5
    assert "find study date=2020 --split" in part.last
    assert "--split" not in inside.err


class Endless(Archive):
    """Calls every answer cut off, with rows or without."""

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        for status, dataset in super().find(event):
            if dataset is not None:
                yield status, dataset
        yield 0xA700, None


STOPPED = "stopped dividing after 50 queries: --queries N allows more"
NOTHING_NEW = "stopped dividing: 64 answers in a row were cut off and had nothing new"


@pytest.mark.parametrize(
    ("option", "most", "told"), [("", 200, NOTHING_NEW), ("--queries 50", 50, STOPPED)]
)
def test_a_server_that_calls_every_answer_cut_off_is_asked_a_number_of_times(
    option: str, most: int, told: str
) -> None:
    archive = Endless([(day, clock) for day, _ in DAYS * 3 for clock in ("090000", "101500")], 99)
    done = archive.run(f"find study date=2020 --split {option}")
    assert len(set(uids(done))) == len(uids(done)) == 72
    assert done.status == 5
    assert len(archive.asked) <= most + 3
    assert told in done.last


def test_queries_are_counted_for_a_split_alone() -> None:
    done = run("use pacs; find study --queries 5")
    assert done.status == 2
    assert "--queries is for --split" in done.err
