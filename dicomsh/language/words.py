"""Words of the language, each with its position and its variables, and statements of words."""

from __future__ import annotations

from collections.abc import Mapping

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.regex import regex


@frozen
class Variable:
    """A variable in a word.

    Args:
        name: without `$`.
        span: where it was typed.
        start: the start of its value in the text of the word.
        end: the end of its value.
        known: whether it has a value; the text is empty if not.
        literal: whether the value came out of an answer: it is a value, and never a pattern.
    """

    name: str
    span: Span
    start: int
    end: int
    known: bool
    literal: bool = False


@frozen
class Word:
    """A word after quotes and variables are resolved.

    Args:
        text: the text of the word.
        span: its position, quotes included.
        places: for each character of `text` the offset it came from, then the end of the word.
        quoted: whether it begins with quoted, escaped or variable text: such a word is never an
            option.
        variables: its variables, in order.
        system: whether it is a line for the system's shell, which takes it exactly as typed.
        block: the statements between braces, which are one argument; None for any other word.
    """

    text: str
    span: Span
    places: tuple[int, ...]
    quoted: bool = False
    variables: tuple[Variable, ...] = ()
    system: bool = False
    block: tuple[Statement, ...] | None = None

    def part(self, start: int, end: int) -> Span:
        """The span of the characters `start` to `end` of `text` in the source."""
        if start >= end:
            return Span(self.places[start], self.places[start])
        first, last = self.places[start], self.places[end - 1]
        return Span(min(first, last), max(first, last) + 1)

    def rest(self, start: int) -> Span:
        """The span of the text from `start` on in the source, closing quotes included."""
        before = self.places[start - 1] + 1
        return Span(before, max(before, self.span.end))

    def error(self, error: UsageError) -> UsageError:
        """The same error with a span into `text` moved to the source."""
        span = self.part(*error.span) if error.span else self.span
        return UsageError(error.message, hint=error.hint, span=span)

    @property
    def unknown(self) -> tuple[Variable, ...]:
        """The variables that have no value."""
        return tuple(variable for variable in self.variables if not variable.known)

    def resolved(self, values: Mapping[str, str], named: Mapping[str, str] | None = None) -> Word:
        """The word with these values for its variables; others keep theirs.

        Args:
            values: those from an answer, by name: they are never patterns.
            named: those that the user has set, by name.
        """
        if self.block is not None:
            return replace(self, block=tuple(s.resolved(values, named) for s in self.block))
        if not self.variables:
            return self
        draft, at = WordDraft(self.span.start, quoted=self.quoted), 0
        for variable in self.variables:
            draft.keep(self, at, variable.start)
            old = self.text[variable.start : variable.end] if variable.known else None
            value = values.get(variable.name, (named or {}).get(variable.name, old))
            literal = variable.literal or variable.name in values
            draft.insert(variable.name, value, variable.span, literal=literal)
            at = variable.end
        draft.keep(self, at, len(self.text))
        return draft.finish(self.span.end)

    @property
    def typed(self) -> str:
        """The word as it can be typed again, with its variables."""
        if self.block is not None:
            return self.text
        if not self.variables:
            return f"'{self.text}'" if self.quoted and _is_special(self.text) else quote(self.text)
        parts, at = [], 0
        for variable in self.variables:
            parts += [_quoted(self.text[at : variable.start]), f"${{{variable.name}}}"]
            at = variable.end
        return "".join([*parts, _quoted(self.text[at:])])


@frozen
class Redirect:
    """`> file` or `>> file`; `target` is None until the file is typed."""

    target: Word | None
    append: bool
    span: Span


@frozen
class SystemCommand:
    """The text after `!`, up to `;` or the line end, passed to the system's shell unchanged."""

    text: str
    span: Span


Stage = tuple[Word, ...] | SystemCommand


