"""Both worklist servers give dicomsh the rows that findscu and Orthanc's own SCU get."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from dicomsh.errors import ExitStatus
from tests import servers
from tests.harness import Done, run, run_each
from tests.oracle.matching import Match
from tests.worklists.asking import by_findscu, by_orthanc
from tests.worklists.items import ITEMS, STEP, write
from tests.worklists.queries import QUERIES, Query, expected

LACKING: Mapping[str, Mapping[str, frozenset[str]]] = {
    # of several AE titles of a step, Orthanc 1.10 compares them all as one text
    "ORTHANC": {f"station={title}": frozenset({"S16"}) for title in ("AA32", "AA33")},
    "WLMSCPFS": {},
}
"""Steps that other clients do not get, though the standard has them in the answer."""


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
    found = {query.typed: steps(done) for query, done in _asked(server, tmp_path)}
    others = by_findscu(server, QUERIES)
    assert found == _with_lacking(server, others)


def _asked(server: servers.Server, state: Path) -> Iterable[tuple[Query, Done]]:
    return zip(QUERIES, asked(server, state), strict=True)


def _with_lacking(
    server: servers.Server, found: Iterable[frozenset[str]]
) -> dict[str, frozenset[str]]:
    """What other clients found for each query, and what they do not get."""
    lacking = LACKING[server.aet]
    typed = [query.typed for query in QUERIES]
    return {
        query: steps | lacking.get(query, frozenset())
        for query, steps in zip(typed, found, strict=True)
    }


def test_orthanc_asks_itself_the_same(orthanc: servers.Orthanc, tmp_path: Path) -> None:
    found = {query.typed: steps(done) for query, done in _asked(orthanc, tmp_path)}
    assert found == _with_lacking(orthanc, by_orthanc(orthanc, QUERIES))


def test_rows_that_must_not_come_are_told(server: servers.Server, tmp_path: Path) -> None:
    for query, done in _asked(server, tmp_path):
        must, may = expected(query)
        assert must <= steps(done), query.typed
        wrong = not steps(done) <= may
        assert wrong is ("IN DOUBT" in done.last), (query.typed, done.last)
        assert done.status == (ExitStatus.INCOMPLETE if wrong else ExitStatus.DONE)


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
    left_out = "attributes of type 2 not returned: ScheduledProcedureStepLocation, "
    assert [left_out in done.last for done in linted] == [True, False]
    assert [done.status for done in linted] == [ExitStatus.DONE, ExitStatus.DONE]


def test_one_of_several_ae_titles_finds_a_step(server: servers.Server) -> None:
    """PS3.4 C.2.2.3; a title that is only part of another does not."""
    done = run(f"use {server.address}; find worklist station=AA33", output="ndjson")
    assert steps(done) == {"S16"}
    assert ("ScheduledStationAETitle=*AA33* alone" in done.last) is (server.aet == "ORTHANC")
    assert steps(run(f"use {server.address}; find worklist station=A", output="ndjson")) == set()


def test_show_lists_what_an_item_lacks(orthanc: servers.Server) -> None:
    done = run(f"use {orthanc.address}; find worklist step=S04; show 1", output="json")
    records = json.loads(done.out[done.out.index("]\n[") + 2 :])
    absent = {one["keyword"] for one in records if one["remark"] == "not returned (type 2)"}
    assert {"PatientState", "ScheduledProcedureStepLocation"} <= absent


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


def test_why_sees_what_a_server_does_not_match(wlmscpfs: servers.Server) -> None:
    wild = run(f"use {wlmscpfs.address}; find worklist id=10* date=2024-05-06; why")
    assert "PatientID=10*: in a worklist, only names have wildcards" in wild.err
    assert "of them with id=10*: the server does not find them" in wild.out
    ignored = run(f"use {wlmscpfs.address}; find worklist status=ARRIVED; why").out
    assert "are not status=ARRIVED, which the server ignores" in ignored
