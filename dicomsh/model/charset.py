"""Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1): one for a query, those of answers."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import groupby

from dicomsh.errors import UsageError
from dicomsh.regex import regex

Decode = Callable[[bytes], str]
"""Turns the bytes of one value field into text; never raises."""

REPLACEMENT = "\ufffd"
"""What stands in a text for bytes that are not valid in its character set."""

UTF8 = "ISO_IR 192"
_DEFAULT = "iso8859"
"""pydicom's codec for the default repertoire (ISO_IR 6)."""
_ESCAPE = 0x1B
_CHINESE = "iso_ir_58"
_GB2312 = "\x1b$)A"
"""The escape sequence of ISO 2022 IR 58, which pydicom leaves in the text."""
_DELIMITERS = {0x0D, 0x0A, 0x09, 0x0C, 0x5C, 0x5E, 0x3D}  # CR LF TAB FF \ ^ = (PS3.5 6.1.2.5.3)


CODECS: Mapping[str, str] = {
    "": _DEFAULT,
    "ISO_IR 6": _DEFAULT,
    "ISO_IR 13": "shift_jis",
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 126": "iso_ir_126",
    "ISO_IR 127": "iso_ir_127",
    "ISO_IR 138": "iso_ir_138",
    "ISO_IR 144": "iso_ir_144",
    "ISO_IR 148": "iso_ir_148",
    "ISO_IR 166": "iso_ir_166",
    "ISO 2022 IR 6": _DEFAULT,
    "ISO 2022 IR 13": "shift_jis",
    "ISO 2022 IR 87": "iso2022_jp",
    "ISO 2022 IR 100": "latin_1",
    "ISO 2022 IR 101": "iso8859_2",
    "ISO 2022 IR 109": "iso8859_3",
    "ISO 2022 IR 110": "iso8859_4",
    "ISO 2022 IR 126": "iso_ir_126",
    "ISO 2022 IR 127": "iso_ir_127",
    "ISO 2022 IR 138": "iso_ir_138",
    "ISO 2022 IR 144": "iso_ir_144",
    "ISO 2022 IR 148": "iso_ir_148",
    "ISO 2022 IR 149": "euc_kr",
    "ISO 2022 IR 159": "iso2022_jp_2",
    "ISO 2022 IR 166": "iso_ir_166",
    "ISO 2022 IR 58": "iso_ir_58",
    "ISO_IR 192": "UTF8",
    "GB18030": "GB18030",
    "ISO 2022 GBK": "GBK",
    "ISO 2022 58": "GB2312",
    "GBK": "GBK",
}
"""Defined term → Python's codec, as in pydicom's table (PS3.3 tables C.12-2 to C.12-5)."""

WINDOWS_1252 = "windows-1252"
READABLE: Mapping[str, str] = {
    **CODECS,
    WINDOWS_1252: "cp1252",
    "ISO_IR 203": "iso8859_15",
    "ISO 2022 IR 203": "iso8859_15",
}
"""Sets that answers are read in; one is not DICOM's, and few servers know the other."""

_NOT_PYTHONS = frozenset({"shift_jis", "iso2022_jp", "iso2022_jp_2"})
"""Codecs that encode more than their character set holds; pydicom's encoders check for that."""


def known(term: str) -> bool:
    """Whether a defined term, or several joined by `\\`, names character sets we can encode."""
    return all(part.strip() in CODECS for part in term.split("\\"))


def readable(term: str) -> bool:
    """Whether a defined term, or several joined by `\\`, names character sets we can decode."""
    return all(part.strip() in READABLE for part in term.split("\\"))


def declared_term(raw: bytes) -> str:
    """The defined terms in a value field of (0008,0005), joined by `\\`; empty for none."""
    return raw.decode("ascii", "replace").strip(" \0")


@lru_cache(maxsize=64)
def decoder(declared: bytes, fallback: str = "") -> Decode:
    """The decoder for text whose Specific Character Set is `declared`.

    Args:
        declared: the raw value of (0008,0005), empty if the answer has none.
        fallback: the defined term to assume if it has none or an unknown one; empty for Latin-1,
            the guess that shows every byte.
    """
    own = declared_term(declared)
    terms = next((term for term in (own, fallback) if term and readable(term)), "")
    first = codecs.lookup(READABLE[terms.split("\\")[0].strip()]).name
    may_extend = "\\" in terms or "2022" in terms  # here, and not for each value

    def decode(value: bytes) -> str:
        extended = _extended(value, terms) if may_extend and _ESCAPE in value else None
        return value.decode(first, "replace") if extended is None else extended

    return decode


