"""A configuration file as nodes that know their position, for error messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from dicomsh.config.words import LONGEST, shown, suggestion
from dicomsh.errors import ConfigError
from dicomsh.frozen import frozen

T = TypeVar("T")
TextCheck = Callable[[str], T]
"""Turns text into a value, or raises a ValueError that says what was expected."""

NULL = "tag:yaml.org,2002:null"
MAP = "tag:yaml.org,2002:map"
_SCALARS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)
_NO_TEXT = "\0"


@frozen
class ConfigNode:
    """One node of a file.

    Args:
        node: the node, from YAML or JSON alike.
        file: the file's name in messages.
        path: the keys leading to it, joined by full stops; empty at the top level.
    """

    node: Node
    file: str
    path: str = ""

    @property
    def line(self) -> int:
        """Its line in the file, from 1."""
        return int(self.node.start_mark.line) + 1

    def error(
        self, expected: str, *, found: str | None = None, hint: str | None = None
    ) -> ConfigError:
        """The error to raise: `file:line: path: expected …, found …`."""
        return self.problem(f"expected {expected}, found {found or self._described()}", hint)

    def problem(self, text: str, hint: str | None = None) -> ConfigError:
        """The error to raise: `file:line: path: text`."""
        place = f"{self.file}:{self.line}: {self.path or 'top level'}"
        return ConfigError(f"{place}: {text}", hint=hint)

    def _described(self) -> str:
        node = self.node
        if not isinstance(node, ScalarNode):
            return "a mapping" if isinstance(node, MappingNode) else "a list"
        if node.tag not in _SCALARS:
            return f"a value of type {shown(node.tag)}"
        return "nothing" if node.tag == NULL else shown(node.value)

    @property
    def is_mapping(self) -> bool:
        """Whether it contains settings."""
        return isinstance(self.node, MappingNode) and self.node.tag == MAP

    @property
    def is_nothing(self) -> bool:
        """Whether the value is missing or `null`."""
        return isinstance(self.node, ScalarNode) and self.node.tag == NULL

    def value(self, check: TextCheck[T]) -> T:
        """Its value.

        Raises:
            ConfigError: it is not a single value, or the check refuses it.
        """
        try:
            return check(self._text())
        except ValueError as error:
            raise self.error(str(error)) from None

    def values(self, check: TextCheck[T]) -> list[T]:
        """Its values; a single one need not be in a list.

        Raises:
            ConfigError: as for `value`, for the first invalid one.
        """
        if not isinstance(self.node, SequenceNode):
            return [self.value(check)]
        return [ConfigNode(item, self.file, self.path).value(check) for item in self.node.value]

    def _text(self) -> str:
        """The text of a single value; otherwise a text that no check accepts."""
        node = self.node
        if isinstance(node, ScalarNode) and node.tag in _SCALARS - {NULL}:
            return str(node.value)
        return _NO_TEXT

    def word(self, expected: str, words: Iterable[str]) -> str:
        """Its value, which must be one of these words.

        Raises:
            ConfigError: another value; the hint suggests the nearest.
        """
        text, known = self._text(), list(words)
        if text not in known:
            raise self.error(expected, hint=suggestion(text, known))
        return text

    def children(self, expected: str = "a mapping") -> dict[str, ConfigNode]:
        """Its children by key, in the order of the file.

        Raises:
            ConfigError: it is not a mapping, a key is not a word, or a key occurs twice.
        """
        if not self.is_mapping:
            raise self.error(expected)
        below: dict[str, ConfigNode] = {}
        for key, value in self.node.value:
            name = self._key(key)
            if name in below:
                again = f"{shown(name)} again (first on line {below[name].line})"
                raise self._at(key).error("each key once", found=again)
            below[name] = ConfigNode(value, self.file, self._below(name))
        return below

    def _key(self, key: Node) -> str:
        if isinstance(key, ScalarNode) and key.tag in _SCALARS - {NULL}:
            return str(key.value)
        raise self._at(key).error("a word as key")

    def _at(self, node: Node) -> ConfigNode:
        return ConfigNode(node, self.file, self.path)

    def _below(self, name: str) -> str:
        part = name if name.isprintable() and len(name) <= LONGEST else shown(name)
        return f"{self.path}.{part}" if self.path else part

    def section(self, known: Iterable[str]) -> Section:
        """Its settings, all of which must be known.

        Raises:
            ConfigError: as for `children`, or a key is unknown; the hint suggests the nearest.
        """
        names = tuple(known)
        below = self.children()
        for key, setting in below.items():
            if key not in names:
                hint = suggestion(key, names) or f"known here: {', '.join(names)}"
                raise setting.problem(f"unknown setting {shown(key)}", hint)
        return Section(self, below)


@frozen
class Section:
    """The settings below one node, by key."""

    place: ConfigNode
    settings: dict[str, ConfigNode]

    def get(self, key: str, check: TextCheck[T], default: T) -> T:
        """The value of a setting, or the default if not given."""
        setting = self.settings.get(key)
        return default if setting is None else setting.value(check)

    def words(self, key: str, check: TextCheck[T]) -> frozenset[T]:
        """The values of a setting that is one value or a list; none if not given."""
        setting = self.settings.get(key)
        return frozenset(setting.values(check)) if setting else frozenset()

    def require(self, key: str, check: TextCheck[T]) -> T:
        """The value of a required setting."""
        if key not in self.settings:
            raise self.place.error(f"the setting '{key}'", found="none")
        return self.settings[key].value(check)

    def refuse(self, keys: Iterable[str], reason: str) -> None:
        """Raise for the first of these keys that is given but makes no sense here."""
        for key in keys:
            if key in self.settings:
                raise self.settings[key].problem(f"{shown(key)} is not allowed {reason}")
