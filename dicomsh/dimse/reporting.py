"""Reporting on storage commitment to one modality, on an association of its own (PS3.4 J.3.3)."""

from __future__ import annotations

from dicomsh.dimse.commitment import Reporting
from dicomsh.dimse.connect import open_association, timed_out
from dicomsh.dimse.negotiation import Proposal
from dicomsh.errors import NoPresentationContextError
from dicomsh.model.commitment import PUSH_MODEL, CommitmentReport
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap
from dicomsh.timeout import timeout


async def send_report(modality: Modality, tap: Tap, report: CommitmentReport) -> None:
    """Send a report, and wait until the peer has confirmed it.

    Args:
        modality: the peer, which requested commitment.
        tap: listens to the conversation.
        report: what to say.

    Raises:
        NoPresentationContextError: the peer does not accept reports.
        NoAssociationError: unreachable, rejected, aborted.
        TimedOutError: no response in time.
    """
    # who opens the association is the SCU unless another role is negotiated (PS3.7 D.3.3.4)
    proposal = Proposal(PUSH_MODEL, scu=False, scp=True)
    association = await open_association(modality, tap, (proposal,))
    limit = modality.timeouts.response
    try:
        context = association.contexts.get(PUSH_MODEL)
        if context is None:
            raise NoPresentationContextError(
                f"{modality.address} does not accept storage commitment"
            )
        operation = Reporting(association, context)
        operation.begin(report)
        async with timeout(limit):
            await operation.answered
    except TimeoutError:
        what = f"{modality.address}: no response to N-EVENT-REPORT"
        raise timed_out(what, "response", limit) from None
    finally:
        await association.release(modality.timeouts.cancel_grace)
