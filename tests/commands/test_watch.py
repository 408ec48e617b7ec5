"""watch: what is new, gone or changed, from one round to the next."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dicomsh.output.error_text import TextOrigin
from dicomsh.output.sink import Sink
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from tests import servers
from tests.conftest import Start
from tests.harness import interrupted, practice, run, sample_configuration
from tests.worklists.items import ITEMS, STEP, write

STEP_ID = f"{STEP}.ScheduledProcedureStepID"


def test_the_first_round_shows_all() -> None:
    done = run("use pacs; watch 0.1 --count 1 find worklist mod=PT", output="json")
    (row,) = done.json
    assert row["change"] is None
    assert row[STEP_ID] == "SPS0025"
    assert row[f"{STEP}.Modality"] == "PT"
    assert "1 round" in done.last
    assert done.status == 0


def test_nothing_is_shown_as_long_as_nothing_changes() -> None:
    done = run("use pacs; watch 0.1 --count 3 find study 0555643F", output="json")
    assert len(done.json) == 2
    assert "3 rounds" in done.last


def test_records_are_watched_too() -> None:
    done = run("use pacs; watch 0.1 --count 2 echo pacs", output="json")
    assert [row["change"] for row in done.json][:1] == [None]
    assert {row["modality"] for row in done.json} == {"pacs"}


class Changing:
    """A worklist whose files change between two rounds."""

    def __init__(self, folder: Path, changes: Sequence[Callable[[], object]]) -> None:
        self.folder = folder
        self._changes = changes

    async def run(self, command: str, address: str) -> tuple[list[Any], str, int]:
        """The rows of a command, whose archive changes each time when a round has been shown."""
        out, err = io.StringIO(), io.StringIO()
        session = Session(sample_configuration())
        session.override("output", "ndjson")
        session.choose(session.config.find(address))
        shell = Shell(session, Sink(out, err), ShellOptions(), {"DICOMSH_TRACEBACK": "1"})
        asked = shell._context.archives.open
        rounds = 0

        async def open_(modality: Any) -> Any:
            nonlocal rounds
            rounds += 1
            if 1 < rounds <= len(self._changes) + 1:
                self._changes[rounds - 2]()
            return await asked(modality)

        shell._context.archives.open = open_  # type: ignore[method-assign]
        status = await shell.run(command, TextOrigin("test"))
        await shell.close()
        return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue(), status


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "items"
    made.mkdir()
    write(ITEMS[2:5], made)
    return made


def test_what_comes_goes_and_changes_is_marked(
    folder: Path, start_server: Start[servers.Server]
) -> None:
    server = start_server(servers.worklist_orthanc(folder))

    def change() -> None:
        write(ITEMS[10:11], folder)
        (folder / "S05.wl").unlink()
        moved = ITEMS[2]
        values = {**moved.values, f"{STEP}.ScheduledProcedureStepStatus": "DEPARTED"}
        write([type(moved)(moved.step, values, moved.charset)], folder)

    changing = Changing(folder, [change])
    rows, err, status = asyncio.run(
        changing.run("watch 0.1 --count 2 find worklist", server.address)
    )
    told = {(row[STEP_ID], row["change"]) for row in rows}
    assert told == {
        *(("S03", None), ("S04", None), ("S05", None)),
        *(("S11", "new"), ("S05", "gone"), ("S03", "changed")),
    }
    (changed,) = (row for row in rows if row["change"] == "changed")
    assert changed["difference"] == "Status READY → DEPARTED"
    assert "2 rounds" in err
    assert status == 0


def test_until_something_is_there(folder: Path, start_server: Start[servers.Server]) -> None:
    server = start_server(servers.worklist_orthanc(folder))
    arrive = [lambda: None, lambda: write(ITEMS[10:11], folder)]
    changing = Changing(folder, arrive)
    rows, err, status = asyncio.run(
        changing.run(
            "watch 0.1 --count 50 --until rows=>=1 find worklist station=US1", server.address
        )
    )
    assert [row["change"] for row in rows] == ["new"]
    assert "3 rounds" in err
    assert status == 0


def test_an_error_in_a_later_round_is_shown(
    folder: Path, start_server: Start[servers.Server]
) -> None:
    server = start_server(servers.worklist_orthanc(folder))

    def fail() -> None:
        raise servers_error

    from dicomsh.errors import UnreachableError

    servers_error = UnreachableError("gone for a moment")
    changing = Changing(folder, [fail])
    rows, _, status = asyncio.run(changing.run("watch 0.1 --count 3 find worklist", server.address))
    assert [row["change"] for row in rows] == [None, None, None, "error"]
    assert rows[-1]["difference"] == "gone for a moment"
    assert status == 0


def test_a_condition_that_is_not_met_is_a_failure() -> None:
    done = run("use pacs; watch 0.1 --count 2 --until status=GONE find worklist mod=PT")
    assert "the condition of --until was not met" in done.last
    assert done.status == 1
    met = run("use pacs; watch 0.1 --count 9 --until station=PT1 find worklist mod=PT")
    assert "1 round" in met.last
    assert met.status == 0
    none = run("use pacs; watch 0.1 --until rows=0 find worklist station=CT9")
    assert none.status == 0


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("watch 0 find study", "expected a number of seconds, at least 0.1"),
        ("watch x find study", "expected a number of seconds"),
        ("watch 1", "COMMAND is missing"),
        ("watch 1 pwd", "'pwd' lists no rows to watch"),
        ("watch 1 watch 1 find study", "watch cannot watch itself"),
        ("watch 1 --until foo=1 find worklist", "no attribute 'foo'"),
        ("watch 1 --until rows find worklist", "is not a condition"),
        ("watch 1 --until date=nonsense find worklist", "nonsense"),
        ("watch 1 --count 0 find worklist", "a whole number from 1"),
        ("explain watch 1 find worklist", "explain takes the command that watch runs"),
    ],
)
def test_what_cannot_be_watched_is_refused(command: str, message: str) -> None:
    done = run(f"use pacs; {command}")
    assert message in done.err
    assert done.status in (1, 2)


def test_stages_work_on_the_changes() -> None:
    done = run(
        "use pacs; watch 0.1 --count 2 find worklist date=today | count by change", output="json"
    )
    assert done.json == [{"change": None, "count": 25}]


def test_values_are_masked() -> None:
    done = run("set mask on; use pacs; watch 0.1 --count 1 find study 0555643F")
    assert "0555643F" not in done.out
    assert "JODOGNE" not in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    config = practice(tmp_path)
    done = interrupted(config, "-c", "use faulty; watch 600 find worklist mod=PT; print never")
    assert "SPS0025" in done.out
    assert "never" not in done.out
    assert "1 round" in done.err
    assert done.status == 130


def test_dates_are_shown_as_the_command_shows_them() -> None:
    done = run("use pacs; watch 0.1 --count 1 find study 0555643F", output="table")
    assert "2009-04-12" in done.out
    assert "20090412" not in done.out
