"""Colours at the prompt: roles of the analysis as styles, in the terminal's sixteen colours."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from dicomsh.repl.line_analysis import LineAnalysis

if TYPE_CHECKING:
    from dicomsh.errors import Span
    from dicomsh.language.analyse import Analysis

STYLE = Style.from_dict(
    {
        "command": "bold",
        "alias": "bold",
        "variable": "ansimagenta",
        "level": "ansicyan",
        "keyword": "ansimagenta",
        "operator": "bold",
        "value": "ansigreen",
        "string": "ansigreen",
        "target": "ansicyan",
        "modality": "ansicyan bold",
        "setting": "ansimagenta",
        "option": "ansiyellow",
        "file": "ansiyellow",
        "system": "ansiyellow",
        "comment": "ansibrightblack",
        "wrong": "ansired underline",
        "prompt.modality": "bold",
        "prompt.separator": "ansibrightblack",
        "prompt.patient": "ansicyan",
        "prompt.study": "ansicyan",
        "prompt.series": "ansicyan",
        "prompt.instance": "ansicyan",
        "prompt.more": "ansibrightblack",
        "toolbar.current": "bold underline",
        "toolbar.bad": "bold",
        "auto-suggestion": "ansibrightblack",
    }
)


def depth(color: str, environ: Mapping[str, str]) -> ColorDepth:
    """Colours to use: the terminal's sixteen, or none if the user wants none."""
    objects = color == "auto" and bool(environ.get("NO_COLOR"))
    return ColorDepth.DEPTH_1_BIT if color == "off" or objects else ColorDepth.DEPTH_4_BIT


class LineLexer(Lexer):
    """Colours the line from its analysis and underlines errors."""

    def __init__(self, insight: LineAnalysis) -> None:
        self._insight = insight

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """The painted lines of the text by number."""
        lines = _lines(
            document.text, _styles(document.text, *self._insight.analysed(document.text))
        )
        return lambda number: lines[number] if number < len(lines) else []

    def invalidation_hash(self) -> Hashable:
        """Changes whenever the same text must be repainted."""
        return self._insight.version


def _styles(text: str, analyses: Iterable[Analysis], comments: Iterable[Span]) -> list[str]:
    """The style of each character."""
    styles = [""] * len(text)
    for analysis in analyses:
        for span, role in analysis.tokens:
            _paint(styles, span, f"class:{role}" if role != "error" else "")
        for span in wrong(text, analysis):
            _paint(styles, span, "class:wrong")
    for span in comments:
        _paint(styles, span, "class:comment")
    return styles


def _paint(styles: list[str], span: Span, style: str) -> None:
    styles[span.start : span.end] = [style] * len(styles[span.start : span.end])


def wrong(text: str, analysis: Analysis) -> list[Span]:
    """Where a statement is wrong, except where it may only be unfinished.

    Unfinished are the word being typed at the end of the text, and anything missing after the last
    word.
    """
    words = [span for span, role in analysis.tokens if role == "error"]
    problem = analysis.problem
    if problem is None or problem.span is None or analysis.statement.unclosed:
        return []
    place = problem.span
    inside = [word for word in words if word.start <= place.start and place.end <= word.end]
    others = [word for word in words if word not in inside]
    last = inside[0].end if inside else place.end
    unfinished = last >= len(text) if inside else last >= len(text.rstrip())
    found = [word for word in others if word.end < len(text)]
    return found if unfinished else [place, *found]


def _lines(text: str, styles: list[str]) -> list[StyleAndTextTuples]:
    lines: list[StyleAndTextTuples] = []
    start = 0
    for line in text.split("\n"):
        painted = zip(styles[start : start + len(line)], line, strict=True)
        runs = groupby(painted, key=lambda pair: pair[0])
        lines.append([(style, "".join(char for _, char in run)) for style, run in runs])
        start += len(line) + 1
    return lines