@lru_cache(maxsize=64)
def _codecs(terms: str) -> list[str]:
    """The codecs of known defined terms; one without code extensions is always alone."""
    parts = [term.strip() for term in terms.split("\\")]
    if len(parts) == 1:
        return [READABLE[parts[0]]]
    import warnings

    from pydicom.charset import convert_encodings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert_encodings(parts)


def _extended(value: bytes, terms: str) -> str | None:
    """Code extensions: escape sequences switch the set inside a value (PS3.5 6.1.2.5).

    None if the terms have no code extensions.
    """
    import warnings

    # pydicom warns of what it replaces: CharsetCheck reports that to the user. It raises an error
    # instead if the program around us wants that of it
    with warnings.catch_warnings(), suppress(LookupError, ValueError):
        warnings.simplefilter("ignore")
        encodings = _codecs(terms)
        if len(encodings) > 1 or "2022" in terms:
            from pydicom.charset import decode_bytes

            return decode_bytes(value, encodings, _DELIMITERS).replace(_GB2312, "")
    return None


def choose(text: str, declared: str) -> str:
    """The Specific Character Set for a query that holds `text`.

    ASCII needs none (empty); else the peer's declared set if it can hold the text; else ISO_IR 192.
    A query is never sent with a character replaced: `?` in its place would match any character
    (PS3.4 C.2.2.2.4).

    Args:
        text: all values of the query, joined.
        declared: the defined term(s) declared for the modality, or empty.
    """
    if text.isascii():
        return ""
    # always named: of raw UTF-8 without a name, Orthanc's default finds nothing (measured: 1.10.1)
    return UTF8 if _lossless(text, declared) is None else declared


def composed(text: str) -> str:
    """A text with each accent and its letter as one character, as archives store them.

    Some keyboards and file systems give them apart (`u` and U+0308), which no single-byte set holds
    and a server that compares bytes does not find. What Unicode merely calls equal to another
    character, such as U+FA19 to U+795E, stays as typed: archives hold names with either.
    """
    if text.isascii():
        return text
    from unicodedata import normalize

    stretches = groupby(text, _is_called_another)
    return "".join(
        "".join(part) if kept else normalize("NFC", "".join(part)) for kept, part in stretches
    )


def _is_called_another(letter: str) -> bool:
    """Whether the canonical form of a character is one other character."""
    from unicodedata import decomposition

    form = decomposition(letter)
    return bool(form) and " " not in form


def carries(text: str, charset: str) -> bool:
    """Whether a text can be encoded in a character set without loss; ASCII always can."""
    return text.isascii() or _lossless(text, charset) is not None


_USUAL = (
    *(f"ISO_IR {number}" for number in (192, 100, 101, 109, 110, 144, 126, 127, 138, 148, 166, 13)),
    r"\ISO 2022 IR 87",
    r"ISO 2022 IR 13\ISO 2022 IR 87",
    r"\ISO 2022 IR 149",
    r"\ISO 2022 IR 58",
    "GB18030",
)
"""Character sets that archives hold names in."""


def alternatives(text: str, charset: str, seen: Iterable[str]) -> Iterator[str]:
    """Further character sets that hold a text, each with bytes of its own.

    Args:
        text: the text.
        charset: the set that it was sent in.
        seen: sets to begin with.
    """
    tried = {_lossless(text, charset)}
    for term in dict.fromkeys((*seen, *_USUAL)):
        raw = _lossless(text, term)
        if raw is not None and raw not in tried:
            tried.add(raw)
            yield term


_ESCAPE_SEQUENCE = regex(rb"\x1b[\x20-\x2f]+[\x30-\x7e]")
_BEYOND_ASCII = regex(r"[^\x00-\x7f]+")
_IN_MIDDLE = regex(r"[*?][^\x00-\x7f]|[^\x00-\x7f][*?]")
_WILDCARDS = regex(r"\*+")
_SPECIAL = frozenset(b"*?\\^= ")


