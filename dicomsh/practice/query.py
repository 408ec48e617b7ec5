"""A query on the archive: the matching entities, and the identifier of each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dicomsh.frozen import frozen
from dicomsh.model.charset import UTF8
from dicomsh.model.extended_negotiation import NONE, Extensions
from dicomsh.model.keys import (
    BOOKKEEPING,
    QUERY_RETRIEVE_LEVEL,
    SPECIFIC_CHARACTER_SET,
    by_keyword,
)
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.status import IDENTIFIER_MISMATCH, UNABLE_TO_PROCESS
from dicomsh.practice.archive import (
    COUNTERS,
    HELD,
    Attributes,
    PracticeArchive,
    StoredEntity,
    Value,
    vr_of,
)
from dicomsh.practice.encoding import encoded
from dicomsh.practice.extended import extended_condition
from dicomsh.practice.identifier import (
    Identifier,
    RefusedError,
)
from dicomsh.practice.matching import RequestedKey, UnmatchableError, item_condition

Path = tuple[StoredEntity, ...]
"""An entity with its ancestors, the patient first."""

_RETRIEVE_AE = 0x00080054
_AVAILABILITY = 0x00080056


@frozen
class Style:
    """The way answers are found and written.

    `labelled` says whether (0008,0005) is among them, `counted` whether counters are; `agreed` is
    the result of extended negotiation.
    """

    explicit: bool
    retrieve_aet: str
    labelled: bool = True
    counted: bool = True
    agreed: Extensions = NONE


class PracticeQuery:
    """One parsed query.

    Relational (PS3.4 C.4.1.2.2.2): keys of all higher levels may be missing, may be matched, and
    are returned on request. An attribute that the archive supports is returned with zero length if
    an entity has no value for it, as in Orthanc; an unsupported one is left out, and the answers
    have status 0xFF01 (C.4.1.1.4), as in dcmqrscp.

    Args:
        archive: the archive to search.
        identifier: the identifier of the query.
        style: the style of the answers.

    Raises:
        RefusedError: a value that cannot be matched (0xC000, as Orthanc answers `*` in a date), or
            one for an attribute of a lower level (0xA900).
    """

    def __init__(self, archive: PracticeArchive, identifier: Identifier, style: Style) -> None:
        self._archive = archive
        self._level = identifier.level
        self._style = style
        keys = [key for key in identifier.keys if key.tag not in BOOKKEEPING]
        self._conditions = [
            _entity_condition(_keys_at(level, keys, identifier.level), style.agreed)
            for level in (*identifier.level.ancestors, identifier.level)
        ]
        self._asked = _asked(identifier, style.counted)
        self.unsupported = any(_home(key.tag, identifier.level) is None for key in keys)

    def matches(self) -> Iterator[Path]:
        """Matching entities: patients as listed, studies by date, the others by number."""
        return self._below(self._archive.patients, ())

    def _below(self, entities: Iterable[StoredEntity], path: Path) -> Iterator[Path]:
        matching = self._conditions[len(path)]
        for entity in entities:
            if not matching(entity.attributes):
                continue
            if len(path) == self._level.value:
                yield (*path, entity)
            else:
                yield from self._below(entity.children, (*path, entity))

    def answer(self, path: Path) -> bytes:
        """The encoded response identifier for one match, elements in the order of their tags."""
        return b"".join(self._element(key, level, path) for key, level in self._asked)

    def _element(self, key: RequestedKey, level: Level | None, path: Path) -> bytes:
        style = self._style
        if level is not None:
            stored = path[level.value].attributes.get(key.tag, "")
            return encoded(key.tag, _returned(key, stored), style.explicit)
        if key.tag == SPECIFIC_CHARACTER_SET and not style.labelled:
            return b""
        text = {
            SPECIFIC_CHARACTER_SET: UTF8,
            QUERY_RETRIEVE_LEVEL: self._level.dicom,
            _RETRIEVE_AE: style.retrieve_aet,
            _AVAILABILITY: "ONLINE",
        }[key.tag]
        return encoded(key.tag, text, style.explicit)


_COUNTED = frozenset(by_keyword(word).tag for words in COUNTERS.values() for word in words)


def _home(tag: int, level: Level) -> Level | None:
    """The level at or above `level` that an attribute belongs to; None if there is none.

    Counters belong only to their own level (PS3.4 C.3.4).
    """
    if tag in HELD[level]:
        return level
    return next((upper for upper in level.ancestors if tag in HELD[upper] - _COUNTED), None)


def _keys_at(level: Level, keys: list[RequestedKey], lowest: Level) -> tuple[RequestedKey, ...]:
    """The keys decided at a level; unsupported ones at the lowest."""
    return tuple(key for key in keys if (_home(key.tag, lowest) or lowest) is level)


def _entity_condition(
    keys: tuple[RequestedKey, ...], agreed: Extensions
) -> Callable[[Attributes], bool]:
    for key in keys:
        try:
            item_condition((key,))
        except UnmatchableError as error:
            tag = f"({key.tag >> 16:04x},{key.tag & 0xFFFF:04x})"
            raise RefusedError(UNABLE_TO_PROCESS, f"{tag}: {error}") from None
    return extended_condition(keys, agreed)


def _asked(identifier: Identifier, counted: bool) -> list[tuple[RequestedKey, Level | None]]:
    """The keys of an answer with their levels; those about the answer itself have none."""
    level = identifier.level
    _refuse_lower(identifier)
    asked = [
        (key, home)
        for key in identifier.keys
        if (home := _home(key.tag, level)) is not None and (counted or key.tag not in _COUNTED)
    ]
    always = {SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL, _RETRIEVE_AE, _AVAILABILITY}
    about = [(RequestedKey(tag, vr_of(tag), ""), None) for tag in always]
    return sorted([*asked, *about], key=lambda pair: pair[0].tag)


def _refuse_lower(identifier: Identifier) -> None:
    """Refuse to match on attributes of lower levels (PS3.4 C.4.1.2.2.1)."""
    level = identifier.level
    below = [lower for lower in HIERARCHY if lower.value > level.value]
    for key in identifier.keys:
        if key.universal or _home(key.tag, level) is not None:
            continue
        if any(key.tag in HELD[lower] for lower in below):
            tag = f"({key.tag >> 16:04x},{key.tag & 0xFFFF:04x})"
            comment = f"{tag} is below level {level.dicom}"
            raise RefusedError(IDENTIFIER_MISMATCH, comment)


def _returned(key: RequestedKey, stored: Value) -> Value:
    """The value returned: for a sequence the matching items, with the requested keys.

    A sequence requested with no item, or an empty one, is returned completely (PS3.4 C.2.2.2.6).
    """
    if isinstance(stored, str) or not key.items:
        return stored
    matches = item_condition(key.items)
    return tuple(_trimmed(key.items, entry) for entry in stored if matches(entry))


def _trimmed(keys: tuple[RequestedKey, ...], entry: Attributes) -> Attributes:
    return {key.tag: _returned(key, entry[key.tag]) for key in keys if key.tag in entry}
