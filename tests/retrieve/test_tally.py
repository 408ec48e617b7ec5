"""How far a retrieval is, in words."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from dicomsh.commands import registry
from dicomsh.model.claim import Claim
from dicomsh.model.progress import bar
from dicomsh.retrieve.account import Account, Instance, State
from dicomsh.retrieve.ledger import LedgerEntry
from dicomsh.retrieve.tally import Pace, Tally, time_left
from tests.harness import practice, run
from tests.retrieve.giving import IMAGES, Faults, Giver, giving, got
from tests.retrieve.storing import file_of, taking


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def instances(*counts: int) -> list[Instance]:
    return [
        Instance("P", "1", f"1.{series}", f"1.{series}.{number}", "", "x", "CT", str(series))
        for series, count in enumerate(counts, 1)
        for number in range(count)
    ]


def arrive(account: Account, uid: str, size: int = 1_000_000) -> None:
    entry = LedgerEntry(uid, "", f"{uid}.dcm", size, "", "")
    account.settle(uid, State.ARRIVED, entry=entry)


def test_a_bar_is_full_only_when_all_is_done() -> None:
    assert [bar(done, 3, 6) for done in range(4)] == ["░░░░░░", "██░░░░", "████░░", "██████"]
    assert bar(999, 1000, 10) == "█████████░"
    assert bar(0, 0, 2) == "░░"


def test_all_and_the_series_are_told_with_the_rate_and_the_rest() -> None:
    clock = Clock()
    listed = instances(4, 2)
    account, tally = Account(listed), Tally(listed, clock)
    clock.now += 2
    arrive(account, "1.1.0")
    arrive(account, "1.1.1")
    tally.add(account.news())
    told = tally.progress(500_000, Claim(0xFF00, completed=2, failed=1, warning=1))
    assert told.state == "████░░░░░░░░ 2 of 6, 2.5 MB"
    assert told.rate == "1.2 MB/s, 4 s left"
    assert told.doing == "CT 1 ███░░░ 2 of 4 · the server counts 3 sent, 1 failed"


def test_what_was_here_before_does_not_count_as_fast() -> None:
    clock = Clock()
    listed = instances(2)
    account, tally = Account(listed), Tally(listed, clock)
    arrive(account, "1.1.0")
    tally.add(account.news(), here=True)
    clock.now += 1
    told = tally.progress(0, None)
    assert (told.rate, told.doing) == ("", "")
    assert told.state.endswith("1 of 2, 1.0 MB")


def test_a_rate_is_that_of_the_last_seconds() -> None:
    clock = Clock()
    pace = Pace(clock)
    total = 0
    for step in (1_000, 10):
        for _ in range(40):
            clock.now += 0.25
            total += step
            rate = pace.rate(total)
    assert rate == pytest.approx(40, rel=0.05)


def test_the_rest_is_told_in_whole_seconds_or_minutes() -> None:
    assert [time_left(seconds) for seconds in (0.1, 59, 125)] == [
        "1 s left",
        "59 s left",
        "2 min 05 s left",
    ]


def test_series_are_told_when_they_are_complete_if_asked_for(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults())) as modality:
        silent = got(modality, f"get P1 --to '{tmp_path / 'a'}'")
        told = got(modality, f"get P1 --progress --to '{tmp_path / 'b'}'")
        again = got(modality, f"get P1 --progress --to '{tmp_path / 'b'}'")
    assert "CT 1:" not in silent.err
    lines = [line for line in told.err.splitlines() if line.startswith("CT ")]
    assert [line.split(", ")[0] for line in lines] == ["CT 1: 3 of 3", "CT 2: 3 of 3"]
    assert "CT 1: 3 of 3, already here" in again.err
    assert told.out == silent.out == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is needed")
def test_a_terminal_shows_a_bar(tmp_path: Path) -> None:
    import pexpect

    config = practice(tmp_path, object_delay=0.05)
    line = f"use faulty; cd 0555643F; ls; cd 2; ls; get 4 --to '{tmp_path / 'here'}'"
    child = pexpect.spawn(
        sys.executable,
        ["-m", "dicomsh", "-f", str(config), "-c", line],
        dimensions=(24, 140),
        encoding="utf-8",
        timeout=60,
    )
    child.expect(r"[█░]{12} \d+ of 56, .* MB/s, \d+ s left")
    child.close(force=True)


@pytest.mark.parametrize("name", ["get", "move", "store", "receive"])
def test_progress_is_shown_while_objects_move(name: str) -> None:
    assert name in {command.name for command in registry() if command.waits}


def test_store_has_no_bar_without_a_terminal(tmp_path: Path) -> None:
    file_of(tmp_path / "files", 1)
    with taking(lambda _: 0) as server:
        done = run(f"store '{tmp_path / 'files'}' --to {server.address}")
    assert not re.search("[█░]", done.err)
