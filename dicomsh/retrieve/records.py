"""The account of objects as records: what `-o json` and the stages work on."""

from __future__ import annotations

from dicomsh.model.columns import FieldColumn, Record
from dicomsh.retrieve.account import Line

COLUMNS = (
    FieldColumn("state", "State"),
    FieldColumn("Modality", "Modality"),
    FieldColumn("SeriesNumber", "Series"),
    FieldColumn("InstanceNumber", "Number"),
    FieldColumn("bytes", "Bytes", number=True),
    FieldColumn("SOPInstanceUID", "SOP Instance UID"),
    FieldColumn("reason", "Reason"),
    FieldColumn("file", "File"),
    FieldColumn("SeriesInstanceUID", "Series UID"),
    FieldColumn("StudyInstanceUID", "Study UID"),
    FieldColumn("SOPClassUID", "SOP Class"),
    FieldColumn("transfer_syntax", "Transfer Syntax"),
    FieldColumn("sha256", "SHA-256"),
)


def record_of(line: Line) -> Record:
    """The account of one object."""
    one, entry = line.instance, line.entry
    return {
        "state": line.state.value,
        "Modality": one.modality if one else None,
        "SeriesNumber": one.series_number if one else None,
        "InstanceNumber": one.number if one else None,
        "bytes": entry.bytes if entry else None,
        "SOPInstanceUID": line.uid,
        "reason": line.reason or None,
        "file": entry.file if entry else (one.file if one else None),
        "SeriesInstanceUID": one.series if one else None,
        "StudyInstanceUID": one.study if one else None,
        "SOPClassUID": (one.sop_class if one else None) or (entry.sop_class if entry else None),
        "transfer_syntax": entry.transfer_syntax if entry else None,
        "sha256": entry.sha256 if entry else None,
    }


def problem(record: Record) -> str | None:
    """A line about an object that is not there; for people, the others are only counted."""
    return None if record["state"] in ("arrived", "here") else told(record)


def told(record: Record) -> str:
    """A line about an object."""
    about = " ".join(filter(None, (record["Modality"], record["SeriesNumber"])))
    name = f"{about} #{record['InstanceNumber']}" if record["InstanceNumber"] else about
    said = f": {record['reason']}" if record["reason"] else ""
    uid = record["SOPInstanceUID"] or ""
    return f"{record['state']}  {name}  {uid}{said}".replace("    ", "  ")
