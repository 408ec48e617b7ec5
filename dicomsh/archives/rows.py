"""Rows made of values, for archives whose answers are not data sets of DIMSE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from dicomsh.dimse.elements import ENCODINGS, EXPLICIT_LITTLE_ENDIAN, item
from dicomsh.model.charset import UTF8
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET
from dicomsh.model.row import Row, Source
from dicomsh.model.vr import BINARY_NUMBERS

Elements: TypeAlias = Mapping[int, "tuple[str, Sequence[Value]]"]
"""VR and values of each attribute by tag; the values of a sequence are its items."""
Value: TypeAlias = str | int | float | bytes | Elements

_ENCODING = ENCODINGS[EXPLICIT_LITTLE_ENDIAN]
_SOURCE = Source(_ENCODING)


def row_of(elements: Elements) -> Row:
    r"""A row that holds these values, text of any script among them.

    Values keep their VR. The row is written once, in Explicit VR Little Endian and UTF-8, so that
    all that reads, bounds and keeps rows treats it as any other; its (0008,0005) says ISO_IR 192.

    Args:
        elements: by tag, the VR and the values: text, numbers for binary VRs and IS and DS, bytes
            for the VRs of bulk data and AT, and for SQ its items, each as `elements`.

    Raises:
        struct.error: a number does not fit into its VR.
    """
    labelled: Elements = {**elements, SPECIFIC_CHARACTER_SET: ("CS", [UTF8])}
    return Row(_data_set(labelled), _SOURCE)


def _data_set(elements: Elements) -> bytes:
    return b"".join(
        _ENCODING.element(tag, vr, _value(vr, values))
        for tag, (vr, values) in sorted(elements.items(), key=lambda entry: entry[0])
    )


def _value(vr: str, values: Sequence[Value]) -> bytes:
    if vr in BINARY_NUMBERS:
        return b"".join(BINARY_NUMBERS[vr].pack(value) for value in values)
    if vr == "SQ":
        return b"".join(item(_data_set(inner)) for inner in values if isinstance(inner, Mapping))
    if any(isinstance(value, bytes) for value in values):
        raw = b"".join(value for value in values if isinstance(value, bytes))
    else:
        raw = "\\".join(str(value) for value in values).encode()
    return raw + (b"\0" if vr in ("UI", "UN", "OB") else b" ") * (len(raw) % 2)
