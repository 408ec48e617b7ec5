"""Add modalities to a modalities.yaml and remove them, on disk and in its text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from dicomsh.config import checks, modalities, patch
from dicomsh.config.config import EVERY, Config, typed_address
from dicomsh.config.locate import BUILTIN, is_orthanc, read_text, system_files, user_file
from dicomsh.config.words import shown
from dicomsh.config.write import changing, write_text
from dicomsh.errors import ConfigError, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.model.modality import DicomAddress, Modality, Tls

Entry = TypeVar("Entry")

_BYTE_ORDER_MARK = "\ufeff"


@frozen
class Settings:
    """What a new modality has besides its address; None for what the file says for all.

    Args:
        local_aet: the AE title that we use with it.
        timeout: seconds for each of the three time limits.
        wado: base URL of its WADO-URI service.
        tls: whether to use TLS, with the certificates of the system.
        ca: a PEM file with the certificate to trust instead; it means TLS, too.
        universal: what is sent for a key that matches everything; empty for nothing.
    """

    local_aet: str | None = None
    timeout: float | None = None
    wado: str | None = None
    tls: bool = False
    ca: Path | None = None
    universal: str = ""

    def applied(self, plain: Modality) -> Modality:
        """A modality with these settings."""
        seconds = {} if self.timeout is None else dict.fromkeys(_TIMEOUTS, self.timeout)
        return replace(
            plain,
            address=replace(plain.entity, tls=self._tls),
            local_aet=self.local_aet or plain.local_aet,
            timeouts=replace(plain.timeouts, **seconds),
            wado=self.wado,
            universal=self.universal,
        )

    @property
    def _tls(self) -> Tls | None:
        return Tls(ca=self.ca) if self.tls or self.ca else None

    def written(self, address: DicomAddress) -> dict[str, patch.Value]:
        """All settings as in the file, in the usual order."""
        tls = {"ca": str(self.ca)} if self.ca else self.tls
        given: dict[str, patch.Value | None] = {
            "aet": address.aet,
            "host": address.host,
            "port": address.port,
            "local_aet": self.local_aet,
            "timeout": self.timeout,
            "tls": tls or None,
            "wado": self.wado,
            "universal": self.universal or None,
        }
        return {key: value for key, value in given.items() if value is not None}


_TIMEOUTS = ("connect", "association", "response")
_PLAIN = Settings()


def add(
    config: Config,
    name: str,
    address: str,
    settings: Settings = _PLAIN,
    *,
    environ: Mapping[str, str],
) -> Path:
    """Add a modality to the configuration file.

    With the built-in default or the file for all users, writes the user's own modalities.yaml: a
    copy plus the entry.

    Args:
        config: the configuration in use.
        name: its name, not yet taken.
        address: `AET@HOST:PORT`.
        settings: what else is set for it.
        environ: the environment, for the user's configuration folder.

    Returns:
        The file that was written.

    Raises:
        UsageError: name or address is invalid, the name is taken, or the file is Orthanc's.
        ConfigError: the file cannot be read or written.
    """
    place = typed_address(address)
    _check_free(name, config)
    return _edited(
        config, environ, lambda text, path: add_modality(text, name, place, settings, path=path)
    )


def put(
    config: Config,
    name: str,
    address: DicomAddress,
    settings: Settings = _PLAIN,
    *,
    environ: Mapping[str, str],
) -> Path:
    """Add a modality to the configuration file, or replace it; otherwise like `add`.

    Raises:
        UsageError: the name is invalid or that of a group, or the file is Orthanc's.
        ConfigError: the file cannot be read or written.
    """
    check_name(name, config)
    return _edited(
        config, environ, lambda text, path: put_modality(text, name, address, settings, path=path)
    )


def remove(config: Config, name: str, *, environ: Mapping[str, str]) -> Path:
    """Remove a modality from the configuration file; otherwise like `add`.

    Raises:
        UsageError: no modality has that name, or the file is Orthanc's.
        ConfigError: the file cannot be read or written.
    """
    return _edited(config, environ, lambda text, path: remove_modality(text, name, path=path))


def _edited(config: Config, environ: Mapping[str, str], edit: Callable[[str, Path], str]) -> Path:
    path, _ = _editable(config, environ)
    with changing(path):  # another dicomsh may have written it since
        path, text = _editable(config, environ)
        write_text(path, edit(text, path))
    return path


def add_modality(
    text: str,
    name: str,
    address: DicomAddress,
    settings: Settings = _PLAIN,
    *,
    path: Path = Path("modalities.yaml"),
) -> str:
    """The text of a modalities.yaml with one more modality, after the last one.

    Every character of the text stays: comments, blank lines, order and line ends.

    Args:
        text: the text; a byte order mark is kept.
        name: its name, not yet taken.
        address: where it listens.
        settings: what else is set for it.
        path: the file, for messages and for relative paths in it.

    Raises:
        UsageError: the name is invalid or taken, or the text is written in a way that cannot be
            edited safely.
        ConfigError: the text is not a usable configuration.
    """
    _, body = _without_mark(text)
    _check_free(name, modalities.parse(body, str(path), path))
    return put_modality(text, name, address, settings, path=path)


def put_modality(
    text: str,
    name: str,
    address: DicomAddress,
    settings: Settings = _PLAIN,
    *,
    path: Path = Path("modalities.yaml"),
) -> str:
    """The text of a modalities.yaml with a modality in place of one of that name, if there is one.

    Otherwise like `add_modality`; an entry that is replaced goes with the comments within.

    Raises:
        UsageError: the name is invalid or that of a group, or the text is written in a way that
            cannot be edited safely.
        ConfigError: the text is not a usable configuration.
    """
    mark, body = _without_mark(text)
    before = modalities.parse(body, str(path), path)
    check_name(name, before)
    is_there = name in before.modalities or name in before.broken
    others = patch.removed(body, name) if is_there else body
    after = patch.added(others, name, settings.written(address))
    made = settings.applied(before.plain(name, address))
    wanted = {**_without(before.modalities, name), name: made}
    return mark + _verified(after, before, wanted, path, _without(before.broken, name))


def remove_modality(text: str, name: str, *, path: Path = Path("modalities.yaml")) -> str:
    """The text of a modalities.yaml without one of its modalities; otherwise like `add_modality`.

    Removes its lines and the comments within; comments and blank lines around it stay.

    Raises:
        UsageError: no modality has that name, or the text cannot be edited safely.
        ConfigError: the text is not a usable configuration.
    """
    mark, body = _without_mark(text)
    before = modalities.parse(body, str(path), path)
    if name not in before.modalities and name not in before.broken:
        raise before.unknown(name)
    wanted = _without(before.modalities, name)
    broken = _without(before.broken, name)
    return mark + _verified(patch.removed(body, name), before, wanted, path, broken)


def _without(entries: Mapping[str, Entry], name: str) -> dict[str, Entry]:
    return {key: value for key, value in entries.items() if key != name}


def _without_mark(text: str) -> tuple[str, str]:
    body = text.removeprefix(_BYTE_ORDER_MARK)
    return text[: len(text) - len(body)], body


def check_name(name: str, config: Config) -> None:
    """Refuse what cannot be the name of a modality.

    Raises:
        UsageError: it is invalid, or has another meaning.
    """
    try:
        checks.modality_name(name)
    except ValueError as error:
        raise UsageError(f"expected {error}, found {shown(name)}") from None
    if name == EVERY:
        raise UsageError(f"{shown(name)} means every modality", hint="choose another name")
    if name in config.groups:
        raise UsageError(f"{shown(name)} is the name of a group", hint="choose another name")


def _check_free(name: str, config: Config) -> None:
    check_name(name, config)
    if name in config.modalities or name in config.broken:
        taken = config.modalities.get(name)
        raise UsageError(
            f"the name {shown(name)} is taken" + (f" by {taken.address}" if taken else ""),
            hint=f"choose another name, or 'modality remove {name}' first",
        )


def _verified(
    text: str,
    before: Config,
    wanted: Mapping[str, Modality],
    path: Path,
    broken: Iterable[str],
) -> str:
    """The edited text, after checking that it says what it should."""
    try:
        after = modalities.parse(text, str(path), path)
    except ConfigError:
        after = Config()
    same = (after.aet, after.timeouts) == (before.aet, before.timeouts)
    same = same and list(after.broken) == list(broken)
    if same and list(after.modalities.items()) == list(wanted.items()):
        return text
    raise UsageError(
        f"{path} is written in a way that cannot be edited safely", hint="edit it by hand"
    )


def _editable(config: Config, environ: Mapping[str, str]) -> tuple[Path, str]:
    for_all = config.path in system_files(environ)  # one's own copy takes its place
    path = user_file(environ) if for_all or config.path is None else config.path
    if path is None:
        hint = "set HOME or XDG_CONFIG_HOME, or give a file with -f"
        raise UsageError("there is no folder to save modalities in", hint=hint)
    source = path if path == config.path or path.exists() else config.path or BUILTIN
    text = read_text(source, str(source), "the configuration in use")
    if is_orthanc(text, source.name):
        hint = "add it to DicomModalities there, or use a modalities.yaml"
        raise UsageError(f"{path} is Orthanc's own configuration, not edited here", hint=hint)
    return path, text
