from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from dicomsh.model.levels import MODALITY_WORKLIST_FIND, VERIFICATION
from dicomsh.model.modality import PracticeAddress
from dicomsh.practice import server as practice
from dicomsh.practice.archive import PRIVATE_CREATOR, PRIVATE_REMARK
from dicomsh.practice.server import PracticeServer
from tests.practice.scu import PATIENT, STUDY, Answer, ask, associated, find, findscu, identifier


def patients(server: PracticeServer, **keys: Any) -> list[str]:
    answer = find(server.port, "PATIENT", PATIENT, **{"PatientID": ""} | keys)
    assert answer.final == 0x0000
    return answer.column("PatientID")


def studies(server: PracticeServer, **keys: Any) -> Answer:
    return find(server.port, "STUDY", **{"StudyInstanceUID": ""} | keys)


def test_echo(server: PracticeServer) -> None:
    with associated(server.port) as association:
        assert association.send_c_echo().Status == 0x0000
        accepted = {context.abstract_syntax for context in association.accepted_contexts}
    assert accepted == {VERIFICATION, PATIENT.value, STUDY.value, MODALITY_WORKLIST_FIND}


def test_three_options_are_negotiated_and_no_fourth(server: PracticeServer) -> None:
    from pynetdicom import AE

    offered = SOPClassExtendedNegotiation()
    offered.sop_class_uid = STUDY.value
    offered.service_class_application_information = b"\x01\x01\x01\x01"
    entity = AE("TESTER")
    entity.add_requested_context(STUDY.value)
    association = entity.associate("127.0.0.1", server.port, ext_neg=[offered])
    assert association.acceptor.sop_class_extended == {STUDY.value: b"\x01\x01\x01\x00"}
    association.release()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("pdu", [0, 4096, 64])
def test_both_transfer_syntaxes_and_small_pdus(
    server: PracticeServer, syntax: str, pdu: int
) -> None:
    wanted = identifier("STUDY", PatientName="*山田*", StudyDescription="", ModalitiesInStudy="")
    wanted.ProcedureCodeSequence = Sequence([])
    with associated(server.port, syntax, pdu) as association:
        answer = ask(association, wanted)
    assert len(answer.rows) == 7
    assert answer.column("StudyDescription").count("胸部CT") == 1
    assert {row.ProcedureCodeSequence[0].CodingSchemeDesignator for row in answer.rows} == {
        "99PRACTICE"
    }


def test_only_what_was_asked_for_comes_back(server: PracticeServer) -> None:
    answer = find(server.port, "PATIENT", PATIENT, PatientID="0555643F", PatientComments="")
    [row] = answer.rows
    assert [str(element.tag) for element in row] == [
        "(0008,0005)",
        "(0008,0052)",
        "(0008,0054)",
        "(0008,0056)",
        "(0010,0020)",
        "(0010,4000)",
    ]
    assert row.SpecificCharacterSet == "ISO_IR 192"
    assert row.QueryRetrieveLevel == "PATIENT"
    assert row.RetrieveAETitle == "ORTHANC"


def test_instance_availability_comes_without_being_asked_for(server: PracticeServer) -> None:
    """It is in answers alone (PS3.4 C.4.1.1.3.2)."""
    answer = studies(server, PatientID="0555643F")
    assert answer.column("InstanceAvailability") == ["ONLINE", "ONLINE"]


def test_attributes_without_a_value_are_empty_unheld_ones_left_out(server: PracticeServer) -> None:
    held = find(server.port, "PATIENT", PATIENT, PatientID="10004", PatientSex="")
    assert held.column("PatientSex") == [""]
    assert held.statuses == [0xFF00, 0x0000]
    unheld = find(server.port, "PATIENT", PATIENT, PatientID="10004", EthnicGroup="")
    assert unheld.column("EthnicGroup") == ["(absent)"]
    assert unheld.statuses == [0xFF01, 0x0000]


