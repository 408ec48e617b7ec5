"""diff: what only one of two archives holds, what differs in both, and what is not certain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicomsh.errors import ExitStatus
from dicomsh.model.modality import DicomAddress, Modality
from tests import samples, servers
from tests.conftest import Start
from tests.dimse.peers import answering, scp, study
from tests.harness import Done, dicomsh, interrupted, practice, run
from tests.processes import HOST, free_ports


def archives(folder: Path, **faults: dict[str, Any]) -> Path:
    """`pacs`, the practice archive, and others of that name with faults."""
    path = practice(folder)
    held = yaml.safe_load(path.read_text("utf-8"))
    held["modalities"] |= {name: {"practice": True, "faults": f} for name, f in faults.items()}
    path.write_text(yaml.safe_dump(held), "utf-8")
    return path


def configured(folder: Path, **peers: Modality | servers.Server) -> Path:
    """Servers by name."""
    path = folder / "peers.yaml"
    entries = {}
    for name, peer in peers.items():
        address = peer.address if isinstance(peer, Modality) else peer
        assert isinstance(address, DicomAddress | servers.Server)
        entries[name] = {"aet": address.aet, "host": address.host, "port": address.port}
    path.write_text(yaml.safe_dump({"modalities": entries}), "utf-8")
    return path


def compared(
    ours: Sequence[Dataset], theirs: Sequence[Dataset], text: str = "diff a b", **options: Any
) -> Done:
    """A comparison of two servers that answer every query with these rows."""
    with (
        scp(answering(*ours)) as one,
        scp(answering(*theirs)) as other,
        TemporaryDirectory() as folder,
    ):
        config = configured(Path(folder), a=one, b=other)
        return run(text, config=config, output="json", **options)


def uids(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["where"], row["StudyInstanceUID"].removeprefix("1.2.3.")) for row in rows]


# Studies


def test_what_only_one_has_is_a_row() -> None:
    done = compared([study(1), study(2), study(3)], [study(3), study(4), study(1)])
    assert uids(done.json) == [("only in a", "2"), ("only in b", "4")]
    first, *each = done.err.splitlines()
    assert first.startswith("2 differences, complete · ")
    assert first.endswith(" · 2 in both, 1 only in a, 1 only in b")
    told = ["  a  3 studies, complete", "  b  3 studies, complete"]
    assert [line.split(" · ")[0] for line in each] == told
    assert done.status == ExitStatus.FAILED


def test_the_same_studies_are_no_differences(tmp_path: Path) -> None:
    done = run("diff pacs other", config=archives(tmp_path, other={}), output="json")
    assert (done.json, done.status) == ([], 0)
    assert "120 in both, 0 only in pacs, 0 only in other" in done.err


@pytest.mark.parametrize(
    "text", ["diff pacs other id=NOPE", "use pacs; compare --with other find study id=NOPE"]
)
def test_what_neither_has_is_not_equal_but_nothing(tmp_path: Path, text: str) -> None:
    config = archives(tmp_path, other={})
    done = run(text, config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.DONE)
    failing = dicomsh("--fail-empty", "-c", text, config=config)
    assert failing.status == ExitStatus.UNMET


def test_the_line_says_that_neither_has_anything(tmp_path: Path) -> None:
    config = archives(tmp_path, other={})
    done = run("diff pacs other id=NOPE --depth series", config=config)
    told = "nothing to compare: neither pacs nor other has any matching study"
    assert done.err.splitlines()[0].endswith(told)
    assert "in both" not in done.err
    with scp(answering()) as one, scp(answering(status=0xFE00)) as other:
        unsure = run("diff a b", config=configured(tmp_path, a=one, b=other))
    assert "nothing to compare" not in unsure.err
    assert unsure.status == ExitStatus.INCOMPLETE


def test_what_both_have_is_enough_with_fail_empty(tmp_path: Path) -> None:
    config = archives(tmp_path, other={})
    done = dicomsh("--fail-empty", "-c", "diff pacs other", config=config)
    assert done.status == ExitStatus.DONE


def test_rows_are_in_the_order_of_their_dates() -> None:
    dates = {1: "20240305", 2: "20190101", 3: "20210607"}
    ours = [study(number, StudyDate=day) for number, day in dates.items()]
    done = compared([*ours, study(9)], [])
    assert [uid for _, uid in uids(done.json)] == ["9", "2", "3", "1"]


def test_only_what_one_has_alone() -> None:
    ours, theirs = [study(1), study(2)], [study(2), study(3)]
    done = compared(ours, theirs, "diff a b --only a")
    assert uids(done.json) == [("only in a", "1")]
    assert done.status == ExitStatus.FAILED
    all_there = compared(ours[1:], theirs, "diff a b --only a")
    assert (all_there.json, all_there.status) == ([], ExitStatus.DONE)
    assert "1 in both, 0 only in a, 1 only in b" in all_there.err


def test_only_what_the_other_has_alone_is_found_among_many() -> None:
    ours = [study(number) for number in range(1000)]
    done = compared(ours, [study(2000)], "diff a b --only b")
    assert uids(done.json) == [("only in b", "2000")]


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_padding_makes_no_other_uid() -> None:
    odd, bare = study(1), study(1)
    odd.StudyInstanceUID = "1.2.3.1 "
    done = compared([odd], [bare])
    assert (done.json, done.status) == ([], ExitStatus.DONE)


def test_a_repeated_study_is_one_and_said_to_be_repeated() -> None:
    done = compared([study(1), study(1), study(1), study(2)], [study(1), study(2), study(2)])
    assert uids(done.json) == [("repeated in a", "1"), ("repeated in b", "2")]
    assert "2 in both, 0 only in a, 0 only in b, 1 repeated in a, 1 repeated in b" in done.err


def test_a_row_without_a_uid_makes_the_result_uncertain() -> None:
    nameless = study(2)
    nameless.StudyInstanceUID = ""
    done = compared([study(1)], [nameless])
    assert (done.json, done.status) == ([], ExitStatus.INCOMPLETE)
    assert "1 row of b without a StudyInstanceUID not compared" in done.err
    assert "1 study of a not compared: the answer of b is in doubt" in done.err


def test_keys_narrow_both(tmp_path: Path) -> None:
    done = run("diff pacs other mod=CT date=2009", config=archives(tmp_path, other={}))
    assert "3 in both" in done.err, done.err


def test_inside_a_place_only_that_is_compared(tmp_path: Path) -> None:
    config = archives(tmp_path, other={})
    done = run("cd /pacs/0555643F; diff pacs other", config=config)
    assert "2 in both, 0 only in pacs, 0 only in other" in done.err


@pytest.mark.parametrize("form", ["table", "vertical", "csv", "tsv", "yaml", "ndjson", "markdown"])
def test_every_format_says_where(form: str) -> None:
    done = compared([study(7)], [], f"set output {form}; diff a b")
    assert "only in a" in done.out
    assert "1.2.3.7" in done.out


def test_stages_and_files(tmp_path: Path) -> None:
    target = tmp_path / "missing.csv"
    text = f"diff a b --only a > '{target}'; diff a b | count by where; diff a b | head 1"
    done = compared([study(1), study(2), study(3)], [study(3)], text, keep_going=True)
    rows = [f"only in a,,{uid}," for uid in ("1.2.3.1", "1.2.3.2")]
    assert target.read_text("utf-8").splitlines()[1:] == rows
    assert '"count": 2' in done.out


# What is not certain is not called a difference


def test_what_an_answer_that_was_cut_off_lacks_is_not_called_missing() -> None:
    with (
        scp(answering(study(1), study(2), study(5))) as one,
        scp(answering(study(1), study(9), status=0xFE00)) as other,
        TemporaryDirectory() as folder,
    ):
        done = run("diff a b", config=configured(Path(folder), a=one, b=other), output="json")
    assert uids(done.json) == [("only in b", "9")]
    assert "2 studies of a not compared: b did not return all of its rows" in done.err
    assert "1 in both, 0 only in a, 1 only in b" in done.err
    assert done.status == ExitStatus.INCOMPLETE


def test_a_key_that_one_ignores_makes_its_rows_uncertain(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"ignore_keys": ["StudyDate"]})
    done = run("diff pacs other date=2009", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.INCOMPLETE)
    assert "114 studies of other not compared: the answer of other is in doubt" in done.err


def test_what_is_cut_off_is_asked_for_in_parts(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"cut_off": 50})
    done = run("diff pacs other", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.DONE)
    assert "12 queries" in done.err
    assert "120 in both, 0 only in pacs, 0 only in other" in done.err


def test_a_limit_does_not_apply(tmp_path: Path) -> None:
    config = archives(tmp_path, other={})
    done = run("set limit 5; diff pacs other", config=config, output="json")
    assert "120 in both" in done.err
    assert done.status == ExitStatus.DONE


def test_the_limit_of_a_modality_does_not_apply(tmp_path: Path) -> None:
    config = archives(tmp_path, other={})
    held = yaml.safe_load(config.read_text("utf-8"))
    held["modalities"]["other"]["limit"] = 5
    config.write_text(yaml.safe_dump(held), "utf-8")
    done = run("diff pacs other", config=config, output="json")
    assert "120 in both" in done.err
    assert (done.json, done.status) == ([], ExitStatus.DONE)


@pytest.mark.parametrize("order", ["pacs dead", "dead pacs"])
def test_an_archive_that_is_down_is_named(tmp_path: Path, order: str) -> None:
    config = practice(tmp_path)
    held = yaml.safe_load(config.read_text("utf-8"))
    (port,) = free_ports(1)
    held["modalities"]["dead"] = {"aet": "DEAD", "host": HOST, "port": port}
    config.write_text(yaml.safe_dump(held), "utf-8")
    done = run(f"diff {order}", config=config)
    assert (done.out, done.status) == ("", ExitStatus.NO_ASSOCIATION)
    assert f"dead: DEAD@{HOST}:{port}" in done.err


@pytest.mark.parametrize("fault", [{"abort_after": 30}, {"close_after": 30}])
def test_an_association_that_is_lost_hides_no_rows(tmp_path: Path, fault: dict[str, Any]) -> None:
    done = run("diff pacs other", config=archives(tmp_path, other=fault), output="json")
    assert (done.json, done.status) == ([], ExitStatus.INCOMPLETE)
    assert "30 in both, 0 only in pacs, 0 only in other" in done.err
    assert "90 studies of pacs not compared: other did not return all of its rows" in done.err


def test_an_archive_that_refuses_the_query_is_named(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"fail": {"study": 0xC000}})
    done = run("diff pacs other", config=config, output="json")
    assert done.json == []
    assert "120 studies of pacs not compared: other did not return all of its rows" in done.err
    assert "  other  no answer" in done.err
    assert done.status == ExitStatus.FAILED


def test_ctrl_c_keeps_what_is_known(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"stall_after": 20})
    done = interrupted(config, "-c", "diff pacs other", traced=120 + 1 + 20)
    assert "cancelled by you" in done.err
    assert "20 in both, 0 only in pacs, 0 only in other" in done.err
    assert "100 studies of pacs not compared: other did not return all of its rows" in done.err


# Counts, attributes and what is below


def counted(number: int, series: int, instances: int) -> Dataset:
    numbers = {"NumberOfStudyRelatedSeries": series, "NumberOfStudyRelatedInstances": instances}
    return study(number, **numbers)


def test_other_counts_are_a_row_each() -> None:
    ours, theirs = [counted(1, 3, 40), counted(2, 1, 5)], [counted(1, 3, 38), counted(2, 1, 5)]
    done = compared(ours, theirs, "diff a b --counts")
    (row,) = done.json
    assert row == {
        "where": "different",
        "StudyInstanceUID": "1.2.3.1",
        "label": "",
        "attribute": "NumberOfStudyRelatedInstances",
        "a": 40,
        "b": 38,
    }
    assert "2 in both, 0 only in a, 0 only in b, 1 with other counts" in done.err
    assert done.status == ExitStatus.FAILED
    assert compared(ours, theirs).status == ExitStatus.DONE


@pytest.mark.parametrize("sides", ["pacs other", "other pacs"])
def test_counts_that_an_archive_does_not_give_are_counted(tmp_path: Path, sides: str) -> None:
    config = archives(tmp_path, other={"no_counts": True})
    done = run(f"diff {sides} date=2009 --counts", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.DONE), done.err
    assert "6 in both" in done.err
    assert "0 with other counts" in done.err


def test_patients_who_share_an_id_are_counted_apart(tmp_path: Path) -> None:
    """Asked by PatientID alone, each would have the studies of both."""
    config = archives(tmp_path, other={"no_counts": True})
    done = run("diff pacs other patient id=4711 --counts", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.DONE), done.err
    assert "2 in both" in done.err


def test_a_count_that_cannot_be_found_out_is_said(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"no_counts": True, "fail": {"series": 0xC000}})
    done = run("diff pacs other date=2009 --counts", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.INCOMPLETE)
    assert "6 studies not compared in depth: other: " in done.err


def test_what_head_leaves_out_is_said_to_be_open() -> None:
    ours = [counted(1, 1, 5), counted(2, 1, 5)]
    done = compared(ours, [study(2)], "diff a b --counts | head 1")
    assert uids(done.json) == [("only in a", "1")]
    assert "1 in both, 1 only in a, 0 only in b, 0 with other counts so far" in done.err
    assert "1 study not compared in depth" in done.err


def test_ctrl_c_keeps_what_is_known_of_the_levels_below(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"row_delay": 0.05})
    text = "diff pacs other date=2009 --depth instance"
    done = interrupted(config, "-c", text, traced=6 + 6 + 2 + 60)
    assert "no differences so far, cancelled by you" in done.err
    assert "studies: 6 in both, 0 only in pacs, 0 only in other" in done.err
    assert "0 only in other so far" in done.err
    assert "studies not compared in depth" in done.err


@pytest.mark.parametrize(("failing", "said"), [("series", "6 studies"), ("instance", "19 series")])
def test_what_cannot_be_listed_is_not_called_missing(
    tmp_path: Path, failing: str, said: str
) -> None:
    config = archives(tmp_path, other={"fail": {failing: 0xC000}})
    done = run("diff pacs other date=2009 --depth instance", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.INCOMPLETE)
    assert f"{said} not compared in depth: other: " in done.err


def test_a_level_that_is_cut_off_is_not_called_missing(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"cut_off": 10})
    done = run("diff pacs other date=2009 --depth instance", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.INCOMPLETE)
    assert "series: 19 in both, 0 only in pacs, 0 only in other" in done.err
    assert "instances of pacs not compared: other did not return all of its rows" in done.err


def test_patients_of_an_archive_that_has_none(tmp_path: Path) -> None:
    """It has Study Root alone, so that its patients are those of its studies."""
    config = archives(tmp_path, other={"refuse_patient_root": True})
    done = run("diff pacs other patient", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.DONE), done.err
    assert "40 in both, 0 only in pacs, 0 only in other" in done.err


def test_attributes_are_compared_by_their_vr() -> None:
    ours = [study(1, StudyDescription="CT"), study(2, StudyTime="101500.000", StudyDescription="A")]
    theirs = [study(1, StudyDescription="MR"), study(2, StudyTime="101500", StudyDescription="A")]
    done = compared(ours, theirs, "diff a b +desc +StudyTime")
    (row,) = done.json
    assert (row["attribute"], row["a"], row["b"]) == ("StudyDescription", "CT", "MR")
    assert "1 with other values" in done.err
    assert done.status == ExitStatus.FAILED


def test_an_attribute_that_one_never_returns_is_not_compared() -> None:
    ours = [study(number, StudyID=f"{number}") for number in (1, 2)]
    done = compared(ours, [study(1), study(2)], "diff a b +StudyID")
    assert (done.json, done.status) == ([], ExitStatus.INCOMPLETE)
    assert "StudyID not compared: b returned none" in done.err


def test_an_attribute_is_a_column_of_what_is_missing() -> None:
    done = compared([study(1, AccessionNumber="A7")], [], "diff a b +acc --only a")
    (row,) = done.json
    assert row["AccessionNumber"] == "A7"


def test_what_is_below_is_compared_as_well(
    tmp_path: Path, start_server: Start[servers.Server]
) -> None:
    """The last instances of a study, and a series, have not been sent yet."""
    files = samples.write_made_up(tmp_path)
    held = [dcmread(path) for path in files]
    late = {("A1001", "2", 4), ("A1002", "3", 1)}
    sent = [
        path
        for path, one in zip(files, held, strict=True)
        if (one.AccessionNumber, str(one.SeriesNumber), int(one.InstanceNumber)) not in late
    ]
    old, new = start_server(servers.orthanc()), start_server(servers.dcmqrscp(sent))
    assert isinstance(old, servers.Orthanc)
    old.upload(files)
    config = configured(tmp_path, old=old, new=new)
    done = run("diff old new --depth instance --counts", config=config, output="json")
    found = [(row["where"], row["level"]) for row in done.json]
    assert sorted(found) == [
        ("different", "series"),
        *[("different", "study")] * 3,
        ("only in old", "instance"),
        ("only in old", "series"),
    ]
    by_level = {row["level"]: row for row in done.json if row["where"] == "only in old"}
    (axial,) = [
        one
        for one in held
        if (one.AccessionNumber, one.SeriesNumber, one.InstanceNumber) == ("A1001", 2, 4)
    ]
    missing = by_level["instance"]
    keys = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    assert [missing[key] for key in keys] == [str(axial[key].value) for key in keys]
    assert by_level["series"]["StudyInstanceUID"].startswith("1.2.826.0.1.3680043.8.498.")
    assert "series: 24 in both, 1 only in old" in done.err
    assert done.status == ExitStatus.FAILED


def test_a_level_above_may_be_the_beginning(tmp_path: Path) -> None:
    config = archives(tmp_path, other={})
    done = run("diff pacs other patient id=0555643F --depth series", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.DONE)
    for said in ("patients: 1 in both", "studies: 2 in both", "series: 8 in both"):
        assert said in done.err


def test_series_are_compared_across_studies(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"hierarchical": True})
    done = run("diff pacs other series mod=NM StudyDate=2009..", config=config, output="json")
    assert (done.json, done.status) == ([], ExitStatus.DONE), done.err
    assert "in both, 0 only in pacs, 0 only in other" in done.err


# What was typed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("diff pacs pacs", "pacs and pacs are the same archive"),
        ("diff pacs nobody", "no modality 'nobody'"),
        ("diff pacs", "B is missing"),
        ("diff pacs other studdy", "did you mean 'study'?"),
        ("diff pacs other worklist", "a worklist is not an archive"),
        ("diff pacs other --only neither", "expected pacs or other after --only"),
        ("diff pacs other --only pacs --counts", "--only lists what one archive lacks"),
        ("diff pacs other --depth study", "--depth study is not below studies"),
        ("diff pacs other --depth all", "expected study, series, instance"),
        ("diff pacs other id=@list.csv", "diff does not read lists"),
        ("diff pacs other SeriesNumber=1", "a key of the series level"),
        ("diff pacs other nonsens=1", "no attribute 'nonsens'"),
        ("diff A@127.0.0.1:4242 A@127.0.0.1:4242", "are the same archive"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path: Path, text: str, message: str) -> None:
    done = run(text, config=archives(tmp_path, other={}))
    assert (done.out, done.status) == ("", ExitStatus.USAGE)
    assert message in done.err


def test_two_names_of_one_server_are_the_same_archive(tmp_path: Path) -> None:
    server = servers.Server("ARCHIVE", 4242)
    done = run("diff a b", config=configured(tmp_path, a=server, b=server))
    assert done.status == ExitStatus.USAGE
    assert "a and b are the same archive" in done.err


def test_the_mask_is_on_all_of_it(tmp_path: Path) -> None:
    config = archives(tmp_path, other={"empty": True})
    text = "set mask on; diff pacs other patient id=0555643F +PatientName"
    done = run(text, config=config, output="json")
    (row,) = done.json
    assert row["where"] == "only in pacs"
    assert "0555643F" not in done.out + done.err
    assert "JODOGNE" not in done.out + done.err


def test_the_mask_is_on_values_that_differ() -> None:
    ours = [study(1, PatientName="Secret^Anna", PatientID="S123456", AccessionNumber="ACC98765")]
    theirs = [study(1, PatientName="Secret^Anne", PatientID="S123457", AccessionNumber="")]
    text = "set mask on; diff a b +PatientName +PatientID +AccessionNumber"
    done = compared(
        [*ours, study(2, AccessionNumber="Y7")], [*theirs, study(2, AccessionNumber="Y7")], text
    )
    assert {row["attribute"] for row in done.json} >= {"PatientName", "PatientID"}
    for secret in ("Secret", "Ann", "S12345", "ACC98765"):
        assert secret not in done.out + done.err


def test_quiet_says_only_what_is_wrong(tmp_path: Path) -> None:
    config = archives(tmp_path, other={}, short={"ignore_keys": ["StudyDate"]})
    assert dicomsh("-q", "-c", "diff pacs other", config=config).err == ""
    wrong = dicomsh("-q", "-c", "diff pacs short date=2009", config=config)
    assert wrong.status == ExitStatus.INCOMPLETE
    assert "not compared" in wrong.err


def test_explain_shows_what_goes_to_each(tmp_path: Path) -> None:
    done = run("explain diff pacs other date=2009", config=archives(tmp_path, other={}))
    assert done.status == 0, done.err
    assert "C-FIND to pacs" in done.out
    assert "C-FIND to other" in done.out
    assert "StudyDate = 20090101-20091231" in done.out


# Real servers


def test_a_migration_that_is_not_finished(
    tmp_path: Path, start_server: Start[servers.Server]
) -> None:
    files = samples.write_studies(tmp_path, 6, 2)
    old = start_server(servers.dcmqrscp(files))
    new = start_server(servers.orthanc())
    assert isinstance(new, servers.Orthanc)
    new.upload(files[:7])
    config = configured(tmp_path, old=old, new=new)
    done = run("diff old new", config=config, output="json")
    assert [row["where"] for row in done.json] == ["only in old"] * 2
    assert {row["PatientID"] for row in done.json} == {"P00004", "P00005"}
    assert "4 in both, 2 only in old, 0 only in new" in done.err
    assert done.status == ExitStatus.FAILED
