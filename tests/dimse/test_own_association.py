"""An association of its own: opened on demand, used until it ends, and what is said without it."""

from __future__ import annotations

from typing import cast

import pytest

from dicomsh.dimse.negotiation import Proposal
from dicomsh.dimse.own_association import OwnAssociation
from dicomsh.dimse.retrieval import Retrieval
from dicomsh.errors import NoPresentationContextError, TimedOutError
from dicomsh.model.claim import Claim
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap
from tests.dimse.peers import QUICK, run, scp

FIND = Model.STUDY_ROOT.find


def own(modality: Modality) -> OwnAssociation:
    return OwnAssociation(modality, Tap(), [Proposal(FIND.uid)])


def test_it_is_opened_on_demand_and_used_until_it_ends() -> None:
    async def work(modality: Modality) -> None:
        kept = own(modality)
        await kept.close()
        first = await kept.opened()
        assert await kept.opened() is first
        await kept.close()
        assert not first.is_open
        second = await kept.opened()
        assert second is not first
        assert second.is_open
        assert kept.context(second, FIND).abstract_syntax == FIND.uid
        await kept.close()

    with scp() as modality:
        run(work(modality))


def test_a_service_that_is_not_accepted_is_named_with_what_to_do() -> None:
    async def work(modality: Modality) -> None:
        kept = own(modality)
        with pytest.raises(NoPresentationContextError) as caught:
            kept.context(await kept.opened(), Model.STUDY_ROOT.get, "--via move")
        assert caught.value.message == f"{modality.address} does not accept Study Root GET"
        assert caught.value.hint == "--via move"
        await kept.close()

    with scp() as modality:
        run(work(modality))


class Silent:
    """A retrieval whose peer says nothing more."""

    left = False

    async def finished(self, silence: float) -> Claim:
        assert silence == QUICK.response
        raise TimeoutError

    async def leave(self, seconds: float) -> None:
        assert seconds == QUICK.cancel_grace
        self.left = True


def test_silence_is_told_with_its_limit() -> None:
    async def work(modality: Modality) -> None:
        operation = Silent()
        with pytest.raises(TimedOutError) as caught:
            await own(modality).finished(cast(Retrieval, operation), "no further object")
        told = f"{modality.address}: no further object within 20 s (time limit: response)"
        assert caught.value.message == told
        assert operation.left

    with scp() as modality:
        run(work(modality))
