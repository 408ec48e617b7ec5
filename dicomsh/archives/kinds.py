"""The kinds of archives: the type of an address decides which module opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dicomsh.archives.archive import ArchiveKind
from dicomsh.model.modality import DicomAddress, PracticeAddress

ArchiveKinds = Mapping[type[object], Callable[[], ArchiveKind]]
"""Type of address → maker of the kind; its module is imported only when needed."""


def _dimse() -> ArchiveKind:
    from dicomsh.archives.dimse import DimseKind

    return DimseKind()


def _practice() -> ArchiveKind:
    # not at the top: it brings pynetdicom, whose import takes longer than a query
    from dicomsh.archives.practice import PracticeKind

    return PracticeKind()


KINDS: ArchiveKinds = MappingProxyType({DicomAddress: _dimse, PracticeAddress: _practice})
