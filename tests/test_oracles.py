"""One question through dicomsh, Orthanc's REST interface and DCMTK's findscu: the same rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import pytest

from dicomsh.errors import ExitStatus
from dicomsh.model.levels import Level
from tests.harness import run
from tests.servers import Identifier, Orthanc, Server, findscu

Query = tuple[Level, Mapping[str, str], tuple[str, ...]]

QUERIES: tuple[Query, ...] = (
    (Level.PATIENT, {}, ("PatientBirthDate",)),
    (Level.PATIENT, {"PatientName": "JOD*", "PatientSex": "M"}, ()),
    (Level.PATIENT, {"PatientName": "jod*"}, ()),
    (Level.PATIENT, {"PatientName": "*山田*"}, ()),
    (Level.PATIENT, {"PatientName": "Müller*"}, ()),
    (Level.PATIENT, {"PatientName": "*Чайка*"}, ()),
    (Level.PATIENT, {"PatientID": "055564?F"}, ("NumberOfPatientRelatedStudies",)),
    (Level.STUDY, {}, ("StudyTime", "AccessionNumber")),
    (Level.STUDY, {"StudyDate": "20160101-20161231"}, ()),
    (Level.STUDY, {"StudyDate": "-20101231"}, ()),
    (Level.STUDY, {"StudyDate": "20200101-"}, ()),
    (Level.STUDY, {"ModalitiesInStudy": "SR\\CR"}, ()),
    (Level.STUDY, {"PatientID": "0555643F"}, ("ReferringPhysicianName",)),
    (Level.SERIES, {"Modality": "MR\\SR", "PatientID": "0555643F"}, ("ProtocolName",)),
    (Level.SERIES, {"SeriesDescription": "T? *"}, ()),
    (Level.INSTANCE, {"PatientID": "0555643F"}, ("SOPClassUID",)),
)

WALKED = tuple(query for query in QUERIES if query[0] in (Level.PATIENT, Level.STUDY))
"""What needs no relational support, which dcmqrscp has not."""


def asked(server: Server, query: Query) -> list[Identifier]:
    """The rows that dicomsh writes as CSV."""
    level, keys, wanted = query
    terms = [f"{keyword}='{value}'" for keyword, value in keys.items()]
    text = " ".join(["find", level.word, *terms, *(f"+{keyword}" for keyword in wanted)])
    done = run(text, modality=server.address, output="csv")
    # a server may ignore a key, or take what has no date for one before all others
    doubtful = ", IN DOUBT" in done.last
    assert done.status == (ExitStatus.INCOMPLETE if doubtful else ExitStatus.DONE), done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert doubtful or ", complete" in done.last
    return rows


def compared(level: Level, keywords: Sequence[str], rows: Sequence[Identifier]) -> list[list[str]]:
    names = (level.unique_keyword, *keywords)
    return sorted([str(row.get(name) or "").rstrip("=") for name in names] for row in rows)


def identifier(query: Query) -> dict[str, str]:
    level, keys, wanted = query
    return dict.fromkeys((level.unique_keyword, *wanted), "") | dict(keys)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_orthanc_by_its_rest_interface(orthanc_server: Orthanc, query: Query) -> None:
    level, keys, wanted = query
    names = (*keys, *wanted)
    expected = orthanc_server.query(level, identifier(query))
    found = asked(orthanc_server, query)
    assert compared(level, names, found) == compared(level, names, expected)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_orthanc_by_findscu(orthanc_server: Orthanc, query: Query) -> None:
    level, keys, wanted = query
    names = (*keys, *wanted)
    expected = findscu(orthanc_server, level, identifier(query))
    found = asked(orthanc_server, query)
    assert compared(level, names, found) == compared(level, names, expected)


@pytest.mark.parametrize("query", WALKED, ids=str)
def test_dcmqrscp_by_findscu(dcmqrscp_server: Server, query: Query) -> None:
    level, keys, wanted = query
    names = (*keys, *wanted)
    expected = compared(level, names, findscu(dcmqrscp_server, level, identifier(query)))
    found = compared(level, names, asked(dcmqrscp_server, query))
    assert [row for row in found if row in expected] == expected
    # beyond ASCII, findscu finds only what is stored in the character set of its query
    assert found == expected or not "".join(keys.values()).isascii()


WALK = "find patient JOD* sex=M; cd 0555643F; ls; cd 1; ls; cd 1; ls; wado"


def test_the_walk_works_on_a_real_orthanc(orthanc_server: Orthanc) -> None:
    done = run(WALK, modality=orthanc_server.address, output="ndjson")
    assert done.status == ExitStatus.INCOMPLETE, done.err  # the URLs have a placeholder
    assert done.err.count("complete") == 4
    uri = done.out.splitlines()[-1]
    assert "?requestType=WADO&studyUID=1.2.826." in uri


def test_the_walk_works_on_dcmqrscp(dcmqrscp_server: Server) -> None:
    done = run(WALK, modality=dcmqrscp_server.address, output="ndjson")
    assert done.status == ExitStatus.INCOMPLETE, done.err
    assert "?requestType=WADO&studyUID=1.2.826." in done.out.splitlines()[-1]


def test_wado_lists_the_instances_that_rest_lists(orthanc_server: Orthanc) -> None:
    done = run("wado 0555643F", modality=orthanc_server.address, output="json")
    expected = orthanc_server.find(Level.INSTANCE, {"PatientID": "0555643F"})
    assert sorted(row["SOPInstanceUID"] for row in done.json) == sorted(
        row["SOPInstanceUID"] for row in expected
    )


@pytest.mark.parametrize("size", [2, 5])
def test_stale_rows_never_reach_the_next_query(orthanc_server: Orthanc, size: int) -> None:
    done = run(
        f"find instance --limit {size}; find patient JOD* sex=M",
        modality=orthanc_server.address,
        output="ndjson",
    )
    lines = done.out.splitlines()
    assert len(lines) == size + 2
    assert all("SOPInstanceUID" in line for line in lines[:size])
    assert all('"PatientName": "JOD' in line for line in lines[size:])


def test_a_limit_of_the_server_is_told(start_server: object, sample_files: object) -> None:
    from tests.servers import orthanc

    server = start_server(orthanc(limit_results=2))  # type: ignore[operator]
    server.upload(sample_files)
    done = run("find patient", modality=server.address)
    assert done.status == 5
    assert "2 patients, CUT OFF by the server (0xFE00, not asked for)" in done.last


def test_an_orthanc_that_does_not_know_us(start_server: object) -> None:
    from tests.servers import orthanc

    server = start_server(orthanc(known=()))  # type: ignore[operator]
    done = run("find patient", modality=server.address)
    assert done.status == 3
    assert "does it know our AE title DICOMSH?" in done.err
