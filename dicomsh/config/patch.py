"""Edits of YAML text that leave everything else unchanged.

Nodes give the positions of the entries of `modalities:`. An entry in block style is whole lines;
one inside `{…}` is a range of characters. Unsupported forms (aliases, `? key`) come out wrong, so
the caller reads the result again before saving it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from yaml import MappingNode, Node

from dicomsh.config import yamltext
from dicomsh.regex import regex

Value = str | int | float | bool | Mapping[str, Any]
"""The value of a setting: text, a number, true or false, or settings in it."""

_KEY = "modalities"
_BREAKS = "\r\n\x85\u2028\u2029"  # line breaks in YAML 1.1
_LINE = regex(f"[^{_BREAKS}]*(?:\r\n|[{_BREAKS}])|[^{_BREAKS}]+")
_PLAIN = regex(r"[^\W_][\w.-]*")
_STRING = "tag:yaml.org,2002:str"


def added(text: str, name: str, settings: Mapping[str, Value]) -> str:
    """The text with an entry after the last one of `modalities:`, with these settings in order."""
    root = yamltext.compose(text, _KEY)
    key, section = _find(root)
    if isinstance(section, MappingNode) and section.flow_style:
        return _added_in_flow(text, section, _in_flow(name, settings))
    lines = _LINE.findall(text)
    if isinstance(section, MappingNode):
        column = section.value[0][0].start_mark.column
        step = column - key.start_mark.column if key else 2
        _, end = _lines_of(lines, section, len(section.value) - 1)
        return _inserted(lines, end, _in_block(name, settings, column, step))
    if key:
        column = key.start_mark.column + 2
        at = _past_comments(lines, key.start_mark.line + 1, column)
        return _inserted(lines, at, _in_block(name, settings, column, 2))
    column = root.value[0][0].start_mark.column if isinstance(root, MappingNode) else 0
    heading = " " * column + _KEY + ":"
    return _inserted(lines, len(lines), [heading, *_in_block(name, settings, column + 2, 2)])


def removed(text: str, name: str) -> str:
    """The text without an entry of `modalities:`, which must be there."""
    _, section = _find(yamltext.compose(text, _KEY))
    if not isinstance(section, MappingNode):
        return text
    index = [key.value for key, _ in section.value].index(name)
    if section.flow_style:
        start, end = _characters_of(text, section, index)
        return text[:start] + text[end:]
    lines = _LINE.findall(text)
    start, end = _lines_of(lines, section, index)
    return _without(lines, start, end)


def _find(root: Node | None) -> tuple[Node | None, Node | None]:
    """Key and value of `modalities:`, None if missing."""
    if isinstance(root, MappingNode):
        for key, value in root.value:
            if key.value == _KEY:
                return key, value
    return None, None


def _lines_of(lines: list[str], section: MappingNode, index: int) -> tuple[int, int]:
    """The lines of an entry in block style, end exclusive.

    Comments directly below it and indented deeper than its name belong to it; others do not.
    """
    key, _ = section.value[index]
    following = section.value[index + 1 :]
    end = following[0][0].start_mark.line if following else _end_of(lines, section)
    while lines[end - 1].lstrip()[:1] in {"", "#"}:
        end -= 1
    return key.start_mark.line, _past_comments(lines, end, key.start_mark.column)


def _past_comments(lines: list[str], at: int, column: int) -> int:
    """The line after the comments that begin here and are indented deeper than a column."""
    while at < len(lines) and lines[at].lstrip().startswith("#"):
        if len(lines[at]) - len(lines[at].lstrip()) <= column:
            break
        at += 1
    return at


def _end_of(lines: list[str], section: MappingNode) -> int:
    """The line after a mapping in block style; its end mark is at the next token, or at the end."""
    mark = section.end_mark
    return len(lines) if mark.index >= sum(map(len, lines)) else int(mark.line)


def _inserted(lines: list[str], at: int, entry: list[str]) -> str:
    """The lines with others inserted; a last line without line end stays that way."""
    line_end = next(_line_ends(lines), "\n")
    before, after = "".join(lines[:at]), "".join(lines[at:])
    block = line_end.join(entry)
    if before and before[-1] not in _BREAKS:
        return before + line_end + block
    return before + block + line_end + after


def _without(lines: list[str], start: int, end: int) -> str:
    """The lines without some; the opposite of `_inserted`."""
    before = "".join(lines[:start])
    if end == len(lines) and lines[-1][-1] not in _BREAKS:
        return before.removesuffix(next(_line_ends(lines[start - 1 :]), ""))
    return before + "".join(lines[end:])


def _line_ends(lines: list[str]) -> Iterator[str]:
    return (line[len(line.rstrip(_BREAKS)) :] for line in lines if line[-1] in _BREAKS)


def _in_block(name: str, settings: Mapping[str, Value], column: int, step: int) -> list[str]:
    indent = " " * (column + step)
    lines = [f"{indent}{key}: {_value(value)}" for key, value in settings.items()]
    return [f"{' ' * column}{_scalar(name)}:", *lines]


def _in_flow(name: str, settings: Mapping[str, Value]) -> str:
    return f"{_scalar(name)}: {_value(settings)}"


def _value(value: Value) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(held)}" for key, held in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return _scalar(value) if isinstance(value, str) else f"{value:g}"


def _scalar(text: str) -> str:
    """The text as YAML: plain if every YAML reader takes it as text, else quoted."""
    if _PLAIN.fullmatch(text):
        node = yamltext.compose(text, _KEY)
        if node and node.tag == _STRING:
            return text
    return json.dumps(text, ensure_ascii=False)


def _added_in_flow(text: str, section: MappingNode, entry: str) -> str:
    if section.value:
        at = section.value[-1][1].end_mark.index
        return f"{text[:at]}, {entry}{text[at:]}"
    at = section.end_mark.index - 1
    return text[:at] + entry + text[at:]


def _characters_of(text: str, section: MappingNode, index: int) -> tuple[int, int]:
    """The characters of an entry inside `{…}` with one of the commas beside it."""
    key, value = section.value[index]
    if index:
        return section.value[index - 1][1].end_mark.index, value.end_mark.index
    if len(section.value) > 1:
        return key.start_mark.index, section.value[1][0].start_mark.index
    comma = re.compile(r"\s*,").match(text, value.end_mark.index)
    return key.start_mark.index, comma.end() if comma else value.end_mark.index
