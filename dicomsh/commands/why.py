"""why: which key left an answer empty, or short, and what is there instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from datetime import date
from functools import partial

from dicomsh.commands.apiece import apiece
from dicomsh.commands.context import Context
from dicomsh.commands.last_queries import answers_of
from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.language.command import command
from dicomsh.model.answer import Ending, Outcome, combined
from dicomsh.model.asked_query import AskedQuery
from dicomsh.model.columns import AttributeColumn, FieldColumn, Record
from dicomsh.model.levels import Level
from dicomsh.model.moments import WORDS
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import QueryKey
from dicomsh.model.results import Records, listing_of
from dicomsh.model.row import Row
from dicomsh.model.row_matching import noticing, testable
from dicomsh.model.text_about import text_about
from dicomsh.output.cells import iso_date, iso_time
from dicomsh.query.suggest import phrase_of, phrase_with
from dicomsh.query.why import POOL, Finding, Kind, Search, is_matched

_COLUMNS = (
    FieldColumn("without", "Without"),
    FieldColumn("rows", "Rows", True),
    FieldColumn("there", "There"),
    FieldColumn("reason", "Reason"),
    FieldColumn("try", "Try"),
)


@command(
    "why",
    family="query",
    examples=(
        "find worklist station=CT_9 date=today; why",
        "find study name=DOE mod=XA; why",
    ),
)
async def why(context: Context) -> Records:
    """Say which key left the last answer empty, or short, and what is there instead.

    Asks again without each key in turn, up to 500 rows each time, and counts the values that the
    rows have in its place. If no single key is the reason, it asks without any key and says which
    of them match nothing at all. Ctrl-C ends it with what is known by then. For an answer of
    several archives, it does so for each.
    """
    answers = answers_of(context.session, "why")
    kept = context.session.last
    assert kept is not None
    rows = kept.by_modality()
    asked, _ = answers[0]
    narrowed = any(map(is_matched, asked.request.keys)) or bool(asked.request.place.steps)
    empty = not any(outcome.rows for _, outcome in answers)
    if not narrowed and not (empty and asked.request.level is Level.WORKLIST):
        raise UsageError(
            "the last query matched on no key", hint="'explain last' says what it asked"
        )
    listings = {
        asked.modality.name: _listing(context, asked, outcome, rows.get(asked.modality.name, []))
        for asked, outcome in answers
    }
    return next(iter(listings.values())) if len(listings) == 1 else apiece(listings)


def _listing(context: Context, asked: AskedQuery, outcome: Outcome, rows: list[Row]) -> Records:
    """The reasons for the answer of one archive."""
    had = outcome.rows if outcome.received is None else outcome.received
    reasons = _Reasons(context, asked, had, [row.compact() for row in rows[:POOL]])
    return listing_of(
        _COLUMNS,
        reasons.records(),
        draw=_line,
        outcome=lambda: reasons.outcome,
        unit=("reason", "reasons"),
    )


def _line(record: Record) -> str:
    tried = f" · try: {record['try']}" if record["try"] else ""
    return f"{record['reason']}{tried}"


class _Reasons:
    """The reasons as records; queries are sent on iteration."""

    def __init__(self, context: Context, asked: AskedQuery, had: int, rows: Sequence[Row]) -> None:
        self._search = Search(context.query, asked, had, rows)
        self._asked = asked
        self._had = had
        self._here = context.session.place
        self._today = context.session.today
        self._rows = 0

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each reason."""
        async for finding in self._search.findings():
            self._rows += 1
            yield [self._record(finding)]

    def _record(self, finding: Finding) -> Record:
        told = _Told(self._asked, finding, self._had, self._today)
        return {
            "without": None if finding.key is None else text_about(self._asked.request, told.key),
            "rows": len(finding.rows),
            "there": text_about(finding.rows, told.values) if finding.key else None,
            "reason": text_about((self._asked.request, finding.rows), told.reason),
            "try": text_about((self._asked.request, finding.rows), partial(told.line, self._here)),
        }

    @property
    def outcome(self) -> Outcome:
        """How the queries ended: a limit of ours is meant."""
        ended = [replace(one, ending=_ending(one), notes=()) for one in self._search.outcomes]
        whole = combined(ended)
        queries = note(NoteKind.QUERIES, count=len(ended))
        doubtful = any(one.doubtful for one in ended)
        return replace(whole, rows=self._rows, doubtful=doubtful, notes=(queries,))


def _ending(outcome: Outcome) -> Ending:
    return Ending.COMPLETE if outcome.ending is Ending.LIMIT else outcome.ending


_MOST = 6
"""Values that are named."""


