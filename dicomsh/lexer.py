"""Pygments lexers based on the analysis that also runs commands: for documents, not the prompt.

`dicomsh` colours scripts, `dicomsh-session` terminal sessions. It is unknown where a script will
run: variables may have any value, and keys are checked only after a typed LEVEL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Literal,
    Name,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

if TYPE_CHECKING:
    from dicomsh.errors import Span
    from dicomsh.language.analyse import Analysis
    from dicomsh.language.command import Registry

Piece = tuple[int, Any, str]
"""Offset, token type and text, as Pygments expects them."""

TOKENS: dict[str, Any] = {
    "command": Keyword,
    "alias": Name.Function,
    "level": Keyword.Type,
    "keyword": Name.Attribute,
    "operator": Operator,
    "value": Literal,
    "string": String,
    "target": Name.Label,
    "modality": Name.Namespace,
    "setting": Name.Variable.Global,
    "variable": Name.Variable,
    "option": Name.Decorator,
    "file": String.Other,
    "system": String.Backtick,
    "comment": Comment.Single,
    "error": Error,
}
"""The token type of each role in an analysis."""


class DicomshLexer(Lexer):
    """Colours the language of dicomsh."""

    name = "dicomsh"
    aliases: ClassVar = ["dicomsh", "dsh"]
    filenames: ClassVar = ["*.dsh"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[Piece]:
        """The complete text in pieces, in order."""
        types: list[Any] = [None] * len(text)
        analyses, comments = _analysed(text)
        for analysis in analyses:
            for span, role in analysis.tokens:
                _mark(types, span, TOKENS.get(role, Text))
            if analysis.problem is not None and analysis.problem.span is not None:
                _mark(types, analysis.problem.span, Error)
        for span in comments:
            _mark(types, span, Comment.Single)
        return _pieces(text, types)


def _analysed(text: str) -> tuple[list[Analysis], list[Span]]:
    """Every statement of a text, each with the aliases that earlier statements define."""
    from dicomsh.commands.aliases import define
    from dicomsh.config import Config
    from dicomsh.errors import UsageError
    from dicomsh.language.analyse import analyse
    from dicomsh.language.calls import meanings
    from dicomsh.language.knowledge import Scope
    from dicomsh.language.scan import scan
    from dicomsh.session.knowledge import SessionKnowledge
    from dicomsh.session.state import Session

    session, comments, found = Session(Config()), list[Any](), []
    knowledge = SessionKnowledge(session)
    scope = Scope(knowledge, None, variables=bool)
    typed = scan(text, {}, comments)
    for statement in (meant for one in typed for meant in meanings(one, _registry(), knowledge)):
        analysis = analyse(statement, _registry(), knowledge, scope)
        found.append(analysis)
        if analysis.call is not None and analysis.call.command.name == "alias":
            try:
                name, equals, words, definition = analysis.call.arguments
                define(session.aliases, _registry(), (name, equals, words, definition))
            except UsageError:
                continue
    return found, comments


@cache
def _registry() -> Registry:
    from dicomsh.commands import registry

    return registry()


def _mark(types: list[Any], span: Span, kind: Any) -> None:
    types[span.start : span.end] = [kind] * len(types[span.start : span.end])


_GAPS = re.compile(r"(?P<blank>\s+)|(?P<mark>[|;>]+)|(?P<text>[^\s|;>]+)")


def _pieces(text: str, types: list[Any]) -> Iterator[Piece]:
    """Runs of one type; text without a type is white space, punctuation, or plain text."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and types[end] is types[start]:
            end += 1
        if types[start] is not None:
            yield start, types[start], text[start:end]
        else:
            yield from _gap(start, text[start:end])
        start = end


def _gap(start: int, text: str) -> Iterator[Piece]:
    kinds = {"blank": Whitespace, "mark": Punctuation, "text": Text}
    for found in _GAPS.finditer(text):
        yield start + found.start(), kinds[found.lastgroup or "text"], found[0]


class DicomshSessionLexer(Lexer):
    """Colours terminal sessions: prompts with commands, and their output."""

    name = "dicomsh session"
    aliases: ClassVar = ["dicomsh-session"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[Piece]:
        """The complete text in pieces, in order."""
        start = 0
        for line in text.splitlines(keepends=True):
            yield from _line(start, line)
            start += len(line)


_PROMPT = re.compile(r"(?:dicomsh|[\w.@-]+:[/…][^>\n]*)> |\$ ")


def _line(start: int, line: str) -> Iterable[Piece]:
    prompt = _PROMPT.match(line)
    if prompt is None:
        yield start, Generic.Output, line
        return
    yield start, Generic.Prompt, prompt[0]
    typed = line[prompt.end() :]
    if prompt[0] == "$ ":
        yield start + prompt.end(), Text, typed
        return
    for offset, kind, piece in DicomshLexer().get_tokens_unprocessed(typed):
        yield start + prompt.end() + offset, kind, piece
