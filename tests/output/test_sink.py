import asyncio
import io
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dicomsh.errors import DicomshError, UsageError
from dicomsh.output.programs import CommandWriter
from dicomsh.output.sink import Sink
from dicomsh.output.streams import CommandGoneError, StdoutGoneError, for_terminal
from dicomsh.output.theme import Theme, paint

POSIX_ONLY = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX terminal or file modes")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def streams() -> tuple[io.StringIO, io.StringIO]:
    return io.StringIO(), io.StringIO()


@pytest.fixture
def sink(streams: tuple[io.StringIO, io.StringIO]) -> Sink:
    return Sink(*streams)


def python(code: str) -> str:
    """A command line for the system's shell that runs Python code without quotes in it."""
    return f'"{sys.executable}" -c "{code}"'


def run(code: str, **more: object) -> "subprocess.CompletedProcess[bytes]":
    lines = f"from dicomsh.output.sink import Sink\nsink = Sink.standard()\n{code}"
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-c", lines], capture_output=True, timeout=60, check=False, **more
    )


def test_data_and_talk_are_apart_in_a_script(
    sink: Sink, streams: tuple[io.StringIO, io.StringIO]
) -> None:
    sink.data("a\x1b,b\n")
    sink.talk("1 row")
    sink.error("oh")
    assert [stream.getvalue() for stream in streams] == ["a\x1b,b\n", "1 row\noh\n"]
    assert (sink.is_terminal, sink.width) == (False, None)


def test_data_and_talk_are_together_on_a_terminal() -> None:
    out, err = Terminal(), Terminal()
    sink = Sink(out, err)
    sink.data(paint(Theme.ansi().heading, "a\x1b[8mb") + "\t\n")
    sink.talk("1 row")
    sink.error("oh\x9b")
    assert out.getvalue() == "\x1b[1ma␛[8mb\x1b[0m\t\n1 row\n"
    assert err.getvalue() == "oh⟨009b⟩\n"


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "\x1b[2J", "\r", "\x1b[38;5;1m", "\u202e"])
def test_what_acts_does_not_reach_a_terminal(text: str) -> None:
    assert for_terminal(text).isprintable()


def test_width_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "123")
    sink = Sink(Terminal(), io.StringIO())
    widths = [sink.width]
    with sink.to_file(tmp_path / "x"):
        widths.append(sink.width)
    assert widths == [123, None]
    for odd in ("0", "-5", "many"):
        monkeypatch.setenv("COLUMNS", odd)
        assert sink.columns() >= 1


@POSIX_ONLY
def test_width_of_a_real_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty
    import termios

    monkeypatch.delenv("COLUMNS", raising=False)
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (40, 97))
    with os.fdopen(leader, "rb"), os.fdopen(follower, "w") as terminal:
        sink = Sink(terminal, terminal)
        assert (sink.is_terminal, sink.width) == (True, 97)


