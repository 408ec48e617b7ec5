"""Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1): one for a query, those of answers."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from functools import lru_cache

from dicomsh.errors import UsageError

Decode = Callable[[bytes], str]
"""Turns the bytes of one value field into text; never raises."""

UTF8 = "ISO_IR 192"
_LATIN1 = "iso8859"
_ESCAPE = 0x1B
_DELIMITERS = {0x0D, 0x0A, 0x09, 0x0C, 0x5C, 0x5E, 0x3D}  # CR LF TAB FF \ ^ = (PS3.5 6.1.2.5.3)


def known(term: str) -> bool:
    """Whether a defined term, or several joined by `\\`, names character sets that we can read."""
    from pydicom.charset import python_encoding

    return all(part.strip() in python_encoding for part in term.split("\\"))


@lru_cache(maxsize=64)
def decoder(declared: bytes, fallback: str) -> Decode:
    """The reader for text whose Specific Character Set is `declared`.

    Args:
        declared: the raw value of (0008,0005), empty when the answer has none.
        fallback: the defined term to assume when it has none or an unknown one; empty for Latin-1,
            the guess that shows every byte.
    """
    terms = declared.decode("ascii", "replace").strip(" \0")
    if not terms or not known(terms):
        terms = fallback
    if not terms:
        return _single(_LATIN1)
    return _reader(tuple(term.strip() for term in terms.split("\\")))


def _reader(terms: tuple[str, ...]) -> Decode:
    from pydicom.charset import convert_encodings, python_encoding

    if len(terms) == 1 and "2022" not in terms[0]:
        return _single(python_encoding[terms[0]])
    encodings = convert_encodings(list(terms))
    return _extended(encodings)


def _single(codec: str) -> Decode:
    name = codecs.lookup(codec).name

    def decode(value: bytes) -> str:
        return value.decode(name, "replace")

    return decode


def _extended(encodings: list[str]) -> Decode:
    """Code extensions: escape sequences switch the set inside a value (PS3.5 6.1.2.5)."""
    import warnings

    from pydicom.charset import decode_bytes

    first = codecs.lookup(encodings[0]).name

    def decode(value: bytes) -> str:
        if _ESCAPE not in value:
            return value.decode(first, "replace")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return decode_bytes(value, encodings, _DELIMITERS)
            except (LookupError, ValueError):
                return value.decode(first, "replace")

    return decode


def choose(text: str, declared: str) -> str:
    """The Specific Character Set for a query that holds `text`.

    ASCII needs none (empty); else the peer's declared set if the text survives it without loss;
    else ISO_IR 192. A query is never sent with a character replaced.

    Args:
        text: all values of the query, joined.
        declared: the defined term(s) declared for the modality, or empty.
    """
    if text.isascii():
        return ""
    if declared and _survives(text, declared):
        return declared
    return UTF8


def encode(text: str, charset: str) -> bytes:
    """The bytes of `text` in a character set, without loss.

    Raises:
        UsageError: a character is not in the repertoire.
    """
    if text.isascii():
        return text.encode("ascii")
    raw = _encoded(text, charset)
    if raw is None or decoder(charset.encode("ascii"), "")(raw) != text:
        raise UsageError(
            f"'{text}' cannot be written in {charset or 'the default repertoire'}",
            hint=f"declare charset: {UTF8} for this modality",
        )
    return raw


def _survives(text: str, charset: str) -> bool:
    raw = _encoded(text, charset)
    return raw is not None and decoder(charset.encode("ascii"), "")(raw) == text


def _encoded(text: str, charset: str) -> bytes | None:
    import warnings

    from pydicom.charset import convert_encodings, encode_string

    if not known(charset):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return encode_string(text, convert_encodings(charset.split("\\")))
        except (UnicodeError, LookupError, ValueError, UserWarning):
            return None
