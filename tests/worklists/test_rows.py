"""Both worklist servers give dicomsh the rows that findscu and Orthanc's own SCU get."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dicomsh.errors import ExitStatus
from tests import servers
from tests.harness import Done, run, run_each
from tests.oracle.matching import Match
from tests.worklists.asking import by_findscu, by_orthanc
from tests.worklists.items import ITEMS, STEP, write
from tests.worklists.queries import QUERIES, expected

LACKING: Mapping[str, frozenset[str]] = {
    # of several AE titles of a step, Orthanc 1.10 compares them all as one text
    "ORTHANC": frozenset({"station=AA32", "station=AA33"}),
    "WLMSCPFS": frozenset(),
}
"""Queries whose answer lacks rows that it must have: nothing in an answer tells of that."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worklist")
    write(ITEMS, folder)
    return folder


@pytest.fixture(scope="module")
def orthanc(files: Path) -> Iterator[servers.Orthanc]:
    with servers.worklist_orthanc(files) as server:
        yield server


@pytest.fixture(scope="module")
def wlmscpfs(files: Path) -> Iterator[servers.Server]:
    with servers.wlmscpfs(files) as server:
        yield server


@pytest.fixture(params=["orthanc", "wlmscpfs"])
def server(request: pytest.FixtureRequest) -> servers.Server:
    running: servers.Server = request.getfixturevalue(request.param)
    return running


def asked(server: servers.Server, state: Path) -> list[Done]:
    """All queries in one session."""
    texts = [f"find worklist {query.typed}" for query in QUERIES]
    return asyncio.run(run_each(texts, server.address, state))


def steps(done: Done) -> frozenset[str]:
    rows = [json.loads(line) for line in done.out.splitlines()]
    found = [row[STEP][0]["ScheduledProcedureStepID"] for row in rows]
    assert len(found) == len(set(found))
    return frozenset(found)


def test_the_queries_are_many_and_find_much() -> None:
    assert len(QUERIES) >= 40
    judged = [query.match(item) for query in QUERIES for item in ITEMS]
    assert {Match.NO, Match.MAY, Match.MUST} <= set(judged)
    assert {item.charset for item in ITEMS} == {
        *("", "ISO_IR 100", "ISO_IR 192", "ISO_IR 13", "\\ISO 2022 IR 87"),
    }


def test_the_rows_are_those_of_other_clients(server: servers.Server, tmp_path: Path) -> None:
    found = [steps(done) for done in asked(server, tmp_path)]
    typed = [query.typed for query in QUERIES]
    others = by_findscu(server, QUERIES)
    assert dict(zip(typed, found, strict=True)) == dict(zip(typed, others, strict=True))


def test_orthanc_asks_itself_the_same(orthanc: servers.Orthanc, tmp_path: Path) -> None:
    found = [steps(done) for done in asked(orthanc, tmp_path)]
    assert found == list(by_orthanc(orthanc, QUERIES))


def test_rows_that_must_not_come_are_told(server: servers.Server, tmp_path: Path) -> None:
    lacking = set()
    for query, done in zip(QUERIES, asked(server, tmp_path), strict=True):
        must, may = expected(query)
        if not must <= steps(done):
            lacking.add(query.typed)
        wrong = not steps(done) <= may
        assert wrong is ("IN DOUBT" in done.last), (query.typed, done.last)
        assert done.status == (ExitStatus.INCOMPLETE if wrong else ExitStatus.DONE)
    assert lacking == LACKING[server.aet]


def test_names_come_in_the_character_set_of_their_item(server: servers.Server) -> None:
    done = run(f"use {server.address}; find worklist", output="json")
    names = {row[STEP][0]["ScheduledProcedureStepID"]: row["PatientName"] for row in done.json}
    assert names == {item.step: item.values["PatientName"] for item in ITEMS}


def test_what_a_server_serves_is_told(orthanc: servers.Server, wlmscpfs: servers.Server) -> None:
    assert "only Modality Worklist" in run(f"use {wlmscpfs.address}").err
    assert "Study Root, Modality Worklist" in run(f"use {orthanc.address}").err
    done = run(f"use {wlmscpfs.address}; find study")
    assert "'find worklist' lists its scheduled procedures" in done.err


def test_an_archive_without_a_worklist_says_so(dcmqrscp_server: servers.Server) -> None:
    for command in ("find worklist", "cd worklist", "ls worklist"):
        done = run(f"use {dcmqrscp_server.address}; {command}")
        assert "no presentation context for Modality Worklist FIND" in done.err
        assert "this is an archive" in done.err
        assert done.status == ExitStatus.NO_ASSOCIATION


def test_show_finds_the_item_again(server: servers.Server) -> None:
    done = run(f"use {server.address}; find worklist name=ROE* time=16:30; show 1", output="json")
    records = json.loads(done.out[done.out.index("]\n[") + 2 :])
    values = {record["keyword"]: record["value"] for record in records}
    assert values["ScheduledProcedureStepID"] == "S14"
    assert values["ScheduledStationName"] == "ROOM"


def test_lint_finds_what_a_server_leaves_out(
    orthanc: servers.Server, wlmscpfs: servers.Server
) -> None:
    """Orthanc does not return what its file lacks; wlmscpfs returns it with zero length."""
    linted = [
        run(f"use {server.address}; find worklist station=CT_1 --lint", output="json")
        for server in (orthanc, wlmscpfs)
    ]
    (left_out,) = linted[0].json
    assert left_out["problem"].startswith("not returned (type 2): ScheduledProcedureStepLocation")
    assert [done.status for done in linted] == [ExitStatus.FAILED, ExitStatus.DONE]


def test_a_change_of_the_files_is_seen(tmp_path: Path) -> None:
    folder = tmp_path / "items"
    folder.mkdir()
    write(ITEMS[:2], folder)
    with servers.worklist_orthanc(folder) as server:

        def change() -> None:
            write(ITEMS[2:3], folder)
            (folder / "S01.wl").unlink()

        done = run(f"use {server.address}; find worklist", change, "find worklist", output="ndjson")
    found = [
        json.loads(line)[STEP][0]["ScheduledProcedureStepID"]
        for line in done.out.split("\n")
        if line
    ]
    assert sorted(found[:2]) == ["S01", "S02"]
    assert sorted(found[2:]) == ["S02", "S03"]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("station=CT9 date=2024-05-06", "none with station=CT9: CT"),
        ("station=CT_1 date=2024-05-07", "none with date=2024-05-07: 2024-05-06 ×1"),
        ("name=Smith date=2024-05-06", "none with name=Smith: "),
        ("mod=PT", "24 worklist items in all, none with mod=PT"),
    ],
)
def test_why_finds_the_reason(server: servers.Server, keys: str, told: str) -> None:
    done = run(f"use {server.address}; find worklist {keys}; why")
    assert told in done.out


def test_why_sees_what_a_server_does_not_match(
    orthanc: servers.Server, wlmscpfs: servers.Server
) -> None:
    several = run(f"use {orthanc.address}; find worklist station=AA33; why").out
    assert "1 worklist item with station=AA33, and the server does not find them" in several
    wild = run(f"use {wlmscpfs.address}; find worklist id=10* date=2024-05-06; why").out
    assert "of them with id=10*: the server does not find them" in wild
    ignored = run(f"use {wlmscpfs.address}; find worklist status=ARRIVED; why").out
    assert "are not status=ARRIVED, which the server ignores" in ignored