def test_matching_on_what_is_not_held_finds_nothing(server: PracticeServer) -> None:
    assert patients(server, EthnicGroup="X") == []


@pytest.mark.parametrize("name", ["K*", "k*", "*", "JODOGNE^SEBASTIEN", "jod*"])
def test_names_match_in_any_case(server: PracticeServer, name: str) -> None:
    assert patients(server, PatientName=name) == patients(server, PatientName=name.swapcase())


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ozp*", ["ozp00sj"]),
        ("OZP*", ["OZP00SJ"]),
        ("o?p*", ["ozp00sj"]),
        ("0?q*", []),
        ("4711", ["4711", "4711"]),
        ("10001\\10002", ["10001", "10002"]),
    ],
)
def test_patient_ids_match_by_case(server: PracticeServer, pattern: str, found: list[str]) -> None:
    assert patients(server, PatientID=pattern) == found


def test_names_in_other_scripts(server: PracticeServer) -> None:
    assert patients(server, PatientName="*山田*") == ["TYO-0001", "TYO-0002", "TYO-0003"]
    assert patients(server, PatientName="Müller*") == ["MUC-0001"]
    assert patients(server, PatientName="Muller*") == ["MUC-0005"]
    assert patients(server, PatientName="παράδειγμα*") == ["ATH-0001"]
    assert patients(server, PatientName="홍*") == ["SEL-0001", "SEL-0002"]
    assert patients(server, PatientName="مثال*") == ["CAI-0001", "CAI-0002"]


@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192", "GB18030"])
def test_the_querys_own_character_set(server: PracticeServer, charset: str) -> None:
    wanted = identifier("PATIENT", PatientID="", PatientName="")
    wanted.SpecificCharacterSet = charset
    wanted.PatientName = "Müller*"
    with associated(server.port) as association:
        answer = ask(association, wanted, PATIENT)
    assert answer.column("PatientID") == ["MUC-0001"]
    assert answer.rows[0].PatientName.family_name == "Müller"


def test_japanese_with_code_extensions(server: PracticeServer) -> None:
    wanted = Dataset()
    wanted.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    wanted.QueryRetrieveLevel = "PATIENT"
    wanted.PatientName = "*山田*"
    with associated(server.port) as association:
        assert len(ask(association, wanted, PATIENT).rows) == 3


def test_an_unlabelled_query_is_not_utf_8(server: PracticeServer) -> None:
    keys = ["QueryRetrieveLevel=PATIENT", "PatientID", "PatientName=*山田*"]
    assert findscu(server.port, *keys, root="-P").rows == []
    labelled = findscu(server.port, *keys, "SpecificCharacterSet=ISO_IR 192", root="-P")
    assert len(labelled.rows) == 3


def test_an_unknown_character_set_is_no_reason_to_fail(server: PracticeServer) -> None:
    keys = ["QueryRetrieveLevel=PATIENT", "PatientID=10001", "SpecificCharacterSet=FOO"]
    assert len(findscu(server.port, *keys, root="-P").rows) == 1


def test_absent_empty_and_universal(server: PracticeServer) -> None:
    everyone = patients(server, PatientSex="")
    assert len(everyone) == 40
    with_sex = patients(server, PatientSex="*")
    assert set(everyone) - set(with_sex) == {"10004"}
    assert set(with_sex) - {"10005"} == set(patients(server, PatientSex="M\\F\\O"))


@pytest.mark.parametrize(
    ("dates", "found"),
    [
        ("20090412", 1),
        ("20090411", 0),
        ("20090413", 0),
        ("20090412-20090412", 1),
        ("20090412-", 2),
        ("20090413-", 1),
        ("-20090412", 1),
        ("-20090411", 0),
        ("20090412-20110930", 2),
        ("20090413-20110929", 0),
    ],
)
def test_date_ranges_are_inclusive(server: PracticeServer, dates: str, found: int) -> None:
    assert len(studies(server, PatientID="0555643F", StudyDate=dates).rows) == found


