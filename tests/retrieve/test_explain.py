"""explain get, move and store: what would be moved, and other tools that do the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Start
from tests.harness import run
from tests.processes import free_ports
from tests.retrieve.giving import IMAGES, Faults, Giver, giving, got
from tests.retrieve.storing import file_of, storescp
from tests.servers import Server

STUDY = "use pacs; cd 0555643F; ls; "


def sh(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a POSIX shell does with a text."""
    command = ["sh", "-c", text]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_get_is_explained_with_the_list_the_request_and_the_contexts(tmp_path: Path) -> None:
    done = run(f"{STUDY}explain get 1 --to '{tmp_path / 'here'}'")
    assert done.status == 0, done.err
    assert done.out.index("IMAGE: one answer per instance") < done.out.index("C-GET to pacs")
    assert "our role is SCP (PS3.7 D.3.3.4): each SOP class in the list" in done.out
    assert "SeriesInstanceUID = <SeriesInstanceUID>" in done.out.split("C-GET to pacs")[1]
    for tool in ("DCMTK getscu", "DCMTK movescu", "dcm4che getscu", "Orthanc get", "WADO-RS"):
        assert f"# {tool}\n" in done.out
    assert not (tmp_path / "here").exists()


def test_nothing_is_requested_and_no_time_of_day_is_waited_for(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults())
    with giving(giver) as modality:
        line = f"explain get P1 --to '{tmp_path}' --retries 5 --between 03:00..03:01"
        assert got(modality, line).status == 0
    assert giver.requests == []
    assert list(tmp_path.iterdir()) == []


def test_the_elements_of_the_request_follow_those_of_the_queries() -> None:
    done = run(
        "use pacs; explain get 0555643F/1.2.840.113704.1.111.2768.1239195678.57", output="json"
    )
    last = [row for row in done.json if row["query"] == done.json[-1]["query"]]
    assert {row["model"] for row in last} == {"Study Root GET"}
    assert [row["keyword"] for row in last] == [
        "QueryRetrieveLevel",
        "StudyInstanceUID",
        "SeriesInstanceUID",
    ]


def test_by_move_our_address_is_what_the_server_has_to_know() -> None:
    done = run(f"{STUDY}explain get 1 --via move --port 4711")
    assert "C-MOVE to pacs" in done.out
    assert "DICOMSH: pacs has to know this computer, port 4711" in done.out
    assert "+P 4711" in done.out


def test_move_goes_elsewhere_which_some_tools_cannot() -> None:
    done = run(f"{STUDY}explain move 1 --to ARCHIVE")
    assert "ARCHIVE: pacs has to know an address for this AE title" in done.out
    assert '"TargetAet": "ARCHIVE"' in done.out
    assert run(f"{STUDY}explain --as getscu move 1 --to ARCHIVE").status == 2
    assert "tools that do: getscu, movescu" in run(f"{STUDY}explain --as qido get 1").err


@pytest.mark.parametrize("command", ["view 3 --instance 100", "view 3", "show --text 3"])
def test_what_shows_an_object_fetches_it_first(command: str) -> None:
    done = run(f"{STUDY}cd 1; ls; explain {command}")
    assert done.status == 0, done.err
    assert "C-GET to pacs" in done.out
    assert "level    IMAGE: the instances named" in done.out


def test_of_a_file_there_is_nothing_to_explain(tmp_path: Path) -> None:
    file_of(tmp_path, 1)
    (path,) = tmp_path.iterdir()
    done = run(f"explain view '{path}'")
    assert (done.status, "this reads a file" in done.err) == (2, True)


def test_values_are_masked() -> None:
    done = run(f"set mask on; {STUDY}explain get 1")
    assert done.status == 0, done.err
    assert "1.2.840.113704.1.111.2768.1239195678.57" not in done.out
    assert "StudyInstanceUID = <" not in done.out
    assert "# masked: names and IDs are made up" in done.out


@pytest.mark.parametrize("tool", ["getscu", "movescu"])
def test_the_text_for_dcmtk_retrieves_the_same(tool: str, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    move = tool == "movescu"
    with giving(Giver(IMAGES, Faults()), move_to=port if move else None) as modality:
        via = f"--via move --port {port}" if move else ""
        text = got(modality, f"explain --as {tool} get P1/1.2.1 {via}").out
        done = sh(text, tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.iterdir())) == len(IMAGES)


def test_store_is_explained_and_storescu_does_the_same(
    start_server: Start[Server], tmp_path: Path
) -> None:
    server = start_server(storescp(tmp_path / "got"))
    folder = tmp_path / "some files"
    for number in (1, 2):
        file_of(folder, number)
    done = run(f"explain store '{folder}' --to {server.address} --commit")
    assert "objects  2, each as it is in its file" in done.out
    assert "CT Image Storage in Explicit VR Little Endian: 2" in done.out
    assert "storage commitment (PS3.4 J.3.2)" in done.out
    assert list((tmp_path / "got").iterdir()) == []
    sent = sh(run(f"explain --as storescu store '{folder}' --to {server.address}").out, tmp_path)
    assert sent.returncode == 0, sent.stderr
    assert len(list((tmp_path / "got").iterdir())) == 2
