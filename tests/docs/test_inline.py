"""Commands and values inside the text of README and docs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from dicomsh.commands import registry
from dicomsh.config import load
from dicomsh.language.analyse import analyse_text
from dicomsh.language.scan import scan
from dicomsh.language.terms import read_term
from dicomsh.model.levels import Level
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from tests.docs.blocks import outside_blocks
from tests.docs.sessions import PAGES
from tests.harness import ROOT

REGISTRY = registry()
CONFIG = load(ROOT / "modalities.yaml", environ={}, cwd=ROOT)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PLACEHOLDER = re.compile(r"\b(COMMAND|LEVEL|PATTERN|NAME|VALUE|FILE|FORMAT|TEXT|TOOL|N|Key)\b|…|\[")


def commands() -> Iterator[tuple[str, str]]:
    """Page and text of what is a command with all of its words."""
    first = {made.name.split(" ")[0] for made in REGISTRY}
    for page in PAGES:
        for code in CODE.findall(outside_blocks(page)):
            words = code.split(" ")
            typed = words[0] in first and len(words) > 1 and code not in REGISTRY.names
            if page.parent.name != "reference" and typed and not PLACEHOLDER.search(code):
                yield page.name, code


@pytest.mark.parametrize(("page", "text"), sorted(set(commands())))
def test_a_command_in_the_text_is_one(page: str, text: str) -> None:
    session = Session(CONFIG)
    session.choose(CONFIG.find("pacs"))
    (analysis,), _ = analyse_text(text, REGISTRY, SessionKnowledge(session))
    assert analysis.problem is None, f"{page}: {analysis.problem}"


def cells(heading: str) -> Iterator[list[str]]:
    """Rows of the table of docs/language.md that begins with a heading."""
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    table = page[page.index(f"| {heading} |") :].split("\n\n")[0]
    for row in table.splitlines()[2:]:
        yield [cell.strip() for cell in row.strip("|").replace("\\|", "¦").split(" | ")]


KEYS = {
    "code (CS)": "{}",
    "date": "date={}",
    "range": "date={}",
    "time": "StudyTime={}",
    "number (IS, DS, US, …)": "{}",
    "`*` itself": "{}",
}
"""How a value is typed, for the kinds of which the table says what becomes of them."""

LEVELS = {"sex": Level.PATIENT, "number": Level.SERIES, "body": Level.SERIES}


def values() -> Iterator[tuple[str, str]]:
    for kind, written, becomes in cells("for"):
        typed = [KEYS[kind].format(value) for value in CODE.findall(written) if kind in KEYS]
        for text, expected in zip(typed, CODE.findall(becomes), strict=False):
            yield text.replace("Key=", "name="), expected


def sent(typed: str) -> str:
    """The value that goes out for a key as it is typed."""
    (statement,) = scan(f"find {typed}", {})
    term = read_term(statement.words[1])
    return term.query_key(LEVELS.get(term.key, Level.STUDY), date(2024, 6, 1)).value


@pytest.mark.parametrize(("typed", "expected"), list(values()))
def test_a_value_becomes_what_the_table_says(typed: str, expected: str) -> None:
    assert sent(typed) == expected


def test_the_table_of_values_is_read() -> None:
    assert len(list(values())) == 12
