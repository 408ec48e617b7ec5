"""Values as people write them: each finds what it means, or is refused before anything is sent.

Guards against rivals' failures: Orthanc answers `StudyDate=2009*` with 0xC000; pydicom raises at
`SeriesNumber=*`, only warns of a value too long, and drops a misspelt keyword; `dcm` splits
`PatientName=Yamada^Tarou=山田^太郎` at the wrong sign, and UID lists of 300 characters were cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pydicom import Dataset

from dicomsh.model.keys import by_keyword
from dicomsh.practice.archive import StoredEntity, practice_archive
from tests.dimse.peers import scp
from tests.harness import Done, run
from tests.servers import Orthanc, Server

STUDIES = [study for patient in practice_archive().patients for study in patient.children]
SERIES = [series for study in STUDIES for series in study.children]


def value(entity: StoredEntity, keyword: str) -> str:
    return str(entity.attributes.get(by_keyword(keyword).tag, ""))


def uids(done: Done, keyword: str = "StudyInstanceUID") -> list[str]:
    assert done.status == 0, done.err
    return sorted(row[keyword] for row in done.json)


def day(text: str) -> Callable[[str], bool]:
    """Whether a study was made in the days from the first to the second, both in digits.

    Between nothing and `~` is every study, also one without a date.
    """
    first, last = text.split(" ")
    return lambda stored: (bool(stored) or not first) and first <= stored <= last


def ago(days: int) -> str:
    return f"{date.today() - timedelta(days=days):%Y%m%d}"


DATES: list[tuple[str, Callable[[str], bool]]] = [
    ("2009-04-12", day("20090412 20090412")),
    ("20090412", day("20090412 20090412")),
    ("2009-04", day("20090401 20090430")),
    ("2024-02", day("20240201 20240229")),
    ("2009", day("20090101 20091231")),
    ("2009..2011-06", day("20090101 20110630")),
    ("20090412-20110930", day("20090412 20110930")),
    ("2009-04-12..", day("20090412 99991231")),
    ("20090412-", day("20090412 99991231")),
    ("..2009", day("00000000 20091231")),
    ("-20091231", day("00000000 20091231")),
    ("'>=2024'", day("20240101 99991231")),
    ("'>2024'", day("20250101 99991231")),
    ("'<2009'", day("00000000 20081231")),
    ("'<=2009-04-12'", day("00000000 20090412")),
    ("today", day(f"{ago(0)} {ago(0)}")),
    ("yesterday", day(f"{ago(1)} {ago(1)}")),
    ("-700d", day(f"{ago(700)} 99991231")),
    ("-100w", day(f"{ago(700)} 99991231")),
    ("-700d..-300d", day(f"{ago(700)} {ago(300)}")),
    ("..-300d", day(f"00000000 {ago(300)}")),
    ("", day(" ~")),
]


@pytest.mark.parametrize(("typed", "meant"), DATES, ids=[typed or "empty" for typed, _ in DATES])
def test_dates(typed: str, meant: Callable[[str], bool]) -> None:
    done = run(f"find study date={typed}", modality="pacs", output="json")
    expected = [s for s in STUDIES if meant(value(s, "StudyDate"))]
    assert uids(done) == sorted(value(study, "StudyInstanceUID") for study in expected)


TIMES = [
    ("10:15", "101500", "101559.999999"),
    ("1015", "101500", "101559.999999"),
    ("10", "100000", "105959.999999"),
    ("10:15:30", "101530", "101530"),
    ("08:00..09:30", "080000", "093059.999999"),
    ("0800-0930", "080000", "093059.999999"),
    ("'>=17:00'", "170000", "999999"),
    ("'<08:00'", "000000", "075959.999999"),
    ("..08:00", "000000", "080059.999999"),
]


@pytest.mark.parametrize(("typed", "first", "last"), TIMES, ids=[typed for typed, _, _ in TIMES])
def test_times(typed: str, first: str, last: str) -> None:
    done = run(f"find study time={typed}", modality="pacs", output="json")
    times = ((s, value(s, "StudyTime")) for s in STUDIES)
    expected = [s for s, time in times if time and first <= time <= last]
    assert uids(done) == sorted(value(study, "StudyInstanceUID") for study in expected)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("CT", {"CT"}),
        ("ct", set()),
        ("CT,MR", {"CT", "MR"}),
        (r"CT\MR", {"CT", "MR"}),
        (r"'CT\MR'", {"CT", "MR"}),
        ("'CT, MR'", {"CT", "MR"}),
        ("?R", {"CR", "MR", "SR"}),
        ("S*", {"SR", "SEG"}),
        ("*", None),
        ("", None),
    ],
)
def test_codes_and_lists(typed: str, codes: set[str] | None) -> None:
    study = run(f"find study mod={typed}", modality="pacs", output="json")
    series = run(f"find series mod={typed}", modality="pacs", output="json")

    def fits(entity: StoredEntity, keyword: str) -> bool:
        return codes is None or not codes.isdisjoint(value(entity, keyword).split("\\"))

    expected = [s for s in STUDIES if fits(s, "ModalitiesInStudy")]
    assert uids(study) == sorted(value(s, "StudyInstanceUID") for s in expected)
    of_series = [s for s in SERIES if fits(s, "Modality")]
    assert uids(series, "SeriesInstanceUID") == sorted(
        value(s, "SeriesInstanceUID") for s in of_series
    )


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("'name=Yamada^Tarou=山田^太郎=やまだ^たろう'", ["TYO-0001"]),
        ("name=Yamada^Tarou=山田^太郎", ["TYO-0001"]),
        ("name==山田^太郎", ["TYO-0001"]),
        ("name===やまだ*", ["TYO-0001", "TYO-0002", "TYO-0003"]),
        ("name=Yamada*=例*", []),
        ("(0010,0010)==山田*", ["TYO-0001", "TYO-0002", "TYO-0003"]),
        ("PatientName='*太郎*'", ["TYO-0001", "TYO-0004"]),
        ("0010,0010=jod*", ["0555643F"]),
        ("00100010=M?ller*", ["MUC-0001", "MUC-0005"]),
        ("id=0555643?", ["0555643F"]),
        ("id=OZP*", ["OZP00SJ"]),
        ("sex=F birth=1944", ["RTN-0001"]),
        (r"'name=JOD*\Sample^A*'", ["0555643F", "10005"]),
    ],
)
def test_names_hold_equals_signs(typed: str, ids: list[str]) -> None:
    assert uids(run(f"find patient {typed}", modality="pacs", output="json"), "PatientID") == ids


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("RequestAttributesSequence.ScheduledProcedureStepID=SPS0002", 4),
        ("(0040,0275).(0040,0009)=SPS0002", 4),
        ("'(0040,0275)[0].(0040,0009)=SPS0002'", 4),
        ("RequestAttributesSequence[0].ScheduledProcedureStepID=SPS0002", 4),
        ("'RequestAttributesSequence.ScheduledProcedureStepID=SPS000[2]'", 0),
        (
            "RequestAttributesSequence.ScheduledProcedureStepID=SPS0002"
            " RequestAttributesSequence.RequestedProcedureID=RP0002",
            4,
        ),
        (
            "RequestAttributesSequence.ScheduledProcedureStepID=SPS0002"
            " RequestAttributesSequence.RequestedProcedureID=RP0001",
            0,
        ),
        (
            "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodingSchemeDesignator"
            "=99PRACTICE id=0555643F",
            7,
        ),
    ],
)
def test_paths_match_inside_sequences(typed: str, number: int) -> None:
    done = run(f"find series {typed}", modality="pacs", output="json")
    assert len(uids(done, "SeriesInstanceUID")) == number


def test_a_literal_asterisk_finds_what_has_a_value() -> None:
    every = run("find study desc=*", modality="pacs", output="json")
    described = run(r"find study 'desc=\*'", modality="pacs", output="json")
    bare = [s for s in STUDIES if by_keyword("StudyDescription").tag not in s.attributes]
    assert len(uids(every)) - len(uids(described)) == len(bare) > 0


def every_uid(modality: str) -> list[str]:
    done = run("find study", modality=modality, output="json")
    return [row["StudyInstanceUID"] for row in done.json]


@pytest.mark.parametrize("number", [6, 10_000])
def test_lists_of_uids_of_any_length(
    number: int, orthanc_server: Orthanc, dcmqrscp_server: Server
) -> None:
    others = [f"1.2.840.113704.1.111.2768.1239195678.9876543210.{n}" for n in range(number)]
    for address in ("pacs", orthanc_server.address, dcmqrscp_server.address):
        held = [uid for uid in every_uid(address) if uid][:3]
        query = f"find study study={','.join([*others, *held])}"
        done = run(query, modality=address, output="json")
        assert uids(done) == sorted(held)
        assert len(done.last) < 400
        assert ("9 queries" in done.last) is (number > 6)


REFUSED = [
    ("find study date=2009*", "*", "no wildcard in StudyDate: its VR is DA"),
    ("find study date=*", "*", "no wildcard in StudyDate"),
    ("find study date=2024-02-30", "2024-02-30", "there is no day 30 in 2024-02"),
    ("find study date=2024-13", "2024-13", "there is no month 13"),
    ("find study date=2024-03..2024-01", "2024-03..2024-01", "the range is backwards"),
    ("find study date=2024-01..x", "x", "'x' is not a valid end of a range"),
    ("find study date=..", "..", "a range needs at least one end"),
    ("find study date=soon", "soon", "'soon' is not a valid StudyDate"),
    ("find study time=25:00", "25:00", "there is no time 25:00"),
    ("find study time=23:00..01:00", "23:00..01:00", "the range is backwards"),
    ("find study time=1?", "?", "no wildcard in StudyTime"),
    ("find series number=*", "*", "no wildcard in SeriesNumber: its VR is IS"),
    ("find series number=1..5", "1..5", "'1..5' is not a valid SeriesNumber"),
    ("find instance Rows=5?2", "?", "no wildcard in Rows: its VR is US"),
    ("find instance Rows=65536", "65536", "'65536' is not a valid Rows"),
    ("find study PatientWeight=70-80", "70-80", "is not a valid PatientWeight"),
    ("find study study=1.2.*", "*", "no wildcard in StudyInstanceUID: its VR is UI"),
    ("find study study=1.2,1.2.*", "*", "no wildcard in StudyInstanceUID"),
    ("find study InstanceAvailability=ONLINE", "ONLINE", "never part of a query"),
    ("find study 0008,0201=+0100", "+0100", "cannot be matched"),
    ("find study date=240305", "240305", "may be a month or a day"),
    ("find study mod=CT/MR", "CT/MR", "is not a valid ModalitiesInStudy"),
    ("find study mod=CT,", "", "an empty value for ModalitiesInStudy"),
    ("find patient name=a=b=c=d", "a=b=c=d", "at most 3 component groups"),
    ("find patient sex=é", "é", "is not a valid PatientSex"),
    ("find patient 'id=a\tb'", "\t", "a control character"),
    ("find patient PatientNam=x", "PatientNam", "no attribute 'PatientNam'"),
    ("find patient +PatientNam", "PatientNam", "no attribute 'PatientNam'"),
    ("find study charset=UTF8", "UTF8", "is chosen to suit the text"),
    ("find study QueryRetrieveLevel=IMAGE", "IMAGE", "is set by the level"),
    ("find study age=45", "45", "is not a valid PatientAge"),
    ("find study ProcedureCodeSequence=x", "x", "(VR SQ)"),
    ("find study PatientName.Modality=x", "PatientName", "PatientName is not a sequence"),
    ("find series Rows=512", "Rows", "Rows is a key of the instance level"),
    ("find patient name=a name=b", "name=b", "PatientName is given twice"),
    ("find series P1 desc=s*", "desc=s*", "SeriesDescription is given twice, P1 and s*"),
    ("find study date<2004", "date<2004", "looks like a key"),
    ("find study id:3", "id:3", "looks like a key"),
    ("find study 'StudyDate > 2024'", "'StudyDate > 2024'", "looks like a key"),
    ("find study name!=JOD*", "name!=JOD*", "looks like a key"),
    ("find study date>=2024", ">", "would write to a file named '=…'"),
    ("find study date>2024", ">", "would write to a file named '2024'"),
    ("find study date>2024-03 sex=M", ">", "would write to a file named '2024-03'"),
    ("find study 'name=a\nb'", "\n", "a line break in the value of PatientName"),
    ("find study PatientID[0]=3", "PatientID[0]", "no attribute 'PatientID[0]'"),
    ("find study 0008,0000=1", "1", "(0008,0000) is a group length"),
    ("find study ffff,ffff=1", "ffff,ffff", "cannot be in a query"),
]


@pytest.mark.parametrize(("text", "marked", "said"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_what_is_wrong_is_refused_in_its_place_and_nothing_is_sent(
    text: str, marked: str, said: str
) -> None:
    received: list[Dataset] = []

    def find(event: Any) -> Iterator[tuple[int, None]]:
        received.append(event.identifier)
        yield 0x0000, None

    with scp(find) as peer:
        done = run(text, modality=str(peer.address))
    assert received == []
    assert done.status == 2
    message, line, caret = done.err.splitlines()[:3]
    assert said in message
    place = line[caret.index("^") : caret.rindex("^") + 1]
    assert place == marked or (not marked and not place.strip()) or not marked.isprintable()


def test_a_pattern_that_is_a_second_value_is_explained() -> None:
    done = run("find series P1 desc=s*", modality="pacs")
    assert done.last == "the PATTERN P1 already sets SeriesDescription: omit one of them"
    done = run("find series mod=CT mod=MR", modality="pacs")
    assert done.last == "give several values in one key: Key=A,B"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("PatientID", "x*"),
        ("StudyDate", "2024"),
        ("StudyTime", "10"),
        ("ModalitiesInStudy", "ct"),
        ("AccessionNumber", "*2024030500000017*"),
        ("StudyInstanceUID", "LOCALIZER1.2.3"),
    ],
)
def test_the_value_on_the_wire_is_the_one_that_is_explained(name: str, typed: str) -> None:
    received: list[Dataset] = []

    def find(event: Any) -> Iterator[tuple[int, None]]:
        received.append(event.identifier)
        yield 0x0000, None

    with scp(find) as peer:
        done = run(f"find study {name}={typed}", modality=str(peer.address))
    (identifier,) = received
    sent = identifier.get_item(by_keyword(name).tag).value.decode().rstrip()
    assert f"{name}={sent}" in done.last


@pytest.mark.parametrize("name", ["InstanceAvailability", "TimezoneOffsetFromUTC"])
def test_what_is_no_key_is_not_sent_but_shown(name: str) -> None:
    received: list[Dataset] = []

    def find(event: Any) -> Iterator[tuple[int, None]]:
        received.append(event.identifier)
        yield 0x0000, None

    with scp(find) as peer:
        run(f"find study +{name}", modality=str(peer.address))
    assert name not in received[0]
    (row, *_) = run(f"find study +{name} --limit 1", modality="pacs", output="json").json
    assert row.get(name) == ("ONLINE" if name == "InstanceAvailability" else None)


def test_codes_go_out_as_typed_and_the_defined_term_is_named() -> None:
    done = run("find series body=Knee", modality="pacs")
    assert "BodyPartExamined=Knee was sent as typed; the defined term is KNEE" in done.last
    assert "defined term" not in run("find series body=KNEE", modality="pacs").err
    assert "defined term" not in run("find series ct --limit 1", modality="pacs").err


def test_a_uid_outside_the_rules_is_sent_with_a_warning() -> None:
    said = "LOCALIZER1.2.3 is not a valid UID (PS3.5 9.1), sent as it is"
    assert said in run("find study study=LOCALIZER1.2.3", modality="pacs").last
    assert said in run("find series study=LOCALIZER1.2.3 id=0555643F", modality="pacs").last
