"""What a peer says about a retrieval, which need not be what happened."""

from __future__ import annotations

from collections.abc import Callable

from dicomsh.frozen import frozen
from dicomsh.model.status import words


@frozen
class Claim:
    """The final response of a C-GET or C-MOVE (PS3.7 9.1.3.1, 9.1.4.1).

    The numbers of sub-operations are None where the peer did not send them, which servers that
    refuse to say how far they came do even in the final response.

    Args:
        status: the DIMSE status.
        comment: Error Comment (0000,0902), or None.
        completed: sub-operations that succeeded.
        failed: sub-operations that failed.
        warning: sub-operations that ended with a warning; not counted in `completed`.
        remaining: sub-operations not yet performed.
        failed_uids: Failed SOP Instance UID List (0008,0058).
        offending: Offending Element (0000,0901), tags.
    """

    status: int
    comment: str | None = None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None
    remaining: int | None = None
    failed_uids: tuple[str, ...] = ()
    offending: tuple[int, ...] = ()

    @property
    def arrived(self) -> int:
        """How many it says it has sent; those with a warning arrived, too."""
        return (self.completed or 0) + (self.warning or 0)


OnClaim = Callable[[Claim], None]
"""Is called with the counters of each pending response."""


def said(claim: Claim) -> str:
    """What a peer said at the end of a retrieval: the status in words, and its comment."""
    return words(claim.status) + (f": {claim.comment}" if claim.comment else "")
