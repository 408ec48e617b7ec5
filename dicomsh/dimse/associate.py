"""Association, release and abort PDUs, written and read for both roles (PS3.8 9.3). No I/O.

Reading is lenient: items of an unknown type are skipped (PS3.8 9.3.1), an implementation version
name may have any length, and the negotiation deals with results that no table lists. User
information whose content is malformed is skipped like one that is unknown. Only an item that does
not fit violates the protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from struct import Struct

from dicomsh.dimse.pdu import (
    ABORT,
    ASSOCIATE_AC,
    ASSOCIATE_RJ,
    ASSOCIATE_RQ,
    RELEASE_RP,
    RELEASE_RQ,
    write_pdu,
)
from dicomsh.errors import ProtocolViolationError
from dicomsh.frozen import frozen

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
"""DICOM Application Context Name (PS3.7 A.2.1)."""

_APPLICATION_CONTEXT, _PROPOSED, _ANSWERED, _ABSTRACT, _TRANSFER = 0x10, 0x20, 0x21, 0x30, 0x40
_USER, _MAXIMUM_LENGTH, _CLASS_UID, _OPERATIONS, _ROLES = 0x50, 0x51, 0x52, 0x53, 0x54
_VERSION, _EXTENDED = 0x55, 0x56

_ITEM_HEADER = Struct(">BxH")
_FIXED = Struct(">H2x16s16s32x")
_FOUR = Struct(">4B")
_UNSIGNED_SHORT = Struct(">H")
_TWO_SHORTS = Struct(">HH")
_UNSIGNED_LONG = Struct(">I")
_TITLE = 16


@frozen
class ProposedContext:
    """A presentation context as its requestor proposes it (PS3.8 9.3.2.2)."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@frozen
class AnsweredContext:
    """The acceptor's answer to a proposed presentation context (PS3.8 9.3.3.2).

    `result` is 0 for acceptance; only then does `transfer_syntax` have a meaning.
    """

    id: int
    result: int
    transfer_syntax: str


@frozen
class RoleSelection:
    """The roles that the requestor may play for a SOP class (PS3.7 D.3.3.4)."""

    sop_class: str
    scu: bool
    scp: bool


@frozen
class ExtendedNegotiation:
    """Service Class Application Information of a SOP class (PS3.7 D.3.3.5)."""

    sop_class: str
    information: bytes


@frozen
class UserInformation:
    """User information (PS3.8 annex D, PS3.7 D.3.3), the same in a request and its acceptance.

    SOP Class Common Extended Negotiation and User Identity are skipped when they are read.

    Args:
        max_pdu: the longest P-DATA-TF that the sender accepts; 0 for any, None if not stated.
        class_uid: Implementation Class UID.
        version: Implementation Version Name; empty for none.
        operations: operations that may be invoked and performed at a time; 0 for any, None if not
            stated, which means one of each.
        roles: SCP/SCU Role Selection.
        extended: SOP Class Extended Negotiation.
    """

    max_pdu: int | None = None
    class_uid: str = ""
    version: str = ""
    operations: tuple[int, int] | None = None
    roles: tuple[RoleSelection, ...] = ()
    extended: tuple[ExtendedNegotiation, ...] = ()


@frozen
class AssociateRequest:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2)."""

    called: str
    calling: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1


@frozen
class AssociateAccept:
    """A-ASSOCIATE-AC (PS3.8 9.3.3).

    The AE titles repeat the request's and must not be tested (PS3.8 table 9-17).
    """

    called: str
    calling: str
    contexts: tuple[AnsweredContext, ...]
    user: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1


@frozen
class AssociateReject:
    """A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

    result: int
    source: int
    reason: int


@frozen
class Abort:
    """A-ABORT (PS3.8 9.3.8): from the service user (0), or the provider (2) with a reason."""

    source: int
    reason: int = 0


def is_title(text: str) -> bool:
    """Whether a text can be sent as an AE title: 1 to 16 characters (PS3.5 6.2, VR AE)."""
    sent = text.strip(" ")  # spaces at the ends are not significant (PS3.5 6.2, VR AE)
    return 0 < len(sent) <= _TITLE and all(" " <= c <= "~" and c != "\\" for c in sent)


# Writing


def write_request(request: AssociateRequest) -> bytes:
    """A-ASSOCIATE-RQ as a PDU; its AE titles must satisfy `is_title`."""
    return _associate(ASSOCIATE_RQ, request, map(_proposed, request.contexts))


