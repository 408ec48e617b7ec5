"""Whether what the learner did is what a step asks for. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dicomsh.errors import ExitStatus
from dicomsh.frozen import field, frozen
from dicomsh.lessons.statement_record import StatementRecord
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.keys import path_of
from dicomsh.model.levels import HIERARCHY, Level, Model
from dicomsh.model.notes import NoteKind
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from dicomsh.model.row import Row, text_at


@frozen
class ExpectedKey:
    """The condition on a key of the query.

    Args:
        value: the value sent, several values in any order, empty for universal matching; None for
            any value.
        matching: the type of matching that its value asks for, or None for any.
        like: a regular expression for the whole value sent, or None.
    """

    value: str | None = None
    matching: Matching | None = None
    like: re.Pattern[str] | None = None

    def wants(self, sent: str) -> bool:
        """Whether a value meets the condition, whatever the type of matching."""
        if self.like is not None and not self.like.fullmatch(sent):
            return False
        return self.value is None or sorted(self.value.split("\\")) == sorted(sent.split("\\"))


@frozen
class Choice:
    """The condition on an answer to a question with options.

    Args:
        right: the letter of the right option, in lower case.
        options: the text of each option by its letter.
    """

    right: str
    options: Mapping[str, str]

    def made(self, answer: str) -> bool:
        """Whether an answer means the right option: by its letter, by words of its text, or both.

        Words that no option has, or several, say nothing; nor does "a" before another word.
        """
        words = _words(re.sub(r"\ba (?!or\b|and\b)", "", answer.lower()))
        return {option for word in words for option in self._named_by(word)} == {self.right}

    def _named_by(self, word: str) -> set[str]:
        if word in self.options:
            return {word}
        found = {letter for letter, text in self.options.items() if word in _words(text)}
        return found if len(found) == 1 and word not in _SMALL else set()


_SMALL = frozenset(("an", "the", "of", "it", "is", "to"))
"""Words that do not tell options apart."""


def _words(text: str) -> list[str]:
    return re.findall(r"[\w-]+", text.lower().replace("'s ", " "))


@frozen
class Check:
    """The conditions on one statement; those left at their default do not apply.

    Args:
        commands: names of the commands allowed.
        level: the level of the query.
        model: the information model of the query.
        keys: keys that the query must contain, by keyword.
        asked: keywords of keys that the learner must have typed, with or without a value.
        unmatched: keywords that the query must not match on.
        charset: the character set of the query; empty for plain ASCII.
        rows: minimum and maximum rows of the answer; None for no maximum.
        contains: values that the rows must contain, by keyword.
        only: values of which every row must have one, by keyword.
        endings: the endings allowed for the answer, as words of `ENDINGS` or `IN_DOUBT`.
        notes: kinds of notes that the answer must have.
        modality: the modality that must be in use.
        place: the path where the learner must be.
        place_level: the level that the learner must be at.
        statuses: the statuses allowed for the statement.
        typed: a regular expression that the statement must contain.
        answers: regular expressions, one of which must match the whole of `lesson answer`.
        choice: the right one of the options of the task, or None.
    """

    commands: tuple[str, ...] = ()
    level: Level | None = None
    model: Model | None = None
    keys: Mapping[str, ExpectedKey] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    charset: str | None = None
    rows: tuple[int, int | None] | None = None
    contains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    endings: tuple[str, ...] = ()
    notes: tuple[NoteKind, ...] = ()
    modality: str | None = None
    place: str | None = None
    place_level: Level | None = None
    statuses: tuple[ExitStatus, ...] = (ExitStatus.DONE, ExitStatus.INCOMPLETE)
    typed: re.Pattern[str] | None = None
    answers: tuple[re.Pattern[str], ...] = ()
    choice: Choice | None = None

    @property
    def asks(self) -> bool:
        """Whether the step has a question for `lesson answer`."""
        return bool(self.answers or self.choice)

    @property
    def of_query(self) -> bool:
        """Whether there are conditions on a query."""
        wanted = self.level or self.model or self.keys or self.asked or self.unmatched
        return bool(wanted) or self.charset is not None

    @property
    def of_answer(self) -> bool:
        """Whether there are conditions on rows."""
        return bool(self.rows or self.contains or self.only or self.endings or self.notes)


def unmet(check: Check, happened: StatementRecord) -> str | None:
    """What is still missing, as a sentence for the learner; None if the step is done."""
    return next(_missing(check, happened), None)


def attempted(check: Check, happened: StatementRecord) -> bool:
    """Whether a statement looks like an attempt that deserves a comment."""
    if check.asks or _has_been_told(happened.status, check.statuses):
        return False
    if check.commands and happened.command not in check.commands:
        return _is_akin(happened.command, check.commands)
    fetched = happened.command in _FETCHING and bool(happened.queries)
    return fetched or happened.rows is not None or not (check.of_query or check.of_answer)


_FETCHING = frozenset(("get", "move"))
"""Commands that ask an archive, and list what became of objects instead of rows."""


_WORKED = (ExitStatus.DONE, ExitStatus.INCOMPLETE)


def _has_been_told(status: ExitStatus, wanted: tuple[ExitStatus, ...]) -> bool:
    """Whether a statement failed, so that its error already says what was wrong."""
    return status not in (*_WORKED, ExitStatus.INTERRUPTED, *wanted)


_LOOKING = frozenset(("find", "ls", "cd", "tree", "show", "wado"))
"""Commands that read the hierarchy."""


def _is_akin(command: str, wanted: tuple[str, ...]) -> bool:
    """Whether commands are similar: the same first word, or both read the hierarchy."""
    looking = command in _LOOKING and not _LOOKING.isdisjoint(wanted)
    return looking or command.split(" ", maxsplit=1)[0] in {name.split(" ")[0] for name in wanted}


def on_the_way(
    check: Check, solution: str, happened: StatementRecord, first: Check | None = None
) -> bool:
    """Whether a statement is a part of the task that comes before its end.

    It meets `first`, or is like an earlier statement of the solution, at another level.
    """
    if first is not None and unmet(first, happened) is None:
        return True
    earlier = solution.splitlines()[:-1]
    like_one = any(line.split(" ")[0] == happened.command for line in earlier)
    return like_one and all(_level_of(query) is not check.level for query in happened.queries)


def answered(check: Check, text: str) -> bool:
    """Whether a text is one of the right answers to the question of a step."""
    bare = text.strip(_AROUND)
    chosen = check.choice is not None and check.choice.made(bare)
    return chosen or any(pattern.fullmatch(bare) for pattern in check.answers)


_AROUND = " .,;:!()[]'\""
"""Characters around an answer that are not part of it."""


def _missing(check: Check, happened: StatementRecord) -> Iterator[str]:
    if check.asks:
        yield "this step asks a question: answer it with 'lesson answer …'"
    if check.commands and happened.command not in check.commands:
        yield f"this step is about the command {' or '.join(check.commands)}"
    if happened.status not in check.statuses:
        yield _ended_wrongly(happened.status)
    if check.modality is not None and happened.modality != check.modality:
        yield f"the modality in use should be {check.modality}"
    if check.of_query:
        yield from _missing_in_queries(check, happened.queries)
    if check.of_answer:
        yield from _missing_in_rows(check, happened)
    yield from _missing_place(check, happened)
    if check.typed and not check.typed.search(happened.text):
        yield _written_wrongly(check.typed.pattern)


def _ended_wrongly(status: ExitStatus) -> str:
    if status in _WORKED:
        return "that worked, but this step is about something that does not"
    return "the command did not finish"


def _written_wrongly(pattern: str) -> str:
    if pattern.replace("-", "").isalnum():
        return f"the command lacks {pattern}"
    return "the command is not written as the task says"


def _missing_place(check: Check, happened: StatementRecord) -> Iterator[str]:
    if check.place is not None and happened.place.path != check.place:
        yield f"you are at {happened.place.path}, but should be at {check.place}"
    if check.place_level is not None and happened.place.level is not check.place_level:
        yield f"you should be in a {check.place_level.word}"


def _missing_in_queries(check: Check, queries: tuple[Query, ...]) -> Iterator[str]:
    """What the last query lacks, unless one of them is complete.

    Queries at another level only prepare for those at the required level.
    """
    if not queries:
        yield "no query was sent"
        return
    meant = [query for query in queries if _level_of(query) is check.level] or queries
    lacking = [next(_missing_in_query(check, query), None) for query in meant]
    if all(lacking):
        yield str(lacking[-1])


def _missing_in_query(check: Check, query: Query) -> Iterator[str]:
    own = _level_of(query)
    if check.level is not None and own is not check.level:
        yield f"the query was for {own.plural}, but should be for {check.level.plural}"
    if check.model is not None and query.model is not check.model:
        yield f"the query was in {query.model.title}, but should be in {check.model.title}"
    yield from _missing_keys(check, {key.keyword: key for key in query.keys})
    if check.charset is not None and query.charset != check.charset:
        yield f"the query was sent in {query.charset or 'plain ASCII'}"


def _level_of(query: Query) -> Level:
    """What a query lists; one for a worklist has no level."""
    return Level.WORKLIST if query.level is None else query.level


def _missing_keys(check: Check, sent: Mapping[str, QueryKey]) -> Iterator[str]:
    for keyword, wanted in check.keys.items():
        held = sent.get(keyword)
        if held is None:
            yield f"the query has no {keyword}"
        elif not wanted.wants(held.value):
            yield _sent_wrongly(held)
        elif wanted.matching is not None and held.matching is not wanted.matching:
            kinds = f"{held.matching.title} matching, but should ask for {wanted.matching.title}"
            yield f"{keyword} asked for {kinds} matching"
    for keyword in check.asked:
        if keyword not in sent or sent[keyword].origin not in _TYPED:
            yield f"you did not ask for {keyword}"
    for keyword in check.unmatched:
        if keyword in sent and sent[keyword].value:
            yield f"the query matches on {keyword}, but should not in this step"


_TYPED = (KeyOrigin.TYPED, KeyOrigin.PATTERN, KeyOrigin.RETURN)
"""Origins of keys that the learner typed."""


def _sent_wrongly(held: QueryKey) -> str:
    level = next((level for level in HIERARCHY if level.unique_keyword == held.keyword), None)
    if level is not None and held.origin is KeyOrigin.CONTEXT:
        return f"the query was inside a different {level.word} than the task asks for"
    if held.origin is KeyOrigin.WINDOW:
        return f"no --split window has the {held.keyword} that the task asks for"
    if not held.value:
        return f"{held.keyword} was sent as an empty value, which matches everything"
    return f"{held.keyword} was sent as '{held.value}', which is not what the task asks for"


def _missing_in_rows(check: Check, happened: StatementRecord) -> Iterator[str]:
    rows, outcome = happened.rows, happened.outcome
    if rows is None or outcome is None:
        yield "nothing was listed"
        return
    if check.rows is not None and not _within(len(rows), check.rows):
        yield f"the answer has {_counted(len(rows))}, but should have {_range(check.rows)}"
    if check.endings and _ended(outcome) not in check.endings:
        yield f"the answer is {_ended(outcome)}, but should be {' or '.join(check.endings)}"
    if not {told.kind for told in outcome.notes}.issuperset(check.notes):
        yield "the line below the rows does not say what it should in this step"
    for keyword, values in check.contains.items():
        found = {value for row in rows for value in _values(row, keyword)}
        lacking = [value for value in values if value not in found]
        if lacking:
            yield f"{', '.join(lacking)} is not in the answer"
    for keyword, values in check.only.items():
        held = (_values(row, keyword) for row in rows)
        strange = next((found for found in held if not set(found).intersection(values)), None)
        if strange:
            named = "\\".join(strange) or "an empty one"
            yield f"the answer has rows that the task does not ask for ({keyword}: {named})"


ENDINGS: Mapping[Ending, str] = {
    Ending.COMPLETE: "complete",
    Ending.LIMIT: "limit",
    Ending.CUT_OFF: "cut off",
    Ending.CANCELLED: "cancelled",
    Ending.LOST: "lost",
    Ending.TIMED_OUT: "timed out",
    Ending.PARTIAL: "incomplete",
}
"""How an answer ended, in the words of a lesson file."""

IN_DOUBT = "in doubt"
"""The word for an answer that is complete but may have rows that do not match."""


def _ended(outcome: Outcome) -> str:
    doubtful = outcome.doubtful and outcome.ending is Ending.COMPLETE
    return IN_DOUBT if doubtful else ENDINGS[outcome.ending]


def _values(row: Row, keyword: str) -> list[str]:
    return (text_at(row, path_of(keyword)) or "").split("\\")


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
