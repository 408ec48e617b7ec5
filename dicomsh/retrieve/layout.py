"""Where the files of a retrieval go: folders, and names that every file system takes."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.model.keys import is_keyword
from dicomsh.model.level_keys import level_of
from dicomsh.model.levels import Level
from dicomsh.regex import regex

DEFAULT = (
    "{PatientID}/{StudyDate}_{StudyInstanceUID}/{SeriesNumber}_{Modality}/{SOPInstanceUID}.dcm"
)
"""The layout if none is given."""

_PIECE = regex(r"\{([^{}]*)\}|([^{}]+)|(.)")


@frozen
class Layout:
    """A path with attributes in braces.

    Args:
        segments: for each folder and for the file, literal text and keywords in turn; a keyword is
            in a tuple of its own.
    """

    segments: tuple[tuple[str | tuple[str], ...], ...]

    @property
    def keywords(self) -> tuple[str, ...]:
        """The attributes that it names, in order."""
        found = [piece[0] for one in self.segments for piece in one if isinstance(piece, tuple)]
        return tuple(dict.fromkeys(found))

    def at(self, level: Level) -> tuple[str, ...]:
        """The attributes that a query at a level has to return for it."""
        return tuple(word for word in self.keywords if level_of(word) is level)

    def filled(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The parts of the path for an instance, not yet safe; what is unknown is empty."""
        return tuple(_filled(segment, values) for segment in self.segments)


def read_layout(text: str) -> Layout:
    """The layout in a text such as `{PatientID}/{SOPInstanceUID}.dcm`.

    Raises:
        UsageError: it is not a relative path, or names something that is not an attribute.
    """
    if not text or text.startswith(("/", "\\", "~")) or "\\" in text:
        raise UsageError(
            f"'{text}' is not a layout: it must be a path below the folder, with / between folders",
            hint=f"for example {DEFAULT}",
        )
    segments = [tuple(_pieces(segment, text)) for segment in text.split("/") if segment]
    if ("SOPInstanceUID",) not in segments[-1]:
        raise UsageError(
            f"the file name in '{text}' has no {{SOPInstanceUID}}, so files could share a name",
            hint=f"for example {DEFAULT}",
        )
    return Layout(tuple(segments))


def _pieces(segment: str, whole: str) -> Iterator[str | tuple[str]]:
    if segment in (".", ".."):
        raise UsageError(f"'{whole}' is not a layout: '{segment}' would leave the folder")
    for keyword, literal, stray in _PIECE.findall(segment):
        if stray:
            raise UsageError(f"'{whole}' is not a layout: '{stray}' without its partner")
        if literal:
            yield literal
            continue
        if not is_keyword(keyword) or level_of(keyword) is None:
            raise UsageError(
                f"'{whole}' is not a layout: '{keyword}' is not an attribute of a patient, study, "
                "series or instance",
                hint="'help keys' lists the keys of each level",
            )
        yield (keyword,)


def _filled(segment: tuple[str | tuple[str], ...], values: Mapping[str, str]) -> str:
    return "".join(
        values.get(piece[0], "") if isinstance(piece, tuple) else piece for piece in segment
    )


_LONGEST = 120
"""Bytes of a name: 255 are allowed by most file systems, but whole paths are limited, too (260
characters on Windows)."""
_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    (
        *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
        *(f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"),
    )
)
"""Names of devices, with any suffix, on Windows."""


def safe_name(text: str) -> str:
    """A text as the name of a file or folder: never empty, hidden, an option, or outside.

    Differing texts can have the same safe name.
    """
    plain = unicodedata.normalize("NFC", text)
    kept = "".join("_" if _unsafe(found) else found for found in plain) if _unsafe(plain) else plain
    kept = kept.strip(" ").rstrip(" .")
    if not kept or kept[0] in ".-" or kept.split(".")[0].rstrip(" ").upper() in _DEVICES:
        kept = f"_{kept}"
    return kept if len(kept.encode()) <= _LONGEST else _shortened(kept, text)


def _unsafe(text: str) -> bool:
    # control characters, invisible ones, surrogates, and those that change the direction of writing
    return not text.isprintable() or not _FORBIDDEN.isdisjoint(text)


def _shortened(name: str, whole: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > 8:
        stem, dot, suffix = name, "", ""
    ending = f"~{digest(whole)}{dot}{suffix}"
    room = _LONGEST - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore") + ending


def digest(text: str) -> str:
    """Eight characters that tell texts apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


class Paths:
    """Gives each instance a path that no other has, also where case does not tell names apart.

    Args:
        layout: the layout of folders.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._taken: set[str] = set()
        self._originals: dict[str, str] = {}
        self._folders: dict[tuple[str, ...], PurePosixPath] = {(): PurePosixPath()}

    def path(self, values: Mapping[str, str]) -> PurePosixPath:
        """The path for an instance with these attributes: relative, each part of it safe."""
        *above, name = self._layout.filled(values)
        path = self._folder(tuple(above)) / safe_name(name)
        if str(path).casefold() in self._taken:
            path = path.with_name(f"{path.stem}~{digest(values['SOPInstanceUID'])}{path.suffix}")
        self._taken.add(str(path).casefold())
        return path

    def _folder(self, parts: tuple[str, ...]) -> PurePosixPath:
        """The folder for these parts, made once for all instances of a series."""
        if parts not in self._folders:
            *above, original = parts
            self._folders[parts] = self._below(self._folder(tuple(above)), original)
        return self._folders[parts]

    def _below(self, parent: PurePosixPath, original: str) -> PurePosixPath:
        """A folder, with an addition if another one of that name is something else.

        The patients `AB` and `ab` must not share a folder on a file system that ignores case, nor
        `A/B` and `A_B` anywhere.
        """
        path = parent / safe_name(original)
        if self._originals.setdefault(str(path).casefold(), original) == original:
            return path
        return parent / f"{path.name}~{digest(original)}"
