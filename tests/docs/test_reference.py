"""The generated pages of the reference are those that the program would generate now."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from tests.harness import ROOT


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = _generator().pages()


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_stale(name: str) -> None:
    """`python docs/generate.py` writes them."""
    assert (ROOT / "docs" / "reference" / name).read_text("utf-8") == PAGES[name]


def test_there_are_no_other_pages() -> None:
    found = {page.name for page in (ROOT / "docs" / "reference").iterdir()}
    assert found == set(PAGES)
