"""Nothing is left out without a word, and nobody else's entity is taken for the one meant.

Rivals: ADIT and moloney/dcm walk from the patients down and lose the studies of patients without a
PatientID; dcmqrti takes the number of a row for whatever it stands for now.
"""

from __future__ import annotations

from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.session.state import Session
from dicomsh.session.targets import whole_key
from tests.harness import run, sample_configuration
from tests.servers import Orthanc
from tests.session.test_entity_index import row


def test_studies_of_patients_without_id_are_missed_aloud(orthanc_server: Orthanc) -> None:
    whole = run("find study", modality=orthanc_server.address, output="json")
    done = run("find study --model patient", modality=orthanc_server.address, output="json")
    assert len(done.json) < len(whole.json)
    assert done.status == 5
    assert "INCOMPLETE" in done.last
    assert "the studies of 1 patient without a PatientID could not be asked for" in done.last
    assert "asked patient by patient: because of the model set" in done.last


def test_attributes_of_the_patient_come_back_patient_by_patient(orthanc_server: Orthanc) -> None:
    done = run(
        "find study JODOT* +PatientSex --model patient",
        modality=orthanc_server.address,
        output="json",
    )
    assert {row["PatientName"] for row in done.json} == {"JODOT^MARC"}
    assert {row["PatientSex"] for row in done.json} == {"M"}


def test_a_tree_misses_nothing_silently(orthanc_server: Orthanc) -> None:
    done = run("tree --depth 2 | count", modality=orthanc_server.address)
    assert done.status == 5
    assert "1 without a unique key omitted, with everything below them" in done.last


def test_a_row_that_was_not_listed_is_no_key() -> None:
    done = run("find patient JOD*; cd %30", modality="pacs")
    assert done.status == 1
    assert "no row 30 was listed" in done.err


def test_a_row_of_somebody_elses_list_is_refused() -> None:
    done = run("find patient; cd 0555643F; ls; cd /; cd 10001; cd 1", modality="pacs")
    assert done.status == 2
    assert "row 1 belongs to a list made in /0555643F" in done.err


def test_a_row_of_a_list_above_or_below_is_taken() -> None:
    done = run("find study id=0555643F; cd 1; cd 2; pwd; cd /0555643F; cd 1; pwd", modality="pacs")
    assert done.status == 0, done.err
    assert done.out.count("/pacs/0555643F/1.2.840.113704.1.111.2768.1239195678.") == 2


def test_masked_probes_show_no_part_of_a_name() -> None:
    done = run("set mask on; probe", modality="pacs")
    assert done.status == 0
    assert "ثال" not in done.out


def test_a_peer_does_not_choose_where_the_root_is() -> None:
    session = Session(sample_configuration())
    session.choose(session.config.find("pacs"))
    patients = [row(PatientID=key) for key in ("/", "/pacs", "a/b")]
    session.seen.note(patients, Level.PATIENT, Place())
    session.learn()
    assert whole_key(session, "/") is None
    assert whole_key(session, "/pacs") is None
    assert whole_key(session, "a/b") is not None
