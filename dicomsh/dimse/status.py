"""The meaning of a DIMSE status, and what to do about it (PS3.4 C.4.1.1.4, PS3.7 annex C)."""

from __future__ import annotations

from enum import Enum

from dicomsh.dimse.command import CommandSet
from dicomsh.errors import QueryFailedError
from dicomsh.model.keys import by_tag
from dicomsh.model.status import CUT_OFF_STATUSES, Category, status


class Meaning(Enum):
    """What a status of a C-FIND response means for the answer."""

    PENDING = "a match, and more to come"
    SUCCESS = "all matches were sent"
    WARNING = "all matches were sent, but something about them is odd"
    CUT_OFF = "ended early; there may be more matches"
    FAILURE = "the query failed"


def meaning(code: int) -> Meaning:
    """The meaning of a C-FIND status."""
    return Meaning.CUT_OFF if code in CUT_OFF_STATUSES else _MEANINGS[status(code).category]


_MEANINGS = {
    Category.PENDING: Meaning.PENDING,
    Category.SUCCESS: Meaning.SUCCESS,
    Category.WARNING: Meaning.WARNING,
    Category.FAILURE: Meaning.FAILURE,
}


def failure(response: CommandSet, peer: str) -> QueryFailedError:
    """The error for a failure status: what the peer says about it, and a hint."""
    code, comment, objects = response.status, response.comment, offending(response)
    said = f"{peer} answered 0x{code:04X}: {status(code).text or 'failure'}"
    said += f"; the server says: {comment}" if comment else ""
    said += f"; it objects to {objects}" if objects else ""
    hint = status(code).hint or None
    return QueryFailedError(said, code=code, comment=comment, hint=hint)


def offending(response: CommandSet) -> str:
    """The keywords of the elements that the peer objects to (0000,0901); empty for none."""
    return ", ".join(by_tag(tag).keyword for tag in response.offending[:_NAMED])


_NAMED = 8
