"""Whether an answer is whole is always told, and scripts can see it.

Rivals do not: DCMTK's findscu shows a cut-off answer as if it were all and exits with 0, Orthanc's
SCU drops the matches, and a proxy in front of an archive "has no standard warning status" to give
(healthcare-dicom-dicomweb-adapter #42, OHIF #30).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from dicomsh.model.levels import Level
from tests import servers
from tests.conftest import Start
from tests.dimse.peers import Peer, answering, forever, playing, scp, study
from tests.harness import Done, practice, run
from tests.rules.mirror import PATIENTS

INCOMPLETE = 5


def faulty(folder: Path, query: str, **faults: Any) -> Done:
    return run(f"use faulty; {query}", config=practice(folder, **faults), output="ndjson")


@pytest.mark.parametrize("level", ["patient", "study", "series", "instance"])
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0xFE00, "0xFE00, not asked for"),
        (0xA700, "0xA700, out of resources"),
        (0xB001, "0xB001, its limit on answers is reached"),
    ],
)
def test_a_server_that_ends_early(status: int, reason: str, level: str, tmp_path: Path) -> None:
    done = faulty(tmp_path, f"find {level}", cut_off=7, cut_off_status=status)
    assert len(done.out.splitlines()) == 7
    assert f"7 {Level[level.upper()].plural}, CUT OFF by the server ({reason})" in done.last
    assert done.status == INCOMPLETE


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({"abort_after": 4}, "4 studies, then the association was lost · incomplete"),
        ({"close_after": 4}, "4 studies, then the association was lost · incomplete"),
    ],
)
def test_an_association_that_is_lost(faults: dict[str, Any], told: str, tmp_path: Path) -> None:
    done = faulty(tmp_path, "find study", **faults)
    assert len(done.out.splitlines()) == 4
    assert done.last.startswith(told)
    assert done.status == INCOMPLETE


def test_silence_in_mid_answer() -> None:
    async def stalls(peer: Peer) -> None:
        await peer.accept()
        asked = await peer.request()
        peer.send(asked.row(1) + asked.row(2))
        await forever()

    with playing(stalls) as address:
        part = run("set timeout 0.4; find study", modality=address, output="ndjson")
    assert part.out.count("StudyInstanceUID") == 2
    assert part.last.startswith("2 studies, then no further answer in time · incomplete")
    assert part.status == INCOMPLETE


@pytest.mark.parametrize("rows", [119, 120, 121])
def test_a_limit_says_that_there_is_more_only_if_there_is(rows: int) -> None:
    done = run(f"use pacs; find study --limit {rows}", output="ndjson")
    assert len(done.out.splitlines()) == min(rows, 120)
    assert ("the server has more" in done.last) == (rows < 120)
    assert ("120 studies, complete" in done.last) == (rows >= 120)
    assert done.status == 0


def test_an_incomplete_part_counts_for_the_whole_script(tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=3)
    done = run("use faulty; find patient; use pacs; find patient JOD*", config=config)
    assert "1 patient, complete" in done.last
    assert done.status == INCOMPLETE


def test_orthanc_as_server_is_told_to_have_cut_off(
    start_server: Start[servers.Orthanc], sample_files: list[Path]
) -> None:
    server = start_server(servers.orthanc(limit_results=2))
    server.upload(sample_files)
    done = run("find study", modality=server.address, output="ndjson")
    assert len(done.out.splitlines()) == 2
    assert "CUT OFF by the server (0xFE00, not asked for)" in done.last
    assert "or: find study --split" in done.last
    assert done.status == INCOMPLETE


# Attributes that were asked for, and did not come


def test_attributes_that_no_row_has_are_named() -> None:
    rows = [study(1, StudyDescription="CT"), study(2, AccessionNumber="")]
    with scp(answering(*rows)) as modality:
        address = f"{modality.entity}"
        done = run("find study +acc +StudyID +desc ref=", modality=address)
        none = run("find study +acc study=1.2.3.1", modality=address)
    told = "AccessionNumber, StudyID, ReferringPhysicianName, ModalitiesInStudy and 2 more"
    assert f"{told}: the server returned none" in done.last
    assert "StudyDescription" not in done.last
    assert done.status == 0
    assert "AccessionNumber, ModalitiesInStudy, NumberOfStudyRelatedSeries" in none.last


def test_attributes_that_were_typed_are_all_named() -> None:
    words = "PatientSex", "PatientAge", "StudyTime", "AccessionNumber", "StudyID", "PatientComments"
    with scp(answering(study(1))) as modality:
        done = run(
            f"find study {' '.join(f'+{word}' for word in words)}", modality=f"{modality.entity}"
        )
    assert all(word in done.last for word in words)
    assert "and 3 more: the server returned none" in done.last


def test_counts_that_columns_need_are_named(tmp_path: Path) -> None:
    done = faulty(tmp_path, "find patient", no_counts=True)
    assert "NumberOfPatientRelatedStudies: the server returned none" in done.last
    assert "returned none" not in run("use pacs; find patient +IssuerOfPatientID").last


def test_modalities_that_no_row_has_are_named_where_a_stage_looks_for_them(tmp_path: Path) -> None:
    done = faulty(tmp_path, "find study date=2009 | where mod!=SR", no_modalities_in_study=True)
    assert "ModalitiesInStudy: the server returned none" in done.last


def test_what_is_not_sent_or_not_received_is_not_missed(tmp_path: Path) -> None:
    done = faulty(tmp_path, "find patient JOD* +PatientName; find patient id=NOBODY +sex")
    assert "returned none" not in done.err
    rejecting = practice(tmp_path, reject_keys=["StudyDescription"])
    text = "use faulty; probe > /dev/null; find study +desc"
    assert "returned none" not in run(text, config=rejecting).err


# Limits that nobody tells of


@pytest.mark.parametrize("limit", [5, 8, 20])
def test_orthanc_matches_modalities_among_the_first_rows_alone_and_a_probe_notices(
    limit: int, start_server: Start[servers.Orthanc], mirror_files: list[Path], tmp_path: Path
) -> None:
    """It calls 2 of 9 studies a success; findscu shows them as all there are."""
    server = start_server(servers.orthanc(limit_results=limit))
    server.upload(mirror_files)
    run("probe", modality=server.address, state=tmp_path)
    told = set()
    for modality in ("CT", "MR", "CR", "US", "PT"):
        query = f"find study mod={modality}"
        right = run(query, modality="pacs", output="json").json
        wanted = {row["StudyInstanceUID"] for row in right if row["PatientID"] in PATIENTS}
        plain, whole = (
            run(f"{query}{option}", modality=server.address, state=tmp_path, output="json")
            for option in ("", " --split")
        )
        found, parts = ({row["StudyInstanceUID"] for row in done.json} for done in (plain, whole))
        assert found <= wanted
        assert found == wanted or plain.status == INCOMPLETE
        assert parts == wanted
        told.add("matched by the server among its first rows alone" in plain.last)
    assert told == {limit < 20}


def capped(cap: int) -> Callable[[evt.Event], Iterator[tuple[int, Dataset | None]]]:
    """A server that sends the first so many of many rows and calls them all."""

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        first = 1000 if event.identifier.get("PatientName") else 0
        yield from ((0xFF00, study(first + number)) for number in range(cap))

    return find


@pytest.mark.parametrize("cap", [50, 64])
def test_a_round_number_is_suspicious_to_a_probe(cap: int) -> None:
    with scp(capped(cap)) as modality:
        address = f"{modality.entity}"
        done = run("probe", modality=address, output="json")
    found = {row["capability"]: row["finding"] for row in done.json}
    assert found["limit of an answer"].startswith(f"suspicious: exactly {cap} rows")


@pytest.mark.parametrize("cap", [50, 64])
def test_the_same_round_number_for_another_query_is_suspicious(cap: int) -> None:
    """pynetdicom #467: "stops at 500", without any status that says so."""
    with scp(capped(cap)) as modality:
        address = f"{modality.entity}"
        done = run("find study; find study; find study DOE*", modality=address)
    lines = [line for line in done.err.splitlines() if line.startswith(f"{cap} studies, ")]
    assert len(lines) == 3
    said = [f"also {cap} for an earlier query: a limit of the server?" in line for line in lines]
    assert said == [False, False, True]
    assert done.status == 5  # the archive takes no notice of the name either


def test_other_numbers_are_not_suspicious() -> None:
    with scp(capped(47)) as modality:
        address = f"{modality.entity}"
        done = run("find study; find study DOE*", modality=address)
    assert "limit of the server" not in done.err


def test_the_users_own_limit_is_no_suspicion() -> None:
    done = run("use pacs; find study --limit 50; find study sex=M --limit 50")
    assert "limit of the server?" not in done.err
