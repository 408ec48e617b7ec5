"""Archives for a dry run: queries are recorded, nothing is sent.

Each query is answered with one made-up row, so that queries that follow from an answer come too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dicomsh.archives.archive import Archive, ArchivePool, Archives
from dicomsh.archives.pool import Pool
from dicomsh.archives.transfer import Transfers
from dicomsh.config.experience import Experience
from dicomsh.explain.reasons import Sent
from dicomsh.frozen import field, replace, slotted
from dicomsh.model.abilities import Abilities
from dicomsh.model.adapt import adapt
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.model.extended_negotiation import NONE, Extensions
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import VERIFICATION, Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.query import Matching, Query, QueryKey
from dicomsh.model.results import Listing
from dicomsh.model.row import Row
from dicomsh.query.dry_transfer import DryTransfers, Moved

_EVERYTHING = frozenset({VERIFICATION, *(model.value for model in Model)})
"""What a peer is assumed to accept until it has been connected to."""


@slotted
class DryRun:
    """What a command would do.

    Args:
        sent: the queries, each once, in order.
        moved: the objects that it would move.
        echoes: whether it sends a C-ECHO.
        agreed: what was agreed with the peer by extended negotiation, or is assumed to be.
        notes: what the result line would add.
    """

    sent: list[Sent] = field(default_factory=list)
    moved: Moved = field(default_factory=Moved)
    echoes: bool = False
    agreed: Extensions = NONE
    notes: tuple[Note, ...] = ()

    def add(self, sent: Sent) -> None:
        """Record a query, unless it is recorded already."""
        known = ((other.query, other.peer.name) for other in self.sent)
        if (sent.query, sent.peer.name) not in known:
            self.sent.append(sent)


def notes_of(listing: Listing, done: DryRun) -> Iterator[Note]:
    """What the result line would say, whatever the rows: how this archive would be queried."""
    asked_query = listing.asked_query
    if asked_query is None or not done.sent:
        return
    levels = {sent.query.level for sent in done.sent}
    if listing.level is Level.PATIENT and Level.STUDY in levels:
        yield note(NoteKind.PATIENTS_FROM_STUDIES, "the peer has no Patient Root")
    if listing.level is not Level.PATIENT and Level.PATIENT in levels:
        yield note(NoteKind.PATIENT_BY_PATIENT, "the peer has no Study Root")
    adapted = adapt(asked_query.request, asked_query.modality, done.agreed)
    yield from (filter_.why for filter_ in adapted.filters)
    yield from adapted.notes


class DryArchives:
    """Archives that nothing is sent to; satisfies `dicomsh.archives.archive.Archives`.

    Args:
        real: knows about them, and where they are.
        done: records what they are asked.
    """

    def __init__(self, real: Archives, done: DryRun) -> None:
        self.sends = False
        self.memory = real.memory
        self.tap = real.tap
        self.reach = real.reach
        self.state = real.state
        self.known = real.known
        self._done = done

    async def open(self, modality: Modality) -> Archive:
        """An archive that sends nothing."""
        return self._archive(modality)

    def _archive(self, modality: Modality) -> _DryArchive:
        real = self.known(modality)
        accepted = frozenset[str]() if real is None else real.abilities.sop_classes
        bare = Sent(_NOTHING, self.reach(modality), None, accepted)
        return _DryArchive(self._done, bare, real, Experience(self.memory, modality))

    def pool(self, modality: Modality, size: int = 1) -> ArchivePool:
        """A pool of archives that send nothing."""
        return Pool(lambda: self._archive(modality), size)

    async def release(self, kept: Collection[str]) -> None:
        """Do nothing: no connection was opened."""

    def transfers(self, modality: Modality) -> Transfers:
        """Ways to move objects that move nothing."""
        return DryTransfers(self.reach(modality), self._done.moved)


_NOTHING = Query(Model.STUDY_ROOT.find, Level.STUDY, ())


class _DryArchive:
    """Records each query and answers it with one row.

    Args:
        done: records the queries.
        bare: what is known about the peer.
        real: the archive, if it was connected to before, or None.
        experience: what its answers have shown.
    """

    is_open = False
    is_opening = False

    def __init__(
        self, done: DryRun, bare: Sent, real: Archive | None, experience: Experience
    ) -> None:
        self.experience = experience
        self._done = done
        self._bare = bare
        self._real = real

    @property
    def abilities(self) -> Abilities:
        if self._real is not None:
            return self._real.abilities
        wanted = {model.value: self._bare.peer.extended for model in Model}
        return Abilities(_EVERYTHING, wanted)

    async def connect(self) -> Abilities:
        return self.abilities

    async def echo(self) -> float:
        self._done.echoes = True
        return 0.0

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        self._done.add(replace(self._bare, query=query, limit=limit))
        self._done.agreed = self.abilities.agreed(query.model)
        return KnownAnswer([made_up(query)], Outcome(Ending.COMPLETE, 1, 0.0))

    async def close(self) -> None:
        """Nothing is open."""


def made_up(query: Query) -> Row:
    """A row that could answer a query: the values of its unique keys, or their keywords in `<>`.

    Unique keys that are matched by anything but a single value are left out. An instance has a SOP
    class as well, if it is asked for: a retrieval of it depends on that.
    """
    from dicomsh.archives.rows import row_of

    given = {key.keyword: key for key in query.keys if key.value}
    own = () if query.level is None else (query.level,)
    words = [level.unique_keyword for level in (*query.levels_above, *own)]
    words += [key.keyword for key in query.keys if key.keyword == "SOPClassUID"]
    values = {word: _made_up(given.get(word), word) for word in words}
    attributes = ((by_keyword(word), value) for word, value in values.items() if value)
    return row_of({attribute.tag: (attribute.vr, [value]) for attribute, value in attributes})


def _made_up(key: QueryKey | None, keyword: str) -> str:
    if key is None:
        return placeholder(keyword)
    return key.value if key.matching is Matching.SINGLE_VALUE else ""


def placeholder(keyword: str) -> str:
    """The placeholder for a value that only an answer can provide."""
    return f"<{keyword}>"
