"""An association of its own for one kind of operation, opened when it is needed."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.dimse.association import Association
from dicomsh.dimse.connect import open_association, timed_out
from dicomsh.dimse.negotiation import PresentationContext, Proposal
from dicomsh.dimse.retrieval import Retrieval
from dicomsh.errors import NoPresentationContextError
from dicomsh.model.claim import Claim
from dicomsh.model.levels import SopClass
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap


class OwnAssociation:
    """Runs retrievals on an association that nothing else uses, one at a time.

    Args:
        modality: the peer.
        tap: listens to the conversation.
        proposals: what to negotiate.
    """

    def __init__(self, modality: Modality, tap: Tap, proposals: Sequence[Proposal]) -> None:
        self._modality = modality
        self._tap = tap
        self._proposals = tuple(proposals)
        self._association: Association | None = None

    async def opened(self) -> Association:
        """The association; opens it if need be.

        Raises:
            NoAssociationError: unreachable, rejected, aborted.
            TimedOutError: the limit for connecting or for the association passed.
        """
        if self._association is None or not self._association.is_open:
            self._association = await open_association(self._modality, self._tap, self._proposals)
        return self._association

    def context(
        self, association: Association, sop_class: SopClass, hint: str | None = None
    ) -> PresentationContext:
        """The accepted context of a service; `hint` is what to do if there is none.

        Raises:
            NoPresentationContextError: the peer did not accept the service.
        """
        context = association.contexts.get(sop_class.uid)
        if context is None:
            message = f"{self._modality.address} does not accept {sop_class.title}"
            raise NoPresentationContextError(message, hint=hint)
        return context

    async def finished(self, operation: Retrieval, awaited: str) -> Claim:
        """The final response to an operation that has begun; it is cancelled if we leave early.

        Args:
            operation: in progress.
            awaited: what the peer was silent about, for the error.

        Raises:
            NoAssociationError: the association was lost on the way.
            TimedOutError: the peer was silent for too long.
        """
        limits = self._modality.timeouts
        try:
            return await operation.finished(limits.response)
        except TimeoutError:
            what = f"{self._modality.address}: {awaited}"
            raise timed_out(what, "response", limits.response) from None
        finally:
            await operation.leave(limits.cancel_grace)

    async def close(self) -> None:
        """Release the association."""
        if self._association is not None:
            await self._association.release(self._modality.timeouts.cancel_grace)
