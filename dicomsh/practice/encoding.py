"""Attributes of the archive as elements of a data set, and the other way round."""

from __future__ import annotations

from struct import pack

from dicomsh.model.charset import Decode
from dicomsh.model.vr import BINARY_NUMBERS
from dicomsh.practice.archive import Attributes, Value, vr_of
from dicomsh.practice.codec import element, item


def encoded(tag: int, value: Value, explicit: bool) -> bytes:
    """One element of an answer or an object; text is in UTF-8."""
    vr = vr_of(tag)
    if isinstance(value, tuple):
        items = b"".join(item(_items(entry, explicit)) for entry in value)
        return element(tag, vr, items, explicit)
    if vr == "AT":
        return element(tag, vr, b"".join(map(_tag, str(value).split("\\"))), explicit)
    if vr in BINARY_NUMBERS and value:
        raw = b"".join(BINARY_NUMBERS[vr].pack(int(number)) for number in value.split("\\"))
        return element(tag, vr, raw, explicit)
    return element(tag, vr, value.encode(), explicit)


def _tag(text: str) -> bytes:
    """An attribute tag as a value: group, then element (PS3.5 6.2)."""
    return pack("<HH", int(text[:4], 16), int(text[4:], 16))


def _items(entry: Attributes, explicit: bool) -> bytes:
    return b"".join(encoded(tag, value, explicit) for tag, value in sorted(entry.items()))


def decoded(raw: bytes, vr: str, decode: Decode) -> str:
    """The value of an element as text, as far as it is whole.

    Args:
        raw: its value field.
        vr: its VR.
        decode: reads the character set of the data set.
    """
    if vr in BINARY_NUMBERS:
        form = BINARY_NUMBERS[vr]
        whole = raw[: len(raw) - len(raw) % form.size]
        return "\\".join(str(number) for (number,) in form.iter_unpack(whole))
    return decode(raw).strip(" \0")
