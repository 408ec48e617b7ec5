"""Asking again where one query may miss rows: other character sets, `?`, one of several AE titles.

What an answer shows about the peer is remembered, so that the next query is asked rightly at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from dicomsh.archives.archive import Archive
from dicomsh.errors import DicomshError
from dicomsh.frozen import frozen, replace
from dicomsh.model.adapt import Filter
from dicomsh.model.answer import Answer, Ending, Outcome, as_cancelled, combined
from dicomsh.model.capability import Feature, Support
from dicomsh.model.charset import alternatives, choose, has_letters, inside_words
from dicomsh.model.charset_check import declared_set, is_unlabelled
from dicomsh.model.dedup import Fresh
from dicomsh.model.derived_answer import AnswerStep, DerivedAnswer, Processed, noted
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_tag
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.plan import Request, context_keys, return_key
from dicomsh.model.query import QueryKey
from dicomsh.model.row import Row
from dicomsh.model.row_matching import test_of
from dicomsh.model.status import SUCCESS
from dicomsh.model.widened import (
    as_letter,
    as_part,
    in_set,
    is_proof,
    one_of_several,
    open_letters,
    widened,
)
from dicomsh.query import check

_WIDEST = 5_000
"""Rows that are filtered here at most, to find out what `?` matches."""

_MOST = 200_000
"""Rows without a character set after which none is missed any more."""

_BYTES = "ISO_IR 100"
"""The character set in which each byte is a character of its own."""

_LABEL = by_tag(SPECIFIC_CHARACTER_SET).keyword


async def send(
    archive: Archive, modality: Modality, request: Request, model: Model, limit: int | None
) -> Answer:
    """Send a request, and again if one query may miss something.

    Args:
        archive: connected.
        modality: the peer, with what is known about it.
        request: the request.
        model: an information model that the peer accepted.
        limit: maximum number of rows, or None.

    Raises:
        DicomshError: no association, or a key that cannot be sent.
    """
    asking = Asking(archive, modality, model)
    plain = _text(request).isascii() and not asking.open_letters(request)
    if plain and not one_of_several(request.keys):
        return await asking.send(Turn(request), limit)
    return InTurn(asking, request, limit)


def _text(request: Request) -> str:
    return "".join(key.value for key in (*context_keys(request.place), *request.keys))


@frozen
class Turn:
    """One query of several.

    Args:
        request: the request.
        charset: the character set to send it in; empty for the one that its text needs.
        filters: what is applied to its rows before they are compared with the query.
        tried: whether it is only a try, which may fail.
        bound: the maximum number of rows to filter, or None; with more of them, some may be missed.
        disguised: keywords of keys that are sent as bare bytes, which no row shows.
    """

    request: Request
    charset: str = ""
    filters: tuple[Filter, ...] = ()
    tried: bool = False
    bound: int | None = None
    disguised: frozenset[str] = frozenset()


@frozen
class Asking:
    """Whom to ask, and how.

    Args:
        archive: connected.
        modality: the peer, with what is known about it.
        model: an information model that the peer accepted.
    """

    archive: Archive
    modality: Modality
    model: Model

    async def send(self, turn: Turn, limit: int | None) -> Answer:
        """One query; if its text is ASCII, (0008,0005) is requested once it is missed."""
        if turn.charset or not _text(turn.request).isascii():
            return await self.once(turn, limit)
        if self._labels(Support.WORKS):
            return await self.once(with_label(turn), limit)
        return Labelled(self, turn, await self.once(turn, limit), limit)

    async def once(self, turn: Turn, limit: int | None) -> Answer:
        """One query as it is."""
        charset = turn.charset or self.modality.charset
        peer = replace(self.modality, charset=charset)
        request, filters = turn.request, turn.filters
        if turn.bound is None:
            return await check.send(
                *(self.archive, peer, request, self.model, limit),
                also=filters,
                disguised=turn.disguised,
            )
        answer = await check.send(self.archive, peer, request, self.model, turn.bound)
        return Processed(answer, [check.LocallyFiltered(filters), Bounded()], limit)

    @property
    def may_request_label(self) -> bool:
        """Whether it is worth a try to request (0008,0005)."""
        rejected = _LABEL in self.modality.capabilities.rejected
        return self._labels(Support.UNKNOWN) and not rejected and not self.modality.fallback_charset

    def _labels(self, support: Support) -> bool:
        return self.archive.experience.support(Feature.LABELS) is support

    def open_letters(self, request: Request) -> list[str]:
        """Keywords of keys whose `?` this peer may take for a byte."""
        letters = self.archive.experience.support(Feature.ONE_LETTER)
        fuzzy = Extension.FUZZY in self.archive.abilities.agreed(self.model)
        if letters is Support.WORKS or fuzzy:
            return []
        return [key.keyword for key in open_letters(request.keys)]


class Bounded(AnswerStep):
    """Says that rows may be missing if a bound of ours ended an answer."""

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, which is no longer one at a limit that the user set."""
        if outcome.ending is not Ending.LIMIT:
            return outcome
        unsettled = note(NoteKind.WILDCARD_UNSETTLED, count=_WIDEST)
        return replace(noted(outcome, unsettled), ending=Ending.PARTIAL, detail="")


