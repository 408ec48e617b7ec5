"""The Pygments lexers: nothing is lost, colours are those of the analysis, Pygments finds them."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.token import Comment, Error, Generic, Keyword, Name, Punctuation

from dicomsh.lexer import TOKENS, DicomshLexer, DicomshSessionLexer
from dicomsh.repl.colours import STYLE
from tests.harness import ROOT
from tests.language.knowledge import REGISTRY
from tests.language.test_analyse import any_line, examples


def lexed(text: str) -> list[tuple[object, str]]:
    return [(kind, piece) for _, kind, piece in DicomshLexer().get_tokens_unprocessed(text)]


@settings(max_examples=60)
@given(st.lists(any_line, max_size=3).map("\n".join))
def test_nothing_is_lost(text: str) -> None:
    for lexer in (DicomshLexer(), DicomshSessionLexer()):
        offset = 0
        for start, _, piece in lexer.get_tokens_unprocessed(text):
            assert start == offset
            assert piece
            offset += len(piece)
            assert text[start:offset] == piece
        assert offset == len(text)


def test_colours_are_those_of_the_analysis() -> None:
    found = lexed("find study sex=M | head 3 # all\n")
    assert (Keyword, "find") in found
    assert (Keyword.Type, "study") in found
    assert (Name.Attribute, "sex") in found
    assert (Punctuation, "|") in found
    assert (Keyword, "head") in found
    assert (Comment.Single, "# all") in found


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("fnd study", "fnd"),
        ("find study sx=M", "sx=M"),
        ("ls | wher sex=M", "wher"),
        ("print 'a", "'a"),
        ("find study date=2024-13", "date=2024-13"),
    ],
)
def test_errors_are_marked(text: str, wrong: str) -> None:
    found = "".join(piece for kind, piece in lexed(text) if kind is Error)
    assert found
    assert found in wrong


def test_where_a_script_runs_is_not_known() -> None:
    text = (
        "use $1\ncd $PATIENT\nls mod=CT number=4 > $2.csv\nalias c = find study mod=$1\n"
        "c CT date=$DAY | each ls series=$X | !less\nexplain ls mod=CT\n"
    )
    assert [piece for kind, piece in lexed(text) if kind is Error] == []
    assert (Name.Function, "c") in lexed(text)


@pytest.mark.parametrize("text", examples())
def test_no_example_of_help_has_an_error(text: str) -> None:
    assert [piece for kind, piece in lexed(text) if kind is Error] == []


def test_every_role_has_a_token_and_a_style() -> None:
    kinds = {p.kind for made in (*REGISTRY, *REGISTRY.stages) for p in made.parameters}
    roles = {kind.role for kind in kinds if kind is not None} | {"alias", "variable", "comment"}
    assert roles <= set(TOKENS)
    styled = {name for name, _ in STYLE.style_rules}
    assert roles - {"error"} <= styled


SESSION = """\
$ dicomsh
dicomsh> use pacs
pacs  PRACTICE at 127.0.0.1:4242   C-ECHO 3 ms
pacs:/0555643F/2009-04-12 CT THORAX> find series CT > series.csv
3 series, complete · 4 ms
pacs:…/3 CT> pwd
"""


def test_a_session_is_prompts_commands_and_output() -> None:
    found = [(k, p) for _, k, p in DicomshSessionLexer().get_tokens_unprocessed(SESSION)]
    prompts = [piece for kind, piece in found if kind is Generic.Prompt]
    assert prompts == ["$ ", "dicomsh> ", "pacs:/0555643F/2009-04-12 CT THORAX> ", "pacs:…/3 CT> "]
    assert (Keyword, "find") in found
    assert (Generic.Output, "3 series, complete · 4 ms\n") in found
    assert Error not in {kind for kind, _ in found}


def test_pygments_finds_the_lexers_by_their_entry_points(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    points = project["entry-points"]["pygments.lexers"]
    info = tmp_path / "somewhere-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: somewhere\nVersion: 1\n")
    lines = [f"{name} = {target}\n" for name, target in points.items()]
    (info / "entry_points.txt").write_text("[pygments.lexers]\n" + "".join(lines))
    code = (
        "from pygments.lexers import get_lexer_by_name as by, get_lexer_for_filename as of\n"
        "print(by('dsh').name, by('dicomsh').name, by('dicomsh-session').name, of('a.dsh').name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.strip() == "dicomsh dicomsh dicomsh session dicomsh", done.stderr


def test_it_renders() -> None:
    html = highlight("find study # x\n", DicomshLexer(), HtmlFormatter())
    assert '<span class="k">find</span>' in html
