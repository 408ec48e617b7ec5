"""JSON as Orthanc writes it: three spaces, `"key" : value`, keys sorted, ASCII only.

Measured on Orthanc 1.10.1; its errors are the same with tabs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

Json = Any
"""A JSON value: None, a bool, a number, text, a list or a mapping with text as keys."""

INDENT = "   "
TAB = "\t"

_WORDS = {None: "null", True: "true", False: "false"}


def styled(value: Json, indent: str = INDENT) -> str:
    """A value as text that ends with a line end."""
    return _text(value, "\n", indent) + "\n"


def nested(value: Json, depth: int) -> str:
    """A value as it stands that many levels inside another one."""
    return _text(value, "\n" + INDENT * depth, INDENT)


def quoted(text: str) -> str:
    """A text as a JSON string."""
    return encode_basestring_ascii(text)


def _text(value: Json, line: str, indent: str) -> str:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, Mapping):
        return _enclosed(
            "{}",
            [_member(value, key, line + indent, indent) for key in sorted(value)],
            line,
            indent,
        )
    if isinstance(value, Sequence):
        return _enclosed("[]", [_text(item, line + indent, indent) for item in value], line, indent)
    return repr(value)


def _member(value: Mapping[str, Json], key: str, line: str, indent: str) -> str:
    inner = value[key]
    filled = isinstance(inner, Mapping | list | tuple) and len(inner) > 0
    return f"{encode_basestring_ascii(key)} : {line if filled else ''}{_text(inner, line, indent)}"


def _enclosed(brackets: str, parts: list[str], line: str, indent: str) -> str:
    if not parts:
        return brackets
    inner = line + indent
    return f"{brackets[0]}{inner}{f',{inner}'.join(parts)}{line}{brackets[1]}"
