"""Names of files for completion."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.repl.files import complete_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.csv", "a b.csv", "Beta.dsh", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "march.csv").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def completed(typed: str) -> list[str]:
    return [typed[: made.at] + made.text for made in complete_file(typed)]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["a b.csv", "b.csv", "Beta.dsh", "out/"]),
        ("b", ["b.csv"]),
        ("o", ["out/"]),
        ("out/", ["out/march.csv"]),
        ("out/m", ["out/march.csv"]),
        ("~/o", ["~/out/"]),
        ("./B", ["./Beta.dsh"]),
        (".", [".hidden"]),
        ("..", ["../"]),
        ("nowhere/", []),
        ("out/march.csv/", []),
        ("~nobody-of-that-name/", []),
        ("a\0/b", []),
    ],
)
def test_files_and_folders(folder: Path, typed: str, names: list[str]) -> None:
    assert completed(typed) == names


def test_an_absolute_path(folder: Path) -> None:
    typed = f"{folder.as_posix()}/ou"
    assert completed(typed) == [f"{typed}t/"]


def test_a_file_among_thousands_is_found(folder: Path) -> None:
    for number in range(3000):
        (folder / "out" / f"{number}.dcm").touch()
    assert completed("out/march") == ["out/march.csv"]


def test_folders_say_what_they_are(folder: Path) -> None:
    (found,) = complete_file("ou")
    assert found.told == "folder"
