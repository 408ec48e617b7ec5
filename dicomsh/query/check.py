"""Checks on answers as they arrive: our own filters, and rows that contradict the query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dicomsh.archives.archive import Archive
from dicomsh.frozen import replace
from dicomsh.model.adapt import Adapted, Filter, adapt
from dicomsh.model.answer import Answer, Outcome
from dicomsh.model.capability import Capabilities, Support
from dicomsh.model.charset_check import CharsetCheck
from dicomsh.model.derived_answer import AnswerStep, Processed, noted
from dicomsh.model.keys import COUNTS, PATIENT_ID, Attribute, by_keyword, path_of
from dicomsh.model.level_keys import displayed
from dicomsh.model.levels import Level, Model
from dicomsh.model.lists import divided_lists, in_parts
from dicomsh.model.lost_letters import letters_of, may_have_lost_letters
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.plan import Request, build, context_keys
from dicomsh.model.query import Matching, QueryKey
from dicomsh.model.row import Row, items_at
from dicomsh.model.row_checks import RowChecks
from dicomsh.model.row_faults import RowFaults
from dicomsh.model.row_matching import noticing, test_of
from dicomsh.model.silent_truncation import against_cap
from dicomsh.model.vr import MOMENT_VRS, NUMBER_VRS
from dicomsh.query.sequential import Send, Sequential


async def send(
    archive: Archive,
    modality: Modality,
    request: Request,
    model: Model,
    limit: int | None,
    *,
    also: Sequence[Filter] = (),
    disguised: frozenset[str] = frozenset(),
) -> Answer:
    """Send a request once, adapted to this peer.

    Args:
        archive: connected.
        modality: the peer, with what is known about it.
        request: the request.
        model: an information model that the peer accepted.
        limit: maximum number of rows, or None.
        also: further filters of ours.
        disguised: keywords of keys whose value is sent in a form that no row shows; a filter of
            ours knows what they mean.

    Raises:
        DicomshError: no association, or a key that cannot be sent.
    """
    adapted = adapt(request, modality, archive.abilities.agreed(model))
    shown = tuple(key for key in adapted.watched if key.keyword not in disguised)
    adapted = replace(adapted, watched=shown)
    ours_too = (*adapted.filters, *also)
    sends = [_sender(archive, modality, part, model) for part in in_parts(adapted.request)]
    literal = [key for key in (*context_keys(request.place), *request.keys) if _is_value(key)]
    filters: list[AnswerStep] = [OfThisValue(key) for key in literal]
    filters += [LocallyFiltered(ours_too)] if ours_too else []
    ours = bool(ours_too) or any(map(_looks_like_pattern, literal))
    bound = None if ours else limit
    if len(sends) == 1:
        answer = await sends[0](bound)
    else:
        answer = Sequential(request.level, sends, bound)
        filters.append(Divided(len(sends), divided_lists(adapted.request)))
    return Processed(answer, [*filters, Checked(adapted, modality)], limit)


def _is_value(key: QueryKey) -> bool:
    """Whether rows of other entities may come: a server may take the value for a pattern.

    A PatientID may also be matched without regard to case.
    """
    return key.literal and (key.attribute.tag == PATIENT_ID or _looks_like_pattern(key))


def _looks_like_pattern(key: QueryKey) -> bool:
    text = (
        key.attribute.vr not in MOMENT_VRS | NUMBER_VRS and key.matching is not Matching.EMPTY_VALUE
    )
    return text and not set(key.value).isdisjoint("*?\\")


def _sender(archive: Archive, modality: Modality, request: Request, model: Model) -> Send:
    query = build(request, model, modality.charset, modality.universal)
    known = modality.capabilities

    async def find(limit: int | None) -> Answer:
        answer = await archive.find(query, limit=limit)
        return answer if known.cap is None else Processed(answer, [Capped(request, known)])

    return find


class Capped(AnswerStep):
    """Lets every row pass, and tells an answer that the peer is known to cut off from a whole one.

    Args:
        request: the request as sent.
        known: what is known about the peer.
    """

    def __init__(self, request: Request, known: Capabilities) -> None:
        self._request = request
        self._known = known
        self._series = 0

    def passed(self, batch: list[Row]) -> list[Row]:
        """The same rows, their series counted."""
        self._series += sum(map(_series_of, batch))
        return batch

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, which counts the rows that came from the peer."""
        return against_cap(self._request, outcome, self._known, outcome.rows, self._series)