class _Told:
    """A finding in words.

    The texts are made of the request and the rows, so that they can be made again of masked ones.
    """

    def __init__(self, asked: AskedQuery, finding: Finding, had: int, today: date) -> None:
        keys = asked.request.keys
        self._index = next((n for n, key in enumerate(keys) if key == finding.key), -1)
        self._aet = asked.modality.local_aet
        self._finding = finding
        self._had = had
        self._today = today

    def key(self, request: Request) -> str:
        """The key as typed."""
        return _typed(request.keys[self._index])

    def reason(self, about: tuple[Request, tuple[Row, ...]]) -> str:
        """A sentence."""
        request, rows = about
        finding, level = self._finding, request.level
        many = f"more than {level.counted(len(rows))}" if finding.more else level.counted(len(rows))
        match finding.kind:
            case Kind.NOTHING_THERE:
                return _nothing(level)
            case Kind.WITHOUT_PLACE:
                return f"{many} outside of the current place"
            case Kind.ALL_TOGETHER:
                return self._together(request, rows)
            case Kind.KEY_MATCHES_NONE:
                return f"{many} in all, none with {self.key(request)}: {self.values(rows)}"
            case Kind.KEY_IGNORED:
                return self._ignored(request, rows)
            case Kind.WITHOUT_KEY:
                return self._without(request, rows, many)

    def _ignored(self, request: Request, rows: tuple[Row, ...]) -> str:
        key = request.keys[self._index]
        ours = key.attribute.vr == "AE" and set(_counted(rows, key)) == {self._aet}
        why = "which is our AE title: the server shows each device its own steps" if ours else ""
        those = f"{len(rows):,} of {request.level.counted(self._had)} are not {_typed(key)}"
        told = f"{those}, which the server ignores; they have {self.values(rows)}"
        return f"{told}, {why}" if why else told

    def _without(self, request: Request, rows: tuple[Row, ...], many: str) -> str:
        key, unfound = self.key(request), self._finding.unfound
        others = [k for n, k in enumerate(request.keys) if is_matched(k) and n != self._index]
        verb = "matches" if len(rows) == 1 else "match"
        match = f"{many} {verb} {' '.join(map(_typed, others))}" if others else f"{many} without it"
        if unfound:
            return f"{match}, {unfound:,} of them with {key}: the server does not find them"
        some = f"{self._had:,}" if self._had else "none"
        return f"{match}, {some} with {key}: {self.values(rows)}"

    def _together(self, request: Request, rows: tuple[Row, ...]) -> str:
        unfound = self._finding.unfound
        keys = [key for key in request.keys if is_matched(key)]
        if unfound:
            what = " ".join(map(_typed, keys))
            counted = request.level.counted(unfound)
            return f"{counted} with {what}, and the server does not find them"
        alone = ", ".join(
            f"{_typed(key)} ×{sum(bool(noticing(key)(row)) for row in rows):,}"
            for key in keys
            if testable(key)
        )
        return f"each key matches something, all together nothing: {alone}"

    def values(self, rows: tuple[Row, ...]) -> str:
        """What the rows have in place of the key, the likeliest first."""
        key = self._finding.key
        assert key is not None
        counts = _counted(rows, key)
        ranked = _ranked(counts, key)
        told = [f"{self._shown(key, value)} ×{counts[value]:,}" for value in ranked[:_MOST]]
        left = len(ranked) - len(told)
        more = f" and {left:,} other value{'s' * (left > 1)}" if left > 0 else ""
        return ", ".join(told) + more

    def _shown(self, key: QueryKey, value: str) -> str:
        if not value:
            return "no value"
        if key.attribute.vr == "DA":
            return _day(value, self._today)
        return iso_time(value) if key.attribute.vr == "TM" else value

    def line(self, here: Place, about: tuple[Request, tuple[Row, ...]]) -> str:
        """A command line to try; empty if there is none."""
        request, rows = about
        finding = self._finding
        if finding.kind not in (Kind.WITHOUT_KEY, Kind.KEY_MATCHES_NONE) or finding.key is None:
            return ""
        key = request.keys[self._index]
        likely = _likely(_counted(rows, finding.key), finding.key)
        if likely and not finding.unfound:
            return phrase_with(request, key, likely).line(here)
        keys = request.keys[: self._index] + request.keys[self._index + 1 :]
        return phrase_of(replace(request, keys=keys)).line(here) if keys else ""


def _nothing(level: Level) -> str:
    if level is Level.WORKLIST:
        return (
            "the worklist is empty for our AE title: a server may show each device its own steps"
            " (find worklist --as DEVICE)"
        )
    return f"there are no {level.plural} at all, or none for our AE title"


def _typed(key: QueryKey) -> str:
    return key.typed or key.asked


def _counted(rows: Sequence[Row], key: QueryKey) -> Counter[str]:
    """How many rows have each value of the attribute of a key, if not that of the key."""
    column = AttributeColumn(key.attribute, key.name, path=key.path[:-1])
    fits = noticing(key) if testable(key) else None
    others = (row for row in rows if fits is None or not fits(row))
    return Counter("\\".join(column.texts(row)) for row in others)


def _ranked(counts: Counter[str], key: QueryKey) -> list[str]:
    """The values: those that look like the key's first, then the frequent ones."""
    return sorted(counts, key=lambda value: (-_alike(value, key), -counts[value], value))


_SIMILAR = 0.6


def _likely(counts: Counter[str], key: QueryKey) -> str:
    """The value that was most likely meant; empty if none is similar."""
    best = next(iter(_ranked(counts, key)), "")
    if not best or "\\" in best or not _alike(best, key):
        return ""
    begins = key.attribute.vr == "PN" and best.casefold().startswith(key.value.casefold())
    return f"{key.value}*" if begins else best


def _alike(value: str, key: QueryKey) -> float:
    """How much a text looks like that of a key; 0 if it does not, or if that means nothing."""
    if key.attribute.vr in ("DA", "TM", "DT", "UI") or "\\" in key.value:
        return 0.0
    from difflib import SequenceMatcher

    wanted, held = key.value.strip("*?").casefold(), value.casefold()
    if wanted and (wanted in held or (held and held in wanted)):
        return 1.0
    ratio = SequenceMatcher(None, wanted, held).ratio()
    return ratio if ratio >= _SIMILAR else 0.0


def _day(value: str, today: date) -> str:
    """A date, with the word for it if it is near."""
    words = {f"{today.fromordinal(today.toordinal() + n):%Y%m%d}": w for w, n in WORDS.items()}
    return f"{words[value]} ({iso_date(value)})" if value in words else iso_date(value)