def write_accept(accept: AssociateAccept) -> bytes:
    """A-ASSOCIATE-AC as a PDU."""
    return _associate(ASSOCIATE_AC, accept, map(_answered, accept.contexts))


def write_reject(reject: AssociateReject) -> bytes:
    """A-ASSOCIATE-RJ as a PDU."""
    return write_pdu(ASSOCIATE_RJ, bytes((0, reject.result, reject.source, reject.reason)))


def write_abort(abort: Abort) -> bytes:
    """A-ABORT as a PDU."""
    return write_pdu(ABORT, bytes((0, 0, abort.source, abort.reason)))


def write_release_request() -> bytes:
    """A-RELEASE-RQ (PS3.8 9.3.6)."""
    return write_pdu(RELEASE_RQ, bytes(4))


def write_release_reply() -> bytes:
    """A-RELEASE-RP (PS3.8 9.3.7)."""
    return write_pdu(RELEASE_RP, bytes(4))


def _associate(
    kind: int, said: AssociateRequest | AssociateAccept, contexts: Iterable[bytes]
) -> bytes:
    called, calling = (_title(title) for title in (said.called, said.calling))
    parts = (
        _FIXED.pack(said.protocol_version, called, calling),
        _item(_APPLICATION_CONTEXT, _ascii(said.application_context)),
        *contexts,
        _item(_USER, b"".join(_user_items(said.user))),
    )
    return write_pdu(kind, b"".join(parts))


def _item(kind: int, data: bytes) -> bytes:
    return _ITEM_HEADER.pack(kind, len(data)) + data


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace")


def _title(text: str) -> bytes:
    return _ascii(text.strip(" "))[:_TITLE].ljust(_TITLE)


def _proposed(context: ProposedContext) -> bytes:
    syntaxes = (_item(_TRANSFER, _ascii(uid)) for uid in context.transfer_syntaxes)
    abstract = _item(_ABSTRACT, _ascii(context.abstract_syntax))
    return _item(_PROPOSED, _FOUR.pack(context.id, 0, 0, 0) + abstract + b"".join(syntaxes))


def _answered(context: AnsweredContext) -> bytes:
    syntax = _item(_TRANSFER, _ascii(context.transfer_syntax))
    return _item(_ANSWERED, _FOUR.pack(context.id, 0, context.result, 0) + syntax)


def _user_items(user: UserInformation) -> Iterator[bytes]:
    """The sub-items in the order of their types, as in the examples of the standard."""
    if user.max_pdu is not None:
        yield _item(_MAXIMUM_LENGTH, _UNSIGNED_LONG.pack(user.max_pdu))
    yield _item(_CLASS_UID, _ascii(user.class_uid))
    if user.operations is not None:
        yield _item(_OPERATIONS, _TWO_SHORTS.pack(*user.operations))
    for role in user.roles:
        yield _item(_ROLES, _counted(role.sop_class) + bytes((role.scu, role.scp)))
    if user.version:
        yield _item(_VERSION, _ascii(user.version))
    for extended in user.extended:
        yield _item(_EXTENDED, _counted(extended.sop_class) + extended.information)


def _counted(uid: str) -> bytes:
    raw = _ascii(uid)
    return _UNSIGNED_SHORT.pack(len(raw)) + raw


# Reading


def read_request(body: bytes) -> AssociateRequest:
    """The A-ASSOCIATE-RQ in a PDU body.

    Raises:
        ProtocolViolationError: a length does not fit.
    """
    version, called, calling = _fixed(body, "A-ASSOCIATE-RQ")
    items = _items(body[_FIXED.size :])
    contexts = tuple(_read_proposed(data) for kind, data in items if kind == _PROPOSED)
    return AssociateRequest(called, calling, contexts, _user(items), _name(items), version)


def read_accept(body: bytes) -> AssociateAccept:
    """The A-ASSOCIATE-AC in a PDU body.

    Raises:
        ProtocolViolationError: a length does not fit.
    """
    version, called, calling = _fixed(body, "A-ASSOCIATE-AC")
    items = _items(body[_FIXED.size :])
    contexts = tuple(_read_answered(data) for kind, data in items if kind == _ANSWERED)
    return AssociateAccept(called, calling, contexts, _user(items), _name(items), version)


def read_reject(body: bytes) -> AssociateReject:
    """The A-ASSOCIATE-RJ in a PDU body; missing bytes count as 0."""
    _, result, source, reason = body[:4].ljust(4, b"\0")
    return AssociateReject(result, source, reason)


