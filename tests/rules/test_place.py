"""The place is part of the query: its keys are compared with the rows, and are never patterns.

A row of somebody else below a patient is the worst answer there is: servers ignore keys, and take
`*` and `?` in any value for wildcards (PS3.4 C.2.2.2.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import evt

from dicomsh.model.modality import Faults, Modality, PracticeAddress
from dicomsh.practice.archive import PracticeArchive, practice_archive
from dicomsh.practice.server import start
from tests import servers
from tests.archives.test_listed import asked
from tests.conftest import Start
from tests.dimse.peers import answering, scp, study
from tests.harness import Done, practice, run

PATIENT = "0555643F"


@pytest.fixture(scope="module")
def ignorant() -> Iterator[str]:
    """An archive that ignores the patient; of few patients, as some commands walk all of it."""
    address = PracticeAddress(faults=Faults(ignore_keys=frozenset({"PatientID"})))
    few = practice_archive().patients[:5]
    with start(address, archive=PracticeArchive(few)) as server:
        yield servers.Server(server.aet, server.port).address


@pytest.mark.parametrize(
    "text",
    [
        "ls",
        "find study",
        "find series",
        "ls mod=CT",
        "tree --depth 1",
        "wado",
        "show",
        "ls | where date=2009 | sort desc",
        "ls --limit 3 | each ls",
        "cd /; ls 0555643F",
    ],
)
def test_a_server_that_ignores_the_patient_is_in_doubt(ignorant: str, text: str) -> None:
    done = run(f"cd {PATIENT}; {text}", modality=ignorant)
    assert done.status == 5, done.err
    assert "IN DOUBT" in done.last
    assert "complete" not in done.last
    assert f"rows do not match PatientID={PATIENT}" in done.err or "each" in text


@pytest.mark.parametrize("key", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_and_so_is_one_that_ignores_the_study_or_the_series(tmp_path: Path, key: str) -> None:
    config = practice(tmp_path, ignore_keys=[key])
    walk = "cd 1; ls" if key == "StudyInstanceUID" else "cd 1; ls; cd 1; ls"
    done = run(f"use faulty; cd {PATIENT}; ls; {walk}", config=config)
    assert (done.status, f"rows do not match {key}=" in done.last) == (5, True), done.err


def test_a_place_that_the_server_keeps_to_is_no_doubt(tmp_path: Path) -> None:
    done = run(f"use pacs; cd {PATIENT}; ls; cd 1; ls; cd 1; ls; cd 1; show; cd ..; tree")
    assert done.status == 0, done.err
    assert "DOUBT" not in done.err


STRANGE = ("AB*12", "AB12", "AB_12", "AB?12", "A*", "A", "AB", "*")
"""IDs that are patterns for others, or that others are patterns for."""


def strange() -> Iterator[Dataset]:
    for number, key in enumerate(STRANGE):
        made = Dataset()
        made.PatientID, made.PatientName = key, f"Doe^{number}"
        made.StudyInstanceUID, made.StudyDate = f"1.2.{number}", "20240305"
        made.SeriesInstanceUID, made.Modality = f"1.2.{number}.1", "CT"
        made.SOPInstanceUID, made.InstanceNumber = f"1.2.{number}.1.1", 1
        yield made


def below(key: str, text: str, output: str | None = "json") -> Done:
    """What is found below the patient of a key, gone to by its row number."""
    number = STRANGE.index(key) + 1
    return asked(strange(), f"find patient > /dev/null; cd {number}; {text}", output)


@pytest.mark.parametrize("key", STRANGE)
@pytest.mark.parametrize("text", ["ls", "find series", "wado", "tree"])
def test_an_id_is_a_value_and_no_pattern(key: str, text: str) -> None:
    done = below(key, text)
    studies = {row["StudyInstanceUID"] for row in done.json}
    assert studies == {f"1.2.{STRANGE.index(key)}"}
    assert done.status == (5 if text == "wado" else 0), done.err  # its URLs have a placeholder
    assert "DOUBT" not in done.err


def test_what_others_the_server_sent_is_said() -> None:
    done = below("AB*12", "ls")
    said = "3 rows of other patients omitted: AB*12 is a value here, not a pattern"
    assert said in done.last
    assert "omitted" not in below("AB12", "ls").last


def test_a_limit_counts_rows_of_the_place() -> None:
    done = below("*", "find study --limit 1")
    assert [row["StudyInstanceUID"] for row in done.json] == [f"1.2.{STRANGE.index('*')}"]
    assert "1 study, complete" in done.last


def each(text: str, *more: Dataset) -> Done:
    return asked([*strange(), *more], f"find patient > /dev/null; {text}", "json")


def test_a_value_from_a_row_is_no_pattern() -> None:
    done = each("find patient | each find study id=$PatientID")
    assert sorted(row["StudyInstanceUID"] for row in done.json) == [
        f"1.2.{number}" for number in range(len(STRANGE))
    ]
    assert done.status == 0, done.err


def test_not_in_a_pattern_or_an_alias_either() -> None:
    for command in ("each find study $PatientID", "each of $PatientID"):
        done = each(f"alias of = find study id=$1; find patient | where id='AB?12' | {command}")
        wanted = {f"1.2.{n}" for n, key in enumerate(STRANGE) if len(key) == 5 and key[:2] == "AB"}
        digits = [row["StudyInstanceUID"] for row in done.json]
        assert sorted(digits) == sorted(wanted), done.err


def described() -> Iterator[Dataset]:
    """Studies of one patient, whose descriptions are patterns for each other."""
    for number, text in enumerate(("CT *", "CT HEAD", "MR?", "MRT", "")):
        made = next(strange())
        made.StudyInstanceUID, made.StudyDescription = f"1.2.{number}", text
        yield made


def of_described(text: str) -> Done:
    return asked(described(), f"find study > /dev/null; {text}", "json")


def test_what_a_user_types_and_sets_stays_a_pattern() -> None:
    for text in ("find study desc=$p", "find study uid=1.2.3 | each find study desc=$p"):
        done = of_described(f"let p = 'CT*'; {text}")
        assert [row["StudyDescription"] for row in done.json] == ["CT *", "CT HEAD"]


def test_other_values_that_the_server_sent_are_said() -> None:
    done = of_described("find study uid=1.2.0 | each find study desc=$StudyDescription")
    assert [row["StudyDescription"] for row in done.json] == ["CT *"]
    said = "1 row of other values of StudyDescription omitted: CT * is a value here, not a pattern"
    assert said in done.last


def test_a_value_in_the_middle_of_a_pattern_is_refused_if_it_would_be_one() -> None:
    done = of_described("find study uid=1.2.3 | each find study desc=$StudyDescription*")
    assert [row["StudyDescription"] for row in done.json] == ["MRT"]
    done = of_described("find study uid=1.2.2 | each find study desc=$StudyDescription*")
    assert done.status == 2
    assert "the value of $StudyDescription has a wildcard or a backslash in it" in done.err


def test_an_empty_value_from_a_row_finds_what_has_none() -> None:
    done = of_described("find study uid=1.2.4 | each find study desc=$StudyDescription")
    assert [row["StudyInstanceUID"] for row in done.json] == ["1.2.4"]
    assert "without StudyDescription: filtered locally: 1 of 5 kept" in done.last


def test_an_id_with_a_backslash_has_its_studies_below() -> None:
    odd = next(strange())
    odd.add_new(0x00100020, "LO", "A\\B")
    odd.StudyInstanceUID = "1.2.77"
    for text in (
        "find patient > /dev/null; cd %9; ls",
        "find patient | each find study id=$PatientID",
    ):
        done = asked([*strange(), odd], text, "json")
        assert "1.2.77" in [row["StudyInstanceUID"] for row in done.json], done.err
        assert done.status == 0, done.err


ON_SERVERS = (*STRANGE, "A\\B", "B")
"""Besides, one that a query would take for a list of two others."""


def written(folder: Path) -> list[Path]:
    """A file of each of these patients."""
    paths = []
    for number, key in enumerate(ON_SERVERS):
        made = Dataset()
        made.add_new(0x00100020, "LO", key)
        made.PatientName, made.PatientBirthDate, made.PatientSex = f"Doe^{number}", "19700101", "O"
        made.StudyInstanceUID, made.StudyDate, made.StudyTime = f"1.2.{number}", "20240305", "10"
        made.AccessionNumber = made.StudyID = str(number)
        made.SeriesInstanceUID, made.Modality, made.SeriesNumber = f"1.2.{number}.1", "OT", 1
        made.SOPClassUID, made.SOPInstanceUID = SecondaryCaptureImageStorage, f"1.2.{number}.1.1"
        made.InstanceNumber = 1
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        paths.append(folder / f"{number}.dcm")
        made.save_as(paths[-1], enforce_file_format=True)
    return paths


@pytest.mark.parametrize("kind", ["orthanc", "dcmqrscp"])
def test_on_real_servers(kind: str, tmp_path: Path, start_server: Start[servers.Server]) -> None:
    files = written(tmp_path)
    server: servers.Server
    if kind == "orthanc":
        server = start_server(servers.orthanc())
        assert isinstance(server, servers.Orthanc)
        assert server.upload(files) == len(files)
    else:
        server = start_server(servers.dcmqrscp(files))
    listed = run("find patient", modality=server.address, output="json").json
    keys = [patient["PatientID"] for patient in listed]
    assert sorted(keys) == sorted(ON_SERVERS)
    for number, key in enumerate(keys, 1):
        walk = f"find patient > /dev/null; cd %{number}; ls"
        done = run(walk, modality=server.address, output="json")
        found = {study["StudyInstanceUID"] for study in done.json}
        assert found == {f"1.2.{ON_SERVERS.index(key)}"}, (key, done.err)
        assert done.status == 0, (key, done.err)


def repeated(count: int) -> Iterator[Dataset]:
    """One study of many instances."""
    for number in range(count):
        made = Dataset()
        made.PatientID, made.PatientName, made.PatientBirthDate = "H000X", "Doe^Jane", "19700101"
        made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3", "1.2.3.1"
        made.SOPInstanceUID = f"1.2.3.1.{number}"
        yield made


def once_per_instance(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
    """As pynetdicom's qrscp answers: an entity once for each of its instances."""
    level = event.identifier.QueryRetrieveLevel
    for instance in repeated(3):
        instance.QueryRetrieveLevel = level
        yield 0xFF00, instance
    yield 0x0000, None


