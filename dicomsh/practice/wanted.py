"""The objects that a C-GET or C-MOVE asks for (PS3.4 C.4.2.1.4, C.4.3.1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomsh.frozen import replace
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import HIERARCHY, Level, Model
from dicomsh.model.modality import Faults
from dicomsh.model.status import IDENTIFIER_MISMATCH
from dicomsh.practice.archive import PracticeArchive
from dicomsh.practice.identifier import Identifier, RefusedError
from dicomsh.practice.matching import RequestedKey
from dicomsh.practice.objects import CompositeObject, object_of
from dicomsh.practice.query import Path, PracticeQuery, Style

_UNIQUE = {by_keyword(level.unique_keyword).tag: level for level in HIERARCHY}


def objects(
    archive: PracticeArchive, identifier: Identifier, model: Model, faults: Faults
) -> Iterator[CompositeObject]:
    """The objects of the entities that unique keys name; no other key counts.

    Raises:
        RefusedError: a unique key of the level or one above is missing, or is not complete.
    """
    keys = tuple(key for key in identifier.keys if key.tag in _UNIQUE)
    if not faults.empty_key_sends_all:
        _check(keys, identifier.level, model)
    query = PracticeQuery(archive, replace(identifier, keys=keys), Style(False, ""))
    return (
        object_of(path, faults.padding) for match in query.matches() for path in _instances(match)
    )


def _check(keys: tuple[RequestedKey, ...], lowest: Level, model: Model) -> None:
    values = {_UNIQUE[key.tag]: key.value for key in keys}
    for level in HIERARCHY:
        if model.top.value <= level.value <= lowest.value:
            value = values.get(level, "")
            if not value or not set(value).isdisjoint("*?" if level is lowest else "*?\\"):
                comment = f"No complete {level.unique_keyword}"
                raise RefusedError(IDENTIFIER_MISMATCH, comment)


def _instances(path: Path) -> Iterator[Path]:
    """The instances below an entity, or the entity, if it is one."""
    if len(path) > Level.INSTANCE.value:
        yield path
        return
    for child in path[-1].children:
        yield from _instances((*path, child))