def with_label(turn: Turn) -> Turn:
    """The same query, which requests (0008,0005).

    The standard has no such request (PS3.4 C.2.2.2), but some servers name the character set of an
    answer only then (Weasis #627: Sante PACS).
    """
    keys = (*turn.request.keys, return_key(_LABEL))
    return replace(turn, request=replace(turn.request, keys=keys))


class Labelled(DerivedAnswer):
    """An answer that is asked for again as soon as text beyond ASCII comes without a set.

    Args:
        asking: whom to ask.
        turn: the query.
        answer: the answer to it.
        limit: maximum number of rows, or None.
    """

    def __init__(self, asking: Asking, turn: Turn, answer: Answer, limit: int | None) -> None:
        super().__init__(limit)
        self._asking = asking
        self._turn = turn
        self._answer = answer
        self._passed = Fresh(turn.request.level)
        self._again = False
        self._came = False
        self._terms: set[str] = set()

    async def _batches(self) -> AsyncIterator[list[Row]]:
        watching = self._asking.may_request_label
        async for batch in self._answer:
            labelled = self._saw(batch)  # of every batch: a later one may come in another set
            watching = watching and not labelled and self._passed.rows < _MOST
            if watching and any(map(is_unlabelled, batch)):
                break
            if watching:
                self._passed.of(batch)
            yield batch
        else:
            return
        async for batch in self._asked_again():
            yield batch

    def _saw(self, batch: list[Row]) -> bool:
        """Whether rows name their character sets, which are remembered."""
        sets = {row.elements.get(SPECIFIC_CHARACTER_SET): row for row in batch}
        terms = {term for row in sets.values() if (term := declared_set(row))}
        new = terms - self._terms
        if new:
            self._terms |= new
            self._asking.archive.experience.saw(sorted(new))
        return bool(terms)

    async def _asked_again(self) -> AsyncIterator[list[Row]]:
        await self._answer.aclose()
        self._again = True
        self._passed.next_query()
        self._answer = await self._asking.once(with_label(self._turn), self.limit)
        async for batch in self._answer:
            self._came |= self._saw(batch)
            yield self._passed.of(batch)
        support = Support.WORKS if self._came else Support.IGNORED
        self._asking.archive.experience.learn(Feature.LABELS, support)

    def _ended(self) -> Outcome:
        outcome = self._answer.outcome
        if not self._again:
            return outcome
        came = ("came",) if self._came else ()
        return noted(outcome, note(NoteKind.CHARSET_REQUESTED, *came))

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()


