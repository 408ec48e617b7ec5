"""YAML: a list of mappings, in the subset of YAML 1.1 that all readers treat alike.

Written here instead of with PyYAML because that takes half a millisecond for each row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from dicomsh.output.json_format import escaped, json_text
from dicomsh.output.plain import AnyRow, Plain
from dicomsh.regex import regex

_BARE = regex(r"[A-Za-z](?:[A-Za-z0-9_^./ -]*[A-Za-z0-9_^.])?", re.ASCII)
_RESERVED = frozenset("y n yes no true false on off null none nan inf".split())


class Yaml:
    """Renders rows as a list of mappings; `[]` for no rows."""

    def __init__(self, convert: Callable[[AnyRow], Plain]) -> None:
        self._convert = convert
        self._empty = True
        self.hidden: list[str] = []

    def begin(self) -> str:
        """Nothing: the first row opens the list."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """A list entry for each row."""
        self._empty = self._empty and not batch
        return "".join(
            [f"{line}\n" for row in batch for line in _entry(self._convert(row), "")],
        )

    def flush(self) -> str:
        """Nothing: no row is held back."""
        return ""

    def end(self) -> str:
        """The empty list when there was no row."""
        return "[]\n" if self._empty else ""


def _entry(value: Plain, indent: str) -> Iterator[str]:
    """The lines of one entry of a list; `indent` is that of its dash."""
    if not (isinstance(value, dict) and value):
        yield f"{indent}- {_inline(value)}"
        return
    for number, line in enumerate(_mapping(value, indent + "  ")):
        yield line if number else f"{indent}- {line.lstrip(' ')}"


def _mapping(value: dict[str, Plain], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        name = f"{indent}{_text(key)}:"
        if isinstance(inner, dict) and inner:
            yield name
            yield from _mapping(inner, indent + "  ")
        elif isinstance(inner, list) and any(isinstance(item, dict) for item in inner):
            yield name
            for item in inner:
                yield from _entry(item, indent)
        else:
            yield f"{name} {_inline(inner)}"


def _inline(value: Plain) -> str:
    """A value in flow style, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}: {_inline(val)}" for key, val in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    return _number(value) if isinstance(value, float) else json_text(value)


def _text(text: str) -> str:
    """Text as it is if no YAML reader can misread it, else in double quotes."""
    if _BARE.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else escaped(quoted, "\\U{:08x}".format)


def _number(value: float) -> str:
    """A float as YAML 1.1 recognises it: with a full stop before the exponent."""
    text = repr(value)
    mantissa, mark, exponent = text.partition("e")
    return text if "." in mantissa or not mark else f"{mantissa}.0e{exponent}"
