"""When data goes to a pager, to which, and what it is given."""

import asyncio
import io
import os
import stat
import sys
from pathlib import Path

import pytest

from dicomsh.output.pager import Paged, pager_command, pager_environ
from dicomsh.output.programs import CommandWriter
from dicomsh.output.sink import Sink
from dicomsh.output.streams import PagerLeftError, Stream
from dicomsh.output.theme import Theme, paint

PYTHON = f'"{sys.executable}"'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_pager_that_the_user_names() -> None:
    python = f"{PYTHON} -c pass"
    assert pager_command({"PAGER": python}) == python
    assert pager_command({"PAGER": f"LESS=-M {python}"}, "linux") == f"LESS=-M {python}"


@pytest.mark.parametrize("text", ["", " ", "cat", "no-such-program -x", "'"])
def test_no_pager(text: str) -> None:
    assert pager_command({"PAGER": text}) is None


def test_no_pager_on_a_dumb_terminal() -> None:
    assert pager_command({"PAGER": PYTHON, "TERM": "dumb"}) is None


def test_windows_has_none_of_its_own() -> None:
    assert pager_command({}, "win32") is None
    assert pager_command({"PAGER": PYTHON}, "win32") == PYTHON


def test_options_of_less_only_where_the_user_has_none() -> None:
    assert pager_environ({})["LESS"] == "-RFX"
    assert pager_environ({"LESS": ""})["LESS"] == ""
    assert pager_environ({"LESS": "-M", "LESSCHARSET": "dos"})["LESSCHARSET"] == "dos"


def test_less_is_kept_from_saving_unless_the_user_says_otherwise() -> None:
    assert pager_environ({})["LESSSECURE"] == "1"
    assert pager_environ({"LESSSECURE": "0"})["LESSSECURE"] == "0"
    assert pager_environ({})["LESSHISTFILE"] == "-"


def program(code: str) -> str:
    """A command line that runs Python code without double quotes in it."""
    return f'{PYTHON} -X utf8 -c "import sys; {code}"'


def paged(terminal: Terminal, command: str) -> Paged:
    """A terminal of 20 × 10 with this pager."""
    return Paged(Stream(terminal), 20, 10, lambda: CommandWriter.start(command, None, safe=True))


def shown(folder: Path, *texts: str) -> tuple[str, str]:
    """What the terminal gets of these texts, and what the pager."""
    terminal, path = Terminal(), (folder / "paged").as_posix()

    async def run() -> None:
        target = paged(terminal, program(f"open('{path}', 'wb').write(sys.stdin.buffer.read())"))
        for text in texts:
            target.write(text)
        await target.close()

    asyncio.run(run())
    file = folder / "paged"
    return terminal.getvalue(), file.read_text("utf-8") if file.exists() else ""


def test_what_fits_is_written_at_once(tmp_path: Path) -> None:
    assert shown(tmp_path, "x\n" * 8) == ("x\n" * 8, "")


def test_what_does_not_fit_is_paged_whole(tmp_path: Path) -> None:
    terminal, pager = shown(tmp_path, "one\n" * 5, "two\n" * 4)
    assert terminal == "one\n" * 5 + "\x1b[5A\r\x1b[J"
    assert pager == "one\n" * 5 + "two\n" * 4


@pytest.mark.parametrize("line", ["x" * 21, "山" * 11, "x" * 40, "\t\t\tx"])
def test_a_line_that_wraps_takes_two(line: str, tmp_path: Path) -> None:
    assert shown(tmp_path, f"{line}\n" * 4)[1] == ""
    assert shown(tmp_path, f"{line}\n" * 5)[1] != ""


def test_colours_take_no_room(tmp_path: Path) -> None:
    line = paint(Theme.ansi().error, "x" * 20)
    assert shown(tmp_path, f"{line}\n" * 8)[1] == ""


def test_only_our_own_sequences_reach_the_pager(tmp_path: Path) -> None:
    ours = paint(Theme.ansi().error, "x")
    _, pager = shown(tmp_path, f"{ours}\x1b]0;title\x07\x1b[2J\n" * 9)
    assert pager == f"{ours}␛]0;title␇␛[2J\n" * 9


def test_leaving_the_pager_is_told() -> None:
    async def run() -> None:
        target = paged(Terminal(), program("input()"))
        target.write("x\n" * 99)
        await target.drain()
        assert isinstance(await target.gone(), PagerLeftError)
        with pytest.raises(PagerLeftError):
            target.write("y\n")
        await target.close()

    asyncio.run(run())


def test_what_is_said_waits_for_the_pager_to_be_left() -> None:
    out = Terminal()

    async def run() -> None:
        sink = Sink(out, io.StringIO())
        async with sink.to_screen({"PAGER": program("sys.stdin.read()")}):
            sink.data("x\n" * 999)
            sink.talk("999 rows")
            assert "999 rows" not in out.getvalue()
        assert out.getvalue().endswith("999 rows\n")

    asyncio.run(run())


@pytest.mark.skipif(os.name != "posix", reason="files have modes on POSIX systems")
def test_what_a_pager_saves_is_for_its_owner_only(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    sink = Sink(Terminal(), io.StringIO())

    async def run() -> None:
        async with sink.to_screen({"PAGER": f"tail -n +1 > '{saved}'"}):
            sink.data("patient\n" * 100)
            await sink.drain()

    asyncio.run(run())
    assert saved.read_text().count("patient") == 100
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_no_pager_where_standard_output_is_no_terminal() -> None:
    out = io.StringIO()

    async def run() -> None:
        sink = Sink(out, io.StringIO())
        async with sink.to_screen({"PAGER": program("sys.stdin.read()")}):
            sink.data("x\n" * 999)

    asyncio.run(run())
    assert out.getvalue() == "x\n" * 999
