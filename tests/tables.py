"""Writes the tables of the standard that dicomsh carries, from pydicom's: `python -m tests.tables`.

Each is a text file whose first line names the versions that it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pynetdicom  # adds some UIDs to those of pydicom
from pydicom import __version__
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._private_dict import private_dictionaries
from pydicom._uid_dict import UID_dictionary

from dicomsh.model import standard

ATTRIBUTES = Path(standard.__file__).with_name("attributes.txt")
VERSIONS = f"# pydicom {__version__}, pynetdicom {pynetdicom.__version__}"
PRIVATE = Path(standard.__file__).with_name("private.txt")
UIDS = Path(standard.__file__).with_name("uids.txt")


def attributes() -> str:
    """The data dictionary (PS3.6 6 to 9), sorted by tag; `x` stands for any digit of a tag.

    Tag and keyword, VR, VM, `R` where it is retired, name.
    """
    entries = {f"{tag:08x}": entry for tag, entry in DicomDictionary.items()}
    repeating = {mask.lower(): entry for mask, entry in RepeatersDictionary.items()}
    return _table(
        (f"{tag}:{keyword}", vr, vm, "R" * bool(retired), name)
        for tag, (vr, vm, name, retired, keyword) in sorted({**entries, **repeating}.items())
    )


def private() -> str:
    """VRs of private elements: their creator, group, and for each last byte of a tag its VR.

    The byte before it depends on the block that the creator has reserved (PS3.5 7.8.1).
    """
    blocks: dict[tuple[str, str], list[str]] = {}
    for creator, entries in private_dictionaries.items():
        for tag, (vr, *_) in sorted(entries.items()):
            if tag[4:6] == "xx":
                group, last = tag[:4].lower(), tag[6:].lower()
                blocks.setdefault((creator, group), []).append(f"{last}:{vr.split(' or ')[0]}")
    return _table((*head, " ".join(entries)) for head, entries in sorted(blocks.items()))


def uids() -> str:
    """The registered UIDs (PS3.6 annex A) with their names."""
    return _table((str(uid), entry[0]) for uid, entry in sorted(UID_dictionary.items()))


def _table(rows: Iterable[Iterable[str]]) -> str:
    lines = [VERSIONS, *("\t".join(row) for row in rows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    ATTRIBUTES.write_text(attributes(), encoding="ascii", newline="\n")
    PRIVATE.write_text(private(), encoding="ascii", newline="\n")
    UIDS.write_text(uids(), encoding="ascii", newline="\n")
