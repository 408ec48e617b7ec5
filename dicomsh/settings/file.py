"""settings.yaml: the user's saved settings. The prompt reads it; scripts do not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dicomsh.config.locate import read_text
from dicomsh.config.tree import ConfigNode
from dicomsh.config.words import shown
from dicomsh.config.write import write_text
from dicomsh.config.yamltext import compose
from dicomsh.errors import ConfigError, UsageError
from dicomsh.folders import config_folder
from dicomsh.frozen import field, slotted
from dicomsh.language.kinds import suggestion
from dicomsh.language.knowledge import Scope
from dicomsh.language.words import whole_word
from dicomsh.settings.table import SETTINGS

FILE_NAME = "settings.yaml"
ALIASES = "aliases"

_HEADER = """\
# Settings of the dicomsh prompt that differ from the defaults, one per line: NAME: VALUE.
# `set --save` rewrites this file; `help settings` lists the names and values.
# Scripts do not read it, so that they do the same for everyone.
"""


@slotted
class Saved:
    """The contents of a settings.yaml.

    Args:
        settings: values by name.
        aliases: text by name.
        problems: errors, each with file and line.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    problems: list[ConfigError] = field(default_factory=list)


def settings_file(environ: Mapping[str, str]) -> Path | None:
    """The path of the user's settings file, or None if no home is known."""
    folder = config_folder(environ)
    return folder / FILE_NAME if folder else None


def read_settings(path: Path | None, scope: Scope) -> Saved:
    """The contents of the file; empty if there is none. Never raises: errors become problems."""
    saved = Saved()
    if path is not None and path.is_file():
        try:
            root = compose(read_text(path, str(path), "your configuration folder"), str(path))
            _read(ConfigNode(root, str(path)) if root else None, saved, scope)
        except ConfigError as error:
            saved.problems.append(error)
    return saved


def _read(root: ConfigNode | None, saved: Saved, scope: Scope) -> None:
    for name, setting in root.children().items() if root else ():
        try:
            if name == ALIASES:
                saved.aliases.update(_texts(setting))
            else:
                saved.settings[name] = _value(name, setting, scope)
        except ConfigError as error:
            saved.problems.append(error)


def _value(name: str, given: ConfigNode, scope: Scope) -> Any:
    if name not in SETTINGS:
        hint = suggestion(name, SETTINGS) or f"known here: {', '.join(SETTINGS)}"
        raise given.problem(f"unknown setting {shown(name)}", hint)
    text = given.value(str)
    try:
        return SETTINGS[name].read(whole_word(text), scope)
    except UsageError as error:
        message = f"{given.file}:{given.line}: {given.path}: {error.message}"
        raise ConfigError(message, hint=error.hint) from None


def _texts(given: ConfigNode) -> Iterator[tuple[str, str]]:
    for name, text in given.children("a mapping from names to commands").items():
        yield name, text.value(str)


def write_settings(path: Path, settings: Mapping[str, str], aliases: Mapping[str, str]) -> None:
    """Rewrite the file, private to the user.

    Args:
        path: the file.
        settings: values as typed, by name.
        aliases: text by name.

    Raises:
        ConfigError: it cannot be written.
    """
    lines = [f"{name}: {value}" for name, value in settings.items()]
    if aliases:
        lines.append(f"{ALIASES}:")
        lines += [f"  {_quoted(name)}: {_quoted(text)}" for name, text in aliases.items()]
    write_text(path, _HEADER + "".join(f"{line}\n" for line in lines))


def _quoted(text: str) -> str:
    """A text as a double-quoted scalar: what JSON writes, YAML reads."""
    return json.dumps(text)