def test_a_file_is_utf8_with_lf(sink: Sink, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with sink.to_file(path) as file:
        assert file.fresh
        assert sink.redirected
        sink.data("山\r\n")
        sink.data("\ud800\n")
    assert path.read_bytes() == "山\r\n\\ud800\n".encode()
    assert not sink.redirected


@POSIX_ONLY
def test_a_new_file_is_for_its_owner_only(sink: Sink, tmp_path: Path) -> None:
    with sink.to_file(tmp_path / "new"):
        pass
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


@POSIX_ONLY
@pytest.mark.parametrize(("append", "mode"), [(False, 0o600), (True, 0o644)])
def test_a_file_that_is_replaced_becomes_its_owners_only(
    append: bool, mode: int, sink: Sink, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.touch()
    old.chmod(0o644)
    with sink.to_file(old, append=append):
        assert stat.S_IMODE(old.stat().st_mode) == 0o644
        sink.data("x")
    assert stat.S_IMODE(old.stat().st_mode) == mode


def test_append(sink: Sink, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for fresh in (True, False):
        with sink.to_file(path, append=True) as file:
            assert file.fresh is fresh
            sink.data("a\n")
    assert path.read_text() == "a\na\n"


def test_a_query_that_fails_leaves_the_file_alone(sink: Sink, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("precious")
    with pytest.raises(DicomshError), sink.to_file(path):
        raise DicomshError("no association")
    assert path.read_text() == "precious"
    assert not sink.redirected


def test_a_file_is_the_old_one_until_the_new_one_is_whole(sink: Sink, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old")
    with sink.to_file(path):
        sink.data("new")
        assert path.read_text() == "old"
        sink.data("er")
    assert path.read_text() == "newer"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_text_goes_with_the_new(sink: Sink, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("much longer than before")
    with sink.to_file(path):
        sink.data("new")
    assert path.read_text() == "new"
    with sink.to_file(path):
        pass
    assert path.read_text() == ""


def test_files_that_cannot_be_written(sink: Sink, tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="there is no folder") as caught,
        sink.to_file(tmp_path / "no" / "x.csv"),
    ):
        pass
    assert caught.value.hint == "create it first"
    with pytest.raises(UsageError, match="is a folder"), sink.to_file(tmp_path):
        pass
    with pytest.raises(UsageError, match="null"), sink.to_file("a\0b"):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"), sink.to_file(tmp_path / "file" / "x"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_to_nowhere_is_not_taken_for_a_missing_folder(sink: Sink, tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "no" / "x.csv")
    with pytest.raises(UsageError, match="csv': No such file"), sink.to_file(link):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error(sink: Sink) -> None:
    told = pytest.raises(DicomshError, match="cannot write '/dev/full': No space")
    with told, sink.to_file("/dev/full"):
        sink.data("x")
    with Path("/dev/full").open("w") as full, pytest.raises(DicomshError, match="No space"):
        Sink(full, sys.stderr).data("x")


async def fed(sink: Sink, command: str, *texts: str) -> CommandWriter:
    """A command that was given texts and has ended."""
    async with sink.to_command(command) as target:
        for text in texts:
            sink.data(text)
            await sink.drain()
    return target


def test_a_command_reads_the_data(sink: Sink, tmp_path: Path) -> None:
    path = (tmp_path / "out").as_posix()
    copy = f"import sys; open('{path}', 'wb').write(sys.stdin.buffer.read())"
    command = asyncio.run(fed(sink, python(copy), "山\n"))
    assert Path(path).read_bytes() == "山\n".encode()
    assert command.status == 0


def test_a_command_reads_more_than_a_pipe_holds(sink: Sink, tmp_path: Path) -> None:
    path = (tmp_path / "out").as_posix()
    copy = f"import sys; open('{path}', 'wb').write(sys.stdin.buffer.read())"
    asyncio.run(fed(sink, python(copy), *["x" * 99_999 + "\n"] * 30))
    assert Path(path).stat().st_size == 3_000_000


def test_a_command_that_fails_is_an_error(sink: Sink) -> None:
    with pytest.raises(DicomshError, match="the command exited with status 3"):
        asyncio.run(fed(sink, python("raise SystemExit(3)")))
    assert not sink.redirected


def test_a_command_that_ends_early_ends_the_block_quietly(sink: Sink) -> None:
    command = asyncio.run(fed(sink, python("input()"), *["x" * 1000 + "\n"] * 20_000))
    assert command.status == 0
    assert not sink.redirected


def test_a_caller_can_see_the_command_end(sink: Sink) -> None:
    async def write() -> None:
        async with sink.to_command(python("input()")):
            sink.data("x\n")
            gone = await sink.gone()
            with pytest.raises(CommandGoneError):
                sink.data("y\n")
            raise gone

    asyncio.run(write())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_a_command_wherever_it_comes(sink: Sink, number: int) -> None:
    """Not only while it is fed: a command that never ends would be waited for."""

    async def ended() -> int | None:
        began = asyncio.Event()
        status: list[int | None] = []

        async def wait() -> None:
            # exec: a shell that has just forked can miss a signal, and then waits for its child
            async with sink.to_command("exec sleep 600") as command:
                try:
                    began.set()
                    await asyncio.Event().wait()
                finally:
                    status.append(command.status)

        task = asyncio.ensure_future(wait())
        await began.wait()
        task.cancel(number)
        done, _ = await asyncio.wait({task}, timeout=30)
        assert done, "it waits for the command"
        return status[0]

    assert asyncio.run(ended()) is None
    assert not sink.redirected


def test_what_is_said_waits_for_the_command_to_end() -> None:
    code = (
        "import asyncio\n"
        "async def run():\n"
        f"    async with sink.to_command({python('print(input().upper())')!r}):\n"
        "        sink.talk('1 row'); sink.data('abc\\n')\n"
        "    sink.data('end\\n')\n"
        "asyncio.run(run())"
    )
    done = run(f"sink._stderr = sys.stdout\n{code}".replace("sink._", "import sys\nsink._"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines() == [b"ABC", b"1 row", b"end"]


def test_standard_streams_are_utf8_with_lf_in_any_locale() -> None:
    environ = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = run(r"sink.data('\u5c71\udc80\n'); sink.talk('\xe9t\xe9')", env=environ)
    assert done.stdout == "山\\udc80\n".encode()
    assert done.stderr == "été\n".encode()


@POSIX_ONLY
def test_closed_streams_are_no_trouble() -> None:
    code = "from dicomsh.output.sink import Sink; s = Sink.standard(); s.data('x'); s.error('y')"
    command = f'"{sys.executable}" -c "{code}" >&- 2>&-'
    assert subprocess.run(command, shell=True, timeout=60, check=False).returncode == 0


def test_the_reader_of_standard_output_may_go() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout, pytest.raises(StdoutGoneError):
        Sink(stdout, sys.stderr).data("x\n")


def test_a_program_whose_reader_has_gone_ends_without_a_word() -> None:
    code = (
        "from dicomsh.output.streams import StdoutGoneError\n"
        "try:\n    while True: sink.data('x' * 1000 + '\\n')\n"
        "except StdoutGoneError: pass"
    )
    lines = f"from dicomsh.output.sink import Sink\nsink = Sink.standard()\n{code}"
    with subprocess.Popen(
        [sys.executable, "-c", lines], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"x" * 1000 + b"\n"
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


def test_lost_standard_error_is_no_trouble() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stderr:
        Sink(io.StringIO(), stderr).error("x")


def test_prose_is_broken_between_words_on_a_terminal_alone(
    sink: Sink, streams: tuple[io.StringIO, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    text = "one two three four"
    for written in (sink.prose, sink.talk, sink.error):
        written(text)
    assert [stream.getvalue() for stream in streams] == [f"{text}\n", f"{text}\n" * 2]
    out, err = Terminal(), Terminal()
    there = Sink(out, err)
    for written in (there.prose, there.talk, there.error):
        written(text)
    broken = "one two\nthree four\n"
    assert (out.getvalue(), err.getvalue()) == (broken * 2, broken)
