"""An object that a client sends: what a query can ask for, read from its data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dicomsh.frozen import frozen
from dicomsh.model.charset import Decode, decoder
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.status import IDENTIFIER_MISMATCH, UNABLE_TO_PROCESS
from dicomsh.model.transfer_syntaxes import IMPLICIT_LITTLE_ENDIAN
from dicomsh.practice.archive import COMPUTED, HELD, Attributes, Content, Value, vr_of
from dicomsh.practice.codec import Elements, read_beginning
from dicomsh.practice.encoding import decoded
from dicomsh.practice.identifier import RefusedError

_LONGEST_VALUE = 1024
"""Characters of a value that are kept for queries; UIDs, names and descriptions are shorter."""
_MOST_ITEMS = 16
_DEEPEST = 3
_VRS = frozenset("AE AS CS DA DS DT IS LO LT PN SH SQ ST TM UC UI UR US UT".split())
"""Value representations of what is kept; others are not matched, nor in a list."""


@frozen
class Received:
    """An object that a client has sent.

    Args:
        levels: the attributes of its patient, study, series and instance.
        content: its data set.
    """

    levels: Mapping[Level, Attributes]
    content: Content

    def unique(self, level: Level) -> str:
        """The value of the unique key of a level."""
        return str(self.levels[level].get(by_keyword(level.unique_keyword).tag, ""))

    @property
    def sop_class(self) -> str:
        """Its SOP Class UID."""
        return str(self.levels[Level.INSTANCE][_SOP_CLASS])


_SOP_CLASS = by_keyword("SOPClassUID").tag
_WANTED = {level: HELD[level] - COMPUTED for level in HIERARCHY}
_LAST = max(max(tags) for tags in _WANTED.values())


def received(content: Content, sop_class: str, sop_instance: str) -> Received:
    """An object as its data set describes it.

    Args:
        content: its data set; one that is not compressed as a whole, in little endian.
        sop_class: its SOP Class UID in the request.
        sop_instance: its SOP Instance UID in the request.

    Raises:
        RefusedError: it cannot be read (0xC000), lacks a UID, or has another one than the request
            (0xA900; PS3.4 table B.2-1).
    """
    try:
        explicit = content.syntax != IMPLICIT_LITTLE_ENDIAN
        elements = read_beginning(content.data, explicit, _LAST)
    except ValueError as error:
        raise RefusedError(UNABLE_TO_PROCESS, f"Data set: {error}") from None
    declared = elements.get(SPECIFIC_CHARACTER_SET, ("", b""))[1]
    decode = decoder(declared if isinstance(declared, bytes) else b"")
    made = Received(
        {level: _attributes(elements, tags, decode) for level, tags in _WANTED.items()}, content
    )
    _check(made, sop_class, sop_instance)
    return made


def _check(made: Received, sop_class: str, sop_instance: str) -> None:
    for level in (Level.STUDY, Level.SERIES, Level.INSTANCE):
        if not made.unique(level):
            raise RefusedError(IDENTIFIER_MISMATCH, f"Data set: no {level.unique_keyword}")
    if made.unique(Level.INSTANCE) != sop_instance:
        raise RefusedError(IDENTIFIER_MISMATCH, "Data set: not the requested SOPInstanceUID")
    if str(made.levels[Level.INSTANCE].get(_SOP_CLASS, "")) != sop_class:
        raise RefusedError(IDENTIFIER_MISMATCH, "Data set: not the requested SOPClassUID")


def _attributes(
    elements: Elements, tags: Iterable[int], decode: Decode, depth: int = 0
) -> dict[int, Value]:
    """The values of some attributes, as far as their form is that of their VR."""
    found = {
        tag: _value(elements[tag][1], vr_of(tag), decode, depth)
        for tag in tags
        if tag in elements and vr_of(tag) in _VRS
    }
    return {tag: value for tag, value in found.items() if value is not None}


def _value(
    value: bytes | tuple[Elements, ...], vr: str, decode: Decode, depth: int
) -> Value | None:
    if isinstance(value, bytes):
        return None if vr == "SQ" else decoded(value[:_LONGEST_VALUE], vr, decode)
    if vr != "SQ" or depth == _DEEPEST:
        return None
    return tuple(_attributes(one, one, decode, depth + 1) for one in value[:_MOST_ITEMS])