def test_an_empty_date_is_in_no_range(server: PracticeServer) -> None:
    assert len(studies(server).rows) == 120
    assert len(studies(server, StudyDate="19000101-").rows) == 119


def test_times_around_midnight(server: PracticeServer) -> None:
    nils = {"PatientID": "NGT-0001"}
    assert len(studies(server, **nils, StudyTime="2359").rows) == 2
    assert len(studies(server, **nils, StudyTime="0000-0001").rows) == 1
    late = studies(server, **nils, StudyDate="20240305", StudyTime="235901-", StudyDescription="")
    assert late.column("StudyDescription") == ["CT THORAX"]


def test_uid_lists(server: PracticeServer) -> None:
    uids = studies(server, PatientID="RTN-0001").column("StudyInstanceUID")
    assert len(uids) == 12
    wanted = [uids[0], uids[5], "1.2.3", uids[11]]
    got = studies(server, StudyInstanceUID=wanted).column("StudyInstanceUID")
    assert got == [uids[0], uids[5], uids[11]]
    assert studies(server, StudyInstanceUID=uids).column("StudyInstanceUID") == uids


@pytest.mark.parametrize(
    ("modalities", "found"),
    [("", 2), ("MR", 1), ("SR", 1), ("CT\\SR", 2), ("XA\\SR", 1), ("XA\\US", 0), ("?R", 1)],
)
def test_modalities_in_study(server: PracticeServer, modalities: str, found: int) -> None:
    answer = studies(server, PatientID="0555643F", ModalitiesInStudy=modalities)
    assert len(answer.rows) == found
    assert set(answer.column("ModalitiesInStudy")) <= {"CT", "['MR', 'SR']"}


def test_sop_classes_in_study(server: PracticeServer) -> None:
    found = studies(server, SOPClassesInStudy="1.2.840.10008.5.1.4.1.1.66.4", ModalitiesInStudy="")
    assert set(found.column("ModalitiesInStudy")) == {"['MR', 'SEG']"}


COUNTERS = (
    "NumberOfPatientRelatedStudies NumberOfPatientRelatedSeries NumberOfPatientRelatedInstances "
    "NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances NumberOfSeriesRelatedInstances"
).split()


@pytest.mark.parametrize(
    ("level", "own"),
    [
        ("PATIENT", {COUNTERS[0]: 2, COUNTERS[1]: 8, COUNTERS[2]: 592}),
        ("STUDY", {COUNTERS[3]: 3, COUNTERS[4]: 412}),
        ("SERIES", {COUNTERS[5]: 2}),
        ("IMAGE", {}),
    ],
)
def test_counters_at_their_own_level_only(
    server: PracticeServer, level: str, own: dict[str, int]
) -> None:
    asked: dict[str, Any] = dict.fromkeys(COUNTERS, "")
    answer = find(server.port, level, PATIENT, PatientID="0555643F", **asked)
    row = answer.rows[0]
    assert {word: int(row[word].value) for word in COUNTERS if word in row} == own


def test_relational_keys_of_parents_match_and_come_back(server: PracticeServer) -> None:
    answer = find(server.port, "SERIES", PatientName="yamada^tarou*", StudyDate="", Modality="SR")
    assert answer.column("PatientName") == ["Yamada^Tarou=山田^太郎=やまだ^たろう"]
    assert len(answer.rows[0].StudyDate) == 8
    images = find(server.port, "IMAGE", PatientID="BIG-0001", StudyDescription="CTA*")
    assert len(images.rows) == 1200


def test_patient_root_without_the_parents_keys(server: PracticeServer) -> None:
    answer = find(server.port, "SERIES", PATIENT, Modality="SEG", PatientID="")
    assert sorted(answer.column("PatientID")) == sorted(
        find(server.port, "SERIES", Modality="SEG", PatientID="").column("PatientID")
    )
    assert len(answer.rows) == 5


