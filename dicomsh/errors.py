"""What can go wrong, as one tree; each error knows its exit status and the next step.

    DicomshError                    1  a command failed
    ├── QueryFailedError            1  the peer answered with a failure status
    ├── UsageError                  2  words that cannot be run
    │   └── ConfigError             2  a configuration file that cannot be used
    ├── NoAssociationError          3
    │   ├── UnreachableError        3  no TCP connection
    │   ├── AssociationRejectedError 3 A-ASSOCIATE-RJ
    │   ├── AssociationAbortedError 3  A-ABORT, or the connection was closed
    │   └── NoPresentationContextError 3
    ├── TimedOutError               4
    └── InterruptedByUserError      130

`ProtocolViolationError` (bytes that are not DICOM) is an `AssociationAbortedError`, because
aborting is what we answer to it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar, NamedTuple


class ExitStatus(IntEnum):
    """Exit statuses of the program; the documented contract with scripts."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_ASSOCIATION = 3
    TIMED_OUT = 4
    INCOMPLETE = 5
    INTERRUPTED = 130

    @property
    def failed(self) -> bool:
        """Whether the command did not do what it should; an incomplete answer is no failure."""
        return self not in (ExitStatus.DONE, ExitStatus.INCOMPLETE)


class Span(NamedTuple):
    """Half-open range of character offsets into the text that was typed."""

    start: int
    end: int


class DicomshError(Exception):
    """A failure that is told to the user.

    Args:
        message: what went wrong, in one sentence without a full stop.
        hint: what to do about it, or None.
        span: where in the typed text, or None when the place is not in the text.
    """

    status: ClassVar[ExitStatus] = ExitStatus.FAILED

    def __init__(self, message: str, *, hint: str | None = None, span: Span | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.span = span


class QueryFailedError(DicomshError):
    """The peer ended an operation with a failure status (PS3.4 C.4.1.1.4, PS3.7 annex C).

    Args:
        message: the status in words.
        code: the DIMSE status, 16 bits.
        comment: Error Comment (0000,0902) of the peer, or None.
        hint: what to do about it, or None.
    """

    def __init__(
        self, message: str, *, code: int, comment: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.comment = comment


class NotThereError(DicomshError):
    """What was typed names an entity or a row that there is not: it is a matter of the data."""


class UsageError(DicomshError):
    """What was typed cannot be run: unknown word, missing argument, value of a wrong form."""

    status = ExitStatus.USAGE


class ConfigError(UsageError):
    """A configuration file cannot be used; the message begins with `file:line: path:`."""


class NoAssociationError(DicomshError):
    """No association with the peer, or not any more."""

    status = ExitStatus.NO_ASSOCIATION


class UnreachableError(NoAssociationError):
    """No TCP connection: name unknown, refused, no route, TLS handshake failed."""


class AssociationRejectedError(NoAssociationError):
    """The peer answered A-ASSOCIATE-RJ (PS3.8 9.3.4)."""


class AssociationAbortedError(NoAssociationError):
    """The peer sent A-ABORT, or closed the connection without a release."""


class ProtocolViolationError(AssociationAbortedError):
    """The peer sent bytes that PS3.5, PS3.7 or PS3.8 do not allow; we aborted."""


class NoPresentationContextError(NoAssociationError):
    """The association has no accepted presentation context for what was asked."""


class TimedOutError(DicomshError):
    """A time limit passed; the message says which one."""

    status = ExitStatus.TIMED_OUT


class InterruptedByUserError(DicomshError):
    """Ctrl-C."""

    status = ExitStatus.INTERRUPTED
