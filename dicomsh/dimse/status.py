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
    CUT_OFF = "ended early; there may be more matches"
    FAILURE = "the query failed"


def meaning(code: int) -> Meaning:
    """The meaning of a C-FIND status; with a warning, the answer may not be complete."""
    if code in CUT_OFF_STATUSES:
        return Meaning.CUT_OFF
    # only 0x0000 promises that all matches were sent (PS3.4 table C.4-1)
    return _MEANINGS.get(status(code).category, Meaning.CUT_OFF)


_MEANINGS = {
    Category.PENDING: Meaning.PENDING,
    Category.SUCCESS: Meaning.SUCCESS,
    Category.FAILURE: Meaning.FAILURE,
}


def words(code: int) -> str:
    """A status of C-FIND or C-ECHO in words: `0xFF00 Pending: Matches are continuing, …`."""
    known = status(code)
    return f"0x{code:04X} {': '.join(part for part in (known.category.value, known.text) if part)}"


def failure(response: CommandSet, peer: str) -> QueryFailedError:
    """The error for a failure status, with a hint."""
    code = response.status
    return QueryFailedError(
        f"{peer} answered 0x{code:04X}: {status(code).text or 'failure'}",
        code=code,
        comment=response.comment,
        hint=_hint(response),
    )


def _hint(response: CommandSet) -> str | None:
    if response.offending:
        names = ", ".join(by_tag(tag).keyword for tag in response.offending)
        return f"the peer objects to {names}"
    return status(response.status).hint or None
