"""`assert`, `--fail-empty`, `-q` and `--check`: scripts that say only what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.errors import ExitStatus
from tests.harness import dicomsh, practice, run

HOLDING = (
    "count >= 1",
    "count>=1",
    "count = 2",
    "count=2",
    "count != 3",
    "count < 3",
    "count <= 2",
    "count > 1",
    "all StudyDate desc",
    "all id=0555643F date=..2012",
    "all desc!=*PHANTOM*",
)
NOT_HOLDING = {
    "count >= 3": "count >= 3 does not hold: 2 studies",
    "count < 2": "count < 2 does not hold: 2 studies",
    "all mod=CT": "all mod=CT does not hold: not in 1 of 2 studies",
    "all desc=NOTHING": "all desc=NOTHING does not hold: not in 2 of 2 studies",
}
LISTED = "use pacs; cd 0555643F; ls; "


@pytest.mark.parametrize("wanted", HOLDING)
def test_what_holds_is_silent(wanted: str) -> None:
    done = run(f"{LISTED} assert {wanted}", output="csv")
    assert (done.status, done.last) == (
        0,
        run(LISTED, output="csv").last,
    ) or "2 studies" in done.last


@pytest.mark.parametrize(("wanted", "message"), NOT_HOLDING.items())
def test_what_does_not_hold_ends_a_script(wanted: str, message: str) -> None:
    done = run(f"{LISTED} assert {wanted}; print on", output="csv")
    assert done.status == ExitStatus.UNMET
    assert message in done.err
    assert not done.out.endswith("on\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("assert count >= 1", "nothing has been listed yet"),
        (f"{LISTED} assert count", "'count' cannot be asserted"),
        (f"{LISTED} assert all", "'all' cannot be asserted"),
        (f"{LISTED} assert count >= many", "'count' cannot be asserted"),
        (f"{LISTED} assert all dat", "no attribute 'dat'"),
        (f"{LISTED} assert all acc", "AccessionNumber was not requested"),
    ],
)
def test_what_cannot_be_asserted_is_a_usage_error(text: str, words: str) -> None:
    done = run(text)
    assert done.status == ExitStatus.USAGE
    assert words in done.err


def test_a_comparison_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(f"{LISTED} assert count > 1; assert count>1; assert count < 9")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wanted", ["count <= 9", "count = 3", "all StudyDate"])
def test_what_an_incomplete_answer_leaves_open_does_not_hold(wanted: str, tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=3)
    done = run(f"use faulty; find study date=2000..; assert {wanted}", config=config)
    assert "CUT OFF" in done.err
    assert done.status == ExitStatus.UNMET


def test_finding_nothing_fails_where_it_is_asked_for() -> None:
    nobody = ("-m", "pacs", "-c", "find patient NOBODY; print on")
    assert dicomsh(*nobody).out.endswith("on\n")
    done = dicomsh("--fail-empty", *nobody)
    assert (done.status, "on" in done.out.split()) == (ExitStatus.UNMET, False)
    assert "no patients, complete" in done.err


def test_quiet_says_only_what_is_wrong(tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=3)
    quiet = ("-q", "-o", "csv", "-c")
    done = dicomsh(*quiet, "use pacs; find patient JOD*", config=config)
    assert (done.err, done.out.count("\n"), done.status) == ("", 2, 0)
    done = dicomsh(*quiet, "use faulty; find patient", config=config)
    assert "CUT OFF" in done.err
    assert done.status == ExitStatus.INCOMPLETE


def test_check_reports_all_errors_and_sends_nothing(tmp_path: Path) -> None:
    script = tmp_path / "walk.dsh"
    script.write_text(
        "let DAY = 2024-03-05\nuse pacs\nfnd patient\nfind study date=$DAY dat=1\n"
        "find study date=$NIGHT\ncd 0555643F\nls SeriesNumber=3\nls Nothing=3\nprint on\n"
    )
    done = dicomsh("--check", str(script))
    assert (done.out, done.status) == ("", ExitStatus.USAGE)
    lines = [line.split(":")[1] for line in done.err.splitlines() if line.startswith(str(script))]
    assert lines == ["3", "4", "5", "8"]
    assert "PRACTICE" not in done.err
    script.write_text("use pacs\nfind study\n")
    assert dicomsh("--check", str(script)).status == 0


def test_keep_going_ends_with_a_summary(tmp_path: Path) -> None:
    script = tmp_path / "walk.dsh"
    script.write_text("use pacs\nfind patient JOD*\nfnd\nprint on\n\nuse nowhere\n")
    done = dicomsh("--keep-going", str(script))
    assert done.last == f"5 commands: 3 done, 2 failed ({script}:3:1, {script}:6:1)"
    assert dicomsh("--keep-going", "-c", "pwd").last == "1 command: 1 done"
