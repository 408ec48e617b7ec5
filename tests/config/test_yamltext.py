"""YAML text → nodes: libyaml, which is fast, reads what PyYAML reads, lines included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.config.yamltext import compose, compose_fast
from dicomsh.errors import ConfigError
from tests.harness import ROOT

FILES = sorted([*ROOT.glob("*.yaml"), *ROOT.glob("dicomsh/**/*.yaml")])

WORDS = st.text("ab1é: #-'\"\n,[]{}&*!|>~", max_size=12)
VALUES = st.recursive(
    WORDS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def described(node: yaml.Node | None) -> Iterator[tuple[Any, ...]]:
    """Each node with its tag, what it holds, and the line in which it begins."""
    if node is None:
        return
    if isinstance(node, yaml.ScalarNode):
        yield node.tag, node.value, node.start_mark.line
        return
    yield node.tag, len(node.value), node.start_mark.line
    for part in node.value:
        for inner in part if isinstance(part, tuple) else (part,):
            yield from described(inner)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_our_own_files_are_read_alike(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [*described(compose_fast(text, "file"))] == [*described(compose(text, "file"))]


@given(VALUES, st.booleans(), st.sampled_from(["", "# last\n", "\n\n", "...\n"]))
def test_what_is_written_is_read_alike(value: Any, flow: bool, end: str) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True) + end
    assert [*described(compose_fast(text, "file"))] == [*described(compose(text, "file"))]


@given(st.text("ab: #-\n,[]{}'\"&*|>\t~", max_size=30))
def test_what_is_refused_is_an_error_of_ours(text: str) -> None:
    with suppress(ConfigError):
        compose_fast(text, "file")
