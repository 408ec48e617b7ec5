"""What a peer can do is found out, remembered and gone by; and what it does not do is told.

Guards against rivals' failures: a server that ignores ModalitiesInStudy gives "77 of 77" studies as
if they matched (ruby-dicom PR 13); quirks are flags that somebody must know and set by hand (ADIT,
Horos); a key that a server rejects makes every query fail.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, config
from pynetdicom import evt

from dicomsh.config.known import KnownPeers
from dicomsh.errors import ExitStatus
from dicomsh.model.capability import Capabilities, Feature, Support
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.levels import ROOT_MODELS
from dicomsh.model.modality import DicomAddress, Faults, Modality, PracticeAddress
from tests.conftest import Start
from tests.dimse.peers import answering, scp, study
from tests.harness import Done, dicomsh, practice, run
from tests.servers import Orthanc, Server, dcmqrscp, orthanc


def findings(done: Done) -> dict[str, str]:
    assert done.status == 0, done.err
    return {row["capability"]: row["finding"] for row in done.json}


def probe(modality: str, **options: Any) -> tuple[dict[str, str], str]:
    done = run("probe", modality=modality, output="json", **options)
    return findings(done), done.last


def rows_of(done: Done, status: int = ExitStatus.DONE) -> list[dict[str, Any]]:
    assert done.status == status, done.err
    rows: list[dict[str, Any]] = done.json
    return rows


def test_the_practice_archive_is_found_to_do_everything() -> None:
    found, said = probe("pacs")
    assert found["information models"] == "Patient Root, Study Root"
    assert {found[extension.title] for extension in Extension} == {"agreed"}
    matched = {result for what, result in found.items() if what.endswith("matched")}
    returned = {result for what, result in found.items() if what.endswith("returned")}
    assert (matched, returned) == ({"works"}, {"yes"})
    assert found["wildcard in a UID"] == "refused"
    assert found["names in any case"] == "works"
    assert found["keys of upper levels"] == "works: relational"
    assert found["* for any value"] == "works"
    assert found["limit of an answer"] == "not reached: 120 studies in all"
    assert found["repeated rows"] == "none"
    assert found["studies without an optional attribute"] == "returned: 120 rows either way"
    assert found["character set of answers"] == "ISO_IR 192"
    assert found["patient level"] == "works, with counts"
    assert found["names in ISO_IR 192"] == found["? for a letter beyond ASCII"] == "works"
    assert "· 18 queries ·" in said


def test_orthanc_is_measured(orthanc_server: Orthanc) -> None:
    found, said = probe(orthanc_server.address)
    assert {found[extension.title] for extension in Extension} == {"not agreed"}
    assert found["ModalitiesInStudy matched"] == found["StudyDate matched"] == "works"
    assert found["wildcard in a UID"] == "refused"
    assert found["names in any case"] == "works"
    assert found["keys of upper levels"] == "works: relational"
    assert found["* for any value"] == "works, even without a value"
    assert found["names in ISO_IR 192"] == "works"
    assert found["? for a letter beyond ASCII"] == "finds nothing"
    assert "18 queries" in said


def test_dcmqrscp_is_measured(dcmqrscp_server: Server) -> None:
    """It ignores ModalitiesInStudy, tells case apart, and is not relational."""
    found, _ = probe(dcmqrscp_server.address)
    assert found["ModalitiesInStudy matched"] == "ignored"
    assert found["ModalitiesInStudy returned"] == "no"
    assert found["StudyDate matched"] == found["PatientSex matched"] == "works"
    assert found["names in any case"] == found["wildcard in a UID"] == "finds nothing"
    assert found["keys of upper levels"] == "ignored: hierarchical"
    assert found["patient level"] == "works, without counts"
    assert found["character set of answers"].endswith(" more")
    assert found["names in GB18030"] == "works"
    both = r"ISO 2022 IR 13\ISO 2022 IR 87"
    assert found[f"names in {both}"] == f"works, asked in {both}"


def test_a_peer_with_patient_root_alone(
    sample_files: list[Path], start_server: Start[Server]
) -> None:
    server = start_server(dcmqrscp(sample_files, options=["--no-study-root"]))
    found, _ = probe(server.address)
    assert found["information models"] == "Patient Root"
    assert found["StudyDate matched"] == "works"


def test_a_peer_with_study_root_alone(tmp_path: Path) -> None:
    found, _ = probe("faulty", config=practice(tmp_path, refuse_patient_root=True))
    assert found["information models"] == "Study Root"
    assert "patient level" not in found


def test_an_empty_archive_tells_nothing_and_that_is_said(start_server: Start[Orthanc]) -> None:
    found, _ = probe(start_server(orthanc()).address)
    told = {what: result for what, result in found.items() if not result.startswith("unknown")}
    assert set(told) == {
        "information models",
        *(extension.title for extension in Extension),
        "patient level",
        "* for any value",
    }


@pytest.mark.parametrize(
    ("faults", "what", "result"),
    [
        ({"ignore_keys": "ModalitiesInStudy"}, "ModalitiesInStudy matched", "ignored"),
        ({"ignore_keys": "StudyDate"}, "StudyDate matched", "ignored"),
        ({"ignore_keys": "PatientSex"}, "PatientSex matched", "ignored"),
        ({"ignore_keys": "StudyDescription"}, "StudyDescription matched", "ignored"),
        ({"ignore_keys": "Modality"}, "Modality matched", "ignored"),
        (
            {"ignore_keys": "PatientID"},
            "keys of upper levels",
            "ignored: hierarchical",
        ),
        ({"no_modalities_in_study": True}, "ModalitiesInStudy matched", "ignored"),
        ({"no_modalities_in_study": True}, "ModalitiesInStudy returned", "no"),
        ({"no_counts": True}, "NumberOfStudyRelatedInstances returned", "no"),
        ({"no_counts": True}, "patient level", "works, without counts"),
        ({"no_charset": True}, "character set of answers", "none named for text beyond ASCII"),
        ({"cut_off": 7}, "limit of an answer", "cut off after 7 rows (0xFE00)"),
        (
            {"cut_off": 7, "cut_off_status": 0xA700},
            "limit of an answer",
            "cut off after 7 rows (0xA700)",
        ),
        ({"reject_keys": "StudyDate"}, "keys rejected at study level", "StudyDate"),
        (
            {"reject_keys": ["ModalitiesInStudy", "PatientSex"]},
            "keys rejected at study level",
            "ModalitiesInStudy, PatientSex",
        ),
        (
            {"reject_keys": "IssuerOfPatientID"},
            "keys rejected at patient level",
            "IssuerOfPatientID",
        ),
        ({"fail": {"patient": 0xC000}}, "patient level", "refused: "),
    ],
)
def test_a_fault_is_found(tmp_path: Path, faults: dict[str, Any], what: str, result: str) -> None:
    found, _ = probe("faulty", config=practice(tmp_path, **faults))
    assert found[what].startswith(result)


def test_a_probe_of_a_peer_that_answers_no_query_fails_with_the_reason(tmp_path: Path) -> None:
    done = run("probe", modality="faulty", config=practice(tmp_path, abort_on_find=True))
    assert done.status == 3
    assert "does it know our AE title DICOMSH?" in done.err
    failing = practice(tmp_path, fail={"study": 0xC000})
    assert run("probe", modality="faulty", config=failing).status == 1


IGNORED = {
    "ModalitiesInStudy": "mod=CT",
    "StudyDate": "date=2009..2015",
    "PatientSex": "sex=F",
    "StudyDescription": "desc='CT*'",
}


@pytest.mark.parametrize(("keyword", "term"), IGNORED.items())
def test_an_ignored_filter_is_applied_here_and_that_is_said(
    tmp_path: Path, keyword: str, term: str
) -> None:
    config = practice(tmp_path, ignore_keys=[keyword])
    query = f"find study {term} +{keyword}"
    right = rows_of(run(query, modality="pacs", config=config, output="json"))
    before = run(query, modality="faulty", config=config, output="json")
    after = run("probe > /dev/null", query, modality="faulty", config=config, output="json")
    assert rows_of(before, ExitStatus.INCOMPLETE) != right
    assert rows_of(after) == right
    kept = f"{keyword} ignored by the server, filtered locally: {len(right)} of 120 kept"
    assert kept in after.last
    assert "seems to ignore" not in after.last


def test_a_filter_applied_here_stops_at_the_limit(tmp_path: Path) -> None:
    config = practice(tmp_path, ignore_keys=["ModalitiesInStudy"])
    texts = ("probe > /dev/null", "find study mod=CT --limit 3")
    done = run(*texts, modality="faulty", config=config, output="csv")
    assert done.out.count("\n") == 1 + 3
    assert "3 studies, stopped at --limit 3" in done.last


def test_an_ignored_filter_is_told_without_a_probe(tmp_path: Path) -> None:
    """Nothing is assumed, and nothing is dropped; but the rows contradict the query."""
    config = practice(tmp_path, ignore_keys=["ModalitiesInStudy"])
    done = run("find study mod=CT", modality="faulty", config=config, output="json")
    rows = rows_of(done, ExitStatus.INCOMPLETE)
    wrong = sum("CT" not in row["ModalitiesInStudy"] for row in rows)
    said = f"{wrong} of 120 rows do not match ModalitiesInStudy=CT: the server seems to ignore it"
    assert said in done.last
    assert "'probe faulty' finds out" in done.last
    assert done.last.startswith("120 studies, IN DOUBT")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("find study mod=CT | tail 3", "3 of 120 studies, IN DOUBT"),
        ("find study mod=CT | count", "120 studies, IN DOUBT"),
        ("find study mod=CT; last", "120 studies, IN DOUBT"),
        ("find study mod=CT --split", "120 studies, IN DOUBT"),
        ("find patient JOD*; find study mod=CT; find patient JOD*", "1 patient, complete"),
        ("find patient JOD* | each find study mod=CT", "run the command by itself to see why"),
        ("compare --with pacs find study mod=CT", "faulty: 120 studies, complete, in doubt"),
    ],
)
def test_what_is_made_of_a_doubtful_answer_is_doubtful(
    text: str, told: str, tmp_path: Path
) -> None:
    config = practice(tmp_path, ignore_keys=["ModalitiesInStudy"])
    done = run(text, modality="faulty", config=config, output="csv")
    assert done.status == ExitStatus.INCOMPLETE
    assert told in done.last


def test_a_doubt_is_explained(tmp_path: Path) -> None:
    config = practice(tmp_path, ignore_keys=["ModalitiesInStudy"])
    done = run("find study mod=CT; explain last", modality="faulty", config=config)
    assert "  doubt    some rows may not match" in done.out


@pytest.mark.parametrize(
    "query",
    [
        "find study mod=CT,MR",
        "find study date=2009..2015 sex=F",
        "find series CT",
        "find patient name='jod*' birth=..1980",
        "find study id='tyo*' desc='*CT*'",
        "find instance series=2.25.1",
    ],
)
def test_a_right_answer_is_not_suspected(query: str, orthanc_server: Orthanc) -> None:
    for modality in ("pacs", orthanc_server.address):
        done = run(query, modality=modality)
        assert done.status == 0, done.err
        assert "do not match" not in done.err
        assert "is not returned" not in done.err


def test_rows_without_a_date_are_told_apart(orthanc_server: Orthanc) -> None:
    """Orthanc finds empty dates by a range with an open start: right by PS3.4 C.2.2.1.2."""
    done = run("find patient name='doe*' birth=..1980", modality=orthanc_server.address)
    assert "2 of 2 rows have no PatientBirthDate, although PatientBirthDate=-19801231" in done.last
    assert "seems to ignore" not in done.last
    assert "; a range with both ends may leave them out" in done.last
    assert done.status == 0
    done = run("find patient name='doe*' birth=1900..1980", modality=orthanc_server.address)
    assert (done.status, done.last.startswith("no patients, complete")) == (0, True)


def test_a_row_without_the_attribute_is_told_beside_those_that_have_it() -> None:
    rows = [study(1, StudyDate="20240305"), study(2, StudyDate=""), study(3)]
    with scp(answering(*rows)) as modality:
        address = f"{modality.entity}"
        done = run("find study date=2024", modality=address)
    assert done.status == ExitStatus.INCOMPLETE
    assert "2 of 3 rows have no StudyDate, although StudyDate=20240101-20241231" in done.last


def test_what_does_not_come_back_proves_nothing_and_that_is_said(
    dcmqrscp_server: Server,
) -> None:
    """dcmqrscp gives every study for ModalitiesInStudy=CT, and no ModalitiesInStudy."""
    every = run("find study", modality=dcmqrscp_server.address, output="json")
    query = "find study mod=CT"
    done = run(query, modality=dcmqrscp_server.address, output="json")
    assert len(rows_of(done, ExitStatus.INCOMPLETE)) == len(rows_of(every, ExitStatus.INCOMPLETE))
    assert "1 row has no StudyInstanceUID" in every.last
    assert re.match(r"\d+ studies, IN DOUBT · ", done.last)
    assert "we cannot tell whether the server matched ModalitiesInStudy=CT" in done.last
    refused = run("probe > /dev/null", query, modality=dcmqrscp_server.address)
    assert refused.status == 2
    assert "ModalitiesInStudy cannot be matched: ignored by the server (probe of " in refused.err


def test_a_rejected_key_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    config = practice(tmp_path, reject_keys=["IssuerOfPatientID", "ModalitiesInStudy"])
    assert run("find patient", modality="faulty", config=config).status == 1
    texts = ("probe > /dev/null", "find patient JOD*", "find study id=0555643F")
    done = run(*texts, modality="faulty", config=config, output="ndjson")
    assert done.out.count('"0555643F"') == 1 + 2
    assert (
        "omitted IssuerOfPatientID: the server rejects queries that contain it (probe of "
        in done.err
    )
    assert (
        "omitted ModalitiesInStudy: the server rejects queries that contain it (probe of "
        in done.last
    )


def test_matching_on_a_rejected_key_is_refused(tmp_path: Path) -> None:
    config = practice(tmp_path, reject_keys=["ModalitiesInStudy"])
    done = run("probe > /dev/null", "find study mod=CT", modality="faulty", config=config)
    assert done.status == 2
    assert "rejected by the server (probe of" in done.err


def answers(
    *datasets: Dataset, cap: int | None = None, inner: bool = False, **more: Any
) -> Callable[[evt.Event], Iterator[tuple[int, Dataset | None]]]:
    """A server of studies that matches StudyDate and PatientSex.

    Args:
        datasets: the studies.
        cap: rows after which it stops, and says that it is done.
        inner: whether it leaves out studies that lack an attribute asked for.
        more: nothing.
    """

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        asked = event.identifier
        first, dash, last = str(asked.get("StudyDate", "")).partition("-")
        found = [
            row
            for row in datasets
            if (not first or row.get("StudyDate", "") >= first)
            and (not (last or (not dash and first)) or row.get("StudyDate", "") <= (last or first))
            and asked.get("PatientSex", "") in ("", row.get("PatientSex"))
            and not (inner and any(not row.get(e.keyword) for e in asked if e.keyword in INNER))
        ]
        yield from ((0xFF00, row) for row in found[:cap])

    return find


INNER = ("StudyDescription", "PatientSex")


def test_a_silent_limit_is_proved_by_ranges_of_days() -> None:
    rows = [study(n, StudyDate=f"2020{n // 28 + 1:02}{n % 28 + 1:02}") for n in range(97)]
    with scp(answers(*rows, cap=37)) as peer:
        address = f"{peer.address}"
        found, _ = probe(address)
        texts = ("probe > /dev/null", "find study", "find study date=2020-01", "find study --split")
        done = run(*texts, modality=address, output="csv")
    assert found["limit of an answer"] == "cut off after 37 rows, reported as complete"
    lines = done.err.splitlines()
    assert lines[-3].startswith("37 studies, INCOMPLETE · narrow the query, or: find study --split")
    assert lines[-2].startswith("28 studies, complete")
    assert lines[-1].startswith("97 studies, ")
    assert done.status == ExitStatus.INCOMPLETE


def test_a_round_number_that_cannot_be_settled_is_gone_by() -> None:
    rows = [study(n) for n in range(97)]
    with scp(answers(*rows, cap=50)) as peer:
        texts = ("probe", "find study", "find study --split", "probe pacs > /dev/null")
        done = run(*texts, modality=f"{peer.address}", output="json")
    assert "suspicious: exactly 50 rows, reported as complete" in done.out
    lines = [line for line in done.err.splitlines() if line.startswith("50 studies, ")]
    assert [line.split(" · ")[0] for line in lines] == ["50 studies, INCOMPLETE"] * 2


def test_a_round_number_of_all_studies_is_no_limit() -> None:
    rows = [study(n, StudyDate=f"2020{n // 28 + 1:02}{n % 28 + 1:02}") for n in range(50)]
    with scp(answers(*rows)) as peer:
        texts = ("probe", "find study")
        done = run(*texts, modality=f"{peer.address}", output="json")
    assert "not reached: 50 studies in all" in done.out
    assert done.last.startswith("50 studies, complete")


@pytest.mark.parametrize("odd", ["1997.04.24", "19970431", "unknown", "199704"])
def test_a_date_that_is_not_valid_proves_nothing(odd: str) -> None:
    """One of them made the probe conclude that StudyDate was ignored."""
    with config.disable_value_validation():
        odds = Dataset.from_json({"0020000D": {"vr": "UI", "Value": ["1.9"]}})
        odds.add_new("StudyDate", "LO", odd)
        odds["StudyDate"].VR = "DA"
    rows = [odds, *(study(n, StudyDate=f"202001{n // 2 + 1:02}") for n in range(20))]
    with scp(answers(*rows)) as peer:
        found, _ = probe(f"{peer.address}")
    assert found["StudyDate matched"] == "works"


def test_keys_that_hide_studies_are_left_out() -> None:
    rows = [study(n, StudyDate=f"202001{n + 1:02}", PatientSex="FM"[n % 2]) for n in range(9)]
    rows += [study(20 + n, StudyDate="20200301", StudyDescription="CT") for n in range(3)]
    with scp(answers(*rows, inner=True)) as peer:
        found, _ = probe(f"{peer.address}")
        done = run("probe > /dev/null", "find study", modality=f"{peer.address}", output="json")
    said = found["studies without an optional attribute"]
    assert said == "left out: 0 of 12 rows come with PatientSex, StudyDescription"
    assert len(rows_of(done)) == 12
    assert "omitted StudyDescription: with it, the server leaves out rows that have no" in done.last


def test_repeated_rows_are_counted() -> None:
    rows = [study(1), study(2), study(1), study(1)]
    with scp(answers(*rows)) as peer:
        found, _ = probe(f"{peer.address}")
    assert found["repeated rows"] == "2 of 4 rows"


def test_what_a_probe_did_not_find_out_is_not_promised_again() -> None:
    with scp(answers(study(1), study(2))) as peer:
        query = "find study ref=Doe*"
        before = run(query, modality=f"{peer.address}")
        after = run("probe > /dev/null", query, modality=f"{peer.address}")
    told = "ReferringPhysicianName is not returned, so we cannot tell whether"
    assert told in before.last
    assert told in after.last
    assert ["finds out" in done.last for done in (before, after)] == [True, False]


def test_what_is_declared_counts_without_a_probe(tmp_path: Path) -> None:
    faults = "{ignore_keys: [PatientSex], reject_keys: [IssuerOfPatientID]}"
    config = tmp_path / "modalities.yaml"
    config.write_text(
        "modalities: {p: {practice: true, ignores: PatientSex, rejects: [IssuerOfPatientID],"
        f" faults: {faults}}}}}"
    )
    done = run("find patient sex=O", modality="p", config=config, output="json")
    assert [row["PatientID"] for row in rows_of(done)] == ["10006"]
    assert "PatientSex ignored by the server, filtered locally: 1 of 40 kept" in done.last
    assert (
        "omitted IssuerOfPatientID: the server rejects queries that contain it (configuration)"
        in done.last
    )


def test_case_is_explained_where_a_name_was_not_found(dcmqrscp_server: Server) -> None:
    done = run("probe > /dev/null", "find patient jod*", modality=dcmqrscp_server.address)
    assert "no patients, complete" in done.last
    assert "this server matches names case-sensitively" in done.last


def test_it_is_remembered_from_one_session_to_the_next(tmp_path: Path) -> None:
    config, state = practice(tmp_path, ignore_keys=["PatientSex"]), tmp_path / "state"
    _, said = probe("faulty", config=config, state=state)
    file = state / "dicomsh" / "peers.json"
    assert f"remembered in {file}" in said
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert json.loads(file.read_text("utf-8"))["schema"] == 1
    done = run("use faulty; find patient sex=O", config=config, state=state)
    assert "ignores PatientSex" in done.err.splitlines()[0]
    assert "filtered locally" in done.last
    listed = run("modalities", config=config, state=state, output="json").json
    told = {row["name"]: row["known"] or "" for row in listed}
    assert "ignores PatientSex" in told["faulty"]
    assert told["pacs"] == ""


def test_it_is_remembered_of_one_practice_archive_alone() -> None:
    known, address = KnownPeers(None), PracticeAddress()
    one, other = Modality("one", address), Modality("other", address)
    known.keep(one, Capabilities(cap=3))
    assert known.found(one).cap == 3
    assert known.found(other).cap is None
    faulty = Modality("one", PracticeAddress(faults=Faults(cut_off=3)))
    assert known.found(faulty).cap is None
    assert known.found(one).cap == 3


def test_it_is_remembered_by_every_process(tmp_path: Path) -> None:
    """A set of keys has another order in each."""
    config = practice(tmp_path, ignore_keys=["PatientSex", "StudyDescription", "StudyID"])
    for seed in "123":
        environ = {"XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONHASHSEED": seed}
        text = "find patient sex=O" if seed > "1" else "probe"
        done = dicomsh("-m", "faulty", "-c", text, config=config, environ=environ)
        assert ("filtered locally" in done.last) == (seed > "1"), done.err


def test_it_can_be_forgotten(tmp_path: Path) -> None:
    config, state = practice(tmp_path, ignore_keys=["PatientSex"]), tmp_path / "state"
    probe("faulty", config=config, state=state)
    done = run("probe --forget; probe --forget", config=config, state=state, modality="faulty")
    assert done.err.splitlines() == ["faulty: forgotten", "faulty: nothing was known"]
    assert (
        "filtered locally"
        not in run("use faulty; find patient sex=O", config=config, state=state).err
    )


def test_a_peer_that_wants_asterisks_is_found_out() -> None:
    """GE's older archives, say: an empty key finds nothing there."""

    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        if event.identifier.get("PatientName") == "*":
            yield 0xFF00, study(1, PatientName="A")

    with scp(find) as peer:
        found, _ = probe(str(peer.address))
    assert found["* for any value"].startswith("needed: an empty key finds nothing")


