"""YAML: a list of mappings, in the subset of YAML 1.1 that all readers treat alike.

Written here instead of with PyYAML because that takes half a millisecond for each row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType

from dicomsh.output.json_format import escaped, json_text
from dicomsh.output.plain import AnyRow, Members, Plain
from dicomsh.regex import regex

_BARE = regex(r"[A-Za-z](?:[A-Za-z0-9_^./ -]*[A-Za-z0-9_^.])?", re.ASCII)
_RESERVED = frozenset("y n yes no true false on off null none nan inf".split())


class Yaml:
    """Renders rows as a list of mappings; `[]` for no rows."""

    def __init__(self, members: Members) -> None:
        self._members = members
        self._empty = True
        self.hidden: list[str] = []

    def begin(self) -> str:
        """Nothing: the first row opens the list."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """A list entry for each row."""
        return "".join([part for row in batch for part in self.parts(row)])

    def parts(self, row: AnyRow) -> Iterator[str]:
        """The lines of a row's entry, one at a time."""
        self._empty = False
        return (f"{line}\n" for line in _entry(self._members(row), ""))

    def flush(self) -> str:
        """Nothing: no row is held back."""
        return ""

    def end(self) -> str:
        """The empty list when there was no row."""
        return "[]\n" if self._empty else ""


def _entry(members: Iterable[tuple[str, Plain]], indent: str) -> Iterator[str]:
    """The lines of a mapping that is an entry of a list; `indent` is that of its dash."""
    number = -1
    for number, line in enumerate(_mapping(members, indent + "  ")):
        yield line if number else f"{indent}- {line.lstrip(' ')}"
    if number < 0:
        yield f"{indent}- {{}}"


def _mapping(members: Iterable[tuple[str, Plain]], indent: str) -> Iterator[str]:
    for key, inner in members:
        name = f"{indent}{_text(key)}:"
        if isinstance(inner, dict) and inner:
            yield name
            yield from _mapping(inner.items(), indent + "  ")
        elif isinstance(inner, list) and any(isinstance(item, dict) for item in inner):
            yield name
            for item in inner:
                yield from _item(item, indent)
        else:
            yield f"{name} {_inline(inner)}"


def _item(value: Plain, indent: str) -> Iterator[str]:
    """The lines of one entry of a list."""
    if isinstance(value, dict):
        yield from _entry(value.items(), indent)
    else:
        yield f"{indent}- {_inline(value)}"


def _inline(value: Plain) -> str:
    """A value in flow style, on one line."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}: {_inline(val)}" for key, val in value.items()) + "}"
    if isinstance(value, list):
        return _flow_of_numbers(value) or "[" + ", ".join(map(_inline, value)) + "]"
    return _text(value) if isinstance(value, str) else json_text(value)


def _flow_of_numbers(values: list[Plain]) -> str | None:
    """A list of numbers without exponents, quickly: there may be 500,000; None for another list."""
    if not {int, float, NoneType}.issuperset(map(type, values)):
        return None
    text = ", ".join(map(repr, values)).replace("None", "null")
    return None if "e" in text else f"[{text}]"


def _text(text: str) -> str:
    """Text as it is if no YAML reader can misread it, else in double quotes."""
    if _BARE.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else escaped(quoted, "\\U{:08x}".format)


def _number(value: float) -> str:
    """A float as YAML 1.1 recognises it: with a full stop before the exponent."""
    text = repr(value)
    return text if "." in text else text.replace("e", ".0e")
