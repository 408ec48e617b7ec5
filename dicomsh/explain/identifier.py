"""The identifier of a query, element by element, with the origin of each (PS3.4 C.4.1.1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomsh.frozen import frozen
from dicomsh.model.keys import QUERY_RETRIEVE_LEVEL, SPECIFIC_CHARACTER_SET, Attribute, by_tag
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey


@frozen
class Element:
    """One element of an identifier.

    Args:
        attribute: the attribute matched or requested.
        depth: the number of enclosing sequences.
        value: the value sent; None for a sequence, whose elements follow.
        origin: its origin, in words.
        matching: the type of matching, in words; empty if nothing is matched.
        paragraph: the paragraph of the standard.
    """

    attribute: Attribute
    depth: int
    value: str | None
    origin: str
    matching: str
    paragraph: str


def elements(query: Query, peer: Modality) -> list[Element]:
    """Every element in the order sent, those inside a sequence after it."""
    roots = {}
    if query.charset:
        roots[SPECIFIC_CHARACTER_SET] = [_charset(query)]
    if query.level is not None:
        roots[QUERY_RETRIEVE_LEVEL] = [_level(query.level)]
    for path in sorted({key.path[:1] for key in query.keys}, key=lambda path: path[0].tag):
        if path[0].tag in roots:
            continue
        keys = [key for key in query.keys if key.path[:1] == path]
        roots[path[0].tag] = list(_below(keys, 0, peer))
    return [element for tag in sorted(roots) for element in roots[tag]]


def _below(keys: list[QueryKey], depth: int, peer: Modality) -> Iterator[Element]:
    """The elements of keys that share their attribute at a depth."""
    whole = [key for key in keys if len(key.path) == depth + 1]
    inside = [key for key in keys if len(key.path) > depth + 1]
    if not inside:
        yield _element(next((key for key in whole if key.value), whole[0]), depth, peer)
        return
    yield _sequence(inside[0].path[depth], depth, inside)
    for attribute in sorted({key.path[depth + 1] for key in inside}, key=lambda part: part.tag):
        same = [key for key in inside if key.path[depth + 1] == attribute]
        yield from _below(same, depth + 1, peer)


def _sequence(attribute: Attribute, depth: int, inside: list[QueryKey]) -> Element:
    matches = any(key.matching is not Matching.UNIVERSAL for key in inside)
    kind = Matching.SEQUENCE if matches else Matching.UNIVERSAL
    origin = "contains the keys requested inside it"
    return Element(attribute, depth, None, origin, _kind(kind), paragraph(kind))


def _element(key: QueryKey, depth: int, peer: Modality) -> Element:
    kind, where = _kind(key.matching), paragraph(key.matching)
    return Element(key.attribute, depth, key.value, origin(key, peer), kind, where)


def _kind(matching: Matching) -> str:
    return _KINDS.get(matching, matching.title)


_KINDS = {
    Matching.UID_LIST: "list of UID",
}


def paragraph(matching: Matching) -> str:
    """The paragraph of the standard that defines a type of matching."""
    return f"PS3.4 {matching.value}"


_OF_COMMAND = {KeyOrigin.TYPED: "the target", KeyOrigin.RETURN: "requested by the command itself"}
"""Origins of keys that were not typed."""


def origin(key: QueryKey, peer: Modality) -> str:
    """The origin of a key in words; for a typed one, including the text."""
    told = _typed(key) if key.typed else _OF_COMMAND.get(key.origin, key.origin.value)
    if key.origin is KeyOrigin.CONTEXT and key.value.startswith("<"):
        told = "each answer of the previous query"
    if key.matching is Matching.UNIVERSAL and key.value:
        told += f"; sent as {key.value} because of 'universal:' for {peer.name}"
    return told


def _typed(key: QueryKey) -> str:
    """The text typed for a key, with the meaning of an alias, a tag or a pattern."""
    if key.origin is KeyOrigin.PATTERN:
        return f"the pattern: {key.typed}, which means {key.keyword} here"
    name = key.typed.lstrip("+").partition("=")[0]
    if name.lower() == key.keyword.lower():
        return f"typed: {key.typed}"
    return f"typed: {key.typed}, where {name} means {key.keyword}"


def _charset(query: Query) -> Element:
    told, where = "the text of the query", "PS3.3 C.12.1.1.2"
    return Element(by_tag(SPECIFIC_CHARACTER_SET), 0, query.charset, told, "", where)


def _level(level: Level) -> Element:
    told, where = "the query level", "PS3.4 C.4.1.1.3.1"
    return Element(by_tag(QUERY_RETRIEVE_LEVEL), 0, level.dicom, told, "", where)