def inside_words(text: str, charset: str) -> str | None:
    """A pattern whose bytes occur inside a word of a set with code extensions (ISO 2022).

    There the letters of a word stand between escape sequences (PS3.5 6.1.2.5), so a server that
    compares bytes does not find a pattern for a part of them: `*X*` is sent as wildcard, escape
    sequence, letter. This one has the bytes of the letters alone, as text of ISO_IR 100. It finds
    at least as much: where two letters meet, others may be found that have the same bytes.

    Returns:
        The pattern, or None if no wildcard is next to such a letter, or the set lacks the text.
    """
    if "2022" not in charset or not _IN_MIDDLE.search(text):
        return None
    parts = [_without_escapes(run, charset) for run in _BEYOND_ASCII.findall(text)]
    if None in parts:
        return None
    bare = iter(parts)
    # escape sequences may stand around the letters, and for `?` there are several bytes
    found = _BEYOND_ASCII.sub(lambda _: f"*{next(bare)}*", text.replace("?", "*"))
    return _WILDCARDS.sub("*", found)


def has_letters(raw: bytes, text: str, charset: str) -> bool:
    """Whether bytes have what each run of letters beyond ASCII of a text is in a character set."""
    runs = [_lossless(run, charset) for run in _BEYOND_ASCII.findall(text)]
    return all(run is not None and _ESCAPE_SEQUENCE.sub(b"", run) in raw for run in runs)


def _without_escapes(text: str, charset: str) -> str | None:
    raw = _lossless(text, charset)
    if raw is None:
        return None
    bare = _ESCAPE_SEQUENCE.sub(b"", raw)
    return bytes(ord("?") if byte in _SPECIAL else byte for byte in bare).decode("latin-1")


def encode(text: str, charset: str) -> bytes:
    """The bytes of `text` in a character set, without loss.

    Raises:
        UsageError: a character is not in the repertoire, or was not legible in an answer.
    """
    if text.isascii():
        return text.encode("ascii")
    if REPLACEMENT in text:
        raise UsageError(
            f"'{text}' contains a character that could not be read, so it cannot be sent",
            hint=f"use ? in its place: '{text.replace(REPLACEMENT, '?')}'",
        )
    raw = _lossless(text, charset)
    if raw is None:
        raise UsageError(
            f"'{text}' cannot be encoded in {charset or 'the default repertoire'}",
            hint=f"declare charset: {UTF8} for this modality",
        )
    return raw


_COMPONENT = regex(r"[^\r\n\t\f\\^=]+|[\r\n\t\f\\^=]+")
_BEYOND_DEFAULT = regex(rb"(?:^|[\r\n\t\f\\^=]|\x1b\(B)[^\x1b\x80-\xff]*[\x80-\xff]")
"""A byte above 127 while the default repertoire, which is ASCII, is still in force."""


def _lossless(text: str, charset: str) -> bytes | None:
    """The bytes of a text, or None if the set lacks a character.

    A delimiter returns to the first set (PS3.5 6.1.2.5.3), so each part is encoded separately.
    """
    if not known(charset):
        return None
    encodings = _codecs(charset)
    try:
        raw = b"".join(_component(part, encodings) for part in _COMPONENT.findall(text))
    except (UnicodeError, LookupError, ValueError, UserWarning):
        return None
    # pydicom encodes 'ü' as 0xFC for the default repertoire, without a warning (measured: 3.0)
    if encodings[0] == _DEFAULT and _BEYOND_DEFAULT.search(raw):
        return None
    return raw if decoder(charset.encode())(raw) == text else None


def _component(text: str, encodings: list[str]) -> bytes:
    """One component; ASCII at its start, such as `*`, needs no escape sequence before it."""
    if text.isascii():
        return text.encode("ascii")
    if len(encodings) == 1 and encodings[0] not in _NOT_PYTHONS:
        return text.encode(encodings[0])
    try:
        return _in_first(text, encodings[0])
    except UnicodeError:
        start = next(spot for spot, letter in enumerate(text) if not letter.isascii())
        return text[:start].encode("ascii") + _escaped(text[start:], encodings)


def _in_first(text: str, first: str) -> bytes:
    """Text that the first set holds, in which a component begins (PS3.5 6.1.2.5.3)."""
    raw = text.encode("ascii" if first == _DEFAULT else first)
    # JIS X 0201 has a byte for a letter, half-width katakana; the codec goes on to kanji
    if first in _NOT_PYTHONS and len(raw) != len(text):
        raise UnicodeError(f"not a character of {first}")
    return raw


def _escaped(text: str, encodings: list[str]) -> bytes:
    if _CHINESE in encodings and _encodable(text, _CHINESE):  # pydicom names no set for it
        return _GB2312.encode("ascii") + text.encode(_CHINESE)
    import warnings

    from pydicom.charset import encode_string

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return encode_string(text, encodings)


def _encodable(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeError:
        return False
    return True
