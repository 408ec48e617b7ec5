"""`dicomsh config` says which files are read, and which of them is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.cli import main

ENTRY = "modalities: {a: {practice: true}, b: {practice: true}}\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DICOMSH_CONFIG", raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("APPDATA", "PROGRAMDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / name))


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["config", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def line(out: str, start: str) -> str:
    return next(line for line in out.splitlines() if line.strip().startswith(start))


def test_the_first_that_exists_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = told(capsys)
    assert status == 0
    assert line(out, "the current folder").endswith("not there")
    assert "used: 1 modality" in line(out, "the built-in default")
    (tmp_path / "modalities.yaml").write_text(ENTRY, "utf-8")
    (tmp_path / "XDG_STATE_HOME" / "dicomsh").mkdir(parents=True)
    _, out, _ = told(capsys)
    assert line(out, "the current folder").endswith("used: 2 modalities")
    assert str(tmp_path / "modalities.yaml") in line(out, "the current folder")
    assert line(out, "the built-in default").endswith("not used")
    for start in ("your configuration", "the configuration for all", "settings", "history"):
        assert line(out, start).endswith("not there")


def test_one_that_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "modalities.yaml").write_text("aet: ''", "utf-8")
    status, out, err = told(capsys)
    assert status == 2
    assert line(out, "the current folder").endswith("used, but it cannot be read")
    assert err.startswith("dicomsh: modalities.yaml:1: aet: expected")
    status, _, err = told(capsys, "-f", "none.yaml")
    assert (status, "none.yaml: cannot read" in err) == (2, True)
