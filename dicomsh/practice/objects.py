"""The objects of the practice archive: what C-FIND returns of them, with an image or a report.

A made-up object is made when it is sent, a piece at a time. Whoever asks for it again in the same
transfer syntax gets the same bytes. An object that a client has stored is sent as it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from struct import pack
from typing import Protocol

from dicomsh.frozen import frozen
from dicomsh.model.charset import UTF8
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.transfer_syntaxes import IMPLICIT_LITTLE_ENDIAN, UNCOMPRESSED
from dicomsh.practice.archive import COMPUTED, Attributes, Content, StoredEntity, Value
from dicomsh.practice.codec import element, item, sequence_end
from dicomsh.practice.documents import pdf, sections
from dicomsh.practice.encoding import encoded
from dicomsh.practice.jpeg import BLOCK, jpeg
from dicomsh.practice.modules import EMPTY, MODULES, SEGMENTS
from dicomsh.practice.phantom import (
    PHASES,
    PICTURES,
    as_bits,
    as_blocks,
    as_words,
    painted,
    phase,
)
from dicomsh.practice.protocols import COMPRESSED, JPEG_BASELINE, WORDS

_PIXELS = 0x7FE00010
_DOCUMENT = 0x00420011
_PADDING = 0xFFFCFFFC
TRAILING_PADDING = pack("<HH", _PADDING >> 16, _PADDING & 0xFFFF)
"""How Data Set Trailing Padding begins, in little endian."""
_PIECE = 256 * 1024


class CompositeObject(Protocol):
    """A composite SOP instance that can be sent."""

    @property
    def sop_class(self) -> str:
        """Its SOP Class UID."""
        ...

    @property
    def uid(self) -> str:
        """Its SOP Instance UID."""
        ...

    @property
    def number(self) -> int:
        """Its Instance Number; 0 if it has none."""
        ...

    @property
    def syntaxes(self) -> tuple[str, ...]:
        """The transfer syntaxes that it can be sent in, the one it is held in first."""
        ...

    def pieces(self, syntax: str) -> Iterator[bytes]:
        """The data set in one of `syntaxes`, in pieces."""
        ...


def object_of(path: tuple[StoredEntity, ...], padding: int) -> CompositeObject:
    """The object of a patient, study, series and instance.

    Args:
        path: the entities.
        padding: bytes added to an object that is made up.
    """
    content = path[-1].content
    if content is not None:
        return ReceivedObject(path[-1].attributes, content)
    return PracticeObject(path, padding)


@frozen
class ReceivedObject:
    """An object that a client has stored.

    Args:
        attributes: those of its instance level.
        content: its data set.
    """

    attributes: Attributes
    content: Content

    @property
    def sop_class(self) -> str:
        """Its SOP Class UID."""
        return str(self.attributes[by_keyword("SOPClassUID").tag])

    @property
    def uid(self) -> str:
        """Its SOP Instance UID."""
        return str(self.attributes[by_keyword("SOPInstanceUID").tag])

    @property
    def number(self) -> int:
        """Its Instance Number; 0 if it has none."""
        return instance_number(self.attributes)

    @property
    def syntaxes(self) -> tuple[str, ...]:
        """Its own transfer syntax."""
        return (self.content.syntax,)

    def pieces(self, syntax: str) -> Iterator[bytes]:
        """The data set, in pieces of some hundred kilobytes."""
        del syntax
        return _pieces(self.content.data)


def instance_number(attributes: Attributes) -> int:
    """The Instance Number among the attributes of an instance; 0 if there is no valid one."""
    try:
        return int(str(attributes.get(by_keyword("InstanceNumber").tag, 0)))
    except ValueError:
        return 0


@frozen
class PracticeObject:
    """A SOP instance that is made up.

    Args:
        path: its patient, study, series and instance.
        padding: bytes after it that mean nothing (PS3.10 7.2), to make it large.
    """

    path: tuple[StoredEntity, ...]
    padding: int = 0

    @property
    def sop_class(self) -> str:
        """Its SOP Class UID."""
        return self._text("SOPClassUID")

    @property
    def uid(self) -> str:
        """Its SOP Instance UID."""
        return self._text("SOPInstanceUID")

    @property
    def number(self) -> int:
        """Its Instance Number."""
        return int(self._text("InstanceNumber"))

    @property
    def syntaxes(self) -> tuple[str, ...]:
        """The transfer syntaxes that it can be sent in, the one it is held in first."""
        return (JPEG_BASELINE, *UNCOMPRESSED) if self._compressed else UNCOMPRESSED

    def pieces(self, syntax: str) -> Iterator[bytes]:
        """The data set, in pieces of up to some hundred kilobytes.

        Args:
            syntax: one of `syntaxes`.
        """
        explicit = syntax != IMPLICIT_LITTLE_ENDIAN
        yield b"".join(one for _, one in sorted(self._elements(syntax, explicit)))
        if syntax == JPEG_BASELINE:
            yield from self._compressed_frames()
        elif self._modality in PICTURES:
            yield from self._plain_frames(explicit)
        if self.padding:
            yield from _padding(self.padding, explicit)

    @property
    def _modality(self) -> str:
        return self._text("Modality")

    @property
    def _compressed(self) -> bool:
        return self._modality in COMPRESSED

    def _text(self, keyword: str) -> str:
        tag = by_keyword(keyword).tag
        return next((str(one.attributes[tag]) for one in self.path if tag in one.attributes), "")

    def _elements(self, syntax: str, explicit: bool) -> Iterator[tuple[int, bytes]]:
        """What comes before the pixels, by tag."""
        for tag, value in self._attributes(syntax).items():
            yield tag, encoded(tag, value, explicit)
        if self._modality == "DOC":
            yield _DOCUMENT, element(_DOCUMENT, "OB", self._pdf(), explicit)

    def _attributes(self, syntax: str) -> dict[int, Value]:
        made: dict[int, Value] = dict(EMPTY)
        for one in self.path:
            made |= {tag: one.attributes[tag] for tag in one.attributes.keys() - COMPUTED}
        made |= MODULES[self._modality]
        made |= self._computed()
        if syntax == JPEG_BASELINE:
            made |= _tagged("LossyImageCompression", "01")
        return made | {SPECIFIC_CHARACTER_SET: UTF8}

    def _computed(self) -> dict[int, Value]:
        """What depends on the object and cannot be asked for."""
        match self._modality:
            case "SR":
                return _tagged("ContentSequence", sections(self._text("StudyDescription")))
            case "SEG":
                return _tagged("SegmentSequence", SEGMENTS)
            case "CT" | "MR" | "PT":
                place = f"-200\\-200\\{self._text('SliceLocation')}"
                frame = self._text("StudyInstanceUID")[:60] + ".1"
                return _tagged("ImagePositionPatient", place) | _tagged(
                    "FrameOfReferenceUID", frame
                )
        return {}

    def _pdf(self) -> bytes:
        words = ("StudyDescription", "PatientID", "StudyDate")
        return pdf(["Practice report", *(f"{word}: {self._text(word)}" for word in words)])

    @property
    def _frames(self) -> int:
        return int(self._text("NumberOfFrames") or 1)

    def _compressed_frames(self) -> Iterator[bytes]:
        """Encapsulated pixel data: an empty offset table, and an item a frame (PS3.5 A.4)."""
        yield pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + item(b"")
        rows, columns = int(self._text("Rows")), int(self._text("Columns"))
        pictures = [phase(PICTURES[self._modality], self.number + one) for one in self._phases]
        images = [
            jpeg(painted(picture, rows // BLOCK, columns // BLOCK), rows, columns)
            for picture in pictures
        ]
        for frame in range(self._frames):
            image = images[frame % PHASES]
            yield item(image + bytes(len(image) % 2))
        yield sequence_end()

    @property
    def _phases(self) -> range:
        return range(min(self._frames, PHASES))

    def _plain_frames(self, explicit: bool) -> Iterator[bytes]:
        frames = [self._plain(frame) for frame in self._phases]
        length = len(frames[0]) * self._frames
        vr = "OW" if self._modality in WORDS else "OB"
        yield _head(_PIXELS, vr, length + length % 2, explicit)
        for frame in range(self._frames):
            yield from _pieces(frames[frame % PHASES])
        yield bytes(length % 2)

    def _plain(self, frame: int) -> bytes:
        rows, columns = int(self._text("Rows")), int(self._text("Columns"))
        image = self._modality, (self.number + frame) % PHASES, rows, columns
        make = _kept if rows * columns <= _SMALL else _plain
        return make(*image)


def _plain(modality: str, number: int, rows: int, columns: int) -> bytes:
    """The pixels of a frame (PS3.5 8.1)."""
    picture = phase(PICTURES[modality], number)
    if modality == "SEG":
        return b"".join(map(as_bits, painted(picture, rows, columns)))
    if modality in WORDS:
        return b"".join(map(as_words, painted(picture, rows, columns)))
    squares = painted(picture, rows // BLOCK, columns // BLOCK)
    return b"".join(as_blocks(row, BLOCK) * BLOCK for row in squares)


_kept = lru_cache(4 * PHASES)(_plain)
_SMALL = 512 * 512
"""Pixels of a frame that is kept: a series has many such, and few different ones."""


def _tagged(keyword: str, value: Value) -> dict[int, Value]:
    return {by_keyword(keyword).tag: value}


def _head(tag: int, vr: str, length: int, explicit: bool) -> bytes:
    """The beginning of a long element, whose value follows."""
    start = pack("<HH", tag >> 16, tag & 0xFFFF)
    return start + (vr.encode() + bytes(2) if explicit else b"") + pack("<I", length)


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _PIECE] for at in range(0, len(data), _PIECE))


def _padding(length: int, explicit: bool) -> Iterator[bytes]:
    """Data Set Trailing Padding (FFFC,FFFC), of an even length."""
    length += length % 2
    yield _head(_PADDING, "OB", length, explicit)
    whole, rest = divmod(length, _PIECE)
    for _ in range(whole):
        yield bytes(_PIECE)
    yield bytes(rest)