def test_same_patient_id_with_different_issuers(server: PracticeServer) -> None:
    answer = find(server.port, "PATIENT", PATIENT, PatientID="4711", IssuerOfPatientID="")
    assert answer.column("IssuerOfPatientID") == ["NORTH CLINIC", "SOUTH CLINIC"]
    assert len(patients(server, PatientID="4711", IssuerOfPatientID="SOUTH*")) == 1


def test_integers_match_by_value(server: PracticeServer) -> None:
    second = find(server.port, "SERIES", PatientID="0555643F", SeriesNumber="02")
    assert len(second.rows) == 2
    wanted = identifier("IMAGE", PatientID="0555643F", Rows=320, Columns=None)
    with associated(server.port) as association:
        answer = ask(association, wanted)
    assert len(answer.rows) == 179
    assert {row.Columns for row in answer.rows} == {320}


def test_sequences(server: PracticeServer) -> None:
    code, step = Dataset(), Dataset()
    code.CodeValue = "CTTHX"
    code.CodeMeaning = ""
    step.RequestedProcedureID = ""
    step.ScheduledProtocolCodeSequence = Sequence([code])
    wanted = identifier("SERIES", PatientID="0555643F", Modality="")
    wanted.RequestAttributesSequence = Sequence([step])
    with associated(server.port) as association:
        answer = ask(association, wanted)
    assert len(answer.rows) == 3
    [returned] = answer.rows[0].RequestAttributesSequence
    assert returned.RequestedProcedureID == "RP0001"
    assert "ScheduledProcedureStepID" not in returned
    [inner] = returned.ScheduledProtocolCodeSequence
    assert [element.keyword for element in inner] == ["CodeValue", "CodeMeaning"]


def test_sequences_with_findscu(server: PracticeServer) -> None:
    path = "RequestAttributesSequence[0]"
    keys = ["QueryRetrieveLevel=SERIES", "PatientID=0555643F", "SeriesNumber"]
    found = findscu(server.port, *keys, f"{path}.RequestedProcedureID=RP0002")
    assert [row["0020,0011"] for row in found.rows] == ["1", "2", "3", "4"]
    assert findscu(server.port, *keys, f"{path}.RequestedProcedureID=RP9").rows == []
    whole = findscu(server.port, *keys, "RequestAttributesSequence")
    assert len(whole.rows) == 8
    assert whole.text.count("SPS0001") == 3


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_private_attributes(server: PracticeServer, syntax: str) -> None:
    wanted = identifier("STUDY", PatientID="")
    wanted.add_new(PRIVATE_CREATOR, "LO", "DICOMSH PRACTICE")
    wanted.add_new(PRIVATE_REMARK, "LO", "Shelf 1")
    with associated(server.port, syntax) as association:
        [row] = ask(association, wanted).rows
        del wanted[PRIVATE_REMARK]
        shelved = ask(association, wanted)
        wanted[PRIVATE_CREATOR].value = ""
        wanted.add_new(0x00091002, "LO", "")
        unheld = ask(association, wanted)
    assert row.PatientID == "0555643F"
    assert row[PRIVATE_REMARK].value in ("Shelf 1", b"Shelf 1 ")
    assert len(shelved.rows) == 20
    assert unheld.statuses == [0xFF01] * 120 + [0x0000]


def test_group_lengths_and_group_2_are_passed_over(server: PracticeServer) -> None:
    wanted = identifier("PATIENT", PatientID="0555643F")
    wanted.add_new(0x00100000, "UL", 12)
    with associated(server.port) as association:
        [row] = ask(association, wanted, PATIENT).rows
    assert 0x00100000 not in row


@pytest.mark.parametrize(
    ("model", "level"),
    [(STUDY, "BOGUS"), (STUDY, ""), (STUDY, "PATIENT"), (PATIENT, "IMAGES"), (PATIENT, "INSTANCE")],
)
def test_bad_levels(server: PracticeServer, model: Any, level: str) -> None:
    answer = find(server.port, level, model, PatientID="")
    assert answer.statuses == [0xA900]
    assert "is not one of" in answer.comment
    assert "IMAGE" in answer.comment


