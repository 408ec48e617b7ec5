"""Where the configuration comes from."""

import sys
from pathlib import Path

import pytest

from dicomsh.config import Config, candidates, load
from dicomsh.errors import ConfigError

ENTRY = "modalities:\n  {name}: {{aet: A, host: h, port: 1}}\n"


def write(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(ENTRY.format(name=name), "utf-8")
    return path


def names(config: Config) -> list[str]:
    return list(config.modalities)


def test_order(tmp_path: Path) -> None:
    """Each place wins over those after it."""
    here, there, xdg, shared = (tmp_path / name for name in ("here", "there", "xdg", "shared"))
    here.mkdir()
    environ = {"XDG_CONFIG_HOME": str(xdg), "XDG_CONFIG_DIRS": f"relative:{shared}:{there}"}
    environ["PROGRAMDATA"] = str(shared)
    assert load(None, environ=environ, cwd=here).path is None
    for_all = write(shared / "dicomsh" / "modalities.yaml", "all")
    assert load(None, environ=environ, cwd=here).path == for_all
    user = write(xdg / "dicomsh" / "modalities.yaml", "user")
    assert load(None, environ=environ, cwd=here).path == user
    write(here / "modalities.yaml", "folder")
    assert names(load(None, environ=environ, cwd=here)) == ["folder"]
    environ["DICOMSH_CONFIG"] = str(write(there / "named.yaml", "named"))
    assert names(load(None, environ=environ, cwd=here)) == ["named"]
    write(here / "given.conf", "given")
    config = load(Path("given.conf"), environ=environ, cwd=here)
    assert names(config) == ["given"]
    assert config.path == here / "given.conf"
    places = candidates(Path("given.conf"), environ=environ, cwd=here)
    assert [place.named_by for place in places] == [
        "-f",
        "$DICOMSH_CONFIG",
        "the current folder",
        "your configuration folder",
        *["the configuration for all users"] * (1 if sys.platform == "win32" else 2),
        "the built-in default",
    ]


def test_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^none\.yaml: cannot read configuration file") as caught:
        load(Path("none.yaml"), environ={}, cwd=tmp_path)
    assert caught.value.hint == "it was named by -f"
    with pytest.raises(ConfigError) as caught:
        load(None, environ={"DICOMSH_CONFIG": "none.yaml"}, cwd=tmp_path)
    assert caught.value.hint == "it was named by $DICOMSH_CONFIG"


@pytest.mark.parametrize("name", [".", "a\0b"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot read configuration file"):
        load(Path(name), environ={}, cwd=tmp_path)


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "modalities.yaml").write_bytes(b"aet: A\n# M\xfcller\n")
    message = r"^modalities\.yaml:2: text: expected UTF-8, found the byte 0xfc"
    with pytest.raises(ConfigError, match=message):
        load(None, environ={}, cwd=tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without end")
def test_file_without_end(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(Path("/dev/zero"), environ={}, cwd=tmp_path)


def test_error_names_the_file_as_seen_from_here(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "x.yaml"
    path.parent.mkdir()
    path.write_text("aet: ''", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(Path("sub", "x.yaml"), environ={}, cwd=tmp_path)
    assert caught.value.message.startswith(f"{Path('sub', 'x.yaml')}:1: aet: expected")


def test_seen_from_the_root_it_keeps_its_whole_name(tmp_path: Path) -> None:
    file = tmp_path / "no.yaml"
    with pytest.raises(ConfigError) as caught:
        load(file, environ={}, cwd=Path(tmp_path.anchor))
    assert caught.value.message.startswith(f"{file}: ")


def test_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "modalities.yaml").write_text(ENTRY.format(name="a"), "utf-8-sig")
    assert names(load(None, environ={}, cwd=tmp_path)) == ["a"]


@pytest.mark.parametrize("name", ["orthanc.json", "orthanc.JSON", "orthanc.conf", "orthanc"])
def test_orthanc_is_known_by_suffix_or_content(tmp_path: Path, name: str) -> None:
    text = '// mine\n{"DicomModalities": {"o": ["A", "h", 1]}}'
    (tmp_path / name).write_text(text, "utf-8-sig")
    config = load(Path(name), environ={}, cwd=tmp_path)
    assert (names(config), config.aet) == (["o"], "ORTHANC")


def test_yaml_in_braces_is_yaml(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("{aet: ME}", "utf-8")
    assert load(Path("x.yaml"), environ={}, cwd=tmp_path).aet == "ME"