class InTurn(DerivedAnswer):
    """The answer to a query that may have to be asked in several ways: several queries, as needed.

    Args:
        asking: whom to ask.
        request: the request as typed.
        limit: maximum number of rows, or None.
    """

    def __init__(self, asking: Asking, request: Request, limit: int | None) -> None:
        super().__init__(limit)
        self._asking = asking
        self._experience = asking.archive.experience
        self._request = request
        text = _text(request)
        self._text = "" if text.isascii() else text
        self._charset = choose(text, asking.modality.charset)
        self._open = asking.open_letters(request)
        self._fresh = Fresh(request.level)
        self._current: Answer | None = None
        self._outcomes: list[Outcome] = []
        self._notes: list[Note] = []

    async def _batches(self) -> AsyncIterator[list[Row]]:
        for turn in self._turns():
            try:
                async for batch in self._asked(turn):
                    yield batch
            except DicomshError:
                if not turn.tried:
                    raise

    async def _asked(self, turn: Turn) -> AsyncIterator[list[Row]]:
        before = self._fresh.rows
        self._fresh.next_query()
        self._current = await self._asking.send(turn, self.limit)
        async for batch in self._current:
            self._look(batch, turn)
            if not turn.filters:
                self._look_for_proof(batch)
            yield self._fresh.of(batch)
        if not turn.tried or self._fresh.rows > before:
            self._outcomes.append(self._current.outcome)

    def _turns(self) -> Iterator[Turn]:
        """The queries; whether there is a next one depends on what the last one found."""
        byte_by_byte = self._experience.support(Feature.ONE_LETTER) is Support.FINDS_NOTHING
        widely = bool(self._open) and byte_by_byte
        yield self._wide() if widely else Turn(self._request)
        needed = self._experience.name_charsets
        yield from self._in_sets([one for one in self._other_sets if one in needed], tried=False)
        if self._is_whole:
            yield from self._among_several()
        if self._open and not widely and self._is_whole:
            yield from self._settling()
        if self._is_whole:
            yield from self._in_unread_sets(needed)

    @property
    def _is_whole(self) -> bool:
        """Whether the peer sent whole answers so far; in a dry run nobody sends any."""
        return all(
            outcome.ending is Ending.COMPLETE and outcome.status == SUCCESS
            for outcome in self._outcomes
        )

    @property
    def _reads_any_set(self) -> bool:
        return self._experience.support(Feature.ANY_CHARSET) is Support.WORKS

    def _look(self, batch: list[Row], turn: Turn) -> None:
        self._experience.saw({term for row in batch if (term := declared_set(row))})
        if not self._outcomes and self._text:
            self._experience.read({declared_set(row) for row in batch if self._was_read(row)})
        elif turn.charset and not turn.disguised:
            self._experience.read({turn.charset for row in batch if self._has_read(turn, row)})

    def _look_for_proof(self, batch: list[Row]) -> None:
        """Whether rows that came for `?`, and not for `*`, show what it matched."""
        keys = [key for key in self._request.keys if key.keyword in self._open]
        if any(is_proof(batch, key) for key in keys):
            self._open = []
            self._experience.learn(Feature.ONE_LETTER, Support.WORKS)

    def _was_read(self, row: Row) -> bool:
        """Whether the server read a row in another set than that of the query to find it."""
        raw = b"".join(raw for raw, _ in self._sought_in(row))
        return declared_set(row) != self._charset and not raw.isascii()

    def _has_read(self, turn: Turn, row: Row) -> bool:
        """Whether the server read a query in another set to find a row, which has other bytes."""
        return all(
            raw and not has_letters(raw, text, turn.charset) for raw, text in self._sought_in(row)
        )

    def _sought_in(self, row: Row) -> Iterator[tuple[bytes, str]]:
        """The bytes of a row in which text beyond ASCII is sought, and that text."""
        for key in self._request.keys:
            if not key.value.isascii():
                yield row.elements.get(key.attribute.tag, b""), key.value

    def _wide(self) -> Turn:
        """The query with `*` for `?`, filtered here."""
        return Turn(widened(self._request), filters=self._letter_filters())

    def _letter_filters(self) -> tuple[Filter, ...]:
        sent = {key.keyword: key.value for key in widened(self._request).keys}
        return tuple(
            Filter(note(NoteKind.WILDCARD_WIDENED, f"{word}={sent[word]}"), as_letter(key))
            for key in self._request.keys
            if (word := key.keyword) in self._open
        )

    def _settling(self) -> Iterator[Turn]:
        """What comes in addition with `*` shows that `?` matches one byte here."""
        before = self._fresh.rows
        yield replace(self._wide(), bound=_WIDEST)
        if self._fresh.rows > before:
            self._experience.learn(Feature.ONE_LETTER, Support.FINDS_NOTHING)

    def _among_several(self) -> Iterator[Turn]:
        """Items with several AE titles, which some servers do not find by one of them."""
        keys = one_of_several(self._request.keys)
        if keys:
            wide = replace(self._request, keys=tuple(map(as_part, self._request.keys)))
            filters = (
                Filter(note(NoteKind.ONE_OF_SEVERAL, as_part(key).asked), test_of(key))
                for key in keys
            )
            yield Turn(wide, filters=tuple(filters), tried=True)

    def _in_unread_sets(self, asked: Sequence[str]) -> Iterator[Turn]:
        """In the sets of which nothing shows that the server reads them.

        One that compares bytes has found what is stored in the set of the query alone. One that
        reads the other set finds the same rows again, and is not asked in that set any more.
        """
        read, seen = self._experience.reads, self._experience.charsets
        terms = [term for term in self._other_sets if term not in asked and not read(term)]
        if self._fresh.rows and self._asking.modality.capabilities.probed:
            terms = [term for term in terms if term in seen]  # the probe has looked at a sample
        yield from self._in_sets(terms, tried=True)
        if terms and not self._fresh.rows:
            self._notes.append(note(NoteKind.NO_CHARSET_FINDS, ", ".join(terms)))

    def _in_sets(self, terms: Sequence[str], *, tried: bool) -> Iterator[Turn]:
        for term in terms:
            before = self._fresh.rows
            yield replace(self._in_set(term), tried=tried)
            yield from self._inside_words(term)
            if self._fresh.rows > before:
                self._experience.learn_charset(term)

    @property
    def _other_sets(self) -> list[str]:
        """The other sets that hold the text, those that need to be asked first."""
        if not self._text or self._reads_any_set:
            return []
        seen = (*self._experience.name_charsets, *self._experience.charsets)
        return list(alternatives(self._text, self._charset, seen))

    def _in_set(self, term: str) -> Turn:
        """The query in a set; bytes may match by chance, so the text of a row decides."""
        request = widened(self._request) if self._open else self._request
        filters = (
            Filter(note(NoteKind.OTHER_CHARSET, key.keyword, term), in_set(key, term))
            for key in self._request.keys
            if not key.value.isascii() or key.keyword in self._open
        )
        return Turn(request, term, tuple(filters))

    def _inside_words(self, term: str) -> Iterator[Turn]:
        """The query for letters inside a word of a set whose words have escape sequences."""
        turn = self._in_set(term)
        keys = tuple(_inside_words(key, term) for key in turn.request.keys)
        changed = frozenset(key.keyword for key in set(keys) - set(turn.request.keys))
        if changed:
            request = replace(turn.request, keys=keys)
            yield replace(turn, request=request, charset=_BYTES, tried=True, disguised=changed)

    def _ended(self) -> Outcome:
        ended = [self._current.outcome] if self._current and not self._outcomes else []
        whole = combined([*self._outcomes, *ended])
        return noted(whole if self.finished else as_cancelled(whole), *self._notes)

    async def aclose(self) -> None:
        """Leave early."""
        if self._current is not None:
            await self._current.aclose()


def _inside_words(key: QueryKey, charset: str) -> QueryKey:
    found = inside_words(key.value, charset)
    return key if found is None else replace(key, value=found)
