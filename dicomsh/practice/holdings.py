"""What a practice archive holds: the made-up patients, and what clients have stored since it began.

Stored objects are kept in memory, and are gone when the archive ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from threading import Lock

from dicomsh.frozen import frozen
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.status import DUPLICATE_INSTANCE, OTHER_BYTES, OUT_OF_RESOURCES
from dicomsh.practice.archive import (
    Attributes,
    Content,
    PracticeArchive,
    StoredEntity,
    practice_archive,
)
from dicomsh.practice.identifier import RefusedError
from dicomsh.practice.objects import TRAILING_PADDING, CompositeObject, instance_number, object_of
from dicomsh.practice.received import Received


@frozen
class Capacity:
    """How much clients can store: bytes of all data sets together, and a number of objects."""

    size: int = 512 << 20
    objects: int = 10_000


class Holdings:
    """The content of a practice archive; safe to use from several threads.

    Args:
        archive: its content when it begins; the made-up patients by default.
        capacity: how much clients can store.
    """

    def __init__(
        self, archive: PracticeArchive | None = None, capacity: Capacity | None = None
    ) -> None:
        self._made = archive or practice_archive()
        self._capacity = capacity or Capacity()
        self._stored: dict[str, Received] = {}
        self._size = 0
        self._merged: PracticeArchive | None = self._made
        self._lock = Lock()

    @property
    def archive(self) -> PracticeArchive:
        """What can be found now."""
        with self._lock:
            if self._merged is None:
                self._merged = merged(self._made, self._stored.values())
            return self._merged

    @property
    def room(self) -> int:
        """Bytes that can still be stored; 0 if there are too many objects."""
        full = len(self._stored) >= self._capacity.objects
        return 0 if full else max(self._capacity.size - self._size, 0)

    def keep(self, one: Received) -> None:
        """Keep an object, unless it is here already.

        Raises:
            RefusedError: a different one of its UID is here (0x0111), or there is no room (0xA700).
        """
        uid = one.unique(Level.INSTANCE)
        made = self._made_in(one.unique(Level.SERIES)).get(uid)
        if made is not None:
            if not _is_as_made(one.content, made):
                raise _another()
            return
        with self._lock:
            here = self._stored.get(uid)
            if here is not None:
                if one.content != here.content:
                    raise _another()
                return
            if len(one.content.data) > self.room or not self.room:
                raise RefusedError(OUT_OF_RESOURCES, "The practice archive is full")
            self._stored[uid] = one
            self._size += len(one.content.data)
            self._merged = None

    def sop_class(self, uid: str) -> str | None:
        """The SOP Class UID of an object that is here; None if it is not."""
        stored = self._stored.get(uid)
        return stored.sop_class if stored is not None else self._made_classes.get(uid)

    @lru_cache(maxsize=16)  # noqa: B019 - the archive lives as long as its server
    def _made_in(self, series: str) -> Mapping[str, CompositeObject]:
        """The objects of a series that is made up, by SOP Instance UID."""
        made = (
            object_of((*path, one), 0)
            for path in _series(self._made)
            if path[-1].attributes[_SERIES] == series
            for one in path[-1].children
        )
        return {one.uid: one for one in made}

    @cached_property
    def _made_classes(self) -> dict[str, str]:
        """SOP Class UIDs of all made-up instances; takes a third of a second."""
        return {
            str(one.attributes[_SOP_INSTANCE]): str(one.attributes[_SOP_CLASS])
            for path in _series(self._made)
            for one in path[-1].children
        }


_SOP_CLASS, _SOP_INSTANCE, _SERIES = (
    by_keyword(word).tag for word in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID")
)


def _another() -> RefusedError:
    return RefusedError(DUPLICATE_INSTANCE, OTHER_BYTES)


def _is_as_made(content: Content, made: CompositeObject) -> bool:
    """Whether a data set is that of a made-up object, with or without padding at its end."""
    if content.syntax not in made.syntaxes:
        return False
    whole = b"".join(made.pieces(content.syntax))
    after = content.data[len(whole) : len(whole) + len(TRAILING_PADDING)]
    return content.data.startswith(whole) and after in (b"", TRAILING_PADDING)


def _series(archive: PracticeArchive) -> Iterator[tuple[StoredEntity, ...]]:
    """Each series after its patient and study."""
    return (
        (patient, study, series)
        for patient in archive.patients
        for study in patient.children
        for series in study.children
    )


def merged(archive: PracticeArchive, received: Iterable[Received]) -> PracticeArchive:
    """An archive with objects that it does not hold yet, each in its place."""
    patients = _merged(archive.patients, list(received), Level.PATIENT)
    return PracticeArchive(tuple(patients))


def _merged(
    entities: Iterable[StoredEntity], received: Sequence[Received], level: Level
) -> Iterator[StoredEntity]:
    """Entities of a level, and those that the objects belong to; new ones last."""
    groups: dict[tuple[str, ...], list[Received]] = {}
    for one in received:
        groups.setdefault(_key(one.levels[level], level), []).append(one)
    for entity in entities:
        more = groups.pop(_key(entity.attributes, level), None)
        yield entity if more is None else _joined(entity.attributes, entity.children, more, level)
    for more in groups.values():
        yield _joined(more[0].levels[level], (), more, level)


def _key(attributes: Attributes, level: Level) -> tuple[str, ...]:
    """What tells entities of a level apart; a patient ID is unique within its issuer."""
    words = [level.unique_keyword, *(["IssuerOfPatientID"] if level is Level.PATIENT else [])]
    return tuple(str(attributes.get(by_keyword(word).tag, "")) for word in words)


def _joined(
    attributes: Attributes, children: Iterable[StoredEntity], more: Sequence[Received], level: Level
) -> StoredEntity:
    """An entity with the objects that were stored in it, and with its numbers."""
    below = level.below
    assert below is not None
    if below is Level.INSTANCE:
        return StoredEntity(
            {**attributes, **_in_series(attributes, more)}, _Instances(children, more)
        )
    within = tuple(_merged(children, more, below))
    if below is Level.STUDY:
        return StoredEntity({**attributes, **_in_patient(within)}, within)
    return StoredEntity({**attributes, **_in_study(attributes, within, more)}, within)


@frozen
class _Instances:
    """The instances of a series: those that it had, and those that were stored."""

    before: Iterable[StoredEntity]
    more: Sequence[Received]

    def __iter__(self) -> Iterator[StoredEntity]:
        yield from self.before
        for one in sorted(self.more, key=lambda one: instance_number(one.levels[Level.INSTANCE])):
            yield StoredEntity(one.levels[Level.INSTANCE], (), one.content)


_SERIES_INSTANCES = by_keyword("NumberOfSeriesRelatedInstances").tag
_STUDY_SERIES = by_keyword("NumberOfStudyRelatedSeries").tag
_STUDY_INSTANCES = by_keyword("NumberOfStudyRelatedInstances").tag
_PATIENT_STUDIES = by_keyword("NumberOfPatientRelatedStudies").tag
_PATIENT_SERIES = by_keyword("NumberOfPatientRelatedSeries").tag
_PATIENT_INSTANCES = by_keyword("NumberOfPatientRelatedInstances").tag
_MODALITY = by_keyword("Modality").tag
_MODALITIES = by_keyword("ModalitiesInStudy").tag
_CLASSES = by_keyword("SOPClassesInStudy").tag


def _in_series(attributes: Attributes, more: Sequence[Received]) -> Attributes:
    return {_SERIES_INSTANCES: str(_number(attributes, _SERIES_INSTANCES) + len(more))}


def _in_study(
    attributes: Attributes, series: Sequence[StoredEntity], more: Sequence[Received]
) -> Attributes:
    modalities = [str(one.attributes.get(_MODALITY, "")) for one in series]
    classes = [*str(attributes.get(_CLASSES, "")).split("\\"), *(one.sop_class for one in more)]
    return {
        _STUDY_SERIES: str(len(series)),
        _STUDY_INSTANCES: _total(series, _SERIES_INSTANCES),
        _MODALITIES: _each_once(modalities),
        _CLASSES: _each_once(classes),
    }


def _in_patient(studies: Sequence[StoredEntity]) -> Attributes:
    return {
        _PATIENT_STUDIES: str(len(studies)),
        _PATIENT_SERIES: _total(studies, _STUDY_SERIES),
        _PATIENT_INSTANCES: _total(studies, _STUDY_INSTANCES),
    }


def _total(entities: Iterable[StoredEntity], tag: int) -> str:
    return str(sum(_number(one.attributes, tag) for one in entities))


def _number(attributes: Attributes, tag: int) -> int:
    return int(str(attributes.get(tag, 0)))


def _each_once(values: Iterable[str]) -> str:
    return "\\".join(dict.fromkeys(filter(None, values)))
