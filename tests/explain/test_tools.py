"""Other tools' words for a query, where no server is needed to tell that they are right."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from dicomsh.explain.equivalent import Equivalent
from dicomsh.explain.qido import qido
from dicomsh.explain.reasons import Sent
from dicomsh.explain.tools import TOOLS, dcm4che, findscu, pynetdicom
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.keys import by_keyword, find_attribute
from dicomsh.model.levels import HIERARCHY, MODALITY_WORKLIST_FIND, SOP_CLASSES, Level, Model
from dicomsh.model.modality import DicomAddress, Modality, Tls
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey

PEER = Modality("pacs", DicomAddress("ARCHIVE", "192.0.2.10", 104))


def key(path: str, value: str = "", matching: Matching | None = None) -> QueryKey:
    kind = matching or (Matching.SINGLE_VALUE if value else Matching.UNIVERSAL)
    parts = tuple(by_keyword(word) for word in path.split("."))
    return QueryKey(parts, value, kind, KeyOrigin.TYPED)


def sent(*keys: QueryKey, level: Level = Level.STUDY, charset: str = "", **more: object) -> Sent:
    query = Query(Model.STUDY_ROOT.find, level, keys, charset)
    return Sent(query, PEER, **more)  # type: ignore[arg-type]


def words(equivalent: Equivalent) -> list[str]:
    return shlex.split(equivalent.text.replace("\\\n", ""))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_a_shell_gives_findscu_the_value_as_it_is(value: str) -> None:
    made = words(findscu(sent(key("PatientName", value), charset="ISO_IR 192")))
    assert f"PatientName={value}" in made
    assert f"PatientName={value}" in words(dcm4che(sent(key("PatientName", value))))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_python_reads_the_value_as_it_is(value: str) -> None:
    text = pynetdicom(sent(key("StudyDescription", value))).text
    (line,) = [line for line in text.splitlines() if ".StudyDescription" in line]
    held: dict[str, str] = {}
    exec(line.replace("identifier.StudyDescription", "found"), held)
    assert held["found"] == value


def test_findscu_declares_what_a_terminal_hands_over() -> None:
    made = findscu(sent(key("PatientName", "Müller"), charset="ISO_IR 100"))
    assert "SpecificCharacterSet=ISO_IR 192" in words(made)
    assert "instead of ISO_IR 100" in made.notes[0]


def test_findscu_stops_where_the_command_would() -> None:
    made = words(findscu(sent(limit=5)))
    assert made[-4:] == ["--cancel", "5", "192.0.2.10", "104"]


def test_findscu_with_tls() -> None:
    tls = Tls(ca=Path("/c a.pem"), cert=Path("/cert.pem"), key=Path("/key.pem"), verify=False)
    peer = Modality("pacs", DicomAddress("ARCHIVE", "192.0.2.10", 2762, tls=tls))
    made = words(findscu(Sent(sent().query, peer)))
    start = made.index("+tls")
    assert made[start : start + 6] == ["+tls", "/key.pem", "/cert.pem", "+cf", "/c a.pem", "-ic"]


def test_dcm4che_tells_matching_from_return_keys() -> None:
    made = words(
        dcm4che(
            sent(
                key("StudyDate", "2016-", Matching.RANGE),
                key("RequestAttributesSequence.ScheduledProcedureStepID", "SPS-1"),
                key("PatientID"),
                level=Level.INSTANCE,
            )
        )
    )
    assert made[:9] == "findscu -b DICOMSH -c ARCHIVE@192.0.2.10:104 -M StudyRoot -L IMAGE".split()
    assert made[9:] == [
        *("-m", "StudyDate=2016-"),
        *("-m", "RequestAttributesSequence.ScheduledProcedureStepID=SPS-1"),
        *("-r", "PatientID"),
    ]


def url(equivalent: Equivalent) -> str:
    return words(equivalent)[2]


def test_qido_asks_inside_the_study_and_series_that_are_known() -> None:
    made = qido(
        sent(
            key("PatientID", "0555643F"),
            key("StudyInstanceUID", "1.2.3"),
            key("SeriesInstanceUID", "1.2.3.4"),
            key("InstanceNumber"),
            level=Level.INSTANCE,
        )
    )
    parts = urlsplit(url(made))
    assert parts.path == "/dicom-web/studies/1.2.3/series/1.2.3.4/instances"
    assert parse_qsl(parts.query) == [("PatientID", "0555643F"), ("includefield", "InstanceNumber")]
    assert "placeholder" in made.notes[0]


def test_a_query_in_ascii_declares_no_character_set() -> None:
    for tool in (findscu, dcm4che, pynetdicom):
        assert "SpecificCharacterSet" not in tool(sent(key("PatientID", "X"))).text
        assert "SpecificCharacterSet" in tool(sent(key("PatientID"), charset="ISO_IR 192")).text


def test_qido_has_commas_between_uids_only_and_encodes_those_in_a_value() -> None:
    made = qido(
        sent(
            key("StudyInstanceUID", "1.2\\1.3", Matching.UID_LIST),
            key("PatientName", "*山田^, &*", Matching.WILDCARD),
        )
    )
    text = urlsplit(url(made)).query
    assert text.startswith("StudyInstanceUID=1.2,1.3&PatientName=*%E5%B1%B1%E7%94%B0%5E%2C%20%26*")
    assert dict(parse_qsl(text)) == {"StudyInstanceUID": "1.2,1.3", "PatientName": "*山田^, &*"}


def test_qido_searches_for_each_value_of_a_list_of_codes() -> None:
    made = qido(
        sent(
            key("ModalitiesInStudy", "CT\\MR", Matching.MULTIPLE_VALUES),
            key("AccessionNumber", "A\\B", Matching.MULTIPLE_VALUES),
        )
    )
    urls = [word for word in words(made) if word.startswith("http")]
    assert [urlsplit(one).query for one in urls] == [
        f"ModalitiesInStudy={code}&AccessionNumber={number}"
        for code in ("CT", "MR")
        for number in "AB"
    ]
    assert any("one search for each value" in told for told in made.notes)
    many = "\\".join(map(str, range(11)))
    none = qido(sent(key("AccessionNumber", many, Matching.MULTIPLE_VALUES)))
    assert none.text == ""
    assert none.notes == ("not possible in fewer than 11 searches: only UIDs can be listed",)


def test_qido_has_a_parameter_for_fuzzy_matching() -> None:
    fuzzy = Modality("pacs", PEER.address, extended=frozenset((Extension.FUZZY,)))
    asked = sent(key("PatientName", "Doe"))
    assert "fuzzymatching=true" in qido(Sent(asked.query, fuzzy)).text
    assert "fuzzymatching" not in qido(asked).text


def test_qido_always_combines_a_range_of_dates_with_one_of_times() -> None:
    day = key("StudyDate", "20240301-20240302", Matching.RANGE)
    time = key("StudyTime", "100000-120000", Matching.RANGE)
    said = "QIDO-RS matches a range of dates and one of times as one continuous period"
    assert said in qido(sent(day, time)).notes
    assert said not in qido(sent(day, key("StudyTime"))).notes
    combined = Modality("pacs", PEER.address, extended=frozenset((Extension.DATETIME,)))
    assert said not in qido(Sent(sent(day, time).query, combined)).notes


def test_qido_needs_the_creator_of_a_private_attribute() -> None:
    private = QueryKey(
        (find_attribute("0009,1001", Level.STUDY),), "X", Matching.SINGLE_VALUE, KeyOrigin.TYPED
    )
    creator = QueryKey(
        (find_attribute("0009,0010", Level.STUDY),), "GEMS", Matching.SINGLE_VALUE, KeyOrigin.TYPED
    )
    said = "a private attribute needs its creator in the search: ggggooee=CREATOR"
    assert said in qido(sent(private)).notes
    assert said not in qido(sent(private, creator)).notes
    assert "00090010=GEMS" in qido(sent(private, creator)).text


def test_qido_has_no_patient_level() -> None:
    made = qido(sent(level=Level.PATIENT))
    assert made.text == ""
    assert "no patient level" in made.notes[0]


def test_every_tool_says_something_of_every_level() -> None:
    for tool in TOOLS.values():
        for level in HIERARCHY:
            made = tool(sent(key("PatientID", "X"), level=level))
            assert made.text or made.notes


def test_no_line_of_a_shell_command_is_too_long() -> None:
    asked = [key(name) for name in ("StudyDate", "ModalitiesInStudy", "StudyDescription")]
    counts = [key(f"NumberOf{name}RelatedInstances") for name in ("Patient", "Study", "Series")]
    made = [tool(sent(*asked, *counts, key("PatientName", "Doe*"))) for tool in TOOLS.values()]
    lines = [line for equivalent in made for line in equivalent.text.splitlines()]
    urls = [line for line in lines if "http://" in line]
    assert len(lines) > 20
    assert all(len(line) <= 78 for line in lines if line not in urls)


def test_a_query_without_levels_is_told_as_far_as_a_tool_can() -> None:
    """A worklist: no level goes out, and only Orthanc has a route for it."""
    query = Query(SOP_CLASSES[MODALITY_WORKLIST_FIND], None, (key("PatientID", "4711"),))
    worklist = Sent(query, PEER)
    made = {name: tool(worklist) for name, tool in TOOLS.items()}
    assert words(made["findscu"])[:2] == ["findscu", "-W"]
    assert "-M MWL" in made["dcm4che"].text
    assert MODALITY_WORKLIST_FIND in made["pynetdicom"].text
    assert not any("Level" in equivalent.text for equivalent in made.values())
    silent = {name for name, equivalent in made.items() if not equivalent.text}
    assert silent == {"orthanc-find", "qido"}
    assert "/find-worklist" in made["orthanc"].text
