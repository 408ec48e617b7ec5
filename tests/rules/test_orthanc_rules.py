"""What Orthanc's integration tests assert of C-FIND, asked by dicomsh.

The same question goes to a real Orthanc and to the practice archive, which hold the same; what is
expected was written down by hand, from the standard. Numbers in the names of cases are those of the
behaviours in Orthanc's test suite (test_findscu 12-20, test_queries_hierarchy 21-23,
test_find_normalize 24-25, test_query_retrieve_format 26, test_incoming_findscu 34-41, counters 42,
modalities in study 43, computed tags 44, issue 90 45, issue 56 46, truncation 49, missing tags 50,
group length 51, group 2 52, limits 53). The encodings (47, 48) have a file of their own.

Rivals: Orthanc's own client drops what it normalizes away (24) and turns a cut answer into HTTP 500
(53); findscu and pynetdicom send `*` as it is (45) and exit with 0 whatever the answer was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import servers
from tests.harness import Done, run
from tests.rules.mirror import PATIENTS

PRACTICE = "pacs"


@pytest.fixture(scope="module")
def mirror(mirror_files: list[Path]) -> Iterator[str]:
    """A real Orthanc that holds a part of the practice archive; how to `use` it."""
    with ExitStack() as stack:
        server = stack.enter_context(servers.orthanc())
        assert server.upload(mirror_files) == len(mirror_files)
        yield server.address


@pytest.fixture(params=["Orthanc", "practice"])
def server(request: pytest.FixtureRequest) -> str:
    """How to `use` each of the two, one after the other."""
    return str(request.getfixturevalue("mirror")) if request.param == "Orthanc" else PRACTICE


@dataclass(frozen=True)
class Deviation:
    """What Orthanc answers instead, and why; dicomsh's status where its line says that, too."""

    answered: str
    why: str
    status: int = 0


@dataclass(frozen=True)
class Case:
    """A question, and what answers it: PatientIDs or accession numbers, whatever their order."""

    name: str
    typed: str
    expected: str
    orthanc: Deviation | None = None

    def of(self, server: str) -> tuple[list[str], int]:
        """What this server answers, and the status."""
        deviation = self.orthanc if server != PRACTICE else None
        if deviation is None:
            return sorted(self.expected.split()), 0
        return sorted(deviation.answered.split()), deviation.status


EVERYONE = " ".join(PATIENTS)
OF_JODOGNE = "A091000 A111001"
WITHOUT_SEX = "10004 10005"