@frozen
class Statement:
    """One command with its stages and redirection.

    `first` are the words of the command, or a system command. `problem` is the first error in the
    text itself (open quote, missing file); `unclosed` says whether a quote or brace is open at its
    end. `alias` are the words that were typed instead of it, if they begin with an alias; `within`
    are the names of that and of the aliases it uses.
    """

    first: Stage
    stages: tuple[Stage, ...]
    redirect: Redirect | None
    span: Span
    problem: UsageError | None = None
    unclosed: bool = False
    alias: tuple[Word, ...] = ()
    within: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of the command; none for a system command."""
        return () if isinstance(self.first, SystemCommand) else self.first

    @property
    def parts(self) -> tuple[Stage, ...]:
        """The command and its stages."""
        return (self.first, *self.stages)

    def resolved(
        self, values: Mapping[str, str], named: Mapping[str, str] | None = None
    ) -> Statement:
        """The statement with these values for the variables of its words, as `Word.resolved`."""
        first, *stages = (
            part
            if isinstance(part, SystemCommand)
            else tuple(word.resolved(values, named) for word in part)
            for part in self.parts
        )
        return replace(self, first=first, stages=tuple(stages))


def _quoted(text: str) -> str:
    return quote(text) if text else ""


def _is_special(text: str) -> bool:
    return text.startswith("-") and "'" not in text


class WordDraft:
    """A word being put together."""

    def __init__(self, start: int, *, quoted: bool = False) -> None:
        self.start = start
        self.quoted = quoted
        self._pieces: list[str] = []
        self._places: list[int] = []
        self._variables: list[Variable] = []

    def begin_quoted(self) -> None:
        """Quoted text comes next: it counts if the word begins with it."""
        self.quoted = self.quoted or not self._pieces

    def copy(self, source: str, start: int, end: int) -> int:
        """Take characters as they are in the source; returns their end."""
        self._pieces.append(source[start:end])
        self._places += range(start, end)
        return end

    def keep(self, word: Word, start: int, end: int) -> None:
        """Take characters of another word, with their positions."""
        self._pieces.append(word.text[start:end])
        self._places += word.places[start:end]

    def put(self, text: str, place: int) -> None:
        """Take characters that all come from one position."""
        self._pieces.append(text)
        self._places += [place] * len(text)

    def insert(self, name: str, value: str | None, span: Span, *, literal: bool = False) -> None:
        """Add the value of a variable, all from one position; None if it has none."""
        start = len(self._places)
        self.put(value or "", span.start)
        known = value is not None
        self._variables.append(Variable(name, span, start, len(self._places), known, literal))

    def insert_word(self, name: str, word: Word) -> None:
        """Add a word as the value of a variable, each character with its own position."""
        start = len(self._places)
        self.keep(word, 0, len(word.text))
        literal = any(v.literal and v.end - v.start == len(word.text) for v in word.variables)
        end = len(self._places)
        self._variables.append(Variable(name, word.span, start, end, known=True, literal=literal))

    def finish(self, end: int) -> Word:
        """The word, which ends at this offset in the source."""
        text, places = "".join(self._pieces), (*self._places, end)
        span = Span(self.start, end)
        return Word(text, span, places, self.quoted, tuple(self._variables))


_STANDS_AS_TYPED = regex(r"""(?:\\?[^ \t\r\n'"\\;|>#$!])+\Z""")
_MEANS_SOMETHING_QUOTED = regex(r'["\\$`]')
_WITH_BACKSLASH = r"\\\g<0>"


def quote(text: str) -> str:
    """A word as it must be typed to mean `text`: as it is, or in single or double quotes."""
    if _STANDS_AS_TYPED.match(text):
        return text
    if "'" not in text:
        return f"'{text}'"
    return f'"{_MEANS_SOMETHING_QUOTED.sub(_WITH_BACKSLASH, text)}"'


def whole_word(text: str) -> Word:
    """A text taken as one word, such as an option of the outer command line."""
    return Word(text, Span(0, len(text)), tuple(range(len(text) + 1)), quoted=True)
