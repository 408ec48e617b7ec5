"""Lists of UIDs that do not fit into one query (PS3.4 C.2.2.2.2, PS3.5 7.1.2)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomsh.frozen import replace
from dicomsh.model.plan import Request
from dicomsh.model.query import Matching

LONGEST = 0xFFFE
"""Bytes in an element of explicit VR UI. A longer list would have to be sent as VR UN, and
DCMTK's archive does not read that as a list: it returns every study."""


def in_parts(request: Request) -> list[Request]:
    """The request with its longest list of UIDs in parts that fit; unchanged if it fits already.

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
