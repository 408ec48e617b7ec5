"""What people read is plain English: turns that read as if translated stay out."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.harness import ROOT

PACKAGES = (
    "",
    "archives",
    "commands",
    "commands/guide",
    "config",
    "dimse",
    "explain",
    "language",
    "lessons",
    "mask",
    "model",
    "output",
    "practice",
    "query",
    "repl",
    "session",
    "settings",
    "shell",
    "trace",
)
"""Packages whose modules are covered: their strings, docstrings and comments."""

DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "modalities.yaml",
    "docs/*.md",
    "docs/guide/*.md",
    "docs/reference/*.md",
    "dicomsh/lessons/*.yaml",
)


PATTERNS = (
    r"(?<!there )\b(is|are) no (?!longer\b)\w+",
    r"\b(that|which|who) (is|are) (?-i:none)\b",
    r"\btold by\b",
    r"\b(tells?|says?) of\b",
    r"\bstands? for\b",
    r"\bstands? (at|behind|below|beside|right)\b",
    r"\bgo(es)? by\b",
    r"\bgo(es)? along\b",
    r"\bat last\b",
    r"\bsurely\b",
    r"\botherwise than\b",
    r"\bothers? than those\b",
    r"\bmeanwhile\b",
    r"\bin silence\b",
    r"\ball through\b",
    r"\bof the modality\b(?! in use)",
    r"\b(allow|permit)(ed|s)? (to us|this to)\b",
    r"\bhas to do with\b",
    r"\btakes? no notice\b",
    r"\bmany an? \w+",
    r"\bwhat is (taller|too long|typed|shown|said|asked)\b",
    r"\basks? (it )?back\b",
    r"\b(goes|words?|text|stage|value|stands?) behind\b",
    r"\bnot whole\b",
    r"\banew\b",
    r"\bin front of\b",
    r"\bwhere (there is|nothing|none|no|one of)\b",
    r"\bwent out as\b",
    r"\b(kept|keeps) back\b",
    r"\btells (that|what|how|which)\b",
    r"\bbeside the data\b",
    r"\beverybody\b",
)
"""Turns that a native speaker would not write, as regular expressions."""

ALLOWED: tuple[str, ...] = ()
"""Texts that a pattern finds and that may stay."""


def covered() -> Iterator[str]:
    """The file of each text."""
    patterns = (*DOCUMENTS, *(f"dicomsh/{package}/*.py" for package in PACKAGES))
    for pattern in patterns:
        for file in sorted(ROOT.glob(pattern)):
            yield str(file.relative_to(ROOT))


@cache
def text_of(name: str) -> str:
    """The text in a file: of a module its strings and comments."""
    file = ROOT / name
    return "\n".join(words_of(file)) if file.suffix == ".py" else file.read_text("utf-8")


_WORDS = (tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))
"""From Python 3.12 on, the text of an f-string is in tokens of its own."""


def words_of(file: Path) -> Iterator[str]:
    """The strings and comments of a module."""
    for token in tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline):
        if token.type in _WORDS:
            yield token.string


NAMES = tuple(dict.fromkeys(covered()))


@pytest.mark.parametrize("name", NAMES)
def test_no_turn_reads_as_if_translated(name: str) -> None:
    text = " ".join(re.sub(r"^\s*#", " ", text_of(name), flags=re.M).split())
    for allowed in ALLOWED:
        text = text.replace(allowed, "")
    found = [
        text[max(0, match.start() - 40) : match.end() + 20]
        for pattern in PATTERNS
        for match in re.finditer(pattern, text, re.I)
    ]
    assert not found


def test_every_kind_of_text_is_read() -> None:
    texts = "\n".join(map(text_of, NAMES))
    assert "is not a valid alias name" in texts
    assert "remember the lines you type" in texts
    assert "# nothing may be raised in the middle of the protocol" in texts
    assert "continue with the next row after a failure" in texts
    assert "Go to TARGET" in texts
    assert "is not a valid variable name" in texts
    assert "some SCPs ignore C-CANCEL" in texts
    assert "# imported modules stay in memory" in texts
