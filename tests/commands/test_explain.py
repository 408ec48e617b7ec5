"""explain: what would be sent, why, and what an answer meant; nothing is sent."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest
import yaml

from tests.harness import practice, run
from tests.processes import free_ports


def rows(command: str, **more: object) -> dict[str, dict[str, object]]:
    """The elements by keyword."""
    done = run(f"use pacs; {command}", output="json", **more)  # type: ignore[arg-type]
    assert done.status == 0, done.err
    return {row["keyword"]: row for row in json.loads(done.out)}


def test_each_element_tells_its_value_its_origin_and_its_matching() -> None:
    found = rows("explain find patient JOD* sex=M +OtherPatientIDs")
    assert found["PatientName"] == {
        "query": 1,
        "model": "Patient Root",
        "level": "PATIENT",
        "tag": "(0010,0010)",
        "vr": "PN",
        "keyword": "PatientName",
        "value": "JOD*",
        "matching": "wildcard",
        "paragraph": "PS3.4 C.2.2.2.4",
        "origin": "the pattern: JOD*, which means PatientName here",
    }
    assert found["PatientSex"]["origin"] == "typed: sex=M, where sex means PatientSex"
    assert found["PatientBirthDate"]["origin"] == "asked for by default at this level"
    assert found["OtherPatientIDs"]["origin"] == "typed: +OtherPatientIDs"
    assert found["QueryRetrieveLevel"]["value"] == "PATIENT"
    tags = [row["tag"] for row in found.values()]
    assert tags == sorted(map(str, tags))


@pytest.mark.parametrize(
    ("command", "keyword", "value", "matching", "paragraph"),
    [
        ("find study date=2009-04", "StudyDate", "20090401-20090430", "range", "C.2.2.2.5"),
        ("find study date=2009-04-12", "StudyDate", "20090412", "single value", "C.2.2.2.1"),
        ("find study study=1.2,1.3", "StudyInstanceUID", "1.2\\1.3", "list of UID", "C.2.2.2.2"),
        ("find study mod=CT,MR", "ModalitiesInStudy", "MR", "single value", "C.2.2.2.1"),
        ("find study name=", "PatientName", "", "universal", "C.2.2.2.3"),
        (
            "find series RequestAttributesSequence.RequestedProcedureID=X",
            "RequestAttributesSequence",
            None,
            "sequence",
            "C.2.2.2.6",
        ),
    ],
)
def test_kinds_of_matching(
    command: str, keyword: str, value: str, matching: str, paragraph: str
) -> None:
    row = rows(f"explain {command}")[keyword]
    assert (row["value"], row["matching"], row["paragraph"]) == (
        value,
        matching,
        f"PS3.4 {paragraph}",
    )


def test_what_is_inside_a_sequence_follows_it() -> None:
    found = rows("explain find series RequestAttributesSequence.RequestedProcedureID=X")
    assert found["RequestedProcedureID"]["tag"] == ">(0040,1001)"
    assert found["RequestedProcedureID"]["value"] == "X"


def test_the_place_is_an_origin() -> None:
    found = rows("cd 0555643F; explain ls")
    assert found["PatientID"]["value"] == "0555643F"
    assert found["PatientID"]["origin"] == "the current place"
    assert found["StudyDate"]["model"] == "Patient Root"


def test_a_setting_of_the_modality_is_an_origin(tmp_path: Path) -> None:
    path = tmp_path / "modalities.yaml"
    path.write_text("modalities: {old: {practice: true, universal: '*'}}", "utf-8")
    done = run("use old; explain find patient name=", config=path, output="json")
    sent = {row["keyword"]: row for row in done.json}
    assert sent["PatientName"]["value"] == "*"
    assert "sent as * because of 'universal:' for old" in sent["PatientName"]["origin"]
    assert sent["PatientSex"]["value"] == ""


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("explain find patient", "Patient Root: only this model has a patient level"),
        ("explain find study", "Study Root: the query is across patients"),
        ("cd 0555643F; explain find study", "Patient Root: the query is inside a patient"),
        ("explain find study id=X --model patient", "Patient Root: because of --model"),
        ("set model study; explain find study", "Study Root: because of 'set model'"),
        (
            "explain find study",
            "pacs accepted Patient Root, Study Root and Modality Worklist in its last",
        ),
        ("explain find patient Müller*", "ISO_IR 192: represents every character"),
        ("explain find patient Muller*", "none: all values are ASCII; requested once text"),
        ("explain find patient Grün*", "asked again in ISO_IR 100"),
        ("explain find patient M?ller*", "? may match one byte, not one letter"),
        ("explain find series CT", "relational: StudyInstanceUID is left open"),
        ("explain find study --limit 3", "C-CANCEL is sent after 3 rows"),
        ("explain echo", "send a C-ECHO"),
        ("explain use pacs", "send a C-ECHO"),
    ],
)
def test_reasons(command: str, reason: str) -> None:
    done = run(f"use pacs; {command}")
    assert done.status == 0, done.err
    assert reason in done.out


def test_a_peer_without_patient_root(tmp_path: Path) -> None:
    config = practice(tmp_path, refuse_patient_root=True)
    done = run("use faulty; explain find patient JOD*", config=config)
    assert "Study Root: the peer does not accept Patient Root" in done.out
    assert "faulty did not accept Patient Root" in done.out
    assert "QueryRetrieveLevel = STUDY" in done.out
    assert "patients taken from the studies" in done.out


def test_keys_that_the_peer_never_returned_are_named(tmp_path: Path) -> None:
    config = practice(tmp_path, no_counts=True)
    done = run("use faulty; find patient; explain find patient", config=config)
    assert "never returned: NumberOfPatientRelatedStudies" in done.out


def test_nothing_is_sent(tmp_path: Path) -> None:
    """The peer's port is open, and nobody connects."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        path = tmp_path / "modalities.yaml"
        entry = {"aet": "PACS", "host": "127.0.0.1", "port": port}
        path.write_text(yaml.safe_dump({"modalities": {"silent": entry}}), "utf-8")
        commands = ("find study", "ls X", "cd X", "tree", "show X", "wado X", "echo", "use silent")
        text = "; ".join(f"explain {command}" for command in commands)
        done = run(text, config=path, modality="silent")
        assert done.status == 0, done.err
        assert "no association yet: we assume that it accepts all models" in done.out
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_nothing_changes() -> None:
    done = run("use pacs; explain cd 0555643F; pwd; explain use other@127.0.0.1:1; modalities")
    assert "\n/pacs\n" in done.out
    assert "other@" not in done.out.split("\n/pacs\n")[1].split("Association")[1]