def test_no_level(server: PracticeServer) -> None:
    wanted = Dataset()
    wanted.PatientID = ""
    with associated(server.port) as association:
        assert ask(association, wanted).statuses == [0xA900]


@pytest.mark.parametrize(
    "key",
    ["StudyDate=*", "StudyDate=2009*", "StudyTime=1?", "StudyInstanceUID=1.2.*", "StudyDate=2009"],
)
def test_wildcards_where_there_are_none(server: PracticeServer, key: str) -> None:
    printed = findscu(server.port, "QueryRetrieveLevel=STUDY", key)
    assert "UnableToProcess" in printed.final


def test_the_comment_names_the_attribute(server: PracticeServer) -> None:
    wanted = identifier("SERIES")
    wanted.add_new(0x00080020, "LO", "*")
    with associated(server.port) as association:
        answer = ask(association, wanted)
    assert answer.statuses == [0xC000]
    assert answer.comment.startswith("(0008,0020): a date is YYYYMMDD")


def test_keys_below_the_level(server: PracticeServer) -> None:
    answer = studies(server, Modality="CT")
    assert answer.statuses == [0xA900]
    assert answer.comment == "(0008,0060) is below level STUDY"
    asked = studies(server, PatientID="0555643F", SeriesInstanceUID="")
    assert asked.statuses == [0xFF01, 0xFF01, 0x0000]


def test_two_items_in_a_sequence(server: PracticeServer) -> None:
    wanted = identifier("SERIES")
    wanted.RequestAttributesSequence = Sequence([Dataset(), Dataset()])
    wanted.RequestAttributesSequence[0].RequestedProcedureID = "1"
    with associated(server.port) as association:
        assert ask(association, wanted).statuses == [0xA900]


def test_bytes_that_are_no_identifier(server: PracticeServer) -> None:
    wanted = identifier("STUDY")
    with associated(server.port, ExplicitVRLittleEndian) as association:
        context = association.accepted_contexts[0]
        for each in association.accepted_contexts:
            each.transfer_syntax = [ImplicitVRLittleEndian]  # what is sent is then not as agreed
        assert context
        assert ask(association, wanted).final == 0xC000
        assert association.is_established


def test_connections_that_are_no_association(server: PracticeServer) -> None:
    for data in (b"", b"GET / HTTP/1.0\r\n\r\n", bytes(40)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(data)
    assert patients(server, PatientID="0555643F") == ["0555643F"]


def test_several_associations_at_once(server: PracticeServer) -> None:
    ready = threading.Barrier(6)

    def work(_: int) -> list[int]:
        with associated(server.port) as association:
            ready.wait(20)
            wanted = identifier("STUDY", StudyInstanceUID="")
            return [len(ask(association, wanted).rows) for _ in range(2)]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(work, range(6))) == [[120, 120]] * 6


def test_several_queries_on_one_association(server: PracticeServer) -> None:
    with associated(server.port) as association:
        for pattern, found in (("JOD*", 1), ("Yamada*", 3), ("nobody", 0), ("Doe^Jane", 2)):
            wanted = identifier("PATIENT", PatientName=pattern)
            answer = ask(association, wanted, PATIENT)
            assert answer.statuses == [0xFF00] * found + [0x0000]


def test_patients_and_studies_are_listed_in_order(server: PracticeServer) -> None:
    first, second = patients(server), patients(server)
    assert first == second
    assert first[0] == "0555643F"
    dates = studies(server, PatientID="RTN-0001", StudyDate="").column("StudyDate")
    assert dates == sorted(dates)


def test_it_stops_at_once_and_not_when_it_looks_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice, "_POLL", 600.0)
    running = practice.start(PracticeAddress("PACS"))
    stopping = threading.Thread(target=running.stop, daemon=True)
    stopping.start()
    stopping.join(30)
    assert not stopping.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((practice.HOST, running.port))
