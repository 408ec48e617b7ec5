"""The DICOM JSON Model (PS3.18 annex F)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from dicomsh.model.row import Row
from dicomsh.model.vr import BULK_VRS
from dicomsh.output.plain import AnyRow, Plain, scalars

_PN_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def dicom_members(row: AnyRow) -> Iterator[tuple[str, Plain]]:
    """The members of a DICOM JSON object: every element of a row, by tag ascending (PS3.18 F.2.2).

    Group lengths are left out, as that paragraph requires.
    """
    assert isinstance(row, Row)
    for tag in sorted(tag for tag in row.elements if tag & 0xFFFF):
        yield f"{tag:08X}", _attribute(row, tag)


def _attribute(row: Row, tag: int) -> Plain:
    """An element: its VR, then Value or InlineBinary; neither when it is empty (F.2.5)."""
    vr = row.vr(tag)
    raw = row.elements[tag]
    if vr in BULK_VRS:
        return {"vr": vr, **({"InlineBinary": b64encode(raw).decode("ascii")} if raw else {})}
    values = _values(row, tag, vr)
    return {"vr": vr} if values in ([], [None]) else {"vr": vr, "Value": values}


def _values(row: Row, tag: int, vr: str) -> list[Plain]:
    if vr == "SQ":
        return [
            dict(dicom_members(item)) for item in row.values(tag) or () if isinstance(item, Row)
        ]
    values = scalars(row, tag, vr)
    if vr == "PN":
        return [_person_name(value) for value in values]
    if vr == "AT":
        return [str(value).replace(",", "").upper() for value in values]
    return values


def _person_name(value: Plain) -> Plain:
    """The component groups that have a value (PS3.18 F.2.2, PS3.5 6.2.1)."""
    groups = zip(_PN_GROUPS, str(value or "").split("="), strict=False)
    name: dict[str, Plain] = {key: text.strip() for key, text in groups if text.strip()}
    return name or None
