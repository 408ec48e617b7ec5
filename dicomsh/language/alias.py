"""Aliases, replaced by their commands before a statement is analysed.

The words after an alias are its arguments: `$1` to `$9` take the first ones, the others are
appended. For messages and colours, the replacement has the position of the alias name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.language.command import Registry
from dicomsh.language.scan import Redirect, Stage, Statement, SystemCommand, scan
from dicomsh.language.words import Word, WordDraft


@frozen
class Aliases:
    """The tables in which aliases are looked up.

    Args:
        registry: the commands, which take precedence over aliases.
        aliases: name → text.
        variables: values of the variables in those texts.
    """

    registry: Registry
    aliases: Mapping[str, str]
    variables: Mapping[str, str]

    def text(self, word: Word) -> str | None:
        """The text of an alias at the beginning of a statement; None if it is not an alias."""
        if word.quoted or not self.aliases or word.text in self.registry.names:
            return None
        return self.aliases.get(word.text)


def expansions(statement: Statement, aliases: Aliases) -> Iterator[Statement]:
    """What a statement means: itself, or if it begins with an alias, the statements of that.

    They are looked up one after another, so one may set a variable that the next uses. An alias may
    use other ones, but not itself.
    """
    for number, found in enumerate(_expanded(statement, aliases)):
        if number == _MOST:
            yield _failing(statement, f"the alias runs more than {_MOST} commands")
            return
        yield found


def expanded_words(
    words: tuple[Word, ...], aliases: Aliases, within: tuple[str, ...] = ()
) -> tuple[Word, ...]:
    """The words of an inner command with aliases replaced; other than one plain command stays."""
    if not words or aliases.text(words[0]) is None:
        return words
    typed = Statement(words, (), None, words[0].span, within=within)
    found = list(expansions(typed, aliases))
    whole = found[0]
    plain = len(found) == 1 and not (whole.stages or whole.redirect or whole.problem)
    return whole.words if plain else words


_MOST = 100
"""Maximum number of commands that one alias runs."""

_DEEPEST = 16
"""How deeply aliases may use one another."""


def _expanded(statement: Statement, aliases: Aliases) -> Iterator[Statement]:
    name = statement.words[0] if statement.words else None
    text = aliases.text(name) if name else None
    if name is None or text is None:
        yield statement
    elif name.text in statement.within:
        yield _failing(statement, f"the alias '{name.text}' refers to itself")
    elif len(statement.within) == _DEEPEST:
        yield _failing(statement, f"aliases nested more than {_DEEPEST} deep")
    else:
        yield from _of_alias(statement, text, aliases)


def _of_alias(statement: Statement, text: str, aliases: Aliases) -> Iterator[Statement]:
    """The statements of an alias, with the arguments and stages that were typed after it."""
    bodies = list(scan(text, {}))
    rest = statement.words[1 + max(map(_taken, bodies), default=0) :]
    problem = _unfit(statement, len(bodies), rest)
    if problem is not None:
        yield replace(statement, problem=statement.problem or problem)
        return
    for body in scan(text, NamedVariables(aliases.variables)):
        yield from _expanded(_replaced(statement, body, rest), aliases)


def takes(text: str) -> tuple[int, int]:
    """How many commands the text of an alias has, and how many words `$1` to `$9` take."""
    bodies = list(scan(text, {}))
    return len(bodies), max(map(_taken, bodies), default=0)


def _failing(statement: Statement, message: str) -> Statement:
    error = UsageError(message, hint="'alias' lists them", span=statement.words[0].span)
    return replace(statement, problem=statement.problem or error)


def _unfit(statement: Statement, number: int, rest: Sequence[Word]) -> UsageError | None:
    """Why what was typed after an alias does not go with its number of commands, if so."""
    name = statement.words[0]
    if number == 0:
        return UsageError(f"the alias '{name.text}' is empty", span=name.span)
    if number == 1:
        return None
    runs = f"the alias '{name.text}' runs {number} commands"
    if rest:
        hint = "$1 to $9 in its text take the words after it"
        return UsageError(f"{runs}: no further words fit", hint=hint, span=rest[0].span)
    behind = _behind(statement)
    if behind is not None:
        hint = "put it behind a command in the alias"
        return UsageError(f"{runs}: nothing can follow them", hint=hint, span=behind.span)
    return None


def _behind(statement: Statement) -> Word | SystemCommand | Redirect | None:
    """The beginning of the first stage of a statement, or its redirection."""
    stages = (stage if isinstance(stage, SystemCommand) else stage[0] for stage in statement.stages)
    return next(stages, statement.redirect)


@frozen
class NamedVariables(Mapping[str, str]):
    """Variables without `$1` to `$9`, which are the words after an alias.

    Not a copy: a command may set a variable that the next one uses.
    """

    variables: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        if name.isdigit():
            raise KeyError(name)
        return self.variables[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.variables if not name.isdigit())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _replaced(statement: Statement, body: Statement, rest: tuple[Word, ...]) -> Statement:
    """The statement with its first word, an alias, replaced by a statement of that."""
    name, *arguments = statement.words
    filling = _Filling(name.span, tuple(arguments))
    parts = [filling.stage(part) for part in body.parts]
    problem = statement.problem or _moved(body.problem, name.span)
    if isinstance(parts[-1], SystemCommand):
        problem = problem or _too_many(rest)
    else:
        parts[-1] = (*parts[-1], *rest)
    redirect = statement.redirect or filling.redirect(body.redirect)
    stages = (*parts[1:], *statement.stages)
    whole = replace(statement, first=parts[0], stages=stages, redirect=redirect, problem=problem)
    within = (*statement.within, name.text)
    return replace(whole, alias=statement.alias or statement.words, within=within)


def _moved(problem: UsageError | None, place: Span) -> UsageError | None:
    return problem and UsageError(problem.message, hint=problem.hint, span=place)


def _too_many(words: Sequence[Word]) -> UsageError | None:
    if not words:
        return None
    message = "nothing can follow an alias that ends with a system command"
    return UsageError(message, span=words[0].span)


def _taken(body: Statement) -> int:
    """The number of arguments that the variables `$1` to `$9` of a statement take."""
    words = [*_words(body)]
    if body.redirect and body.redirect.target:
        words.append(body.redirect.target)
    names = [variable.name for word in words for variable in word.variables]
    return max((int(name) for name in names if name.isdigit()), default=0)


def _words(body: Statement) -> Iterator[Word]:
    """All words of a statement, and of those in its braces."""
    parts = [part for part in body.parts if not isinstance(part, SystemCommand)]
    for word in chain.from_iterable(parts):
        yield word
        for statement in word.block or ():
            yield from _words(statement)


@frozen
class _Filling:
    """Inserts arguments into the words of an alias, which then replace it."""

    place: Span
    arguments: tuple[Word, ...]

    def stage(self, stage: Stage) -> Stage:
        if isinstance(stage, SystemCommand):
            return replace(stage, span=self.place)
        return tuple(self.word(word) for word in stage)

    def statement(self, body: Statement) -> Statement:
        """A statement in braces, with its arguments."""
        first, *stages = map(self.stage, body.parts)
        return replace(body, first=first, stages=tuple(stages), span=self.place)

    def redirect(self, redirect: Redirect | None) -> Redirect | None:
        if redirect is None or redirect.target is None:
            return None
        return Redirect(self.word(redirect.target), redirect.append, self.place)

    def word(self, word: Word) -> Word:
        """The word with its arguments; a word that is only an argument becomes that argument."""
        if word.block is not None:
            places = (self.place.start,) * len(word.places)
            block = tuple(map(self.statement, word.block))
            return replace(word, span=self.place, places=places, block=block)
        if len(word.variables) == 1 and word.variables[0].end == len(word.text):
            alone = self._argument(word.variables[0].name)
            if alone is not None and word.variables[0].start == 0:
                return alone
        draft, at = WordDraft(self.place.start, quoted=word.quoted), 0
        for variable in word.variables:
            draft.put(word.text[at : variable.start], self.place.start)
            argument = self._argument(variable.name)
            if argument is not None:
                draft.insert_word(variable.name, argument)
            else:
                value = word.text[variable.start : variable.end] if variable.known else None
                draft.insert(variable.name, value, self.place)
            at = variable.end
        draft.put(word.text[at:], self.place.start)
        return draft.finish(self.place.end)

    def _argument(self, name: str) -> Word | None:
        number = int(name) if name.isdigit() else 0
        return self.arguments[number - 1] if 1 <= number <= len(self.arguments) else None