_SERIES = by_keyword("NumberOfStudyRelatedSeries").tag


def _series_of(row: Row) -> int:
    """How many series a study has; one if that is not known."""
    number = row.text(_SERIES) or ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1


class Divided(AnswerStep):
    """Says how many queries the lists of a request took.

    Args:
        queries: how many.
        keywords: the lists that were asked for value by value; none for UIDs, which did not fit.
    """

    def __init__(self, queries: int, keywords: tuple[str, ...]) -> None:
        kind = NoteKind.LIST_DIVIDED if keywords else NoteKind.UID_LIST_DIVIDED
        about = (" and ".join(keywords),) if keywords else ()
        self._note = note(kind, *about, count=queries)

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with their number."""
        return noted(outcome, self._note)


class OfThisValue(AnswerStep):
    r"""Passes on the rows with a value that came out of an answer, and those that do not match it.

    The standard has no way to send such a value as what it is: servers take `*`, `?` and `\` in it
    for wildcards and a list (PS3.4 C.2.2.2.1, C.2.2.2.4) and return rows of other entities. A row
    that does not match even as a pattern is left to `Checked`: the server ignores the key.

    Args:
        key: a literal key: the PatientID of the place, or one whose value is from a row.
    """

    def __init__(self, key: QueryKey) -> None:
        self._key = key
        self._has_value = test_of(key)
        self._matches = _any_row if "\\" in key.value else noticing(replace(key, literal=False))
        self._others = 0

    def passed(self, batch: list[Row]) -> list[Row]:
        """The rows that are not of another entity that the server matched."""
        kept = [row for row in batch if not self._is_of_other(row)]
        self._others += len(batch) - len(kept)
        return kept

    def _is_of_other(self, row: Row) -> bool:
        return self._has_value(row) is False and bool(self._matches(row))

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with how many rows were of others."""
        if not self._others:
            return outcome
        patient = self._key.attribute.tag == PATIENT_ID
        what = Level.PATIENT.plural if patient else f"values of {self._key.keyword}"
        return noted(
            outcome, note(NoteKind.OTHER_ENTITIES, what, self._key.value, count=self._others)
        )


def _any_row(row: Row) -> bool:
    r"""For a value that `\` divides: only what is before it was sent."""
    del row
    return True


class LocallyFiltered(AnswerStep):
    """Passes on the rows that match what the peer does not match; says how many were kept.

    A row that lacks the attribute passes, but is counted: the answer is then doubtful.
    """

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = filters
        self._seen = 0
        self._kept = 0
        self._untold = 0

    def passed(self, batch: list[Row]) -> list[Row]:
        """The rows that pass every filter."""
        kept = [row for row in batch if self._passes(row)]
        self._seen += len(batch)
        self._kept += len(kept)
        return kept

    def _passes(self, row: Row) -> bool:
        results = [filter_.test(row) for filter_ in self._filters]
        passes = False not in results
        self._untold += passes and None in results
        return passes

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with what was filtered."""
        notes = [filter_.why for filter_ in self._filters]
        notes[-1] = replace(notes[-1], count=self._kept, of=self._seen)
        if self._untold:
            notes.append(note(NoteKind.LACK_THE_ATTRIBUTE, count=self._untold))
        return replace(noted(outcome, *notes), doubtful=outcome.doubtful or self._untold > 0)


class Checked(AnswerStep):
    """Lets every row pass, and says which of them contradict the query.

    If some do, or if we cannot tell whether a key was matched, the answer is doubtful.

    Args:
        adapted: the query as sent.
        modality: the peer.
    """

    def __init__(self, adapted: Adapted, modality: Modality) -> None:
        self._notes = adapted.notes
        self._empty = adapted.empty
        self._unchecked = adapted.unchecked
        self._modality = modality
        # a key may be typed and of the place as well
        watched = {(key.keyword, key.value): key for key in adapted.watched}
        of_worklist = adapted.request.level is Level.WORKLIST
        self._watches = [_Watch(key, of_worklist=of_worklist) for key in watched.values()]
        asked = "".join(key.value for key in adapted.request.keys)
        self._charsets = CharsetCheck(modality.fallback_charset, asked)
        self._rows = RowChecks(adapted.request.level)
        self._faults = RowFaults(str(modality.address))

    def passed(self, batch: list[Row]) -> list[Row]:
        """The same rows, checked."""
        self._charsets.look(batch)
        self._rows.look(batch)
        self._faults.look(batch)
        for watch in self._watches:
            watch.look(batch)
        return batch

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with what was noticed."""
        empty = () if outcome.rows else self._empty
        seen = [said for watch in self._watches for said in self._said(watch)]
        if outcome.unsupported and self._unchecked:
            seen.append(note(NoteKind.KEYS_UNSUPPORTED, ", ".join(self._unchecked)))
        remarks = [said for watch in self._watches for said in watch.remarks]
        doubtful = outcome.doubtful or bool(seen) or self._rows.doubtful or self._faults.doubtful
        found = (*self._faults.notes, *self._rows.notes)
        noticed = (*empty, *seen, *remarks, *found, *self._notes, *self._charsets.notes)
        return replace(noted(outcome, *noticed), doubtful=doubtful)

    def _said(self, watch: _Watch) -> Iterator[Note]:
        return watch.said(self._modality, excused=not self._charsets.holding(watch.letters))


class Unreturned(AnswerStep):
    """Lets every row pass, and names the attributes asked for of which no row has a value.

    A server need not return optional keys (PS3.4 C.2.2.1): an empty column would look like a fact
    about the entities.

    Args:
        request: the request. Its return keys count, and what a peer works out from the level below.
        rejected: keywords of keys that are not sent to this peer.
    """

    def __init__(self, request: Request, rejected: frozenset[str]) -> None:
        asked = [key.path for key in request.keys if not key.value]
        matched = {key.path for key in request.keys if key.value}
        self._typed = {".".join(part.keyword for part in path) for path in asked}
        columns = map(path_of, request.default_keywords())
        derived = [path for path in columns if path[0].tag in _DERIVED and path not in matched]
        paths = {".".join(part.keyword for part in path): path for path in (*asked, *derived)}
        self._missing = {word: path for word, path in paths.items() if word not in rejected}

    def passed(self, batch: list[Row]) -> list[Row]:
        """The same rows."""
        if self._missing:
            missing = self._missing.items()
            self._missing = {w: path for w, path in missing if not _any_has(batch, path)}
        return batch

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with the attributes."""
        words = [displayed(word) for word in self._missing if word not in outcome.unasked]
        if not outcome.rows or not words:
            return outcome
        typed = set(map(displayed, self._typed))
        named = max(_NAMED, sum(word in typed for word in words))
        more = f" and {len(words) - named} more" if len(words) > named else ""
        return noted(outcome, note(NoteKind.NONE_RETURNED, ", ".join(words[:named]) + more))


def _any_has(rows: Sequence[Row], path: tuple[Attribute, ...]) -> bool:
    *around, last = path
    items = (item for row in rows for item in items_at(row, around))
    return any(item.elements.get(last.tag, b"").strip(b" \0") for item in items)


_DERIVED = frozenset({*COUNTS, by_keyword("ModalitiesInStudy").tag})
"""Tags of what every entity has, because a peer works it out from what is below it."""

_NAMED = 4
"""Attributes that are named, besides those that were typed; of more, only the number is said."""

_REMEMBERED = 4096
"""Values known to match that need not be compared again: many rows have the same."""


class _Watch:
    """Compares rows with one key that they should match.

    Attributes:
        letters: the letters that its rows should be able to show.
    """

    def __init__(self, key: QueryKey, *, of_worklist: bool) -> None:
        self.letters = letters_of(key.value)
        self._key = key
        self._of_worklist = of_worklist
        self._notice = noticing(key)
        self._test = test_of(key)
        self._right: set[bytes] = set()
        self._rows = 0
        self._wrong = 0
        self._garbled = 0
        self._loose = 0
        self._empty = 0
        self._untold = 0

    def look(self, batch: Sequence[Row]) -> None:
        """Count the rows that do not match."""
        self._rows += len(batch)
        tag, right = self._key.attribute.tag, self._right
        for row in batch:
            if row.elements.get(tag) not in right:
                self._look_into(row)

    def _look_into(self, row: Row) -> None:
        result, tag = self._notice(row), self._key.attribute.tag
        if result is None:
            self._untold += 1
        elif not result and may_have_lost_letters(row, self._key):
            self._garbled += 1
        elif not result:
            empty = len(self._key.path) == 1 and not row.text(tag)
            self._empty += empty
            self._wrong += not empty
        elif self._key.attribute.vr != "PN" and not self._test(row):
            self._loose += 1
        elif len(self._key.path) == 1 and len(self._right) < _REMEMBERED:
            raw = row.elements[tag]
            # beyond ASCII, the same bytes mean something else in another character set
            self._right |= {raw} if raw.isascii() else set()

    def said(self, modality: Modality, *, excused: bool) -> Iterator[Note]:
        """What contradicts the key, if anything does.

        Args:
            modality: the peer.
            excused: whether no row came in a character set with the letters of the key: then those
                that may have lost them do not contradict it.
        """
        keyword, rows, asked = self._key.name, self._rows, self._key.asked
        known = modality.capabilities.support(self._key.keyword) is not Support.UNKNOWN
        # a probe that found nothing out will not find it out next time; it asks no worklist
        to_probe = () if modality.capabilities.probed or self._of_worklist else (modality.name,)
        wrong = self._wrong if excused else self._wrong + self._garbled
        if wrong:
            yield note(NoteKind.NO_MATCH, asked, *to_probe, count=wrong, of=rows)
        # optional keys may be missing from an answer (PS3.4 C.2.2.1): nothing to compare with
        elif rows and self._untold == rows and not known:
            yield note(NoteKind.NOT_RETURNED, keyword, asked, *to_probe)
        elif self._without and not self._all_unknown:
            yield self._without_value

    @property
    def remarks(self) -> Iterator[Note]:
        """What is worth knowing, but no contradiction."""
        asked, rows = self._key.asked, self._rows
        if self._without and self._all_unknown and not self._wrong:
            yield self._without_value
        if self._loose:
            yield note(NoteKind.OTHER_CASE, asked, count=self._loose, of=rows)

    @property
    def _without(self) -> int:
        return self._empty + (self._untold if self._untold < self._rows else 0)

    @property
    def _without_value(self) -> Note:
        about = self._key.name, self._key.asked
        return note(NoteKind.WITHOUT_VALUE, *about, count=self._without, of=self._rows)

    @property
    def _all_unknown(self) -> bool:
        """Whether all rows without a value have one of zero length, and a range was asked for.

        Such a value is unknown, and matches (PS3.4 C.2.2.1.2); some servers do that for ranges.
        """
        is_range = self._key.attribute.vr in MOMENT_VRS and "-" in self._key.value
        return is_range and self._without == self._empty
