"""C-STORE sub-operations: objects out on an association, and what the peer says to each."""

from __future__ import annotations

from typing import Any

from pynetdicom.dimse_primitives import C_STORE

from dicomsh.frozen import frozen
from dicomsh.practice.objects import CompositeObject
from dicomsh.practice.responses import Outlet, PeerGoneError, command_set, text, uint

_C_STORE_RQ = 0x0001
_NOT_SENT = 0x0122
"""Status of an object that the peer does not take: SOP class not supported (PS3.7 C.5.6)."""


@frozen
class Originator:
    """Whose C-MOVE an object is sent for (PS3.7 9.1.1.1): its AE title and message ID."""

    aet: str
    message_id: int


class SubOperations:
    """Stores objects with a peer, one after another.

    Args:
        association: pynetdicom's, open, with `Provider` as its DIMSE provider.
        largest: bytes of a PDU that the peer accepts, 0 for any number.
        originator: of the C-MOVE; None for a C-GET.
    """

    def __init__(
        self, association: Any, largest: int, originator: Originator | None = None
    ) -> None:
        self._association = association
        self._outlet = Outlet(association, largest)
        self._originator = originator
        self._message_id = 0
        self._contexts = {
            (str(context.abstract_syntax), str(context.transfer_syntax[0])): context.context_id
            for context in association.accepted_contexts
            if context.as_scu
        }

    def store(self, one: CompositeObject) -> int:
        """Send an object; returns the peer's status, or 0x0122 if it takes none of its kind.

        Raises:
            PeerGoneError: the association was lost.
        """
        for syntax in one.syntaxes:
            context = self._contexts.get((one.sop_class, syntax))
            if context is not None:
                self._outlet.message(context, self._request(one), one.pieces(syntax))
                return self._answer()
        return _NOT_SENT

    def _request(self, one: CompositeObject) -> bytes:
        """The command set of a C-STORE-RQ (PS3.7 9.3.1.1)."""
        self._message_id = self._message_id % 0xFFFF + 1
        origin = self._originator
        return command_set(
            text(0x00000002, "UI", one.sop_class),
            uint(0x00000100, _C_STORE_RQ),
            uint(0x00000110, self._message_id),
            uint(0x00000700, 0),
            uint(0x00000800, 0x0001),
            text(0x00001000, "UI", one.uid),
            *([text(0x00001030, "AE", origin.aet)] if origin else []),
            *([uint(0x00001031, origin.message_id)] if origin else []),
        )

    def _answer(self) -> int:
        answer = self._association.dimse.take()
        if not isinstance(answer, C_STORE) or answer.Status is None:
            if self._association.is_established:
                self._association.abort()
            raise PeerGoneError
        return int(answer.Status)
