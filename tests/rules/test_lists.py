"""Lists and empty values: what the standard leaves open, answered alike by every server.

A list that is not of UIDs means nothing, or that all values match, if that was negotiated
(PS3.4 C.2.2.2.8). Orthanc takes one for any of the values, DCMTK's archive finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom import Dataset

from dicomsh.errors import ExitStatus
from dicomsh.model.keys import by_keyword
from dicomsh.practice.archive import StoredEntity, practice_archive
from tests.dimse.peers import scp
from tests.harness import Done, run
from tests.servers import Orthanc, Server


def stored(entity: StoredEntity, keyword: str) -> str:
    return str(entity.attributes.get(by_keyword(keyword).tag, ""))


STUDIES = [study for patient in practice_archive().patients for study in patient.children]


def rows(done: Done) -> list[dict[str, Any]]:
    # one of the studies in dcmqrscp has no StudyInstanceUID
    in_doubt = "1 row has no StudyInstanceUID" in done.last
    assert done.status == (ExitStatus.INCOMPLETE if in_doubt else ExitStatus.DONE), done.err
    return list(done.json)


def found(text: str, modality: str, keyword: str = "StudyInstanceUID") -> list[str]:
    return sorted(str(row[keyword]) for row in rows(run(text, modality=modality, output="json")))


LISTS = [
    ("acc=A071119,A251008", lambda row: row["AccessionNumber"] in ("A071119", "A251008")),
    (r"acc=A071119\A251008", lambda row: row["AccessionNumber"] in ("A071119", "A251008")),
    ("acc=A07*,A25*", lambda row: (row["AccessionNumber"] or "")[:3] in ("A07", "A25")),
    ("id=0555643F,10002", lambda row: row["PatientID"] in ("0555643F", "10002")),
    ("mod=CT,MR", lambda row: not {"CT", "MR"}.isdisjoint(row["ModalitiesInStudy"] or [])),
    (
        "date=2009,2011-09-30",
        lambda row: (row["StudyDate"] or "")[:4] == "2009" or row["StudyDate"] == "20110930",
    ),
    (
        "acc=A071119,A251008 id=0555643F,10002",
        lambda row: (
            row["AccessionNumber"] in ("A071119", "A251008")
            and row["PatientID"] in ("0555643F", "10002")
        ),
    ),
]


@pytest.mark.parametrize(("typed", "meant"), LISTS, ids=[typed for typed, _ in LISTS])
def test_a_list_means_any_of_its_values_everywhere(
    typed: str,
    meant: Callable[[dict[str, Any]], bool],
    orthanc_server: Orthanc,
    dcmqrscp_server: Server,
) -> None:
    for modality in ("pacs", orthanc_server.address, dcmqrscp_server.address):
        asked = "+AccessionNumber +PatientID +ModalitiesInStudy"
        every = rows(run(f"find study {asked}", modality=modality, output="json"))
        if not all("ModalitiesInStudy" in row for row in every) and typed.startswith("mod"):
            continue  # not an attribute that it returns
        expected = sorted(str(row["StudyInstanceUID"]) for row in every if meant(row))
        assert found(f"find study {typed}", modality) == expected
        assert found(f"find study {asked} | where {typed}", modality) == expected


def test_where_finds_what_a_query_finds() -> None:
    for typed, _ in LISTS:
        query = found(f"find study {typed}", "pacs")
        stage = found(f"find study +AccessionNumber | where {typed}", "pacs")
        assert query == stage != []


def test_each_value_is_asked_for_and_that_is_said() -> None:
    received: list[str] = []

    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        received.append(event.identifier.AccessionNumber)
        yield 0x0000, None

    with scp(find) as peer:
        done = run("find study acc=A001,A007,A001", modality=str(peer.address))
    assert received == ["A001", "A007"]
    assert "2 queries, one for each value of AccessionNumber" in done.last


def test_a_row_that_several_values_find_comes_once_and_limits_count_it_once() -> None:
    both = found("find study mod=CT,MR,SR", "pacs")
    assert len(both) == len(set(both)) > 0
    done = run(f"find study mod=CT,MR,SR --limit {len(both) - 1}", modality="pacs")
    assert done.last.startswith(f"{len(both) - 1} studies, stopped at --limit")
    done = run(f"find study mod=CT,MR,SR --limit {len(both)}", modality="pacs")
    assert done.last.startswith(f"{len(both)} studies, complete")


def test_explain_shows_one_query_for_each_value() -> None:
    done = run("explain find study acc=A001,A007", modality="pacs")
    assert done.out.count("AccessionNumber") >= 2
    assert "A001" in done.out
    assert "A007" in done.out


def test_lists_that_would_take_too_many_queries_are_refused() -> None:
    many = ",".join(f"A{number}" for number in range(200))
    done = run(f"find study acc={many} id={many}", modality="pacs")
    assert done.status == 2
    assert "would take 40,000 queries" in done.err


@pytest.mark.parametrize("keyword", ["AccessionNumber", "StudyDate", "StudyDescription"])
def test_an_empty_value_finds_what_has_none(
    keyword: str, orthanc_server: Orthanc, dcmqrscp_server: Server
) -> None:
    for modality in ("pacs", orthanc_server.address, dcmqrscp_server.address):
        every = rows(run(f"find study +{keyword}", modality=modality, output="json"))
        expected = sorted(str(row["StudyInstanceUID"]) for row in every if not row.get(keyword))
        asked = f"find study {keyword}='\"\"'"
        done = run(asked, modality=modality, output="json")
        assert sorted(str(row["StudyInstanceUID"]) for row in done.json) == expected
        assert f"without {keyword}: filtered locally: {len(expected)} of {len(every)}" in done.last
        where = found(f"find study +{keyword} | where {keyword}='\"\"'", modality)
        assert where == expected


def test_an_empty_value_in_windows_and_in_explain() -> None:
    whole = found("find study acc='\"\"'", "pacs")
    done = run("find study acc='\"\"' --split month", modality="pacs", output="json")
    assert sorted(str(row["StudyInstanceUID"]) for row in done.json) == whole
    told = run("explain find study acc='\"\"'", modality="pacs").out
    assert "without AccessionNumber: filtered locally" in told
    done = run("find study date='\"\"' --split", modality="pacs")
    assert done.status == 2
    assert "studies without a StudyDate cannot be divided" in done.err