def read_abort(body: bytes) -> Abort:
    """The A-ABORT in a PDU body; missing bytes count as 0."""
    _, _, source, reason = body[:4].ljust(4, b"\0")
    return Abort(source, reason)


def _fixed(body: bytes, name: str) -> tuple[int, str, str]:
    """Protocol version, called and calling AE title."""
    if len(body) < _FIXED.size:
        raise ProtocolViolationError(f"an {name} of {len(body)} bytes is too short")
    version, called, calling = _FIXED.unpack_from(body)
    return version, _text(called), _text(calling)


def _items(data: bytes) -> list[tuple[int, bytes]]:
    """Type and content of every item, whether its type is known or not."""
    return list(_each_item(data))


def _each_item(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(data):
        start = offset + _ITEM_HEADER.size
        if start > len(data):
            raise ProtocolViolationError("an association PDU ends inside the header of an item")
        kind, length = _ITEM_HEADER.unpack_from(data, offset)
        offset = start + length
        if offset > len(data):
            raise ProtocolViolationError(
                f"an item 0x{kind:02X} of {length} bytes does not fit its association PDU"
            )
        yield kind, data[start:offset]


def _fitting_items(data: bytes) -> list[tuple[int, bytes]]:
    """The items up to one that does not fit."""
    found: list[tuple[int, bytes]] = []
    with suppress(ProtocolViolationError):
        found.extend(_each_item(data))
    return found


def _text(raw: bytes) -> str:
    """A UID, name or title, without padding: some peers pad UIDs here as they do in data sets."""
    # "replace", because some peers send other bytes in AE titles (pynetdicom #921)
    return raw.decode("ascii", "replace").strip(" \0")


def _name(items: Iterable[tuple[int, bytes]]) -> str:
    return next((_text(data) for kind, data in items if kind == _APPLICATION_CONTEXT), "")


def _read_proposed(data: bytes) -> ProposedContext:
    number, _, _, _ = _FOUR.unpack(_head(data, _FOUR.size, "presentation context"))
    items = _items(data[_FOUR.size :])
    abstract = next((_text(inner) for kind, inner in items if kind == _ABSTRACT), "")
    syntaxes = tuple(_text(inner) for kind, inner in items if kind == _TRANSFER)
    return ProposedContext(number, abstract, syntaxes)


def _read_answered(data: bytes) -> AnsweredContext:
    number, _, result, _ = _FOUR.unpack(_head(data, _FOUR.size, "presentation context"))
    items = _items(data[_FOUR.size :])
    syntax = next((_text(inner) for kind, inner in items if kind == _TRANSFER), "")
    return AnsweredContext(number, result, syntax)


def _head(data: bytes, size: int, what: str) -> bytes:
    if len(data) < size:
        raise ProtocolViolationError(f"the item of a {what} has {len(data)} bytes, too few")
    return data[:size]


def _user(items: Iterable[tuple[int, bytes]]) -> UserInformation:
    inner = [part for kind, data in items if kind == _USER for part in _fitting_items(data)]
    by_kind = dict(reversed(inner))  # the first of each counts
    maximum, operations = by_kind.get(_MAXIMUM_LENGTH, b""), by_kind.get(_OPERATIONS, b"")
    extended = (_sop_class(data) for kind, data in inner if kind == _EXTENDED)
    return UserInformation(
        _UNSIGNED_LONG.unpack(maximum[:4])[0] if len(maximum) >= 4 else None,
        _text(by_kind.get(_CLASS_UID, b"")),
        _text(by_kind.get(_VERSION, b"")),
        _window(operations) if len(operations) >= 4 else None,
        tuple(role for kind, data in inner if kind == _ROLES if (role := _role(data))),
        tuple(ExtendedNegotiation(*found) for found in extended if found),
    )


def _window(data: bytes) -> tuple[int, int]:
    invoked, performed = _TWO_SHORTS.unpack(data[:4])
    return invoked, performed


def _role(data: bytes) -> RoleSelection | None:
    found = _sop_class(data)
    if found is None or len(found[1]) < 2:
        return None
    uid, (scu, scp, *_) = found
    return RoleSelection(uid, scu == 1, scp == 1)


def _sop_class(data: bytes) -> tuple[str, bytes] | None:
    """The SOP Class UID at the start of an item, and the rest; None if it does not fit."""
    length = int.from_bytes(data[:2], "big")
    if 2 + length > len(data):
        return None
    return _text(data[2 : 2 + length]), data[2 + length :]
