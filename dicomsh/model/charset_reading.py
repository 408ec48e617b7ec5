"""How the text of an answer is read if its server declares it wrongly (PS3.3 C.12.1.1.2).

Servers misspell defined terms, combine sets that stand alone, leave out escape sequences, and label
UTF-8 as Latin-1. `CharsetCheck` reports whatever is guessed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

from dicomsh.model.charset import (
    READABLE,
    REPLACEMENT,
    UTF8,
    WINDOWS_1252,
    Decode,
    declared_term,
    decoder,
    readable,
)
from dicomsh.regex import regex

_ALONE = frozenset((UTF8, "GB18030", "GBK", WINDOWS_1252))
"""Sets that cannot be combined with others (PS3.3 C.12.1.1.2)."""
_WITHOUT_ESCAPES = {"ISO 2022 IR 149": "euc_kr", "ISO 2022 IR 58": "gb2312"}
"""Sets whose bytes are all above 127, so that they can be told without an escape sequence."""
_ESC = 0x1B


class Fault(Enum):
    """What is wrong with the character set of a text."""

    MISSPELT = "misspelt"
    NOT_COMBINABLE = "not-combinable"
    UNDECLARED_ESCAPE = "undeclared-escape"
    NO_ESCAPE = "no-escape"
    LOOKS_LIKE = "looks-like"
    READ_AS_FALLBACK = "read-as-fallback"


@lru_cache(maxsize=256)
def meant(declared: str) -> tuple[str, Fault | None]:
    r"""The defined terms that a declaration means, joined by `\`, and what is wrong with it.

    Terms that mean nothing stay as they are.
    """
    parts = [part.strip() for part in declared.split("\\")]
    spelt = [_spelt(part) for part in parts]
    alone = [part for part in spelt if part in _ALONE]
    if len(spelt) > 1 and alone:
        return alone[0], Fault.NOT_COMBINABLE
    combined = [_extension(part) for part in spelt] if len(spelt) > 1 else spelt
    if combined != spelt:
        return "\\".join(combined), Fault.NOT_COMBINABLE
    return "\\".join(spelt), None if spelt == parts else Fault.MISSPELT


def _spelt(part: str) -> str:
    return _SPELLINGS.get(_plain(part), part)


def _plain(term: str) -> str:
    return "".join(char for char in term.upper() if char.isalnum())


_SPELLINGS: Mapping[str, str] = {
    **{_plain(term): term for term in READABLE if term},
    **dict.fromkeys(("ISO88591", "LATIN1"), "ISO_IR 100"),
    "UTF8": UTF8,
}
"""Letters and digits of each term → the term, and what programmers call UTF-8 and Latin-1."""


def _extension(part: str) -> str:
    """The form of a term for several of them: with code extensions (PS3.3 table C.12-3)."""
    extended = part.replace("ISO_IR ", "ISO 2022 IR ")
    return extended if part != "ISO_IR 6" and extended in READABLE else part


@lru_cache(maxsize=64)
def answer_decoder(declared: bytes, fallback: str) -> Decode:
    """The decoder for text of an answer whose Specific Character Set is `declared`.

    Args:
        declared: the raw value of (0008,0005), empty if the answer has none.
        fallback: the defined term to assume if it has none or an unknown one, and where text is
            plainly in another set than declared; empty for Latin-1, the guess that shows every
            byte.
    """
    terms, _ = meant(declared_term(declared))
    if not (terms and readable(terms)):
        terms = fallback
    usual = decoder(terms.encode())
    other = READABLE.get(meant(fallback)[0]) if fallback and fallback != terms else None

    def decode(value: bytes) -> str:
        text = usual(value)
        if value.isascii():
            return text
        text = _without_escapes(value, terms) or text
        if other and (REPLACEMENT in text or looks_like(value, terms)):
            return _in_other(value, other) or text
        return text

    return decode


def _in_other(value: bytes, codec: str) -> str:
    """The text in another set, if it is text there and not plainly UTF-8; else empty."""
    if codec != "UTF8" and _strictly(value, "utf-8"):
        return ""
    text = _strictly(value, codec)
    return "" if _CONTROLS.search(text) else text


def _without_escapes(value: bytes, terms: str) -> str:
    """Korean or Chinese text that lacks its escape sequence; empty if it is neither."""
    if "2022" not in terms or _ESC in value:
        return ""
    codecs_ = (_WITHOUT_ESCAPES.get(term.strip()) for term in terms.split("\\"))
    return next((text for codec in codecs_ if codec and (text := _strictly(value, codec))), "")


def _strictly(value: bytes, codec: str) -> str:
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        return ""


_CONTROLS = regex("[\x80-\x9f]")
_HINTS = regex(rb"[\xc2-\xf4][\x80-\xbf]|[\x80-\x9f]")
"""Bytes that UTF-8 or Windows-1252 has, and hardly any text in a set of ISO 8859."""


def suspicious(raw: bytes, terms: str) -> bool:
    """Whether bytes in a set of ISO 8859 may be in UTF-8 or Windows-1252; `looks_like` decides."""
    return terms.strip() in _ISO_8859 and _HINTS.search(raw) is not None


def looks_like(value: bytes, terms: str) -> str:
    """The set that a value is plainly in, although declared as one of ISO 8859; else empty."""
    if terms.strip() not in _ISO_8859 or _HINTS.search(value) is None:
        return ""
    if _strictly(value, "utf-8"):
        return UTF8
    text = _strictly(value, "cp1252")
    return WINDOWS_1252 if any(0x80 <= byte < 0xA0 for byte in value) and text else ""


_ISO_8859 = frozenset(
    term
    for term, codec in READABLE.items()
    if codec.replace("_", "").startswith(("latin", "iso8859", "isoir1"))
)


_ESCAPES = regex(rb"\x1b(\$?[()\-)]*[A-Z0-9a-z])")
_ESCAPES_OF: Mapping[str, tuple[bytes, ...]] = {
    "ISO 2022 IR 6": (b"(B",),
    "ISO 2022 IR 13": (b"(J", b")I"),
    "ISO 2022 IR 87": (b"$B",),
    "ISO 2022 IR 159": (b"$(D",),
    "ISO 2022 IR 149": (b"$)C",),
    "ISO 2022 IR 58": (b"$)A",),
    "ISO 2022 IR 100": (b"-A",),
    "ISO 2022 IR 101": (b"-B",),
    "ISO 2022 IR 109": (b"-C",),
    "ISO 2022 IR 110": (b"-D",),
    "ISO 2022 IR 144": (b"-L",),
    "ISO 2022 IR 127": (b"-G",),
    "ISO 2022 IR 126": (b"-F",),
    "ISO 2022 IR 138": (b"-H",),
    "ISO 2022 IR 148": (b"-M",),
    "ISO 2022 IR 166": (b"-T",),
    "ISO 2022 IR 203": (b"-b",),
}
"""Escape sequences of each set, without ESC (PS3.3 tables C.12-3 and C.12-4)."""
_ANY_SET = (b"(B", b"(J")
"""Back to ASCII or its Japanese variant, which are never an extension of their own."""


def undeclared_escape(value: bytes, terms: str) -> bool:
    """Whether a value switches to a character set that its terms do not declare."""
    declared = {found for term in terms.split("\\") for found in _ESCAPES_OF.get(term.strip(), ())}
    if "2022" not in terms:
        return _ESC in value
    return not declared.union(_ANY_SET).issuperset(_ESCAPES.findall(value))


def lacks_escape(value: bytes, terms: str) -> bool:
    """Whether Korean or Chinese text came without its escape sequence."""
    return not value.isascii() and bool(_without_escapes(value, terms))
