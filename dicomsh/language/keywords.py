"""Completions for attribute names, before `=` and after `+`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from dicomsh.errors import UsageError
from dicomsh.language.candidate import Candidate
from dicomsh.model import dictionary
from dicomsh.model.derived_keys import parts_of
from dicomsh.model.keys import (
    ALIASES,
    Attribute,
    alias_keyword,
    aliases_at,
    by_keyword,
    find_path,
)
from dicomsh.model.level_keys import LEVEL_KEYS, level_of
from dicomsh.model.levels import Level
from dicomsh.model.vocabulary import attributes_inside


def complete_key(
    level: Level, typed: str, used: frozenset[str] = frozenset(), *, fuzzy: bool
) -> Iterator[Candidate]:
    """Keys that begin as typed: those of the level, aliases, the rest of the dictionary.

    The dictionary needs at least one letter. Without any, matching keys come before return keys.
    Keywords already used are left out.
    """
    sign = "+" if typed.startswith("+") else ""
    name = typed.removeprefix("+")
    if "." in name:
        yield from _inside(level, sign, name)
        return
    for mark in (sign,) if typed else ("", "+"):
        yield from _own(level, mark, used)
    if name:
        others = dictionary.containing(name) if fuzzy else dictionary.beginning(name)
        own = (*LEVEL_KEYS[level].default, *LEVEL_KEYS[level].more)
        past = used.union(name.rpartition(".")[2] for name in own)
        for found in others:
            if found.keyword not in past and _may(level, sign, found.keyword):
                yield _candidate(level, sign, found)


def complete_part(level: Level, typed: str) -> Iterator[Candidate]:
    """What follows from the value of a key of rows, once `Key.` is typed: `date.year=`."""
    head, stop, _ = typed.rpartition(".")
    try:
        vr = find_path(head, level)[-1].vr if stop else ""
    except UsageError:
        return
    for name, part in parts_of(vr).items():
        yield Candidate(f"{name}=", part.meaning, len(head) + 1)


def _own(level: Level, sign: str, used: frozenset[str]) -> Iterator[Candidate]:
    """The keys of the level, and the aliases."""
    for name in (*LEVEL_KEYS[level].default, *LEVEL_KEYS[level].more):
        keyword = name.rpartition(".")[2]  # an attribute of a worklist's step needs no path
        if keyword not in used:
            yield _candidate(level, sign, by_keyword(keyword))
    for alias in ALIASES:
        named = alias_keyword(alias, level)
        if named and named not in used and _may(level, sign, named):
            text = f"{sign}{alias}" if sign else f"{alias}="
            yield Candidate(text, partial(_told, by_keyword(named), named))


def _may(level: Level, sign: str, keyword: str) -> bool:
    """A key of a lower level cannot be matched, but may be requested."""
    owner = level_of(keyword)
    return bool(sign) or owner is None or owner.value <= level.value


def _candidate(level: Level, sign: str, attribute: Attribute, at: int = 0) -> Candidate:
    """`Key=`, `Sequence.` or `+Key`."""
    end = "" if sign else "." if attribute.vr == "SQ" else "="
    before = "" if at else sign
    alias = aliases_at(level).get(attribute.keyword, "")
    return Candidate(f"{before}{attribute.keyword}{end}", partial(_told, attribute, alias), at)


def _told(attribute: Attribute, other: str) -> str:
    """Its other name, VR and name."""
    return " · ".join(part for part in (other, attribute.vr, attribute.name) if part)


def _inside(level: Level, sign: str, name: str) -> Iterator[Candidate]:
    """Attributes inside a sequence: first those that queries use, then any that begin as typed."""
    head, _, begun = name.rpartition(".")
    try:
        path = find_path(head, level)
    except UsageError:
        return
    if path[-1].vr == "SQ":
        at = len(sign) + len(head) + 1
        usual = list(map(by_keyword, attributes_inside(path[-1].keyword)))
        yield from (_candidate(level, sign, made, at) for made in usual)
        if begun:
            others = (made for made in dictionary.beginning(begun) if made not in usual)
            yield from (_candidate(level, sign, made, at) for made in others)
