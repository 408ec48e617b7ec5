r"""Text into statements of words, each with its position.

    statement ; statement          # comment
    word … | !system command       a backslash before a line end continues the line
    word … > file                  >> appends
    each { statement ; statement } two commands for each row; alias NAME = { … ; … }

Words are quoted as in POSIX shells, with one difference: outside quotes a backslash escapes only
special characters (white space, quotes, `; | > # $ ! \`), so that `CT\MR` and `C:\out.csv` stay as
typed. `$NAME` and `${NAME}` expand, except in single quotes; the result is never split, and is
empty for a variable without a value, which the word records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeGuard

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import field, slotted
from dicomsh.language.words import (
    Redirect,
    Stage,
    Statement,
    SystemCommand,
    Word,
    WordDraft,
    quote,
    whole_word,
)
from dicomsh.regex import regex

__all__ = [
    "Redirect",
    "Scanner",
    "Stage",
    "Statement",
    "SystemCommand",
    "Word",
    "is_name",
    "is_open",
    "place_of",
    "quote",
    "scan",
    "whole_word",
]

_BLANK = " \t\r"
_ESCAPABLE = frozenset(_BLANK + "'\"\\;|>#$!\n")
_ESCAPABLE_QUOTED = frozenset('"\\$`\n')
_ORDINARY = regex(r"""[^ \t\r\n;|>'"\\$]+""")
_COMPARED = regex(r"=|\d[\d.:-]*(?=[\s;|>]|\Z)", re.ASCII)
_MOST_STAGES = 100
_CONTINUATION = regex(r"\\\r?\n")


@slotted
class _Draft:
    """A statement being read."""

    stages: list[list[Word] | SystemCommand] = field(default_factory=lambda: [[]])
    pipes: list[Span] = field(default_factory=list)
    redirect: Redirect | None = None
    problem: UsageError | None = None
    unclosed: bool = False

    def fail(self, message: str, span: Span, hint: str | None = None) -> None:
        if self.problem is None:
            self.problem = UsageError(message, hint=hint, span=span)


def scan(text: str, variables: Mapping[str, str], comments: list[Span] | None = None) -> Scanner:
    """The statements of a text, one by one.

    Variables are looked up when a statement is reached, so one may set what the next uses.

    Args:
        text: one line or a whole script.
        variables: name → value.
        comments: filled with the spans of comments, when given.
    """
    return Scanner(text, variables, [] if comments is None else comments)


class Scanner:
    """Iterator over the statements of a text.

    At the end, `continued` says whether the text ends with a continued line; `dollar` is the
    position of the last `$` that may begin a variable, or -1.
    """

    def __init__(self, text: str, variables: Mapping[str, str], comments: list[Span]) -> None:
        self._text = text
        self._variables = variables
        self._comments = comments
        self._at = 0
        self._braces = 0
        self.continued = False
        self.dollar = -1

    def __iter__(self) -> Iterator[Statement]:
        while self._at < len(self._text):
            statement = self._statement()
            if statement is not None:
                yield statement

    def _peek(self, ahead: int = 0) -> str:
        spot = self._at + ahead
        return self._text[spot] if spot < len(self._text) else ""

    def _statement(self) -> Statement | None:
        self._skip_blanks()
        start, draft = self._at, _Draft()
        while (char := self._peek()) and char not in ";\n" and not self._closes_brace():
            self._element(draft, char)
            self._skip_blanks()
        end = self._at
        self._at += not self._closes_brace()
        _check_number(draft)
        stages = tuple(s if isinstance(s, SystemCommand) else tuple(s) for s in draft.stages)
        if stages == ((),) and draft.redirect is None and draft.problem is None:
            return None
        _check_stages(stages, draft, Span(start, end))
        span = Span(start, end)
        return Statement(stages[0], stages[1:], draft.redirect, span, draft.problem, draft.unclosed)

    def _skip_blanks(self) -> None:
        while (char := self._peek()) in _BLANK + "\\#" and char:
            if char in _BLANK:
                self._at += 1
            elif char == "#":
                self._comment()
            elif not self._continue_line():
                return

    def _continue_line(self) -> bool:
        """Skip a backslash and line end, if they are here; returns whether they were."""
        found = _CONTINUATION.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        self.continued = self._at == len(self._text)
        return True

    def _comment(self) -> None:
        end = self._line_end()
        self._comments.append(Span(self._at, end))
        self._at = end

    def _line_end(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    def _element(self, draft: _Draft, char: str) -> None:
        if char == "|":
            draft.pipes.append(Span(self._at, self._at + 1))
            self._at += 1
            draft.stages.append([])
        elif char == "{" and _awaits_block(draft.stages[-1]) and self._braces < _DEEPEST:
            draft.stages[-1].append(self._block(draft))
        elif char in "<>" and _compares(draft.stages[-1]):
            draft.stages[-1].append(self._comparison())
        elif char == ">":
            self._redirect(draft)
        elif char == "!" and not draft.stages[-1]:
            in_words = self._braces and len(draft.stages) == 1
            draft.stages[-1] = self._system_words() if in_words else self._system_command()
        elif char == "!" and _awaits_command(draft.stages[-1]):
            draft.stages[-1] += self._system_words()
        else:
            word = self._word(draft)
            stage = draft.stages[-1]
            if isinstance(stage, list):
                stage.append(word)

    def _block(self, draft: _Draft) -> Word:
        """The statements between braces, as one word."""
        start = self._at
        self._at += 1
        self._braces += 1
        inside: list[Statement] = []
        while (char := self._peek()) and not self._closes_brace():
            if char in _BLANK + ";\n":
                self._at += 1
            elif statement := self._statement():
                inside.append(statement)
        self._braces -= 1
        self._at = min(self._at + len(char), len(self._text))
        span = Span(start, self._at)
        _check_block(inside, draft, span, closed=bool(char))
        places = tuple(range(start, self._at + 1))
        text = self._text[start : self._at]
        return Word(text, span, places, quoted=True, block=tuple(inside))

    def _closes_brace(self) -> bool:
        """Whether the word that begins here is the closing brace of a block."""
        after = self._peek(1)
        return self._braces > 0 and self._peek() == "}" and (not after or after in _AFTER_BRACE)

    def _system_command(self) -> SystemCommand:
        start = self._at
        end = self._at = _system_end(self._text, start, in_braces=self._braces > 0)
        return SystemCommand(self._text[start + 1 : end].strip(), Span(start, end))

    def _system_words(self) -> list[Word]:
        """The same as words: the command `!`, and its line as a single word."""
        command = self._system_command()
        mark, end = command.span.start, command.span.end
        start = self._text.index(command.text, mark + 1, end)
        span = Span(start, start + len(command.text))
        places = tuple(range(span.start, span.end + 1))
        line = Word(command.text, span, places, quoted=True, system=True)
        named = Word("!", Span(mark, mark + 1), (mark, mark + 1))
        return [named, line] if command.text else [named]

    def _comparison(self) -> Word:
        """The operator of a comparison, a word of its own."""
        word = WordDraft(self._at)
        self._at = word.copy(self._text, self._at, self._at + 1 + (self._peek(1) == "="))
        return word.finish(self._at)

    def _redirect(self, draft: _Draft) -> None:
        start = self._at
        append = self._peek(1) == ">"
        self._at += 2 if append else 1
        operator = Span(start, self._at)
        if self._text[start - 1 : start] not in _BLANK:
            self._check_comparison(draft, operator)
        self._skip_blanks()
        target = None
        if self._peek() and self._peek() not in ";|>\n":
            target = self._word(draft)
        if target is None or not (target.text or target.variables):
            draft.fail("a file name is missing after '>'", operator, "find study > studies.csv")
        if draft.redirect is not None:
            draft.fail("only one output file is allowed", operator)
        draft.redirect = Redirect(target, append, operator)

    def _check_comparison(self, draft: _Draft, operator: Span) -> None:
        """Refuse `date>=2024` and `date>2024`, which would make a file."""
        value = _COMPARED.match(self._text, self._at)
        if value is None:
            return
        name = "=…" if value[0] == "=" else value[0]
        hint = "quote it, or put it after an equals sign: date='>=2024'"
        if name == value[0]:
            hint += f"; for a file write > {name}"
        draft.fail(f"'>' would write to a file named '{name}'", operator, hint)

    def _word(self, draft: _Draft) -> Word:
        word = WordDraft(self._at)
        while (char := self._peek()) and char not in _BLANK + ";|\n":
            if char == ">" and self._peek(-1) != "=":
                break
            self._character(word, char, draft)
        return word.finish(self._at)

    def _character(self, word: WordDraft, char: str, draft: _Draft) -> None:
        if char == "'":
            self._single_quoted(word, draft)
        elif char == '"':
            self._double_quoted(word, draft)
        elif char == "\\" and self._peek(1) and self._peek(1) in _ESCAPABLE:
            self._escape(word)
        elif char == "$":
            self._variable(word)
        else:
            run = _ORDINARY.match(self._text, self._at)
            self._at = word.copy(self._text, self._at, run.end() if run else self._at + 1)

    def _escape(self, word: WordDraft) -> None:
        word.begin_quoted()
        if not self._continue_line():
            self._at = word.copy(self._text, self._at + 1, self._at + 2)

    def _single_quoted(self, word: WordDraft, draft: _Draft) -> None:
        word.begin_quoted()
        start = self._at
        end = self._text.find("'", start + 1)
        if end < 0:
            draft.fail("the quote ' is not closed", Span(start, start + 1))
            draft.unclosed = True
            end = len(self._text)
        word.copy(self._text, start + 1, end)
        self._at = min(end + 1, len(self._text))

    def _double_quoted(self, word: WordDraft, draft: _Draft) -> None:
        word.begin_quoted()
        start = self._at
        self._at += 1
        while (char := self._peek()) != '"':
            if not char:
                draft.fail('the quote " is not closed', Span(start, start + 1))
                draft.unclosed = True
                return
            if char == "\\" and self._escapes_in_quotes():
                self._escape(word)
            elif char == "$":
                self._variable(word)
            else:
                self._at = word.copy(self._text, self._at, self._at + 1)
        self._at += 1

    def _escapes_in_quotes(self) -> bool:
        found = _CONTINUATION.match(self._text, self._at)
        return found is not None or (self._peek(1) != "" and self._peek(1) in _ESCAPABLE_QUOTED)

    def _variable(self, word: WordDraft) -> None:
        start = self.dollar = self._at
        name, end = _variable_name(self._text, start)
        if not name:
            self._at = word.copy(self._text, start, start + 1)
            return
        self._at = end
        word.begin_quoted()
        word.insert(name, self._variables.get(name), Span(start, end))


_WITH_COMMAND = "each"
"""The stage whose argument is a command, which may be one for the system's shell."""

_DEFINING = "alias"
"""The command whose third argument is a command: `alias NAME = COMMAND`."""

_DEEPEST = 16
"""How deeply braces may be nested."""

_AFTER_BRACE = _BLANK + ";|>\n}"

_COMPARING = "assert"
"""The command that compares a number: `assert count >= 1` writes no file."""


def _compares(stage: list[Word] | SystemCommand) -> TypeGuard[list[Word]]:
    """Whether `<` and `>` compare in a stage, and redirect nothing."""
    return not isinstance(stage, SystemCommand) and bool(stage) and stage[0].text == _COMPARING


def _awaits_command(stage: list[Word] | SystemCommand) -> TypeGuard[list[Word]]:
    """Whether a command comes next in a stage: after `each` and its options."""
    if isinstance(stage, SystemCommand) or stage[0].text != _WITH_COMMAND:
        return False
    return all(word.text.startswith("-") for word in stage[1:])


def _awaits_block(stage: list[Word] | SystemCommand) -> TypeGuard[list[Word]]:
    """Whether several commands in braces may come next in a stage."""
    if isinstance(stage, SystemCommand) or not stage:
        return False
    if stage[0].text == _DEFINING:
        return len(stage) == 3 and stage[2].text == "=" and not stage[2].quoted
    return _awaits_command(stage)


_SYSTEM_PART = regex(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^;\n]""", re.DOTALL)
_CLOSING = regex(r"(?<=[\s;])\}(?=[\s;|>}]|\Z)")


def _system_end(text: str, start: int, *, in_braces: bool) -> int:
    """The end of a system command: a line end or `;` outside its quotes, or the end of a block."""
    end = start
    while part := _SYSTEM_PART.match(text, end):
        if in_braces and _CLOSING.match(text, end):
            break
        end = part.end()
    return end


def _variable_name(text: str, start: int) -> tuple[str, int]:
    """Name and end of the variable at `start`; an empty name if there is none."""
    if text.startswith("${", start):
        end = text.find("}", start)
        name = text[start + 2 : end] if end > 0 else ""
        return (name, end + 1) if is_name(name) else ("", start)
    end = start + 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
        if text[start + 1].isdigit():
            break
    name = text[start + 1 : end]
    return (name, end) if is_name(name) else ("", start)


def is_name(text: str) -> bool:
    """Whether a text can name a variable: letters, digits and `_`, or a single digit."""
    return text.isidentifier() or (len(text) == 1 and text in "123456789")


def _check_number(draft: _Draft) -> None:
    """Refuse more stages than allowed, and drop the excess."""
    if len(draft.pipes) > _MOST_STAGES:
        hint = "leave out stages that change nothing"
        draft.fail(f"more than {_MOST_STAGES} stages", draft.pipes[_MOST_STAGES], hint)
        del draft.pipes[_MOST_STAGES:], draft.stages[_MOST_STAGES + 1 :]


def _check_stages(stages: tuple[Stage, ...], draft: _Draft, span: Span) -> None:
    hint = "put a command before '|' or '>' and a stage after each '|'"
    if stages[0] == ():
        draft.fail("a command is missing", draft.pipes[0] if draft.pipes else span, hint)
    for pipe, stage in zip(draft.pipes, stages[1:], strict=True):
        if stage == ():
            draft.fail("a stage is missing after '|'", pipe, hint)
    for stage in stages:
        if isinstance(stage, SystemCommand) and not stage.text:
            draft.fail("a system command is missing after '!'", stage.span)


def _check_block(inside: list[Statement], draft: _Draft, span: Span, *, closed: bool) -> None:
    """Report what is wrong in a block as a problem of the statement that has it."""
    draft.unclosed = draft.unclosed or not closed or any(one.unclosed for one in inside)
    for statement in inside:
        draft.problem = draft.problem or statement.problem
    if not closed:
        hint = "a closing } stands alone, as a word: each { ls; show }"
        draft.fail("the brace { is not closed", Span(span.start, span.start + 1), hint)
    elif not inside:
        draft.fail("a command is missing between { and }", span, "each { ls; show }")


def has_open_quote(text: str) -> bool:
    """Whether a quote is open at the end of a text."""
    return any(map(_ends_in_quote, scan(text, {})))


def _ends_in_quote(statement: Statement) -> bool:
    """Whether it is a quote that is open at its end, and not just a brace."""
    last = statement.parts[-1]
    block = last[-1].block if isinstance(last, tuple) and last else None
    return statement.unclosed and (block is None or any(map(_ends_in_quote, block)))


def is_open(text: str) -> bool:
    """Whether a text goes on in the next line: a quote or a brace is open, or it is continued."""
    scanner = scan(text, {})
    return any(statement.unclosed for statement in scanner) or scanner.continued


def place_of(text: str, offset: int) -> tuple[int, int, str]:
    """Line (from 1), column (from 1) and the whole line of an offset."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end].rstrip("\r")
    return text.count("\n", 0, offset) + 1, offset - start + 1, line
