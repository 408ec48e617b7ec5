"""All errors, as one tree; each has an exit status and a hint for the next step.

    DicomshError                    1  a command failed
    ├── QueryFailedError            1  the peer answered with a failure status
    ├── UsageError                  2  input that cannot be run
    │   ├── ConfigError             2  a configuration file that cannot be used
    │   └── FileContentError        2  a list of values that cannot be used
    ├── NoAssociationError          3
    │   ├── UnreachableError        3  no TCP connection
    │   ├── AssociationRejectedError 3 A-ASSOCIATE-RJ
    │   ├── AssociationAbortedError 3  A-ABORT, or the connection was closed
    │   └── NoPresentationContextError 3
    ├── ListeningError              3  a port on which we cannot listen
    ├── TimedOutError               4
    └── InterruptedByUserError      130

`ProtocolViolationError` (bytes that are not DICOM) is an `AssociationAbortedError`, because we
answer it with an A-ABORT.
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
    UNMET = 6
    INTERRUPTED = 130  # as shells report a program that SIGINT ended: 128 + 2

    @property
    def failed(self) -> bool:
        """Whether the command failed; an incomplete answer is not a failure."""
        return self not in (ExitStatus.DONE, ExitStatus.INCOMPLETE)


class Span(NamedTuple):
    """Half-open range of character offsets into the typed text."""

    start: int
    end: int


class ShellHint(str):
    """A hint that only the shell can follow, as it names what a request has not: help, `let`."""

    __slots__ = ()


class DicomshError(Exception):
    """A failure that is reported to the user.

    Args:
        message: what went wrong, in one sentence without a full stop.
        hint: what to do about it, or None.
        span: where in the typed text, or None if the cause is not in the text.
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
        comment: the peer's Error Comment (0000,0902), or None.
        hint: what to do about it, or None.
    """

    def __init__(
        self, message: str, *, code: int, comment: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.comment = comment


class NotThereError(DicomshError):
    """The input names an entity or a row that does not exist; the command itself is valid."""


class UnmetError(DicomshError):
    """An answer is not what a script wants of it."""

    status = ExitStatus.UNMET


class UsageError(DicomshError):
    """The input cannot be run: unknown word, missing argument, invalid value."""

    status = ExitStatus.USAGE


class ConfigError(UsageError):
    """A configuration file cannot be used; the message begins with `file:line: path:`."""


class FileContentError(UsageError):
    """What is in a file of values cannot be used.

    Args:
        message: what is wrong.
        quoted: the texts of the file that the message or the hint quote.
        hint: what to do about it, or None.
    """

    def __init__(self, message: str, *, quoted: tuple[str, ...], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.quoted = quoted


class NoAssociationError(DicomshError):
    """No association with the peer, or it was lost."""

    status = ExitStatus.NO_ASSOCIATION


class UnreachableError(NoAssociationError):
    """No TCP connection: unknown name, refused, no route, TLS handshake failed."""


class AssociationRejectedError(NoAssociationError):
    """The peer answered A-ASSOCIATE-RJ (PS3.8 9.3.4)."""


class AssociationAbortedError(NoAssociationError):
    """The peer sent A-ABORT, or closed the connection without a release."""


class ProtocolViolationError(AssociationAbortedError):
    """The peer sent bytes that PS3.5, PS3.7 or PS3.8 do not allow; we aborted."""


class NoPresentationContextError(NoAssociationError):
    """The association has no accepted presentation context for the operation."""


class ListeningError(DicomshError):
    """We cannot listen on a port, so that nobody could request an association.

    Args:
        host: the address; None for all of them.
        port: the port.
        error: why not, as the system or asyncio says; of the latter, what the system said before.
        hint: what to do about it, or None.
    """

    status = ExitStatus.NO_ASSOCIATION

    def __init__(
        self, host: str | None, port: int, error: Exception, *, hint: str | None = None
    ) -> None:
        first = error.__context__ if isinstance(error.__context__, OSError) else error
        where = f"{host}:{port}" if host else f"port {port}"
        said = getattr(first, "strerror", None) or str(first)
        super().__init__(f"cannot listen on {where}: {said}", hint=hint)


class TimedOutError(DicomshError):
    """A time limit passed; the message says which one."""

    status = ExitStatus.TIMED_OUT


class ShortFileError(DicomshError):
    """A file is shorter than it was when it was looked at."""


class InterruptedByUserError(DicomshError):
    """Ctrl-C."""

    status = ExitStatus.INTERRUPTED
