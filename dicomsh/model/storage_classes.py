"""Storage SOP classes to expect where an archive does not say which it holds (PS3.4 B.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_COMMON = "1.2.840.10008.5.1.4.1.1."

_OF_MODALITY: Mapping[str, tuple[str, ...]] = {
    "CR": ("1", "1.1"),
    "CT": ("2", "2.1", "2.2"),
    "DX": ("1.1", "1.1.1", "1"),
    "MG": ("1.2", "1.2.1", "13.1.3", "13.1.4"),
    "MR": ("4", "4.1", "4.2", "4.3", "4.4"),
    "NM": ("20",),
    "US": ("6.1", "3.1", "6.2"),
    "XA": ("12.1", "12.1.1"),
    "RF": ("12.2", "12.2.1"),
    "PT": ("128", "130", "128.1"),
    "OT": ("7", "7.2", "7.4"),
    "SC": ("7", "7.2", "7.4"),
    "SR": ("88.11", "88.22", "88.33", "88.34", "88.50", "88.59", "88.65", "88.67"),
    "PR": ("11.1", "11.2", "11.3"),
    "KO": ("88.59",),
    "SEG": ("66.4",),
    "REG": ("66.1", "66.3"),
    "RTSTRUCT": ("481.3",),
    "RTPLAN": ("481.5", "481.8"),
    "RTDOSE": ("481.2",),
    "RTIMAGE": ("481.1",),
    "DOC": ("104.1",),
    "ECG": ("9.1.1", "9.1.2"),
    "ES": ("77.1.1", "77.1.1.1"),
    "SM": ("77.1.2", "77.1.6"),
    "OP": ("77.1.5.1", "77.1.5.4"),
    "XC": ("77.1.4", "77.1.4.1"),
    "IO": ("1.3", "1.3.1"),
}

_ANY = ("2", "4", "1", "1.1", "6.1", "7", "12.1", "20", "128", "88.11", "88.22", "88.59", "104.1")


def usual_classes(modality: str) -> tuple[str, ...]:
    """UIDs of the storage SOP classes that a series of a modality usually has."""
    return tuple(_COMMON + ending for ending in _OF_MODALITY.get(modality, _ANY))


def classes_of(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The SOP classes of instances, each once, in order.

    Args:
        pairs: SOP Class UID, or empty where it is not known, and Modality of each instance.
    """
    found: dict[str, None] = {}
    for sop_class, modality in dict.fromkeys(pairs):
        found.update(dict.fromkeys((sop_class,) if sop_class else usual_classes(modality)))
    return tuple(found)
