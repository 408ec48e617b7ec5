"""Storage commitment: a server promises to keep objects (PS3.4 annex J, Push Model)."""

from __future__ import annotations

from dicomsh.frozen import frozen

PUSH_MODEL = "1.2.840.10008.1.20.1"
PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1.1"
"""The SOP class and its only, well-known instance (PS3.4 J.3.5)."""

PROCESSING_FAILURE = 0x0110
NO_SUCH_OBJECT = 0x0112
CLASS_CONFLICT = 0x0119
FAILURE_REASONS = {
    PROCESSING_FAILURE: "processing failure",
    NO_SUCH_OBJECT: "no such object",
    CLASS_CONFLICT: "it has another SOP class there",
    0x0122: "its SOP class is not supported",
    0x0131: "duplicate transaction UID",
    0x0213: "resource limitation",
}
"""Values of Failure Reason (0008,1197) (PS3.3 C.14.1.1)."""


@frozen
class Reference:
    """An object that commitment is about.

    Args:
        sop_class: its SOP Class UID.
        sop_instance: its SOP Instance UID.
    """

    sop_class: str
    sop_instance: str


@frozen
class CommitmentRequest:
    """A request for storage commitment.

    Args:
        transaction: Transaction UID, which the report repeats.
        references: the objects.
    """

    transaction: str
    references: tuple[Reference, ...]


@frozen
class CommitmentReport:
    """The answer to a request.

    Args:
        transaction: Transaction UID of the request.
        committed: the objects that the server promises to keep.
        failed: the others, each with a Failure Reason.
    """

    transaction: str
    committed: tuple[Reference, ...]
    failed: tuple[tuple[Reference, int], ...] = ()
