"""Finding and reading the configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import NamedTuple

from dicomsh.config.config import GONE, Config, Identity
from dicomsh.errors import ConfigError
from dicomsh.folders import config_folder, system_folders
from dicomsh.frozen import replace
from dicomsh.late import LateTable
from dicomsh.model.modality import Modality

BUILTIN = Path(__file__).parent.parent / "modalities.yaml"
FILE_NAME = "modalities.yaml"
_LARGEST = 1 << 20  # bytes; a thousand modalities need a tenth of this


class SearchedFile(NamedTuple):
    """A place to look: what named it, the file, and whether it must exist."""

    named_by: str
    path: Path
    required: bool


def candidates(
    explicit: Path | None, *, environ: Mapping[str, str], cwd: Path
) -> tuple[SearchedFile, ...]:
    """All places to look for the configuration; the first that exists is used."""
    places = []
    if explicit is not None:
        places.append(SearchedFile("-f", cwd / explicit, required=True))
    if environ.get("DICOMSH_CONFIG"):
        named = cwd / environ["DICOMSH_CONFIG"]
        places.append(SearchedFile("$DICOMSH_CONFIG", named, required=True))
    places.append(SearchedFile("the current folder", cwd / FILE_NAME, required=False))
    user = user_file(environ)
    if user is not None:
        places.append(SearchedFile("your configuration folder", user, required=False))
    places += (
        SearchedFile("the configuration for all users", path, required=False)
        for path in system_files(environ)
    )
    places.append(SearchedFile("the built-in default", BUILTIN, required=True))
    return tuple(places)


def user_file(environ: Mapping[str, str]) -> Path | None:
    """The user's own modalities.yaml, whether it exists or not; None if no home is known."""
    folder = config_folder(environ)
    return folder / FILE_NAME if folder else None


def system_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The files for all users of this computer, whether they exist or not."""
    return tuple(folder / FILE_NAME for folder in system_folders(environ))


def load(explicit: Path | None, *, environ: Mapping[str, str], cwd: Path) -> Config:
    """Find, read and check the configuration.

    Args:
        explicit: the file given with -f, or None.
        environ: the environment (DICOMSH_CONFIG, XDG_CONFIG_HOME, HOME, …).
        cwd: the current folder.

    Raises:
        ConfigError: a named file does not exist, or a file cannot be read or used.
    """
    for candidate in candidates(explicit, environ=environ, cwd=cwd):
        if candidate.required or os.path.isfile(candidate.path):  # noqa: PTH113  never raises
            return _load(candidate, environ, cwd)
    raise AssertionError("the built-in default is always there")


def load_again(config: Config, path: Path, *, environ: Mapping[str, str], cwd: Path) -> Config:
    """A file as it is now, with the lesson archives of a configuration.

    Raises:
        ConfigError: it cannot be read or used.
        UsageError: it has another modality with the name of such an archive.
    """
    candidate = SearchedFile("the configuration in use", path, required=True)
    return _load(candidate, environ, cwd).with_archives(config.archives)


def identity_of(path: Path) -> Identity | None:
    """The identity of a file; GONE for a folder as well, None for a pipe etc."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return GONE
    if S_ISDIR(found.st_mode):
        return GONE
    return Identity(found.st_mtime_ns, found.st_size) if S_ISREG(found.st_mode) else None


def _load(candidate: SearchedFile, environ: Mapping[str, str], cwd: Path) -> Config:
    path = candidate.path
    if path == BUILTIN:
        return Config(modalities=LateTable(_built_in))  # our own file: no errors to report
    identity = identity_of(path)
    near = path.is_relative_to(cwd) and cwd != Path(cwd.anchor)
    file = str(path.relative_to(cwd) if near else path)
    text = read_text(path, file, candidate.named_by)
    return replace(parse(text, file, path, environ), identity=identity)


def _built_in() -> Mapping[str, Modality]:
    return parse(read_text(BUILTIN, BUILTIN.name, "dicomsh"), BUILTIN.name, None, {}).modalities


def parse(text: str, file: str, path: Path | None, environ: Mapping[str, str]) -> Config:
    """The configuration in a text, either modalities.yaml or an Orthanc configuration."""
    text = text.removeprefix("\ufeff")
    if is_orthanc(text, file):
        from dicomsh.config import orthanc

        return orthanc.parse(text, file, path, environ)
    from dicomsh.config import modalities

    return modalities.parse(text, file, path)


def is_orthanc(text: str, file: str) -> bool:
    """Whether a file is an Orthanc configuration: by its suffix, else by its first character."""
    suffix = Path(file).suffix.lower()
    if suffix in {".json", ".yaml", ".yml"}:
        return suffix == ".json"
    from dicomsh.config.jsontext import looks_like_json

    return looks_like_json(text.removeprefix("\ufeff"))


def read_text(path: Path, file: str, named_by: str) -> str:
    """The text of a file, with line ends unchanged.

    Raises:
        ConfigError: it does not exist, cannot be read, is too large or not UTF-8.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"{file}: cannot read configuration file: {reason}"
        raise ConfigError(message, hint=f"it was named by {named_by}") from None
    if len(data) > _LARGEST:
        raise ConfigError(f"{file}: not a configuration file: larger than 1 MiB")
    return _decoded(data, file)


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{data[error.start]:02x}"
        message = f"{file}:{line}: text: expected UTF-8, found {found}"
        raise ConfigError(message, hint="save the file as UTF-8") from None
