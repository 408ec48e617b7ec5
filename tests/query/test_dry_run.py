"""A dry run: what a peer is taken to agree to, and what would be sent, which nothing is."""

from __future__ import annotations

import asyncio
from io import BytesIO

from dicomsh.model.abilities import Abilities
from dicomsh.model.commitment import CommitmentRequest
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality, PracticeAddress
from dicomsh.model.storage import Announced
from dicomsh.query.context import QueryContext
from dicomsh.query.dry_run import DryArchives, DryRun
from dicomsh.query.dry_transfer import DryTransfers, Moved
from tests.query.scripted import ScriptAddress, in_context

CT, MR, LITTLE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.2.1"


def test_what_is_wanted_is_taken_for_agreed_until_a_peer_says_otherwise() -> None:
    extended = frozenset({Extension.RELATIONAL})
    modality = Modality("scripted", ScriptAddress(lambda _: []), extended=extended)

    async def work(context: QueryContext) -> Abilities:
        archive = await DryArchives(context.archives, DryRun()).open(modality)
        return await archive.connect()

    abilities = in_context(work)
    assert {abilities.agreed(model) for model in Model} == {extended}


def test_what_would_be_stored_is_counted_for_each_peer() -> None:
    moved = Moved()
    one, other = (Modality(name, PracticeAddress()) for name in ("one", "other"))

    async def store(peer: Modality, *classes: str) -> None:
        transfers = DryTransfers(peer, moved)
        storer = transfers.storer([(CT, LITTLE), (MR, LITTLE)])
        assert await storer.connect() == {(CT, LITTLE), (MR, LITTLE)}
        for number, sop_class in enumerate(classes):
            reply = await storer.send(Announced(sop_class, f"1.{number}", LITTLE), BytesIO(), 0)
            assert reply.status == 0
        committing = transfers.committing()
        await committing.listen(11112)
        report = await committing.commit(CommitmentRequest("1.9", ()))
        assert (report.transaction, report.committed, report.failed) == ("1.9", (), ())

    asyncio.run(store(one, CT, CT, MR))
    asyncio.run(store(other, MR))
    asyncio.run(store(one, CT))
    told = [(sent.peer.name, sent.counts, sent.commits, sent.port) for sent in moved.stores]
    assert told == [
        ("one", {(CT, LITTLE): 3, (MR, LITTLE): 1}, True, 11112),
        ("other", {(MR, LITTLE): 1}, True, 11112),
    ]