CASES = (
    Case("12 everything", "find patient", EVERYONE),
    Case("13 names match in any case", "find patient jod*", "0555643F"),
    Case("13 names match in any case", "find patient JoDoGnE^*", "0555643F"),
    Case("14 other text matches in its case", "find patient id=ozp*", "ozp00sj"),
    Case("14 ? is one character", "find patient 'id=o?p*'", "ozp00sj"),
    Case("14 ? is one character", "find patient 'id=O?p*'", ""),
    Case("15 a beginning", "find patient sample^a*", "10005"),
    Case("16 by PatientID", "find study id=0555643F", OF_JODOGNE),
    Case("17 a range up to a day", "find study id=0555643F date=..2009-04-11", ""),
    Case("17 a range up to and with a day", "find study id=0555643F date=..2009-04-12", "A091000"),
    Case("17 a range from a day", "find study id=0555643F date=2011-10-01..", ""),
    Case("17 a range from and with a day", "find study id=0555643F date=2011-09-30..", "A111001"),
    Case("17 the day before", "find study id=0555643F date=2009-04-11..2009-04-11", ""),
    Case("17 the day", "find study id=0555643F date=20090412-20090412", "A091000"),
    Case("17 the day after", "find study id=0555643F date=2009-04-13..2009-04-13", ""),
    Case("18 none of its modalities", "find study id=0555643F mod=US", ""),
    Case("18 one of its modalities", "find study id=0555643F mod=CT", "A091000"),
    Case("18 a list is any of", "find study id=0555643F mod=US,CT", "A091000"),
    Case("18 universal", "find study id=0555643F mod=", OF_JODOGNE),
    Case("34 empty is universal", "find patient name=", EVERYONE),
    Case("34 * is universal", "find patient name=*", EVERYONE),
    Case(
        "34 a literal * matches every name",
        r"find patient name='\*'",
        EVERYONE,
    ),
    Case("37 a range of the patients' birth dates", "find patient birth=2000..", "10005"),
    Case("43 no filter", "find study id=OZP00SJ mod=", "A161030 A241029"),
    Case("43 first of two", "find study id=OZP00SJ mod=MR", "A161030"),
    Case("43 second of two", "find study id=OZP00SJ mod=SEG", "A161030"),
    Case("43 both", r"find study id=OZP00SJ mod=MR\SEG", "A161030"),
    Case("43 another and one of them", r"find study id=OZP00SJ mod=XA\SEG", "A161030"),
    Case("43 others only", r"find study id=OZP00SJ mod=XA\US", ""),
    Case("45 empty matches an absent value", "find patient id=1000? sex=", "10002 10004 10005"),
    Case(
        "45 so does *, which is sent as empty",
        "find patient id=1000? sex=*",
        f"10002 {WITHOUT_SEX}",
    ),
    Case("45 a literal * matches an empty one", r"find patient id=1000? sex='\*'", "10002 10005"),
    Case("45 nor does F", "find patient id=1000? sex=F", "10002"),
    Case("45 nor does M", "find patient id=1000? sex=M", ""),
    Case("46 accents in any case", "find patient MÜLLER^*", "MUC-0001"),
    Case("46 accents in any case, single value", "find patient échantillon^noël", "PAR-0003"),
    Case("46 ideographic", "find patient *山田*", "TYO-0001 TYO-0002"),
    Case(
        "49 a list is never shortened",
        f"find study study={'1.2.3,' * 120}{{CT}},{{MR}}",
        OF_JODOGNE,
    ),
    Case("50 with attributes missing", "find study id=10002", "A111007 A251008"),
    Case("50 an empty date is in no range", "find study id=10002 date=1900..", "A251008"),
    Case(
        "50 nor in one without a beginning",
        "find study id=10002 date=..1999",
        "",
        Deviation("A111007", "compares an empty date as text, before any other (C.2.2.1.2)"),
    ),
    Case(
        "a name in its alphabetic group alone",
        "find patient name=Yamada^Tarou",
        "TYO-0001",
        Deviation("", "compares all component groups as one text (PS3.5 6.2.1 has three)"),
    ),
    Case(
        "a name in its ideographic group alone",
        "find patient =山田*",
        "TYO-0001 TYO-0002",
        Deviation("", "compares all component groups as one text"),
    ),
    Case(
        "components at the end may be left out",
        "find patient JODOGNE^SEBASTIEN^",
        "0555643F",
        Deviation("", "compares delimiters that mean nothing (PS3.5 6.2.1)"),
    ),
    Case("times", "find study id=NGT-0001 time=23:59", "A241115 A241117"),
    Case("times, single value", "find study id=NGT-0001 time=23:59:30", "A241117"),
    Case("times in a range", "find study id=NGT-0001 time=..00:00:00", "A241116"),
    Case("relational: patient's name for studies", "find study jod* sex=M", OF_JODOGNE),
)

_UIDS = {
    "{CT}": "1.2.840.113704.1.111.2768.1239195678.57",
    "{MR}": "1.2.840.113704.1.111.2768.1239195678.91",
}


def asked(typed: str, server: str) -> Done:
    for name, uid in _UIDS.items():
        typed = typed.replace(name, uid)
    return run(typed, modality=server, output="json")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.typed[:60]}")
def test_matching(case: Case, server: str) -> None:
    key = "AccessionNumber" if case.typed.startswith("find study") else "PatientID"
    done = asked(f"{case.typed} +AccessionNumber +PatientID", server)
    rows = [row for row in done.json if row["PatientID"] in PATIENTS]
    assert (sorted(row[key] for row in rows), done.status) == case.of(server), done.err


