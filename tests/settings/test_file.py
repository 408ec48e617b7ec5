"""settings.yaml: written by `set --save`, read at the next start, never in the way."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from dicomsh import cli, startup
from dicomsh.config import Config
from dicomsh.errors import ConfigError
from dicomsh.language.knowledge import Scope
from dicomsh.model.levels import Model
from dicomsh.session.history import History
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from dicomsh.settings.file import read_settings, save_choices, settings_file, write_settings

SCOPE = Scope(SessionKnowledge(Session(Config())), None)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.yaml"
    write_settings(path, {"limit": "none", "model": "study", "color": "off"}, {})
    saved = read_settings(path, SCOPE)
    assert saved.settings == {"limit": None, "model": Model.STUDY_ROOT, "color": "off"}
    assert saved.problems == []
    assert path.read_text("utf-8").startswith("# Settings of the dicomsh prompt")


def test_aliases_are_kept_whatever_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    aliases = {"day": "find study date='$1' # \"today\"", "näher": "ls\t| head 3", "on": "off"}
    write_settings(path, {}, aliases)
    assert read_settings(path, SCOPE).aliases == aliases


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.yaml"
    write_settings(path, {}, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_file_says_nothing(tmp_path: Path) -> None:
    saved = read_settings(tmp_path / "settings.yaml", SCOPE)
    assert (saved.settings, saved.aliases, saved.problems) == ({}, {}, [])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("limit: many", ":2: limit: expected a whole number from 1, found 'many'"),
        ("limt: 5", ":2: limt: unknown setting 'limt'"),
        ("pager: [on]", ":2: pager: "),
        ("history:", ":2: history: "),
        ("aliases: ls", ":2: aliases: expected a mapping from names to commands, found 'ls'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_the_rest_is_used(
    line: str, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(f"fuzzy: on\n{line}\ncolor: off\n", "utf-8")
    saved = read_settings(path, SCOPE)
    assert saved.settings == {"fuzzy": True, "color": "off"}
    (error,) = saved.problems
    assert error.message.startswith(f"{path}{problem}")


@pytest.mark.parametrize("data", [b"limit: [1", b"- limit", b"\xff\xfe", b"limit: 1\nlimit: 2"])
def test_a_file_that_is_no_settings_says_nothing_and_why(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(data)
    saved = read_settings(path, SCOPE)
    assert saved.settings == {}
    (error,) = saved.problems
    assert error.message.startswith(str(path))


def test_a_folder_in_place_of_the_file_is_told_when_saving(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml" / "in the way").mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot write file"):
        write_settings(tmp_path / "settings.yaml", {}, {})


def test_the_file_is_in_the_users_configuration_folder(tmp_path: Path) -> None:
    found = settings_file({"XDG_CONFIG_HOME": str(tmp_path)})
    assert found == tmp_path / "dicomsh" / "settings.yaml"
    assert settings_file({}) is None


def test_aliases_that_cannot_be_used_are_told_with_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dicomsh" / "settings.yaml"
    texts = {
        "both": "find study; find series",
        "find": "ls",
        "a": "b",
        "b": "print x; a",
        "c": "print 'x",
        "d": "!ls",
        "e": "# nothing",
        "f": "both",
    }
    path.parent.mkdir()
    write_settings(path, {}, texts)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    started = startup.at_prompt(cli.parser().parse_args([]), History(None))
    told = [problem.message.removeprefix(f"{path}:") for problem in started.problems]
    assert told == [
        "6: aliases.find: 'find' is a command",
        "7: aliases.a: the alias 'a' refers to itself",
        "8: aliases.b: the alias 'b' refers to itself",
        "9: aliases.c: the quote ' is not closed",
        "10: aliases.d: an alias cannot run a system command",
        "11: aliases.e: a command is missing",
    ]
    assert list(started.shell.session.aliases) == ["both", "f"]
    session = started.shell.session
    save_choices(path, session.saved, session.choices, session.defaults, SCOPE)
    assert read_settings(path, SCOPE).aliases == texts, "nothing of the user's is lost"