def test_rows_with_one_key_are_one_entity() -> None:
    with scp(once_per_instance) as peer:
        address = str(peer.address)
        gone = run("cd H000X; pwd", modality=address)
        assert (gone.status, gone.out.endswith("/H000X\n")) == (0, True), gone.err
        below = run("cd H000X; cd 1.2.3; pwd", modality=address)
        assert (below.status, below.out.endswith("/H000X/1.2.3\n")) == (0, True), below.err


def test_an_answer_whose_rows_are_all_of_one_entity_is_in_doubt() -> None:
    with scp(once_per_instance) as peer:
        done = run("find patient", modality=str(peer.address))
    assert (done.status, "IN DOUBT" in done.last) == (5, True)
    assert "2 rows repeat patients already listed" in done.last


def studies_of(*patients: tuple[str, str]) -> list[Dataset]:
    return [
        study(number, PatientID=key, PatientName=name)
        for number, (key, name) in enumerate(patients, 1)
    ]


def only_studies(*patients: tuple[str, str]) -> AbstractContextManager[Modality]:
    """A server without a patient level that holds a study of each of these."""
    uids = ["1.2.840.10008.5.1.4.1.2.2.1"]
    return scp(answering(*studies_of(*patients)), abstract_syntaxes=uids)


def test_patients_without_an_id_are_not_one() -> None:
    with only_studies(("", "Doe^A"), ("", "Doe^B"), ("X1", "Roe"), ("X1", "Roe")) as peer:
        done = run("find patient", modality=str(peer.address), output="json")
    assert [row["PatientName"] for row in done.json] == ["Doe^A", "Doe^B", "Roe"]
    assert "2 studies have no PatientID: each is shown as a patient of its own" in done.last


