"""What a DIMSE status says and asks for (PS3.4 C.4.1.1.4, PS3.7 annex C)."""

from __future__ import annotations

from enum import Enum

from pynetdicom.status import (
    GENERAL_STATUS,
    QR_FIND_SERVICE_CLASS_STATUS,
    STATUS_FAILURE,
    STATUS_PENDING,
    STATUS_SUCCESS,
)

from dicomsh.dimse.command import Response
from dicomsh.errors import QueryFailedError
from dicomsh.model.keys import by_tag

CANCEL = 0xFE00
_OUT_OF_RESOURCES = 0xA700
_TABLES = (QR_FIND_SERVICE_CLASS_STATUS, GENERAL_STATUS)


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
    category, _ = QR_FIND_SERVICE_CLASS_STATUS.get(status, (_category(status), ""))
    return _MEANINGS.get(category, Meaning.CUT_OFF)


_MEANINGS = {
    STATUS_PENDING: Meaning.PENDING,
    STATUS_SUCCESS: Meaning.SUCCESS,
    STATUS_FAILURE: Meaning.FAILURE,
}


def _category(status: int) -> str:
    """A status that no table has: warnings are 1xxx and Bxxx, all else is taken for a failure."""
    return "" if status >> 12 in (0x1, 0xB) else str(STATUS_FAILURE)


def words(status: int) -> str:
    """A status of C-FIND or C-ECHO in words: `0xFF00 Pending: Matches are continuing, …`."""
    category, text = next((table[status] for table in _TABLES if status in table), ("", ""))
    named = ": ".join(part for part in (str(category), text) if part) or _unnamed(status)
    return f"0x{status:04X} {named}"


def _unnamed(status: int) -> str:
    return str(_category(status)) or "Warning"


def failure(response: Response, peer: str) -> QueryFailedError:
    """The error for a failure status, in words and with what to do."""
    code = response.status
    text = next((table[code][1] for table in _TABLES if code in table), "") or "failure"
    return QueryFailedError(
        f"{peer} answered 0x{code:04X}: {text}",
        code=code,
        comment=response.comment,
        hint=_hint(response),
    )


def _hint(response: Response) -> str | None:
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
