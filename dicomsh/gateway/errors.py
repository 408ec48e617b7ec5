"""Failures as Orthanc reports them: an HTTP status, a number, its message, and details in words."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus
from typing import NamedTuple

from dicomsh.errors import (
    AssociationRejectedError,
    DicomshError,
    NoPresentationContextError,
    NotThereError,
    QueryFailedError,
    ShellHint,
    UnreachableError,
    UsageError,
)
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.status import IDENTIFIER_MISMATCH, SOP_CLASS_NOT_SUPPORTED, UNABLE_TO_PROCESS


class _Described(NamedTuple):
    number: int
    message: str
    http: HTTPStatus


class Trouble(Enum):
    """Errors of Orthanc's REST API: number, message, usual HTTP status (measured: 1.10.1)."""

    INTERNAL = _Described(-1, "Internal error", HTTPStatus.INTERNAL_SERVER_ERROR)
    OUT_OF_RANGE = _Described(3, "Parameter out of range", HTTPStatus.BAD_REQUEST)
    BAD_TYPE = _Described(5, "Bad type for a parameter", HTTPStatus.BAD_REQUEST)
    NO_ITEM = _Described(7, "Accessing an inexistent item", HTTPStatus.NOT_FOUND)
    BAD_REQUEST = _Described(8, "Bad request", HTTPStatus.BAD_REQUEST)
    NETWORK = _Described(9, "Error in the network protocol", HTTPStatus.INTERNAL_SERVER_ERROR)
    BAD_FORMAT = _Described(15, "Bad file format", HTTPStatus.BAD_REQUEST)
    UNKNOWN_RESOURCE = _Described(17, "Unknown resource", HTTPStatus.NOT_FOUND)
    UNKNOWN_TAG = _Described(27, "Unknown DICOM tag", HTTPStatus.BAD_REQUEST)
    NOT_OFFERED = _Described(
        2016,
        "DicomUserConnection: The C-FIND command is not supported by the remote SCP",
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )


class RequestError(Exception):
    """A request that is answered with an error.

    Args:
        trouble: which one.
        details: what exactly, in words; empty if the message says it all.
        http: the HTTP status, if not the usual one.
        bare: whether the answer has no body, as Orthanc's deprecated routes answer.
    """

    def __init__(
        self,
        trouble: Trouble,
        details: str = "",
        *,
        http: HTTPStatus | None = None,
        bare: bool = False,
    ) -> None:
        super().__init__(details or trouble.value.message)
        self.trouble = trouble
        self.details = details
        self.http = http or trouble.value.http
        self.bare = bare

    def described(self, method: str, uri: str) -> dict[str, str | int]:
        """The members of the JSON object that reports it."""
        _, message, _ = self.trouble.value
        details = {"Details": self.details} if self.details else {}
        return {
            **details,
            "HttpError": self.http.phrase,
            "HttpStatus": int(self.http),
            "Message": message,
            "Method": method,
            "OrthancError": message,
            "OrthancStatus": self.trouble.value.number,
            "Uri": uri,
        }


def no_modality(name: str) -> RequestError:
    """The error for a name that no modality has."""
    return RequestError(Trouble.NO_ITEM, f"No modality with symbolic name: {name}")


def bad_format(details: str) -> RequestError:
    """The error for a body that is not what the route takes."""
    return RequestError(Trouble.BAD_FORMAT, details)


def hint_after(error: DicomshError) -> str:
    """The hint of an error, to follow its message; empty if only the shell could follow it."""
    return f"; {error.hint}" if error.hint and not isinstance(error.hint, ShellHint) else ""


def as_request_error(error: DicomshError, modality: Modality, service: str) -> RequestError:
    """The failure of a query or a retrieval, as Orthanc words it where it has words.

    Args:
        error: the failure.
        modality: the archive.
        service: `C-FIND`, `C-MOVE`, `C-GET` or `C-ECHO`.
    """
    title = aet_of(modality)
    if isinstance(error, QueryFailedError):
        return _failed(error, title, service)
    told = error.message + hint_after(error)
    if isinstance(error, UsageError):
        return bad_format(told)
    if isinstance(error, NotThereError):
        return RequestError(Trouble.NETWORK, told, http=HTTPStatus.UNPROCESSABLE_ENTITY)
    if isinstance(error, NoPresentationContextError):
        return RequestError(Trouble.NOT_OFFERED, f"Remote AET is {title}: {told}")
    if isinstance(error, UnreachableError) and "connection refused" in error.message:
        told = "TCP Initialization Error: Connection refused"
    connecting = f'DicomAssociation - connecting to AET "{title}": '
    early = isinstance(error, UnreachableError | AssociationRejectedError)
    return RequestError(Trouble.NETWORK, (connecting if early else "") + told)


def _failed(error: QueryFailedError, title: str, service: str) -> RequestError:
    """A failure status: the archive refuses the query, or it has a trouble of its own."""
    kind = error.code & 0xF000
    about = f'{service} SCU to AET "{title}" has failed with DIMSE status 0x{error.code:04X}'
    said = f"; the server says: {error.comment}" if error.comment else ""
    refused = kind == _UNABLE or error.code in (IDENTIFIER_MISMATCH, SOP_CLASS_NOT_SUPPORTED)
    http = HTTPStatus.UNPROCESSABLE_ENTITY if refused else None
    return RequestError(
        Trouble.NETWORK, about + _REASONS.get((service, kind), "") + said, http=http
    )


_UNABLE = UNABLE_TO_PROCESS
_REASONS = {
    ("C-FIND", _UNABLE): " (unable to process - invalid query ?)",
    ("C-MOVE", _UNABLE): " (unable to process - resource not found ?)",
    ("C-GET", _UNABLE): " (unable to process - resource not found ?)",
}
"""What Orthanc says about a status."""


def aet_of(modality: Modality) -> str:
    """The AE title of an archive."""
    address = modality.address
    return address.aet if isinstance(address, DicomAddress) else getattr(address, "aet", "")
