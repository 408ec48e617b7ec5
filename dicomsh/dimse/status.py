"""What a DIMSE status says and asks for (PS3.4 C.4.1.1.4, PS3.7 annex C)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from dicomsh.dimse.command import Command
from dicomsh.errors import QueryFailedError
from dicomsh.model.keys import by_tag

CANCEL = 0xFE00
_OUT_OF_RESOURCES = 0xA700
_SUCCESS, _FAILURE, _WARNING, _PENDING = "Success", "Failure", "Warning", "Pending"

_STATUSES: Mapping[int, tuple[str, str]] = {
    0x0000: (_SUCCESS, ""),
    0x0105: (_FAILURE, "No Such Attribute"),
    0x0106: (_FAILURE, "Invalid Attribute Value"),
    0x0107: (_WARNING, "Attribute List Error"),
    0x0110: (_FAILURE, "Processing Failure"),
    0x0111: (_FAILURE, "Duplication SOP Instance"),
    0x0112: (_FAILURE, "No Such SOP Instance"),
    0x0113: (_FAILURE, "No Such Event Type"),
    0x0114: (_FAILURE, "No Such Argument"),
    0x0115: (_FAILURE, "Invalid Argument Value"),
    0x0116: (_WARNING, "Attribute Value Out of Range"),
    0x0117: (_FAILURE, "Invalid Object Instance"),
    0x0118: (_FAILURE, "No Such SOP Class"),
    0x0119: (_FAILURE, "Class-Instance Conflict"),
    0x0120: (_FAILURE, "Missing Attribute"),
    0x0121: (_FAILURE, "Missing Attribute Value"),
    0x0122: (_FAILURE, "Refused: SOP Class Not Supported"),
    0x0123: (_FAILURE, "No Such Action"),
    0x0124: (_FAILURE, "Refused: Not Authorised"),
    0x0210: (_FAILURE, "Duplicate Invocation"),
    0x0211: (_FAILURE, "Unrecognised Operation"),
    0x0212: (_FAILURE, "Mistyped Argument"),
    0x0213: (_FAILURE, "Resource Limitation"),
    _OUT_OF_RESOURCES: (_FAILURE, "Refused: Out of Resources"),
    0xA710: (_FAILURE, "Invalid Prior Record Key"),
    0xA900: (_FAILURE, "Identifier Does Not Match SOP Class"),
    0xB001: (
        _WARNING,
        "Matching reached response limit, subsequent request may return additional matches",
    ),
    CANCEL: ("Cancel", ""),
    0xFF00: (_PENDING, "Matches are continuing, current match supplied"),
    0xFF01: (_PENDING, "Matches are continuing, warning"),
}
"""Status → category and words, of any service (PS3.7 annex C) and of C-FIND (PS3.4 C.4.1.1.4)."""


def _entry(status: int) -> tuple[str, str] | None:
    """Category and words of a status; Cxxx are one failure of C-FIND."""
    return (_FAILURE, "Unable to Process") if status >> 12 == 0xC else _STATUSES.get(status)


class Meaning(Enum):
    """What a status of a C-FIND response means for the answer."""

    PENDING = "a match, and more to come"
    SUCCESS = "all matches were sent"
    CUT_OFF = "ended early; there may be more matches"
    FAILURE = "the query failed"


def meaning(status: int) -> Meaning:
    """The meaning of a C-FIND status; a warning leaves open whether the answer is whole."""
    if status in (CANCEL, _OUT_OF_RESOURCES):
        return Meaning.CUT_OFF
    category, _ = _entry(status) or (_category(status), "")
    return _MEANINGS.get(category, Meaning.CUT_OFF)


_MEANINGS = {
    _PENDING: Meaning.PENDING,
    _SUCCESS: Meaning.SUCCESS,
    _FAILURE: Meaning.FAILURE,
}


def _category(status: int) -> str:
    """A status that no table has: warnings are 1xxx and Bxxx, all else is taken for a failure."""
    return "" if status >> 12 in (0x1, 0xB) else _FAILURE


def words(status: int) -> str:
    """A status of C-FIND or C-ECHO in words: `0xFF00 Pending: Matches are continuing, …`."""
    category, text = _entry(status) or (_category(status) or _WARNING, "")
    return f"0x{status:04X} {': '.join(part for part in (category, text) if part)}"


def failure(response: Command, peer: str) -> QueryFailedError:
    """The error for a failure status, in words and with what to do."""
    code = response.status
    _, text = _entry(code) or ("", "")
    return QueryFailedError(
        f"{peer} answered 0x{code:04X}: {text or 'failure'}",
        code=code,
        comment=response.comment,
        hint=_hint(response),
    )


def _hint(response: Command) -> str | None:
    if response.offending:
        names = ", ".join(by_tag(tag).keyword for tag in response.offending)
        return f"the peer objects to {names}"
    if response.status in _HINTS:
        return _HINTS[response.status]
    if response.status >> 12 == 0xC:
        return "it could not process these keys: try fewer of them, or without wildcards"
    return None


_HINTS = {
    0x0122: "the peer does not offer this service: try the other information model",
    0x0124: "the peer does not allow this to us: is our AE title known to it?",
    0x0213: "the peer is short of resources: narrow the query, or try again in a while",
    0xA900: "the peer refuses these keys at this level: a unique key of a level above may be "
    "missing, or one of a level below be there",
}
