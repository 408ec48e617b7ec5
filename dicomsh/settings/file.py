"""settings.yaml: the user's saved settings. The prompt reads it; scripts do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dicomsh.config.locate import read_text
from dicomsh.config.tree import ConfigNode
from dicomsh.config.words import shown
from dicomsh.config.write import changing, write_text
from dicomsh.config.yamltext import compose
from dicomsh.errors import ConfigError, UsageError
from dicomsh.folders import config_folder
from dicomsh.frozen import field, replace, slotted
from dicomsh.language.kinds import suggestion
from dicomsh.language.knowledge import Scope
from dicomsh.language.words import whole_word
from dicomsh.settings.table import SETTINGS, Chosen, Settings, changed

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
        places: where each alias is, for an error about it.
        problems: errors, each with file and line.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    places: dict[str, ConfigNode] = field(default_factory=dict)
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
                _read_aliases(setting, saved)
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


def _read_aliases(given: ConfigNode, saved: Saved) -> None:
    for name, text in given.children("a mapping from names to commands").items():
        saved.aliases[name] = text.value(str)
        saved.places[name] = text


def save_choices(
    path: Path, before: Chosen, now: Chosen, defaults: Settings, scope: Scope
) -> list[str]:
    """Write what a session has changed; keep what other sessions have saved since.

    Args:
        path: the file.
        before: what the session had when it last read or wrote the file.
        now: what it has now.
        defaults: settings that need not be saved.
        scope: for reading the file.

    Returns:
        The names of all that is saved now.

    Raises:
        ConfigError: it cannot be written.
    """
    with changing(path):
        theirs = read_settings(path, scope)
        held = replace(defaults, **theirs.settings)
        values = _merged(*(changed(one, defaults) for one in (before.settings, now.settings, held)))
        aliases = _merged(before.aliases, now.aliases, theirs.aliases)
        write_settings(path, values, aliases)
    return [*values, *(f"alias {name}" for name in aliases)]


def _merged(
    before: Mapping[str, str], now: Mapping[str, str], theirs: Mapping[str, str]
) -> dict[str, str]:
    """What is the same in `before` and `now` as others have it, all else as in `now`."""
    names = [*now, *(name for name in theirs if name not in now)]
    meant = {
        name: (theirs if now.get(name) == before.get(name) else now).get(name) for name in names
    }
    return {name: text for name, text in meant.items() if text is not None}


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
