"""Checks of settings: functions from text to value.

Each raises a ValueError that says what was expected, to follow the word "expected".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dicomsh.folders import path_of
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.modality import DicomAddress
from dicomsh.model.status import CUT_OFF_STATUSES
from dicomsh.regex import regex

_LABEL = regex(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NAME = regex(r"\w[\w.-]{0,63}")
_URL = regex(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", re.ASCII)
_ADDRESS = regex(r"(?P<aet>.*)@(?:\[(?P<v6>[^][]*)\]|(?P<host>[^][:]*)):(?P<port>[^:@]*)", re.S)
_FAILURES = (range(0x0100, 0x0300), range(0xA000, 0xB000), range(0xC000, 0xD000))

ADDRESS_FORM = "AET@HOST:PORT, such as ORTHANC@127.0.0.1:4242"


_Value = TypeVar("_Value")


def ae_title(text: str) -> str:
    r"""An AE title: 1 to 16 ASCII characters, no backslash, no control characters.

    Surrounding spaces are dropped: they are not significant (PS3.5 6.2, VR AE), and on the wire a
    title is padded with spaces anyway (PS3.8 9.3.2), so the peer sees no difference.
    """
    title = text.strip(" ")
    if 1 <= len(title) <= 16 and title.isascii() and title.isprintable() and "\\" not in title:
        return title
    raise ValueError("an AE title (1 to 16 ASCII characters, no backslash)")


def host(text: str) -> str:
    """A host name, an IPv4 or an IPv6 address; brackets around the last are dropped."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _is_ipv6(bare) if ":" in bare else _is_host_name(bare):
        return bare
    raise ValueError("a host name or an IP address")


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address

    try:
        IPv6Address(text)
    except ValueError:
        return False
    return text.isprintable() and " " not in text


def _is_host_name(text: str) -> bool:
    """Whether the resolver accepts it; it would raise on text that IDNA refuses."""
    try:
        name = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    labels = name.removesuffix(".").split(".")
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def port(text: str) -> int:
    """A TCP port, 1 to 65535."""
    return _integer(text, 1, 65535)


def count(text: str) -> int:
    """A number of rows, at least 1."""
    return _integer(text, 1, 10**9)


def rows(text: str) -> int:
    """A number of rows, 0 included."""
    return _integer(text, 0, 10**9)


def _integer(text: str, low: int, high: int) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,10}", text) else -1
    if low <= number <= high:
        return number
    raise ValueError(f"a number from {low} to {high}")


def duration(text: str) -> float:
    """Seconds, 0 included, at most a day."""
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{0,6})?", text) and float(text) <= 86400:
        return float(text)
    raise ValueError("a number of seconds from 0 to 86400")


def time_limit(text: str) -> float:
    """Seconds, more than 0, at most a day."""
    try:
        seconds = duration(text)
    except ValueError:
        seconds = 0.0
    if seconds > 0:
        return seconds
    raise ValueError("a number of seconds greater than 0 and at most 86400")


def code(text: str) -> str:
    """A value of VR CS, such as a Modality (PS3.5 6.2)."""
    if text and len(text) <= 16 and set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _"):
        return text
    raise ValueError("a code of 1 to 16 capital letters, digits, spaces and '_', such as CT")


def short_text(text: str) -> str:
    """A value of VR SH, such as a station name (PS3.5 6.2)."""
    if text.strip() and len(text) <= 16 and text.isprintable() and "\\" not in text:
        return text
    raise ValueError("a text of 1 to 16 characters, no backslash")


def boolean(text: str) -> bool:
    """`true` or `false`, and the other words of YAML for them."""
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    try:
        return words[text.lower()]
    except KeyError:
        raise ValueError("true or false") from None


def charset(text: str) -> str:
    r"""Defined terms of Specific Character Set joined by `\` (PS3.3 C.12.1.1.2); may be empty."""
    from dicomsh.model.charset import known

    if known(text):
        return text.strip()
    raise ValueError("a defined term of Specific Character Set, such as ISO_IR 192")


