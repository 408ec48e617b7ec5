"""The folders of the user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dicomsh.folders import config_folder, path_of, state_folder


def test_config_folder(tmp_path: Path) -> None:
    home = str(tmp_path)
    assert config_folder({"HOME": home}) == tmp_path / ".config" / "dicomsh"
    assert config_folder({"USERPROFILE": home}) == tmp_path / ".config" / "dicomsh"
    assert config_folder({"HOME": home, "XDG_CONFIG_HOME": home}) == tmp_path / "dicomsh"
    relative = config_folder({"HOME": home, "XDG_CONFIG_HOME": "relative"})
    assert relative == tmp_path / ".config" / "dicomsh"
    assert config_folder({}) is None


def test_state_folder(tmp_path: Path) -> None:
    home = str(tmp_path)
    assert state_folder({"HOME": home}) == tmp_path / ".local" / "state" / "dicomsh"
    assert state_folder({"HOME": "x", "XDG_STATE_HOME": home}) == tmp_path / "dicomsh"
    assert state_folder({}) is None


@pytest.mark.skipif(os.name != "nt", reason="%APPDATA% is a matter of Windows")
def test_folders_on_windows(tmp_path: Path) -> None:
    environ = {"APPDATA": str(tmp_path / "a"), "LOCALAPPDATA": str(tmp_path / "l")}
    assert config_folder(environ) == tmp_path / "a" / "dicomsh"
    assert state_folder(environ) == tmp_path / "l" / "dicomsh"


@pytest.mark.parametrize("text", ["~nosuchuser/x", "x", "/x", "~nosuchuser"])
def test_a_home_folder_of_nobody_is_a_path_like_any_other(text: str) -> None:
    assert path_of(text) == Path(text)


def test_the_own_home_folder_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert path_of("~/x") == tmp_path / "x"
