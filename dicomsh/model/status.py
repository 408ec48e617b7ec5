"""DIMSE statuses, in one place: what they are called and what they mean for a C-FIND.

Those of any service are in PS3.7 annex C; those of C-FIND, C-MOVE and C-GET are in PS3.4 tables
C.4-1 to C.4-3.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

SUCCESS = 0x0000
DUPLICATE_INSTANCE = 0x0111
SOP_CLASS_NOT_SUPPORTED = 0x0122
NOT_AUTHORISED = 0x0124
RESOURCE_LIMITATION = 0x0213
OUT_OF_RESOURCES = 0xA700
UNABLE_TO_SEND = 0xA702
UNKNOWN_DESTINATION = 0xA801
IDENTIFIER_MISMATCH = 0xA900
MISSING_ATTRIBUTE = 0x0120
MISSING_ATTRIBUTE_VALUE = 0x0121
LIMIT_REACHED = 0xB001
UNABLE_TO_PROCESS = 0xC000
"""The lowest of the statuses from 0xC000 to 0xCFFF, which all mean this."""
CANCEL = 0xFE00
PENDING = 0xFF00
PENDING_UNSUPPORTED = 0xFF01
"""A match, from a server that does not support some of the optional keys (PS3.4 C.4.1.1.4)."""

OTHER_BYTES = "other bytes are here already"
"""The Error Comment with 0x0111 about an object that differs from the one of its UID."""

PENDING_STATUSES = (PENDING, PENDING_UNSUPPORTED)
CUT_OFF_STATUSES = (CANCEL, OUT_OF_RESOURCES, LIMIT_REACHED)
"""Statuses with which servers end an answer before all matches were sent: Orthanc with
LimitFindResults ends it with 0xFE00, which nobody requested (measured: 1.10.1)."""


class Category(Enum):
    """The class of a status (PS3.7 C.1)."""

    SUCCESS = "Success"
    WARNING = "Warning"
    FAILURE = "Failure"
    CANCEL = "Cancel"
    PENDING = "Pending"


class Status(NamedTuple):
    """What is known about a status.

    Args:
        category: its class.
        text: its name in the standard; may be empty.
        reason: in a few words, why an answer ended; empty for a status that does not end a C-FIND.
        explained: what it means for an answer; empty if PS3.4 table C.4-1 does not list it.
        hint: what to do about it.
    """

    category: Category
    text: str = ""
    reason: str = ""
    explained: str = ""
    hint: str = ""


_FAILURES_OF_ANY_SERVICE = {
    0x0105: "No Such Attribute",
    0x0106: "Invalid Attribute Value",
    0x0110: "Processing Failure",
    0x0111: "Duplication SOP Instance",
    0x0112: "No Such SOP Instance",
    0x0113: "No Such Event Type",
    0x0114: "No Such Argument",
    0x0115: "Invalid Argument Value",
    0x0117: "Invalid Object Instance",
    0x0118: "No Such SOP Class",
    0x0119: "Class-Instance Conflict",
    MISSING_ATTRIBUTE: "Missing Attribute",
    MISSING_ATTRIBUTE_VALUE: "Missing Attribute Value",
    0x0123: "No Such Action",
    0x0210: "Duplicate Invocation",
    0x0211: "Unrecognised Operation",
    0x0212: "Mistyped Argument",
    0xA701: "Refused: Out of Resources - Unable to calculate number of matches",
    UNABLE_TO_SEND: "Refused: Out of Resources - Unable to perform sub-operations",
    0xA710: "Invalid Prior Record Key",
    UNKNOWN_DESTINATION: "Refused: Move Destination Unknown",
}

STATUSES: Mapping[int, Status] = {
    SUCCESS: Status(Category.SUCCESS, explained="Success: every match was sent"),
    **{code: Status(Category.FAILURE, text) for code, text in _FAILURES_OF_ANY_SERVICE.items()},
    0x0001: Status(Category.WARNING, "Requested optional Attributes are not supported"),
    0x0107: Status(Category.WARNING, "Attribute List Error"),
    0x0116: Status(Category.WARNING, "Attribute Value Out of Range"),
    SOP_CLASS_NOT_SUPPORTED: Status(
        Category.FAILURE,
        "Refused: SOP Class Not Supported",
        hint="the peer does not offer this service: try the other information model",
    ),
    NOT_AUTHORISED: Status(
        Category.FAILURE,
        "Refused: Not Authorised",
        hint="the peer does not permit this: does it know our AE title?",
    ),
    RESOURCE_LIMITATION: Status(
        Category.FAILURE,
        "Resource Limitation",
        hint="the peer is short of resources: narrow the query, or try again later",
    ),
    OUT_OF_RESOURCES: Status(
        Category.FAILURE,
        "Refused: Out of Resources",
        reason="out of resources",
        explained="Refused, out of resources: the server gave up, there may be more",
    ),
    IDENTIFIER_MISMATCH: Status(
        Category.FAILURE,
        "Identifier Does Not Match SOP Class",
        reason="identifier does not match SOP class",
        explained="Identifier does not match SOP class: the server refuses these keys",
        hint="the peer refuses these keys at this level: a unique key of a higher level may be "
        "missing, or one of a lower level is present",
    ),
    LIMIT_REACHED: Status(
        Category.WARNING,
        "Matching reached response limit, subsequent request may return additional matches",
        reason="its limit on answers is reached",
        explained="the server's own limit on answers is reached, there may be more",
    ),
    UNABLE_TO_PROCESS: Status(
        Category.FAILURE,
        "Unable to Process",
        reason="unable to process",
        explained="Unable to process: the server failed",
        hint="it could not process these keys: try fewer of them, or without wildcards",
    ),
    CANCEL: Status(
        Category.CANCEL, reason="not asked for", explained="Cancel: matching ended early"
    ),
    PENDING: Status(Category.PENDING, "Matches are continuing, current match supplied"),
    PENDING_UNSUPPORTED: Status(Category.PENDING, "Matches are continuing, warning"),
}


def status(code: int) -> Status:
    """What is known about a status; for one in no table, only its class (PS3.7 C.1)."""
    if code >> 12 == UNABLE_TO_PROCESS >> 12:
        return STATUSES[UNABLE_TO_PROCESS]
    warning = code >> 12 in (0x1, 0xB)
    unknown = Status(Category.WARNING if warning else Category.FAILURE)
    return STATUSES.get(code, unknown)


def words(code: int) -> str:
    """A status in words: `0xFF00 Pending: Matches are continuing, …`."""
    known = status(code)
    return f"0x{code:04X} {': '.join(part for part in (known.category.value, known.text) if part)}"
