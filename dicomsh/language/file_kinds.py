"""The kind of argument that names an entity, or a DICOM file instead."""

from __future__ import annotations

from dicomsh.frozen import replace
from dicomsh.language.kinds import TARGET

_SUFFIXES = (".dcm", ".dicom", ".ima", ".img")
"""How DICOM files are usually named; many have no suffix."""


def is_named_as_file(text: str) -> bool:
    """Whether a word can only be the name of a file, not a TARGET."""
    return text.lower().endswith(_SUFFIXES) or text.startswith(("~", "./", ".\\"))


def is_path(text: str) -> bool:
    """Whether a word can be the path of a file; so can that of a place in an archive."""
    return "/" in text or "\\" in text


def _completes(typed: str, name: str) -> bool:
    """Any file completes a path; a word that may be a key or a row, only what looks like one."""
    begins_path = is_path(typed) or typed.startswith("~")
    return begins_path or is_named_as_file(name) or (bool(typed) and name.endswith("/"))


TARGET_OR_FILE = replace(TARGET, files=_completes)
