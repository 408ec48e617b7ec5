"""What a client sends is read, or refused; nothing of it can make a query fail."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.practice.archive import HELD, Content, PracticeArchive, vr_of
from dicomsh.practice.codec import element, item
from dicomsh.practice.holdings import merged
from dicomsh.practice.identifier import Identifier, RefusedError
from dicomsh.practice.matching import RequestedKey
from dicomsh.practice.query import PracticeQuery, Style
from dicomsh.practice.received import Received, received
from tests.dimse.peers import encoded
from tests.retrieve.giving import image

IMAGE = image(1, BodyPartExamined="CHEST", PatientBirthDate="19700101", SliceLocation="2.5")
IMAGE.Rows = IMAGE.Columns = 7
DATA = encoded(IMAGE, explicit=True)


def read(data: bytes, syntax: str = EXPLICIT_LITTLE_ENDIAN) -> Received:
    return received(Content(syntax, data), IMAGE.SOPClassUID, IMAGE.SOPInstanceUID)


def answers(one: Received) -> list[bytes]:
    """Every attribute of every level, as a query returns it."""
    archive, found = merged(PracticeArchive(()), [one]), []
    for level in HIERARCHY:
        keys = tuple(RequestedKey(tag, vr_of(tag), "") for tag in sorted(HELD[level]))
        query = PracticeQuery(archive, Identifier(level, keys), Style(True, "X"))
        found += [query.answer(path) for path in query.matches()]
    return found


def test_both_encodings_are_read() -> None:
    for explicit, syntax in ((True, EXPLICIT_LITTLE_ENDIAN), (False, IMPLICIT_LITTLE_ENDIAN)):
        one = read(encoded(IMAGE, explicit=explicit), syntax)
        assert [one.unique(level) for level in HIERARCHY] == ["P1", "1.2.1", "1.2.1.1", "1.2.1.1.1"]
        rows = answers(one)
        assert len(rows) == 4
        assert b"Doe^Jane" in rows[0]
        assert b"CHEST" in rows[2]


@given(st.integers(0, len(DATA) - 1), st.binary(min_size=1, max_size=4))
@settings(max_examples=300)
def test_changed_bytes(place: int, change: bytes) -> None:
    with suppress(RefusedError):
        one = read(DATA[:place] + change + DATA[place + len(change) :])
        assert len(answers(one)) == 4


def test_what_has_the_form_of_another_vr_is_left_out() -> None:
    """A sequence where text belongs, and text where a sequence belongs."""
    body_part, concept = 0x00180015, 0x0040A043
    sequence = element(body_part, "SQ", item(element(0x00080100, "SH", b"X", True)), True)
    odd = encoded(image(1), explicit=True)
    place = odd.index(b"\x20\x00\x0d\x00UI")
    data = odd[:place] + sequence + odd[place:]
    pixels = data.index(b"\xe0\x7f\x10\x00")
    one = read(data[:pixels] + element(concept, "LO", b"text", True) + data[pixels:])
    assert body_part not in one.levels[Level.SERIES]
    assert concept not in one.levels[Level.INSTANCE]
    assert len(answers(one)) == 4
