"""Lists of values as several queries that a server answers as meant.

A list of UIDs means any of them (PS3.4 C.2.2.2.2), but may be too long for one query (PS3.5 7.1.2).
For any other list the standard defines nothing, or with extended negotiation that all values match
(C.2.2.2.8); servers differ. So each value is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.model.matching import kind_of
from dicomsh.model.plan import Request
from dicomsh.model.query import Matching, QueryKey

LONGEST = 0xFFFE
"""Bytes in an element of explicit VR UI. A longer list would have to be sent as VR UN, and
DCMTK's archive does not read that as a list: it returns every study."""

_MOST = 10_000
"""Queries that lists may be divided into."""


def in_parts(request: Request) -> list[Request]:
    """The request as the queries that its lists need; unchanged if it needs only one.

    A row may match several of them, but no two parts of a list of UIDs.

    Raises:
        UsageError: too many queries.
    """
    apart = {key.keyword: _values_apart(key) for key in request.keys if _is_divided(key)}
    number = prod(map(len, apart.values()))
    if number > _MOST:
        raise UsageError(
            f"the values of {' and '.join(apart)} would take {number:,} queries",
            hint=f"give fewer values: at most {_MOST:,} queries",
        )
    chosen = (dict(zip(apart, keys, strict=True)) for keys in product(*apart.values()))
    return [part for keys in chosen for part in _fitting(_with(request, keys))]


def divided_lists(request: Request) -> tuple[str, ...]:
    """The names of the lists that are asked for value by value."""
    return tuple(key.name for key in request.keys if _is_divided(key))


def _is_divided(key: QueryKey) -> bool:
    return key.matching is Matching.MULTIPLE_VALUES


def _values_apart(key: QueryKey) -> list[QueryKey]:
    """The key with each of its values by itself, each once."""
    vr = key.attribute.vr
    kinds = {value: kind_of(vr, value) for value in key.values}
    if key.literal:
        kinds = dict.fromkeys(kinds, Matching.SINGLE_VALUE)
    return [replace(key, value=value, matching=kind) for value, kind in kinds.items()]


def _with(request: Request, chosen: dict[str, QueryKey]) -> Request:
    if not chosen:
        return request
    return replace(request, keys=tuple(chosen.get(key.keyword, key) for key in request.keys))


def _fitting(request: Request) -> list[Request]:
    """The request with its longest list of UIDs in parts that fit.

    The parts hold different UIDs, each once, so that no row matches two of them.
    """
    lists = [key for key in request.keys if key.matching is Matching.UID_LIST]
    longest = max(lists, key=lambda key: len(key.value), default=None)
    if longest is None or len(longest.value) <= LONGEST:
        return [request]
    uids = list(dict.fromkeys(longest.value.split("\\")))
    others = [key for key in request.keys if key is not longest]
    parts = (replace(longest, value=value) for value in _values(uids))
    return [replace(request, keys=(*others, part)) for part in parts]


def _values(uids: list[str]) -> Iterator[str]:
    room, part = LONGEST, list[str]()
    for uid in uids:
        if len(uid) + 1 > room:
            yield "\\".join(part)
            room, part = LONGEST, []
        part.append(uid)
        room -= len(uid) + 1
    yield "\\".join(part)