def test_a_walk_is_explained_query_by_query() -> None:
    done = run("use pacs; explain wado 0555643F", output="json")
    assert [row["level"] for row in done.json if row["keyword"] == "QueryRetrieveLevel"] == [
        "PATIENT",
        "STUDY",
        "SERIES",
        "IMAGE",
    ]
    last = {row["keyword"]: row for row in done.json if row["query"] == 4}
    assert last["SeriesInstanceUID"]["value"] == "<SeriesInstanceUID>"
    assert last["SeriesInstanceUID"]["origin"] == "each answer of the previous query"


def test_what_asks_nothing_is_refused() -> None:
    done = run("explain set limit 3")
    assert done.status == 2
    assert "there is nothing to explain about 'set'" in done.err


def test_a_fault_in_the_command_has_its_place() -> None:
    done = run("use pacs; explain find series number=1-5")
    assert done.status == 2
    assert re.search(r"explain find series number=1-5\n +\^\^\^", done.err)


def test_last_explains_the_answer() -> None:
    done = run("use pacs; find patient JOD* sex=M; explain last")
    assert "1 patient from pacs" in done.out
    assert "0x0000 Success" in done.out
    assert "PatientName = JOD*: * any characters" in done.out
    assert "requested by default: PatientID" in done.out
    assert "next     cd 1 goes into the first" in done.out
    assert "typed: sex=M" in done.out


def test_only_a_name_may_be_matched_in_any_case() -> None:
    done = run("use pacs; find patient Doe^Jane id=10001; explain last")
    assert "PatientName = Doe^Jane: equal, on some servers ignoring case" in done.out
    assert "PatientID = 10001: equal (C.2.2.2.1)" in done.out


def test_last_says_why_there_was_nothing() -> None:
    done = run("use pacs; cd 0555643F; find study name=JODOGNE date=1990; explain last")
    assert "no studies from pacs" in done.out
    assert "a name matches as a whole, with all its components: PatientName=JODOGNE*" in done.out
    assert "most servers leave out entities without StudyDate" in done.out
    assert "the query is limited to the current place" in done.out
    assert "all keys must match" in done.out


def test_last_explains_a_cut_off_answer(tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=1)
    done = run("use faulty; find patient; explain last", config=config, keep_going=True)
    assert "0xFE00 Cancel: matching ended early" in done.out
    assert "cut off by the server, unasked" in done.out
    assert "narrow the query" in done.out


def test_last_explains_a_limit() -> None:
    done = run("use pacs; find patient --limit 1; explain last")
    assert "stopped by us, by a limit" in done.out
    assert "raise --limit N" in done.out


def test_last_without_a_listing() -> None:
    done = run("use pacs; explain last")
    assert (done.status, "nothing has been listed yet" in done.err) == (2, True)


def test_last_sends_nothing(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    path = tmp_path / "modalities.yaml"
    entry = {"aet": "PACS", "host": "127.0.0.1", "port": port}
    path.write_text(yaml.safe_dump({"modalities": {"gone": entry}}), "utf-8")
    done = run("explain find patient; explain --as findscu last", config=path, modality="gone")
    assert "nothing has been listed yet" in done.err


@pytest.mark.parametrize(
    "command", ["find patient JOD*", "find study mod=CT", "ls", "find study id=0*"]
)
def test_the_made_up_row_is_not_spoken_of(command: str) -> None:
    assert "\nnote:" not in run(f"use pacs; explain {command}").out


def test_what_our_side_does_for_the_peer_is_told(tmp_path: Path) -> None:
    path = tmp_path / "modalities.yaml"
    entry = {"practice": True, "ignores": ["ModalitiesInStudy"]}
    path.write_text(yaml.safe_dump({"modalities": {"weak": entry}}), "utf-8")
    done = run(
        "use weak; explain find study mod=CT; explain find series CT --relational", config=path
    )
    assert "note: ModalitiesInStudy ignored by the server, filtered locally\n" in done.out
    assert "note: relational queries" in done.out


def test_last_explains_a_query_for_entities_without_a_value() -> None:
    done = run("use pacs; find study date='\"\"'; explain last")
    assert 'StudyDate = "": no value; if that was not negotiated, filtered locally' in done.out
