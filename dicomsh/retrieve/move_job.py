"""Sending from one archive to another by C-MOVE, and asking there whether all of it arrived."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Sequence

from dicomsh.archives.transfer import Sender
from dicomsh.errors import DicomshError
from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Ending, Outcome, all_rows, as_cancelled, combined
from dicomsh.model.claim import Claim, said
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.progress import Progress, bar
from dicomsh.model.status import UNABLE_TO_SEND, UNKNOWN_DESTINATION, Category, status
from dicomsh.query.ask import ask
from dicomsh.query.context import QueryContext
from dicomsh.retrieve.account import Instance
from dicomsh.retrieve.contract import Wanted, listed
from dicomsh.retrieve.layout import DEFAULT, read_layout
from dicomsh.retrieve.units import SeriesPart, requests, series_of

COLUMNS = (
    FieldColumn("state", "State"),
    FieldColumn("Modality", "Modality"),
    FieldColumn("SeriesNumber", "Series"),
    FieldColumn("instances", "Instances", number=True),
    FieldColumn("sent", "Sent", number=True),
    FieldColumn("failed", "Failed", number=True),
    FieldColumn("there", "There", number=True),
    FieldColumn("reason", "Reason"),
    FieldColumn("SeriesInstanceUID", "Series UID"),
    FieldColumn("StudyInstanceUID", "Study UID"),
)

_LOOKS = 4
_PAUSE = 0.5
"""Looks at the destination, and seconds between them: it may list what it received a bit later."""


@frozen
class Destination:
    """Where objects are sent to.

    Args:
        aet: its AE title, which the sending archive must know an address for.
        modality: the same as an archive that can be asked; None if we know none.
        verify: whether to ask it.
    """

    aet: str
    modality: Modality | None = None
    verify: bool = True


@frozen
class Sent:
    """What became of a series.

    Args:
        part: what was to be sent.
        claim: what the archive says; None if it was not asked.
        there: how many of them the destination has; None if it was not asked.
    """

    part: SeriesPart
    claim: Claim | None = None
    there: int | None = None

    @property
    def claimed(self) -> int:
        """How many the archive says it sent; those with a warning arrived, too."""
        return self.claim.arrived if self.claim else 0

    @property
    def arrived(self) -> int:
        """How many arrived, as the destination says, or else the archive."""
        return self.claimed if self.there is None else self.there


class MoveJob:
    """A C-MOVE of some places, series by series; it begins when its records are taken.

    Args:
        context: where the command runs.
        wanted: what to send.
        destination: where to; None to send nothing, and only list what would be sent.
    """

    def __init__(
        self, context: QueryContext, wanted: Wanted, destination: Destination | None
    ) -> None:
        self._context = context
        self._wanted = wanted
        self._destination = destination
        self._expected = 0
        self._counters: Claim | None = None
        self._sent: list[Sent] = []
        self._list_outcome = wanted.outcome
        self._finished = False
        self._unknown = False
        self._mute = ""
        self._started = time.monotonic()

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each series.

        Raises:
            DicomshError: the archive could not be asked, or there is no association.
        """
        modality = self._context.known(self._wanted.modality)
        places, layout = self._wanted.places, read_layout(DEFAULT)
        contract = await listed(self._context, modality, places, layout)
        self._list_outcome = combined([self._wanted.outcome, contract.outcome])
        self._expected = len(contract.instances)
        parts = series_of(contract.instances, [one.uid for one in contract.instances])
        if self._destination is None or not parts:
            yield [_record(Sent(part)) for part in parts]
            self._finished = True
            return
        sender = self._context.archives.transfers(modality).sender()
        try:
            for part in parts:
                self._sent.append(await self._moved(sender, part, self._destination))
                yield [_record(self._sent[-1])]
                if self._unknown:
                    break
            self._finished = True
        finally:
            await sender.close()

    async def _moved(self, sender: Sender, part: SeriesPart, destination: Destination) -> Sent:
        claim = together(
            [
                await sender.move(query, destination.aet, self._claimed)
                for query in requests(part, Model.STUDY_ROOT.move)
            ]
        )
        self._counters = None
        self._unknown = claim.status == UNKNOWN_DESTINATION
        modality = destination.modality
        if modality is None or self._unknown or self._mute or not destination.verify:
            return Sent(part, claim)
        try:
            return Sent(part, claim, await self._there(modality, part.instances))
        except DicomshError as error:  # a storage SCP, say, that takes no queries
            self._mute = error.message
            return Sent(part, claim)

    def _claimed(self, claim: Claim) -> None:
        self._counters = claim

    async def _there(self, modality: Modality, instances: tuple[Instance, ...]) -> int:
        """How many of the instances of a series the destination has."""
        wanted = {one.uid for one in instances}
        found: set[str | None] = set()
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(_PAUSE)
            found = await self._uids(modality, instances[0])
            if wanted <= found:
                break
        return len(wanted & found)

    async def _uids(self, modality: Modality, one: Instance) -> set[str | None]:
        steps = (PlaceStep(Level.STUDY, one.study), PlaceStep(Level.SERIES, one.series))
        listing = await ask(self._context, modality, Request(Level.INSTANCE, Place(steps)))
        tag = by_keyword("SOPInstanceUID").tag
        return {row.text(tag) for row in await all_rows(listing.answer)}

    @property
    def claim(self) -> Claim | None:
        """What the archive said about all series together; None if it was not told to send any."""
        claims = [sent.claim for sent in self._sent if sent.claim]
        return together(claims) if claims else None

    @property
    def progress(self) -> Progress:
        """How far it is; within a series, the archive's own counters have to do."""
        if not self._expected:
            return Progress("listing the instances")
        done = sum(sent.arrived for sent in self._sent) + (
            self._counters.arrived if self._counters else 0
        )
        state = f"{bar(done, self._expected)} {done:,} of {self._expected:,}"
        failed = self._counters.failed if self._counters else 0
        return Progress(state, doing=f"the server counts {failed:,} failed" if failed else "")

    @property
    def outcome(self) -> Outcome:
        """How it ended: complete only if every object listed is at the destination.

        Where the destination cannot be asked, the archive's own numbers have to do; a note says so.
        """
        destination, sure = self._destination, self._list_outcome.sound
        if destination is None:
            return replace(self._list_outcome, rows=self._expected)
        arrived = sum(sent.arrived for sent in self._sent)
        whole = arrived == self._expected and sure
        outcome = Outcome(
            Ending.COMPLETE if whole else Ending.PARTIAL,
            arrived,
            time.monotonic() - self._started,
            notes=tuple(self._notes(destination)),
            expected=self._expected,
        )
        return outcome if self._finished else as_cancelled(outcome)

    def _notes(self, destination: Destination) -> Iterator[Note]:
        if self._finished and not self._expected:
            sure = self._list_outcome.sound
            yield note(NoteKind.NOTHING_WANTED, "send") if sure else note(NoteKind.UNSURE_LIST)
            return
        claimed = sum(sent.claimed for sent in self._sent)
        failed = sum((sent.claim.failed or 0) for sent in self._sent if sent.claim)
        numbers = f"{claimed:,} sent" + (f", {failed:,} failed" if failed else "")
        yield note(NoteKind.SERVER_CLAIMS, numbers)
        modality, aet = destination.modality, destination.aet
        if self._unknown:
            yield note(NoteKind.UNKNOWN_DESTINATION, aet)
        elif not destination.verify:
            yield note(NoteKind.NOT_VERIFIED)
        elif self._mute:
            yield note(NoteKind.DESTINATION_MUTE, self._mute)
        elif modality is None:
            yield note(NoteKind.CANNOT_VERIFY, aet)
        else:
            yield note(NoteKind.VERIFIED_AT, modality.name)
        if not claimed and not self._unknown and any(map(_reason, self._sent)):
            unable = all(sent.claim and sent.claim.status == UNABLE_TO_SEND for sent in self._sent)
            kind = NoteKind.DOES_DESTINATION_TAKE if unable else NoteKind.IS_DESTINATION_KNOWN
            yield note(kind, aet)
        for reason in dict.fromkeys(reason for sent in self._sent if (reason := _reason(sent))):
            count = sum(_reason(sent) == reason for sent in self._sent)
            yield note(NoteKind.FAILED_SERIES, reason, count=count)
        if not self._list_outcome.sound:
            yield note(NoteKind.UNSURE_LIST)


