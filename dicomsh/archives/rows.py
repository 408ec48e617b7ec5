"""Rows made from values, for archives whose answers are not DIMSE data sets."""

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
    r"""A row that holds these values, including text in any script.

    Values keep their VR. The row is encoded once, in Explicit VR Little Endian and UTF-8, so that
    whatever reads, limits and keeps rows treats it like any other; its (0008,0005) is ISO_IR 192.

    Args:
        elements: VR and values by tag: text; numbers for binary VRs, IS and DS; bytes for bulk
            data and AT; for SQ its items, each like `elements`.

    Raises:
        struct.error: a number does not fit into its VR.
    """
    labelled: Elements = {**elements, SPECIFIC_CHARACTER_SET: ("CS", [UTF8])}
    return Row(_data_set(labelled), _SOURCE)


def _data_set(elements: Elements) -> bytes:
    # in ascending order of tags, as PS3.5 7.1 requires
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
    # every value has even length: UIDs and bytes are padded with NUL, text with a space (PS3.5 6.2)
    return raw + (b"\0" if vr in ("UI", "UN", "OB") else b" ") * (len(raw) % 2)
