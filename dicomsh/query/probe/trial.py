"""The trial of a peer: limited queries, whose failures are findings, and what was learnt."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.archives.archive import Archive
from dicomsh.errors import AssociationAbortedError, DicomshError, QueryFailedError, TimedOutError
from dicomsh.frozen import frozen, replace
from dicomsh.model import evidence
from dicomsh.model.capability import Capabilities, Feature, Support
from dicomsh.model.evidence import Reply
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, build
from dicomsh.model.query import QueryKey

FEW = 200
"""Rows after which a query is stopped, except the widest one."""


@frozen
class Finding:
    """One finding: about what, with which result, and how it was found."""

    capability: str
    result: str
    how: str


class Trial:
    """One peer under trial.

    Args:
        modality: the peer.
        archive: a connection that proposes nothing beyond plain matching.

    Attributes:
        model: the information model that studies are queried in.
        place: the place of these queries: a patient, if the peer needs one.
        sample: the sampled studies.
        queries: C-FINDs sent.
        seconds: how long they took.
        found: what was learnt.
        failure: the last failure of a query.
    """

    def __init__(self, modality: Modality, archive: Archive) -> None:
        self.modality = modality
        self.archive = archive
        self.model = Model.STUDY_ROOT
        self.place = Place()
        self.sample = Reply()
        self.queries = 0
        self.seconds = 0.0
        self.found = Capabilities()
        self.failure: DicomshError | None = None

    async def ask(
        self,
        level: Level,
        keys: Sequence[QueryKey] = (),
        limit: int = FEW,
        place: Place | None = None,
        model: Model | None = None,
        *,
        charset: str = "",
    ) -> Reply:
        """One query, in a character set or the one that suits; a failure is a finding, too.

        Raises:
            DicomshError: no association at all.
        """
        around = self.place if place is None else place
        request = Request(level, around.above(level), tuple(keys), self.found.rejected)
        declared, universal = charset or self.modality.charset, self.modality.universal
        query = build(request, model or self.model, declared, universal)
        self.queries += 1
        try:
            answer = await self.archive.find(query, limit=limit)
            rows = [row async for batch in answer for row in batch]
        except (QueryFailedError, AssociationAbortedError, TimedOutError) as error:
            self.failure = error
            return Reply(error=error.message)
        self.seconds += answer.outcome.seconds
        return Reply(rows, answer.outcome)

    async def matched(
        self,
        key: QueryKey,
        level: Level = Level.STUDY,
        place: Place | None = None,
        sample: Reply | None = None,
    ) -> tuple[Support, str]:
        """What the peer does with a matching key, and how that was found."""
        reply = await self.ask(level, [key], place=place)
        support = evidence.matching(key, reply, self.sample if sample is None else sample)
        how = f"{key.keyword}={key.value} at {level.word} level"
        return support, f"{how}: {reply.error}" if reply.error else how

    def note_matching(self, keyword: str, support: Support) -> None:
        """Learn what the peer does with a key."""
        if support is not Support.UNKNOWN:
            self.found = replace(self.found, matching={**self.found.matching, keyword: support})

    def note_returned(self, told: dict[str, bool]) -> None:
        """Learn which attributes the peer returns."""
        self.found = replace(self.found, returned={**self.found.returned, **told})

    def note_feature(self, feature: Feature, support: Support) -> None:
        """Learn what the peer does with a feature."""
        if support is not Support.UNKNOWN:
            self.found = replace(self.found, features={**self.found.features, feature: support})
