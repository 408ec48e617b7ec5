"""trace: what is said to peers, beside the data or in a file."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

from tests.harness import dicomsh, practice, run

FIND = "find patient JOD* sex=M"


def test_a_trace_tells_the_association_the_query_and_the_release() -> None:
    done = run(f"trace on; use pacs; {FIND}", output="csv")
    titles = re.findall(r"^ +[\d.]+ +1 ([─→←]+ \S+ ?\S*)", done.err, re.MULTILINE)
    assert [title.rstrip() for title in titles] == [
        "── connected to",
        "→ A-ASSOCIATE-RQ",
        "← A-ASSOCIATE-AC",
        "→ C-ECHO-RQ",
        "← C-ECHO-RSP",
        "→ C-FIND-RQ",
        "← C-FIND-RSP",
        "← C-FIND-RSP",
        "→ A-RELEASE-RQ",
        "← A-RELEASE-RP",
        "── the connection",
    ]
    assert re.search(r"\(0010,0010\) PN +4  PatientName +JOD\*$", done.err, re.MULTILINE)
    assert "0xFF00 Pending" in done.err
    assert "to message 2  0x0000 Success" in done.err
    assert len(done.out.splitlines()) == 2


def test_it_can_begin_in_the_middle_of_an_association() -> None:
    done = run(f"use pacs; trace on; {FIND}")
    assert "A-ASSOCIATE" not in done.err
    assert "→ C-FIND-RQ  message 2  context 3 Patient Root Q/R - FIND" in done.err
    assert "PatientName              JODOGNE^SEBASTIEN" in done.err


def test_it_ends() -> None:
    done = run(f"trace on; use pacs; trace off; {FIND}; trace")
    assert "A-ASSOCIATE-AC" in done.err
    assert "C-FIND" not in done.err
    assert "A-RELEASE" not in done.err
    assert done.err.endswith("trace is off\n")


def test_every_byte_with_its_name() -> None:
    done = run(f"trace pdu; use pacs; {FIND}")
    assert re.search(r"0000  01 +PDU-type  A-ASSOCIATE-RQ", done.err)
    assert re.search(r"50 52 41 43 .* Called-AE-title  PRACTICE", done.err)
    assert re.search(r"10 00 10 00 +Tag  \(0010,0010\) PatientName", done.err)
    assert re.search(r"4a 4f 44 2a +Value", done.err)


def test_several_connections_are_told_apart() -> None:
    done = run("use pacs; trace on; tree --depth 2")
    numbers = set(re.findall(r"^ +[\d.]+ +(\d+) [→←] ", done.err, re.MULTILINE))
    assert {"2", "3"} <= numbers


def test_a_file_is_for_its_owner_and_holds_the_release_too(tmp_path: Path) -> None:
    file = tmp_path / "talk.txt"
    done = run(f"trace to '{file}'; use pacs; {FIND}")
    text = file.read_text("utf-8")
    assert text.startswith("trace begins 20")
    assert "C-FIND-RQ" in text
    assert text.endswith("── the connection was closed\n")
    assert "C-FIND-RQ" not in done.err
    assert "it will contain patient data" in done.err
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_can_hold_the_bytes_and_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "talk.txt"
    file.write_text("old")
    run(f"trace to '{file}'; trace pdu; use pacs; trace off; {FIND}")
    text = file.read_text("utf-8")
    assert "old" not in text
    assert "PDU-type  A-ASSOCIATE-RQ" in text
    assert "C-FIND" not in text


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    done = run(f"trace to '{tmp_path}/none/talk.txt'")
    assert done.status == 2
    assert "there is no folder" in done.err
    assert "^^^" in done.err


def test_a_rejection_and_an_abort_are_told(tmp_path: Path) -> None:
    config = practice(tmp_path, abort_after=0)
    done = run("trace on; use faulty; find study", config=config)
    assert done.status == 3
    assert "← A-ABORT" in done.err
    assert "source: 0 DICOM UL service-user" in done.err


def test_a_cancel_is_told(tmp_path: Path) -> None:
    config = practice(tmp_path, row_delay=0.01)
    done = run("use faulty; trace on; find study --limit 3", config=config)
    assert re.search(r"→ C-CANCEL-RQ  to message 2", done.err)


def test_the_option_traces_from_the_start() -> None:
    done = dicomsh("--trace", "-c", f"use pacs; {FIND}", "-o", "json")
    assert "A-ASSOCIATE-RQ" in done.err
    assert done.json[0]["PatientID"] == "0555643F"
    assert "A-ASSOCIATE" not in dicomsh("-c", f"use pacs; {FIND}").err
