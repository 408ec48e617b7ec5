"""The same query for QIDO-RS, the search of DICOMweb (PS3.18 10.6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from shlex import quote
from urllib.parse import quote as percent

from dicomsh.explain.equivalent import Equivalent, keyword_or_hex, lines_of, without_level
from dicomsh.explain.reasons import Sent
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.levels import Level
from dicomsh.model.query import Matching, Query, QueryKey
from dicomsh.model.wado import PLACEHOLDER_RS


def qido(sent: Sent) -> Equivalent:
    """A QIDO-RS search (PS3.18 10.6), or one for each value of a list."""
    query = sent.query
    if query.level is None:
        return without_level("QIDO-RS")
    if query.level is Level.PATIENT:
        trouble = "not possible: QIDO-RS has no patient level; it searches studies"
        return Equivalent("QIDO-RS", "", (trouble,))
    path, used = _path(query, query.level)
    rest = [key for key in query.keys if key.keyword not in used]
    matches = [_matches(key) for key in rest if key.value]
    searches = prod(map(len, matches))
    if searches > _MOST_SEARCHES:
        trouble = f"not possible in fewer than {searches:,} searches: only UIDs can be listed"
        return Equivalent("QIDO-RS", "", (trouble,))
    more, base = _more(sent, rest), (sent.peer.wado_rs or PLACEHOLDER_RS).rstrip("/")
    urls = [f"{base}/{path}?{'&'.join([*pairs, *more])}" for pairs in product(*matches)]
    return Equivalent("QIDO-RS", "\n".join(map(_request, urls)), _notes(sent, searches))


def _more(sent: Sent, keys: Sequence[QueryKey]) -> list[str]:
    """The parameters that match nothing (PS3.18 8.3.4)."""
    more = [f"includefield={_name(key)}" for key in keys if not key.value]
    more += ["fuzzymatching=true"] if Extension.FUZZY in sent.peer.extended else []
    return more + ([] if sent.limit is None else [f"limit={sent.limit}"])


_MOST_SEARCHES = 10


def _request(url: str) -> str:
    return lines_of([f"curl -s {quote(url)}", "-H 'Accept: application/dicom+json'"])


def _notes(sent: Sent, searches: int) -> tuple[str, ...]:
    keys, notes = sent.query.keys, []
    if not sent.peer.wado_rs:
        notes.append(f"WADO-SERVER is a placeholder: {sent.peer.name} has no wado_rs: setting")
    if searches > 1:
        notes.append("one search for each value: QIDO-RS has lists of UIDs only (PS3.18 8.3.4.1)")
    ranges = {key.attribute.vr for key in keys if key.matching is Matching.RANGE}
    if ranges.issuperset(("DA", "TM")) and Extension.DATETIME not in sent.peer.extended:
        notes.append("QIDO-RS matches a range of dates and one of times as one continuous period")
    if any(_lacks_creator(key, keys) for key in keys):
        notes.append("a private attribute needs its creator in the search: ggggooee=CREATOR")
    return tuple(notes)


def _lacks_creator(key: QueryKey, keys: Sequence[QueryKey]) -> bool:
    """Whether a key is private and nothing reserves its block (PS3.5 7.8.1)."""
    group, element = divmod(key.attribute.tag, 0x10000)
    if group % 2 == 0 or element < 0x1000:
        return False
    creator = group << 16 | element >> 8
    return not any(other.attribute.tag == creator and other.value for other in keys)


_RESOURCES = {Level.STUDY: "studies", Level.SERIES: "series", Level.INSTANCE: "instances"}


def _path(query: Query, searched: Level) -> tuple[str, set[str]]:
    """The resource to search, inside the known study and series; their keywords."""
    given = {key.keyword: key for key in query.keys if key.matching is Matching.SINGLE_VALUE}
    parts, used = [], set()
    for level in searched.ancestors[1:]:
        key = given.get(level.unique_keyword)
        if key is None:
            break
        parts += [_RESOURCES[level], percent(key.value, safe="")]
        used.add(level.unique_keyword)
    return "/".join([*parts, _RESOURCES[searched]]), used


def _name(key: QueryKey) -> str:
    return ".".join(keyword_or_hex(part) for part in key.path)


def _matches(key: QueryKey) -> list[str]:
    """The parameter that matches on a key; of a list, one for each value unless they are UIDs."""
    values = [key.value]
    if key.matching is Matching.MULTIPLE_VALUES:
        values = key.value.split("\\")
    elif key.matching is Matching.UID_LIST:
        uids = ",".join(map(_encoded, key.value.split("\\")))
        return [f"{_name(key)}={uids}"]
    return [f"{_name(key)}={_encoded(value)}" for value in values]


def _encoded(value: str) -> str:
    """A value with all but wildcards percent-encoded: a bare comma would separate two values."""
    return percent(value, safe="*?")