def test_two_people_under_one_id_are_told() -> None:
    with only_studies(("X1", "Roe^Jane"), ("X1", "Doe^John"), ("X1", "Roe^Jane")) as peer:
        done = run("find patient", modality=str(peer.address), output="json")
    assert [row["PatientName"] for row in done.json] == ["Roe^Jane"]
    said = "1 row has the PatientID and issuer of an earlier row, but another PatientName"
    assert said in done.last


def test_a_count_that_no_study_tells_is_refused() -> None:
    with only_studies(("X1", "Roe^Jane")) as peer:
        text = "find patient NumberOfPatientRelatedStudies=3"
        done = run(text, modality=str(peer.address))
    assert (done.status, done.out) == (2, "")
    assert "NumberOfPatientRelatedStudies cannot be matched: this server has no" in done.err


def test_patients_who_share_an_id_are_apart_in_a_tree() -> None:
    """4711 is two people, of NORTH and of SOUTH, with three and two studies."""
    done = run("use pacs; find patient id=4711; find study id=4711", output="json")
    studies = done.out.count("StudyInstanceUID")
    tree = run("use pacs; tree", output="json").json
    below = [row for row in tree if row["level"] == "study" and row.get("PatientID") == "4711"]
    assert studies == len(below) == len({row["StudyInstanceUID"] for row in below}) == 5