SERIES = (
    ("19 of one study", "study={CT}", "1 2 3"),
    ("20 a list is any of", r"study={CT} mod=MR\CT\US", "1 2 3"),
    ("20 a list of others", r"study={CT} mod=MR\US", ""),
    ("35 by the date of the study", "id=0555643F StudyDate=2009-04-12", "1 2 3"),
    ("35 by the date and modality", r"id=0555643F StudyDate=2011-09-30 mod=MR\XA", "1 2 3 4"),
    ("36 by the patient's name, in any case", "PatientName=jodogne^* mod=SR", "5"),
    ("36 by another name", "PatientName=jodogni^* mod=SR", ""),
    ("37 up to the date of the study", "id=0555643F StudyDate=..2009-04-12", "1 2 3"),
    ("37 from the date of the study", "id=0555643F StudyDate=2011-09-30..", "1 2 3 4 5"),
)


@pytest.mark.parametrize(("name", "keys", "expected"), SERIES)
def test_series(name: str, keys: str, expected: str, server: str) -> None:
    done = asked(f"find series {keys}", server)
    assert done.status == 0, done.err
    assert sorted(str(row["SeriesNumber"]) for row in done.json) == expected.split()


@pytest.mark.parametrize(
    ("level", "keyword", "counts"),
    [
        ("patient", "NumberOfPatientRelatedStudies", [2]),
        ("patient", "NumberOfPatientRelatedSeries", [8]),
        ("study", "NumberOfStudyRelatedSeries", [3, 5]),
    ],
)
def test_counters_of_the_level_are_returned(
    level: str, keyword: str, counts: list[int], server: str
) -> None:
    """21 and 42."""
    done = asked(f"find {level} id=0555643F +{keyword}", server)
    assert sorted(row[keyword] for row in done.json) == counts


@pytest.mark.parametrize(
    ("level", "keyword"),
    [
        ("study", "NumberOfPatientRelatedStudies"),
        ("series", "NumberOfStudyRelatedSeries"),
        ("instance", "NumberOfSeriesRelatedInstances"),
    ],
)
def test_counters_of_other_levels_are_absent(level: str, keyword: str, server: str) -> None:
    """22; Orthanc 1.10 returns them empty. Neither hides a row."""
    done = asked(f"find {level} id=0555643F study={{CT}} +{keyword}", server)
    assert done.json
    assert all(row.get(keyword) is None for row in done.json)


def test_levels_can_be_skipped_downwards(server: str) -> None:
    """23: what is below a patient is what is below its studies together."""
    direct = asked("find series id=0555643F", server).json
    walked = asked("cd 0555643F; find series", server).json
    by_study = [asked(f"cd 0555643F/{uid}; ls", server).json for uid in _UIDS.values()]
    uids = sorted(row["SeriesInstanceUID"] for row in direct)
    assert len(uids) == 8
    assert sorted(row["SeriesInstanceUID"] for row in walked) == uids
    assert sorted(row["SeriesInstanceUID"] for rows in by_study for row in rows) == uids


@pytest.mark.parametrize(("rows", "expected"), [("512", 2), ("42", 0)])
def test_a_key_of_an_image_is_matched_and_never_dropped(
    rows: str, expected: int, server: str
) -> None:
    """24 and 25: Orthanc's client would send the query without it, and show every instance."""
    done = asked(f"find instance study={{CT}} number=1..1 Rows={rows}", server)
    assert done.status == 2  # a range of numbers: the standard knows none
    done = asked(f"find instance id=0555643F study={{CT}} number=1 Rows={rows}", server)
    assert done.status == 0, done.err
    assert len(done.json) == (3 if expected else 0)
    assert {row["Rows"] for row in done.json} <= {512}


def test_a_number_takes_no_wildcard(server: str) -> None:
    """25: refused here, before anything is sent."""
    done = asked("find instance Rows=*", server)
    assert done.status == 2
    assert "no wildcard in Rows: its VR is US" in done.err


def test_what_is_returned_is_what_was_asked_for(server: str) -> None:
    """26 and 38: besides, only what speaks of the answer, the retrieve AE title among it."""
    done = run("find study id=0555643F", modality=server, output="dicom-json")
    asked_for = "00080020 00080061 00081030 00100010 00100020 0020000D 00201206 00201208".split()
    for row in done.json:
        assert set(row) - {"00080005", "00080052", "00080056"} == {*asked_for, "00080054"}