def readable_charset(text: str) -> str:
    """As `charset`, and `windows-1252`, in which some servers answer although it is not DICOM's."""
    from dicomsh.model.charset import readable

    if readable(text):
        return text.strip()
    raise ValueError("a defined term of Specific Character Set, or windows-1252")


def keyword(text: str) -> str:
    """A keyword of the data dictionary; not a path into a sequence."""
    from dicomsh.model.keys import by_keyword

    try:
        return by_keyword(text).keyword
    except KeyError:
        raise ValueError("keywords of attributes, such as ModalitiesInStudy") from None


def extension(text: str) -> Extension:
    """An option of extended negotiation."""
    try:
        return _EXTENSIONS[text]
    except KeyError:
        raise ValueError(f"one or more of {', '.join(_EXTENSIONS)}") from None


_EXTENSIONS = {extension.word: extension for extension in Extension}


def url(text: str) -> str:
    """An http or https URL without query; a trailing slash is dropped."""
    if _URL.fullmatch(text) and text.isprintable():
        return text.rstrip("/")
    raise ValueError("a URL such as http://127.0.0.1:8042/wado, without ? and #")


def existing_file(folder: Path) -> Callable[[str], Path]:
    """A check for the name of an existing file; relative names start from the folder."""

    def check(text: str) -> Path:
        path = folder / path_of(text)
        if text and os.path.isfile(path):  # noqa: PTH113  Path.is_file raises for some names
            return path
        raise ValueError(f"an existing file (looked for {str(path)!r})")

    return check


def universal(text: str) -> str:
    """The value sent for a universal matching key: nothing or `*`."""
    if text in {"", "*"}:
        return text
    raise ValueError("'' or '*'")


def cut_off_status(text: str) -> int:
    """A status that servers send when they cut an answer off."""
    code = _status(text)
    if code in CUT_OFF_STATUSES:
        return code
    raise ValueError("0xFE00, 0xA700 or 0xB001")


def failure_status(text: str) -> int:
    """A DIMSE status of the class Failure (PS3.7 annex C, PS3.4 C.4.1.1.4)."""
    code = _status(text)
    if any(code in codes for codes in _FAILURES):
        return code
    raise ValueError("a failure status such as 0xC000 or 0xA700")


def _status(text: str) -> int:
    if re.fullmatch(r"0[xX][0-9a-fA-F]{4}", text):
        return int(text, 16)
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else -1


_STORAGE_SYNTAXES = {
    "explicit": "1.2.840.10008.1.2.1",
    "implicit": "1.2.840.10008.1.2",
    "jpeg": "1.2.840.10008.1.2.4.50",
}


def storage_syntax(text: str) -> str:
    """UID of a transfer syntax that the practice archive has."""
    try:
        return _STORAGE_SYNTAXES[text]
    except KeyError:
        raise ValueError("explicit, implicit or jpeg") from None


def modality_name(text: str) -> str:
    """The name of a modality, which must also work as a word and a path segment.

    Letters and digits of any script, `_`, `.` and `-`, not beginning with either of the last two.
    """
    if _NAME.fullmatch(text):
        return text
    raise ValueError(
        "a name of 1 to 64 letters, digits, '_', '.' and '-', not beginning with '.' or '-'"
    )


def address(text: str) -> DicomAddress:
    """The parts of `AET@HOST:PORT` or `AET@[IPV6]:PORT`; the AE title may contain `@` itself."""
    parts = _ADDRESS.fullmatch(text)
    if parts is None:
        raise ValueError(ADDRESS_FORM)
    name = parts["host"] if parts["v6"] is None else parts["v6"]
    return DicomAddress(
        _part("AET", ae_title, parts["aet"]),
        _part("HOST", host, name),
        _part("PORT", port, parts["port"]),
    )


def _part(name: str, check: Callable[[str], _Value], text: str) -> _Value:
    """A part of the text typed; the error names it."""
    try:
        return check(text)
    except ValueError as error:
        raise ValueError(f"{error} as {name}") from None
