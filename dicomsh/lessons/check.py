"""Whether what the learner did is what a step asks for. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dicomsh.errors import ExitStatus
from dicomsh.lessons.happened import Happened
from dicomsh.model.answer import Row
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.listing import Ending
from dicomsh.model.query import Matching, Query


@dataclass(frozen=True, slots=True)
class Key:
    """What a key of the query must be.

    Args:
        value: exactly what goes out, empty for universal matching; None for anything.
        matching: the kind of matching that its value asks for, or None for any.
    """

    value: str | None = None
    matching: Matching | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What must be true of one statement; what is left at its default is not asked for.

    Args:
        commands: names of commands of which it must be one.
        level: the level of the query.
        model: the information model of the query.
        keys: keys that the query must hold, by keyword.
        unmatched: keywords that the query must not match on.
        charset: the character set of the query; empty for none beyond ASCII.
        rows: fewest and most rows of the answer; no most for None.
        contains: values that must be among those of the rows, by keyword.
        only: values that all rows must have one of, by keyword.
        endings: ways of which the answer must have ended in one.
        modality: the modality that must be in use.
        place: the path where the learner must be.
        place_level: the level of the place where the learner must be.
        statuses: statuses of which the statement must have ended with one.
        typed: a regular expression that must be found in the statement.
        answers: regular expressions of which one must be the whole of what `lesson answer` gets.
    """

    commands: tuple[str, ...] = ()
    level: Level | None = None
    model: Model | None = None
    keys: Mapping[str, Key] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    charset: str | None = None
    rows: tuple[int, int | None] | None = None
    contains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    endings: tuple[Ending, ...] = ()
    modality: str | None = None
    place: str | None = None
    place_level: Level | None = None
    statuses: tuple[ExitStatus, ...] = (ExitStatus.DONE, ExitStatus.INCOMPLETE)
    typed: re.Pattern[str] | None = None
    answers: tuple[re.Pattern[str], ...] = ()

    @property
    def of_query(self) -> bool:
        """Whether a query is part of what is asked for."""
        asked = self.level or self.model or self.keys or self.unmatched
        return bool(asked) or self.charset is not None

    @property
    def of_answer(self) -> bool:
        """Whether rows are part of what is asked for."""
        return bool(self.rows or self.contains or self.only or self.endings)


def unmet(check: Check, happened: Happened) -> str | None:
    """What is still missing, as a sentence for the learner; None when the step is done."""
    return next(_missing(check, happened), None)


def attempted(check: Check, happened: Happened) -> bool:
    """Whether a statement looks like an attempt, so that a word about it is welcome."""
    if check.answers:
        return False
    if check.commands and happened.command not in check.commands:
        return False
    return happened.rows is not None or not (check.of_query or check.of_answer)


def on_the_way(check: Check, happened: Happened) -> bool:
    """Whether a statement asked at another level than the one that the task ends with."""
    return check.level is not None and all(q.level is not check.level for q in happened.queries)


def answered(check: Check, text: str) -> bool:
    """Whether a text is one of the right answers to the question of a step."""
    return any(pattern.fullmatch(text.strip()) for pattern in check.answers)


def _missing(check: Check, happened: Happened) -> Iterator[str]:
    if check.answers:
        yield "this step has a question: 'lesson answer …' answers it"
    if check.commands and happened.command not in check.commands:
        yield f"this step is about the command {' or '.join(check.commands)}"
    if happened.status not in check.statuses:
        yield _ended_wrongly(happened.status)
    if check.of_query:
        yield from _missing_in_queries(check, happened.queries)
    if check.of_answer:
        yield from _missing_in_rows(check, happened)
    yield from _missing_place(check, happened)
    if check.typed and not check.typed.search(happened.text):
        yield "the command is not written as the task asks"


def _ended_wrongly(status: ExitStatus) -> str:
    if status in (ExitStatus.DONE, ExitStatus.INCOMPLETE):
        return "that worked, and this step is about something that does not"
    return "the command did not run to its end"


def _missing_place(check: Check, happened: Happened) -> Iterator[str]:
    if check.modality is not None and happened.modality != check.modality:
        yield f"the modality in use should be {check.modality}"
    if check.place is not None and happened.place.path != check.place:
        yield f"you are at {happened.place.path}, and should be at {check.place}"
    if check.place_level is not None and happened.place.level is not check.place_level:
        yield f"you should be in a {check.place_level.word}"


def _missing_in_queries(check: Check, queries: tuple[Query, ...]) -> Iterator[str]:
    """What the last query lacks, unless one of them lacks nothing."""
    if not queries:
        yield "no query was sent"
        return
    lacking = [next(_missing_in_query(check, query), None) for query in queries]
    if all(lacking):
        yield str(lacking[-1])


def _missing_in_query(check: Check, query: Query) -> Iterator[str]:
    if check.level is not None and query.level is not check.level:
        yield f"the query was at {query.level.dicom} level, and should be at {check.level.dicom}"
    if check.model is not None and query.model is not check.model:
        yield f"the query was in {query.model.title}, and should be in {check.model.title}"
    sent = {key.keyword: key for key in query.keys}
    for keyword, wanted in check.keys.items():
        held = sent.get(keyword)
        if held is None:
            yield f"the query has no {keyword}"
        elif wanted.value is not None and held.value != wanted.value:
            yield f"{keyword} went out as {_quoted(held.value)}"
        elif wanted.matching is not None and held.matching is not wanted.matching:
            yield f"{keyword} asked for {held.matching.title} matching"
    for keyword in check.unmatched:
        if keyword in sent and sent[keyword].value:
            yield f"the query matches on {keyword}, which this step does without"
    if check.charset is not None and query.charset != check.charset:
        yield f"the query went out in {query.charset or 'plain ASCII'}"


def _quoted(value: str) -> str:
    return f"'{value}'" if value else "an empty value, which matches everything"


def _missing_in_rows(check: Check, happened: Happened) -> Iterator[str]:
    rows, outcome = happened.rows, happened.outcome
    if rows is None or outcome is None:
        yield "nothing was listed"
        return
    if check.rows is not None and not _within(len(rows), check.rows):
        yield f"the answer has {_counted(len(rows))}, and should have {_range(check.rows)}"
    if check.endings and outcome.ending not in check.endings:
        yield f"the answer ended as '{outcome.ending.value}'"
    for keyword, values in check.contains.items():
        found = {value for row in rows for value in _values(row, keyword)}
        if not found.issuperset(values):
            yield f"{', '.join(set(values) - found)} is not among the answers"
    for keyword, values in check.only.items():
        if any(not set(_values(row, keyword)).intersection(values) for row in rows):
            yield f"some rows have another {keyword}"


def _values(row: Row, keyword: str) -> list[str]:
    return (row.text(by_keyword(keyword).tag) or "").split("\\")


def _within(number: int, limits: tuple[int, int | None]) -> bool:
    least, most = limits
    return least <= number and (most is None or number <= most)


def _counted(number: int) -> str:
    return "no rows" if not number else f"{number} row{'' if number == 1 else 's'}"


def _range(limits: tuple[int, int | None]) -> str:
    least, most = limits
    if most is None:
        return f"at least {least}"
    return str(least) if least == most else f"{least} to {most}"
