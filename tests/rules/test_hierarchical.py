"""Servers that refuse queries across studies or series (0xA900) are asked study by study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from tests.dimse.peers import scp, study
from tests.harness import Done, practice, run

PATIENT = "0555643F"
REFUSED = "the server refuses queries across them"


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    return practice(tmp_path, hierarchical=True)


def both(text: str, strict: Path) -> tuple[Done, Done]:
    """The answers of an archive that searches across studies, and of one that refuses to."""
    plain = run(f"use pacs; {text}", output="json")
    return plain, run(f"use faulty; {text}", config=strict, output="json")


@pytest.mark.parametrize(
    "text",
    [
        f"cd {PATIENT}; find series",
        f"cd {PATIENT}; find series mod=CT",
        f"cd {PATIENT}; find series mod=NOSUCH",
        f"cd {PATIENT}; find instance number=1",
        f"cd {PATIENT}; ls > /dev/null; cd 1; find instance number=1",
        f"cd {PATIENT}; find series StudyDate=2009 mod=CT",
        f"find series id={PATIENT} mod=CT",
        "find series StudyDate=2009 mod=MR",
        "find instance StudyDate=2009 number=1 mod=CT",
    ],
)
def test_the_same_rows_as_from_a_server_that_searches_across(text: str, strict: Path) -> None:
    plain, descended = both(text, strict)
    assert descended.status == plain.status == 0, descended.err
    uid = "SOPInstanceUID" if "instance" in text else "SeriesInstanceUID"
    assert uids(descended, uid) == uids(plain, uid)
    assert ("NOSUCH" in text) != bool(uids(plain, uid))
    assert REFUSED in descended.last
    assert "complete" in descended.last
    assert REFUSED not in plain.err


def uids(done: Done, keyword: str) -> list[str]:
    return sorted(row[keyword] for row in done.json)


def test_it_says_how_and_with_how_many_queries(strict: Path) -> None:
    done = run(f"use faulty; cd {PATIENT}; find series mod=CT", config=strict)
    assert "asked study by study, 3 queries" in done.last
    done = run(f"use faulty; cd {PATIENT}; find instance mod=CT number=1", config=strict)
    assert "asked study by study and series by series" in done.last


def test_a_limit_holds_for_all_of_it(strict: Path) -> None:
    done = run(f"use faulty; cd {PATIENT}; find series --limit 2", config=strict, output="json")
    assert len(done.json) == 2
    assert "stopped at --limit 2" in done.last


def test_the_rows_can_be_gone_to(strict: Path) -> None:
    text = f"use faulty; cd {PATIENT}; find series > /dev/null; cd 1; pwd --keys"
    done = run(text, config=strict, output="json")
    keys = [row["keyword"] for row in done.json]
    assert keys == ["PatientID", "StudyInstanceUID", "SeriesInstanceUID"]


def test_a_whole_archive_is_not_listed_unasked(strict: Path) -> None:
    done = run("use faulty; find series mod=CT", config=strict)
    assert (done.status, done.out) == (1, "")
    assert "answered 0xA900" in done.err
    assert "study by study: cd to a patient, or add a key of studies" in done.last


def test_negotiated_relational_queries_need_no_descent(strict: Path) -> None:
    text = f"use faulty; cd {PATIENT}; find series mod=CT --relational"
    done = run(text, config=strict)
    assert "relational queries agreed" in done.last
    assert REFUSED not in done.last


def test_other_failures_are_told_as_they_are(tmp_path: Path) -> None:
    config = practice(tmp_path, fail={"series": 0xC001})
    done = run(f"use faulty; cd {PATIENT}; find series", config=config)
    assert (done.status, "answered 0xC001" in done.err) == (1, True)


@pytest.mark.parametrize("ending", [0xA700, 0xC000])
def test_what_is_missing_below_a_study_is_told(ending: int) -> None:
    """One of two studies fails: what the other has is shown, and the answer is not complete."""

    def answer(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        asked = event.identifier
        if asked.QueryRetrieveLevel == "STUDY":
            for number in (1, 2):
                yield 0xFF00, study(number, PatientID="X1")
            yield 0x0000, None
        elif not asked.get("StudyInstanceUID"):
            yield 0xA900, None
        elif asked.StudyInstanceUID.endswith("1"):
            row = study(1, PatientID="X1", SeriesInstanceUID="1.2.3.1.1", Modality="CT")
            row.QueryRetrieveLevel = "SERIES"
            yield 0xFF00, row
            yield 0x0000, None
        else:
            yield ending, None

    with scp(answer) as peer:
        done = run("find series id=X1", modality=str(peer.address), output="json")
    assert [row["SeriesInstanceUID"] for row in done.json] == ["1.2.3.1.1"]
    assert done.status == 5, done.err
    assert "CUT OFF" in done.last
    assert "complete" not in done.last.replace("incomplete", "")