def test_another_peer_is_not_concerned(tmp_path: Path) -> None:
    config, state = practice(tmp_path, ignore_keys=["PatientSex"]), tmp_path / "state"
    probe("faulty", config=config, state=state)
    assert (
        "filtered locally"
        not in run("use pacs; find patient sex=O", config=config, state=state).err
    )
    other = practice(tmp_path, ignore_keys=["PatientID"])
    assert (
        "filtered locally"
        not in run("use faulty; find patient sex=O", config=other, state=state).err
    )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": 99, "peers": {}}',
        '{"schema": 1}',
        '{"schema": 1, "peers": 5}',
        '{"schema": 1, "peers": {"a": {"probed": "x"}}}',
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_made_anew(tmp_path: Path, content: str) -> None:
    file = tmp_path / "dicomsh" / "peers.json"
    file.parent.mkdir()
    file.write_text(content, "latin-1")
    told = run("use pacs", state=tmp_path)
    assert told.status == 0
    assert f"{file} cannot be used (" in told.err
    _, said = probe("pacs", state=tmp_path)
    assert f"{file} cannot be used (" in said
    assert said.endswith("and was replaced")
    assert "probed" in run("use pacs", state=tmp_path).err


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dicomsh").write_text("a file in the way")
    done = run("probe", modality="pacs", state=tmp_path)
    assert done.status == 2
    assert "cannot write file" in done.err


def test_everything_is_kept(tmp_path: Path) -> None:
    modality = Modality("a", DicomAddress("A", "host.example.org", 104))
    found = Capabilities(
        probed="2026-11-25",
        models=frozenset(ROOT_MODELS),
        extended=frozenset((Extension.FUZZY,)),
        charsets=("", r"\ISO 2022 IR 87"),
        unmatched=(r"\ISO 2022 IR 87",),
        matching={"PatientSex": Support.IGNORED, "StudyDate": Support.WORKS},
        returned={"PatientSex": True, "ModalitiesInStudy": False},
        rejected=frozenset(("IssuerOfPatientID",)),
        features={Feature.ASTERISK: Support.REFUSED},
        cap=500,
    )
    KnownPeers(tmp_path).keep(modality, found)
    KnownPeers(tmp_path).keep(
        Modality("b", DicomAddress("B", "host.example.org", 104)), Capabilities("x")
    )
    assert KnownPeers(tmp_path).of(modality) == found
