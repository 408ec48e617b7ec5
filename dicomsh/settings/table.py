"""The settings: the fields of a dataclass are what `set`, completion, help and the file read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, get_args, get_type_hints

from dicomsh.frozen import frozen, replace
from dicomsh.language.candidate import Candidate
from dicomsh.language.kinds import (
    COUNT,
    FORMAT,
    MODEL,
    SECONDS,
    SWITCH,
    one_of,
)
from dicomsh.language.knowledge import Kind, Scope
from dicomsh.language.scan import Word
from dicomsh.late import LateTable
from dicomsh.model.levels import Model


class Where(Enum):
    """Where a setting applies."""

    ANYWHERE = "anywhere"
    PROMPT = "at the prompt"


_COLOR = one_of("auto|on|off", {"auto": "auto", "on": "on", "off": "off"})
_EDITING = one_of("emacs|vi", {"emacs": "emacs", "vi": "vi"})


@frozen
class Settings:
    """What `set` changes; each field is one setting, with its kind, meaning and default.

    None means not set, and is typed `none`.
    """

    output: Annotated[str | None, FORMAT, "output format; none: a table"] = None
    limit: Annotated[
        int | None, COUNT, "maximum rows per query; none: the modality's own limit"
    ] = None
    timeout: Annotated[
        float | None, SECONDS, "seconds to wait for a peer; none: the modality's own limits"
    ] = None
    model: Annotated[
        Model | None, MODEL, "information model for queries; none: chosen for each query"
    ] = None
    mask: Annotated[bool, SWITCH, "show made-up names and IDs instead of real ones"] = False
    color: Annotated[str, _COLOR, "colours; auto: if the terminal supports them"] = "auto"
    pager: Annotated[bool, SWITCH, "page long output", Where.PROMPT] = True
    editing: Annotated[str, _EDITING, "key bindings for editing the line", Where.PROMPT] = "emacs"
    fuzzy: Annotated[bool, SWITCH, "fuzzy completion with Tab", Where.PROMPT] = False
    history: Annotated[bool, SWITCH, "remember the lines you type", Where.PROMPT] = True
    greeting: Annotated[bool, SWITCH, "show a greeting", Where.PROMPT] = True


@frozen
class Chosen:
    """What one session has chosen.

    Args:
        settings: those in effect, without overrides by options of the command line.
        aliases: text by name.
    """

    settings: Settings
    aliases: Mapping[str, str]


AT_PROMPT = Settings(limit=1000)
"""The initial settings at a prompt; scripts start with `Settings()`."""

NONE = "none"
DEFAULT = "default"


@frozen
class Setting:
    """One setting.

    Args:
        name: as typed.
        kind: how its value is read.
        help: what it means.
        where: where it applies.
        optional: whether `none` is one of its values.
    """

    name: str
    kind: Kind
    help: str
    where: Where
    optional: bool

    def read(self, word: Word, scope: Scope) -> Any:
        """The value of a word.

        Raises:
            UsageError: not a valid value for the setting.
        """
        if self.optional and word.text.lower() == NONE:
            return None
        return self.kind.parse(word, scope)

    def write(self, value: Any) -> str:
        """A value as typed."""
        return NONE if value is None else self.kind.write(value)

    def values(self, now: Settings, defaults: Settings) -> Kind:
        """The kind of its possible values, including the word `default`."""
        default = getattr(defaults, self.name)

        def read(word: Word, scope: Scope) -> Any:
            return default if word.text.lower() == DEFAULT else self.read(word, scope)

        def complete(scope: Scope) -> Iterable[Candidate]:
            words = [candidate.text for candidate in self.kind.complete(scope)]
            words += [NONE] if self.optional else []
            current = self.write(getattr(now, self.name))
            yield from (Candidate(word, "now" if word == current else "") for word in words)
            yield Candidate(DEFAULT, self.write(default))

        return replace(self.kind, parse=read, complete=complete)


def _settings() -> Mapping[str, Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    return {name: _setting(name, *get_args(hint)) for name, hint in hints.items()}


def _setting(name: str, bare: Any, kind: Kind, text: str, where: Where = Where.ANYWHERE) -> Setting:
    return Setting(name, kind, text, where, type(None) in get_args(bare))


SETTINGS = LateTable(_settings)
"""Every setting by name, in display order."""


def changed(settings: Settings, defaults: Settings) -> dict[str, str]:
    """The settings that differ from the defaults, as typed."""
    return {
        name: setting.write(getattr(settings, name))
        for name, setting in SETTINGS.items()
        if getattr(settings, name) != getattr(defaults, name)
    }