@pytest.mark.parametrize("text", ["ls", "find study", "find study --limit 2"])
def test_two_people_under_one_id_are_told_below_cd_too(text: str) -> None:
    with only_studies(("X1", "Roe^Jane"), ("X1", "Doe^John"), ("X1", "ROE^Jane^")) as peer:
        done = run(f"cd X1; {text}", modality=str(peer.address))
    assert "2 names under this PatientID (Roe^Jane, Doe^John): are they one person?" in done.last


def test_one_person_written_in_two_ways_is_one() -> None:
    with only_studies(("X1", "Roe^Jane"), ("X1", "ROE^JANE^^")) as peer:
        done = run("cd X1; ls", modality=str(peer.address))
    assert (done.status, "names under" in done.err) == (0, False)


def test_an_entity_answered_several_times_is_walked_once() -> None:
    with scp(once_per_instance) as peer:
        address = str(peer.address)
        tree = run("tree", modality=address, output="json").json
        assert [row["level"] for row in tree] == ["patient", "study"]
        urls = run("cd H000X; wado", modality=address, output="json").json
        assert sorted(row["SOPInstanceUID"] for row in urls) == [f"1.2.3.1.{n}" for n in range(3)]
        each = run("find patient | each print $PatientID", modality=address, output="json")
        assert each.json == [{"PatientID": "H000X", "text": "H000X"}]
        assert "for 1 patient" in each.last


def test_patients_of_one_id_and_two_names_are_not_made_one() -> None:
    def answer(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        for name in ("Roe^Jane", "Doe^John"):
            made = Dataset()
            made.QueryRetrieveLevel, made.PatientID, made.PatientName = "PATIENT", "X1", name
            yield 0xFF00, made
        yield 0x0000, None

    with scp(answer) as peer:
        done = run("find patient | each print $PatientName", modality=str(peer.address))
    assert done.out.splitlines() == ["Roe^Jane", "Doe^John"]


def test_a_key_of_the_place_that_is_typed_as_well_is_counted_once(tmp_path: Path) -> None:
    config = practice(tmp_path, ignore_keys=["PatientID"])
    done = run(f"use faulty; cd {PATIENT}; find study id={PATIENT}", config=config)
    assert done.err.count(f"118 of 120 rows do not match PatientID={PATIENT}") == 1


@pytest.mark.parametrize("text", ["compare ls", "compare find study", "find study --split"])
def test_other_ways_to_ask_below_a_patient_are_in_doubt_too(tmp_path: Path, text: str) -> None:
    config = practice(tmp_path, ignore_keys=["PatientID"])
    done = run(f"use faulty; cd {PATIENT}; {text}", config=config)
    assert (done.status, "IN DOUBT" in done.err) == (5, True), done.err


def test_a_row_of_a_list_made_elsewhere_is_named() -> None:
    done = run(f"use pacs; cd {PATIENT}; ls; cd ..; cd 1; pwd")
    assert done.last == f"row 1 of the studies listed in /{PATIENT}"
    assert done.status == 0
    for text in ("ls; cd 1", f"ls; cd {PATIENT}", f"cd {PATIENT}; ls; cd 1; cd .."):
        assert "listed in" not in run(f"use pacs; {text}").err
