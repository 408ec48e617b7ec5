"""The kinds of archives: an address's type says who opens what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dicomsh.archives.archive import ArchiveKind
from dicomsh.model.modality import DicomAddress, PracticeAddress

ArchiveKinds = Mapping[type[object], Callable[[], ArchiveKind]]
"""Type of address → what makes the kind; its module is imported only then."""


def _dimse() -> ArchiveKind:
    from dicomsh.archives.dimse import DimseKind

    return DimseKind()


def _practice() -> ArchiveKind:
    from dicomsh.archives.practice import PracticeKind

    return PracticeKind()


KINDS: ArchiveKinds = MappingProxyType({DicomAddress: _dimse, PracticeAddress: _practice})