def test_sequences_come_back(server: str) -> None:
    """39; Orthanc 1.10 returns the whole item, not the attribute asked for alone."""
    path = "RequestAttributesSequence"
    done = asked(f"find series id=0555643F study={{MR}} +{path}.ScheduledProcedureStepID", server)
    steps = {row["SeriesNumber"]: row.get(path) for row in done.json}
    (step,) = steps[1]
    assert step["ScheduledProcedureStepID"] == "SPS0002"
    assert not steps[5]


def test_inside_a_sequence_is_matched(server: str) -> None:
    """Orthanc 1.10 ignores what is inside a sequence and returns every series: that is told."""
    path = "RequestAttributesSequence.ScheduledProcedureStepID"
    done = asked(f"find series id=0555643F {path}=SPS0002", server)
    numbers = sorted(row["SeriesNumber"] for row in done.json)
    if server == PRACTICE:
        assert numbers == [1, 2, 3, 4]
    else:
        assert len(numbers) == 8
        assert f"do not match {path}=SPS0002" in done.last


def test_an_uncommon_attribute_can_be_returned_and_filtered_on(server: str) -> None:
    """40."""
    done = asked("find study id=0555643F +PatientWeight", server)
    assert sorted(row["PatientWeight"] for row in done.json) == [55.5, 56.5]
    done = asked("find study id=0555643F PatientAge=034Y", server)
    assert [row["StudyDate"] for row in done.json] == ["20090412"]


def test_private_attributes_drop_no_row(server: str) -> None:
    """41: one that is there, and one that is not."""
    done = asked("find study id=0555643F +0009,0010 +0009,1001 +0011,1001", server)
    assert done.status == 0
    assert len(done.json) == 2


def test_computed_attributes_survive_comments(server: str) -> None:
    """44."""
    done = asked("find study id=0555643F +PatientComments", server)
    assert sorted(row["NumberOfStudyRelatedSeries"] for row in done.json) == [3, 5]
    assert sorted(row["ModalitiesInStudy"] for row in done.json) == [["CT"], ["MR", "SR"]]


@pytest.mark.parametrize("tag", ["0010,0000", "0002,0003", "0000,0002"])
def test_what_never_stands_in_a_query_is_refused(tag: str, server: str) -> None:
    """51 and 52: servers tolerate or drop these; a person who types one is told."""
    done = asked(f"find patient +{tag}", server)
    assert (done.status == 2) == (tag[:4] in ("0000", "0002")), done.err


@pytest.mark.parametrize("level", ["patient", "study", "series"])
def test_a_limit_of_answers_is_told(level: str, mirror_files: list[Path]) -> None:
    """53: Orthanc's own client answers HTTP 500 here, findscu and pynetdicom show no difference."""
    with ExitStack() as stack:
        server = stack.enter_context(servers.orthanc(limit_results=3, limit_instances=4))
        server.upload(mirror_files)
        done = run(f"find {level}", modality=server.address, output="json")
        assert done.status == 5
        assert len(done.json) == 3
        assert done.last.startswith("3 ")
        assert "CUT OFF by the server (0xFE00, not asked for)" in done.last
        done = run("find instance", modality=server.address, output="json")
        assert done.status == 5
        assert len(done.json) == 4


def test_what_orthanc_counts_and_does_not_match_is_compared_here(mirror: str) -> None:
    done = asked("find study id=0555643F NumberOfStudyRelatedSeries=3", mirror)
    assert done.json == []
    tried = "find study id=0555643F | where NumberOfStudyRelatedSeries=3"
    assert done.last.endswith(f" · try: {tried}")
    (row,) = asked(f"{tried} | select NumberOfStudyRelatedSeries", mirror).json
    assert row["NumberOfStudyRelatedSeries"] == 3
    explained = run("find study NumberOfStudyRelatedSeries=3; explain last", modality=mirror)
    assert "  next     many servers do not match on counts: … | where " in explained.out
