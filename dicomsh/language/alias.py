"""Aliases, replaced by their commands before a statement is analysed.

The words after an alias are its arguments: `$1` to `$9` take the first ones, the others are
appended. For messages and colours, the replacement has the position of the alias name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def expanded(statement: Statement, aliases: Aliases) -> Statement:
    """The statement with aliases replaced; the same one if it begins with none.

    An alias may begin with another one, but not with itself.
    """
    seen: set[str] = set()
    while statement.words and (text := aliases.text(statement.words[0])) is not None:
        name = statement.words[0].text
        if name in seen:
            break
        seen.add(name)
        statement = _replaced(statement, text, aliases.variables)
    return statement


def expanded_words(words: tuple[Word, ...], aliases: Aliases) -> tuple[Word, ...]:
    """The words of an inner command with aliases replaced; those with several stages stay."""
    if not words or aliases.text(words[0]) is None:
        return words
    whole = expanded(Statement(words, (), None, words[0].span), aliases)
    return words if whole.stages or whole.redirect or whole.problem else whole.words


def _replaced(statement: Statement, text: str, variables: Mapping[str, str]) -> Statement:
    """The statement with its first word replaced by the alias's statement."""
    name, *arguments = statement.words
    named = {key: value for key, value in variables.items() if not key.isdigit()}
    body = next(iter(scan(text, named)))
    filling = _Filling(name.span, tuple(arguments))
    parts = [filling.stage(part) for part in (body.first, *body.stages)]
    problem = statement.problem or _moved(body.problem, name.span)
    rest = tuple(arguments[_taken(body) :])
    if isinstance(parts[-1], SystemCommand):
        problem = problem or _too_many(rest)
    else:
        parts[-1] = (*parts[-1], *rest)
    redirect = statement.redirect or filling.redirect(body.redirect)
    stages = (*parts[1:], *statement.stages)
    return replace(statement, first=parts[0], stages=stages, redirect=redirect, problem=problem)


def _moved(problem: UsageError | None, place: Span) -> UsageError | None:
    return problem and UsageError(problem.message, hint=problem.hint, span=place)


def _too_many(words: Sequence[Word]) -> UsageError | None:
    if not words:
        return None
    message = "nothing can follow an alias that ends with a system command"
    return UsageError(message, span=words[0].span)


def _taken(body: Statement) -> int:
    """The number of arguments that the variables `$1` to `$9` of a statement take."""
    parts = [part for part in (body.first, *body.stages) if not isinstance(part, SystemCommand)]
    words = [word for part in parts for word in part]
    if body.redirect and body.redirect.target:
        words.append(body.redirect.target)
    names = [variable.name for word in words for variable in word.variables]
    return max((int(name) for name in names if name.isdigit()), default=0)


@frozen
class _Filling:
    """Inserts arguments into the words of an alias, which then replace it."""

    place: Span
    arguments: tuple[Word, ...]

    def stage(self, stage: Stage) -> Stage:
        if isinstance(stage, SystemCommand):
            return replace(stage, span=self.place)
        return tuple(self.word(word) for word in stage)

    def redirect(self, redirect: Redirect | None) -> Redirect | None:
        if redirect is None or redirect.target is None:
            return None
        return Redirect(self.word(redirect.target), redirect.append, self.place)

    def word(self, word: Word) -> Word:
        """The word with its arguments; a word that is only an argument becomes that argument."""
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