def together(claims: Sequence[Claim]) -> Claim:
    """Several claims as one: their numbers added up, the status of the first that is no success."""
    worst = next((claim for claim in claims if claim.status), claims[-1])
    return replace(
        worst,
        completed=sum(claim.completed or 0 for claim in claims),
        failed=sum(claim.failed or 0 for claim in claims),
        warning=sum(claim.warning or 0 for claim in claims),
    )


def _reason(sent: Sent) -> str:
    """Why a series is not at the destination; empty if it is."""
    if sent.arrived == len(sent.part.instances) or sent.claim is None:
        return ""
    failed = status(sent.claim.status).category is Category.FAILURE
    return f"the server {'answered' if failed else 'said'} {said(sent.claim)}"


def _record(sent: Sent) -> Record:
    first, claim, reason = sent.part.instances[0], sent.claim, _reason(sent)
    state = "sent" if sent.there is None else "verified"
    return {
        "state": "incomplete" if reason else state if claim else "listed",
        "Modality": first.modality or None,
        "SeriesNumber": first.series_number or None,
        "instances": len(sent.part.instances),
        "sent": sent.claimed if claim else None,
        "failed": claim.failed if claim else None,
        "there": sent.there,
        "reason": reason or None,
        "SeriesInstanceUID": first.series,
        "StudyInstanceUID": first.study,
    }
