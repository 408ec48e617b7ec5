"""Images that nobody asked for: a practice archive sends them as a scanner does (PS3.4 annex B)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from pynetdicom import AE

from dicomsh.frozen import replace
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.practice.archive import PracticeArchive, StoredEntity, made_uid
from dicomsh.practice.destinations import Entity, associated, storage_contexts
from dicomsh.practice.objects import PracticeObject
from dicomsh.practice.responses import PeerGoneError
from dicomsh.practice.sub_operations import SubOperations

Path = tuple[StoredEntity, ...]
"""A patient, a study, a series, and maybe an instance."""


def send_images(
    ours: AE, archive: PracticeArchive, count: int, called: str, entity: Entity
) -> None:
    """Send new images to whoever listens; those that are refused are not sent again.

    Args:
        ours: the application entity that sends them.
        archive: whose first series with so many images is taken again, for a new study.
        count: how many.
        called: AE title of the receiver.
        entity: host and port of the receiver.
    """
    images = new_images(archive, count, seed=str(time.time_ns()))
    with (
        associated(ours, entity, called, storage_contexts(images)) as association,
        suppress(PeerGoneError),
    ):
        if association is not None:
            peer = SubOperations(association, association.acceptor.maximum_length)
            for image in images:
                peer.store(image)


def new_images(archive: PracticeArchive, count: int, seed: str) -> list[PracticeObject]:
    """Images with UIDs that depend on the seed; fewer if no series has so many."""
    several = (path for path in _series(archive) if len(_instances(path, count)) == count)
    path = next(several, next(_series(archive), None))
    if path is None:
        return []
    above = tuple(_renewed(one, level, seed) for level, one in zip(_ABOVE, path, strict=True))
    return [
        PracticeObject((*above, _renewed(one, Level.INSTANCE, f"{seed}/{number}")))
        for number, one in enumerate(_instances(path, count))
    ]


_ABOVE = (Level.PATIENT, Level.STUDY, Level.SERIES)


def _series(archive: PracticeArchive) -> Iterator[Path]:
    return (
        (patient, study, series)
        for patient in archive.patients
        for study in patient.children
        for series in study.children
    )


def _instances(path: Path, most: int) -> list[StoredEntity]:
    return list(islice(path[-1].children, most))


def _renewed(one: StoredEntity, level: Level, seed: str) -> StoredEntity:
    """An entity under a UID of its own; a patient stays who it is."""
    if level is Level.PATIENT:
        return one
    uid = {by_keyword(level.unique_keyword).tag: made_uid(f"{seed}/{level.word}")}
    return replace(one, attributes={**one.attributes, **uid})
