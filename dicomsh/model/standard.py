"""Tables of the standard (PS3.6): the data dictionary, the names of UIDs; VRs of private elements.

They are made from pydicom's by `python -m tests.tables`, and included because importing pydicom
takes longer than a query. Lines are searched as text and parsed on demand.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """An attribute of the data dictionary (PS3.6 6); `vr` may be a choice, `US or SS`."""

    keyword: str
    vr: str
    vm: str
    retired: bool
    name: str


def entry(tag: int) -> Entry | None:
    """The entry of a tag, repeating groups (PS3.5 7.6) included; None if there is none."""
    wanted, lines = f"{tag:08x}", _attributes()
    place = bisect_left(lines, wanted)
    if place < len(lines) and lines[place].startswith(wanted):
        return _entry(lines[place])
    return None if tag & 0x10000 else _repeating(wanted)  # private groups are odd (PS3.5 7.8)


def tag_of(keyword: str) -> int | None:
    """The tag of a keyword in any case, without making `keyword_tags`: 0.01 ms against 2."""
    return _found(keyword) if keyword.isalnum() and len(keyword) <= _LONGEST else None


_LONGEST = 100
"""Characters of a keyword; the longest has 63, and what somebody sends may be a million."""


@lru_cache(maxsize=1024)  # a word that is not a keyword, such as a column name, takes 0.3 ms
def _found(keyword: str) -> int | None:
    lines = _lowered()
    place = lines.find(f":{keyword.lower()}\t")
    if place == -1:
        return None
    tag = lines[place - 8 : place]
    return None if "x" in tag else int(tag, 16)


@cache
def keyword_tags() -> Mapping[str, int]:
    """Every keyword in lower case with its tag; those of repeating groups are left out."""
    heads = (line.partition("\t")[0].split(":") for line in _lowered().split("\n"))
    return {keyword: int(tag, 16) for tag, keyword in heads if keyword and "x" not in tag}


def private_vr(creator: str, tag: int) -> str:
    """The VR of a private element that this creator defines; UN if that is not known."""
    entries = _private().get((creator, f"{tag >> 16:04x}"), "")
    place = entries.find(f"{tag & 0xFF:02x}:")
    return "UN" if place < 0 else entries[place + 3 : place + 5]


def uid_name(uid: str) -> str:
    """The name of a UID (PS3.6 annex A); the UID itself for one that is not registered."""
    return _uids().get(uid, uid)


def _read(name: str) -> list[str]:
    """The lines of a table, without the first, which names its source."""
    text = Path(__file__).with_name(name).read_text(encoding="ascii")
    return text.splitlines()[1:]


@cache
def _attributes() -> list[str]:
    return _read("attributes.txt")


@cache
def _lowered() -> str:
    return "\n".join(_attributes()).lower()


@cache
def _uids() -> Mapping[str, str]:
    return dict(line.split("\t") for line in _read("uids.txt"))


@cache
def _private() -> Mapping[tuple[str, str], str]:
    """Creator and group → `01:LO 02:SH`, each last byte of a tag with its VR."""
    lines = (line.split("\t") for line in _read("private.txt"))
    return {(creator, group): entries for creator, group, entries in lines}


def _entry(line: str) -> Entry:
    head, vr, vm, retired, name = line.split("\t")
    return Entry(head.partition(":")[2], vr, vm, bool(retired), name)


def _repeating(wanted: str) -> Entry | None:
    """The entry of a tag whose group or element repeats: `x` in a table's tag is any digit."""
    lines, masks = _masks()
    found = masks.fullmatch(wanted)
    return _entry(lines[found.lastindex - 1]) if found and found.lastindex else None


@cache
def _masks() -> tuple[list[str], re.Pattern[str]]:
    """The lines with such tags, and a pattern with a group for each: a peer may send any tag."""
    lines = [line for line in _attributes() if "x" in line[:8]]
    return lines, re.compile("|".join(f"({line[:8].replace('x', '.')})" for line in lines))
