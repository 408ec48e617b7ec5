"""What mutation tests change, and whom they ask; they run by hand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT, chosen_tests


def test_the_tests_that_concern_a_module_are_there() -> None:
    for package in ("model", "query", "dimse", "language"):
        found = chosen_tests(Path("dicomsh", package, "module.py"))
        assert found
        assert all((ROOT / path).is_dir() for path in found)
    assert chosen_tests(Path("dicomsh/interrupt.py")) == ["tests"]


MODULE = """
class Span:
    @property
    def short(self):
        '''No change of this line.'''
        if self.days < 3:
            raise ValueError("the words of a message", "KEY")
        return (lambda: self.days)()
"""


def test_functions_are_changed_but_not_words(tmp_path: Path) -> None:
    pytest.importorskip("mutmut")
    from tests.mutants.changes import changes

    (tmp_path / "module.py").write_text(MODULE, "utf-8")
    found = changes(tmp_path / "module.py")
    assert {change.function for change in found} == {"Span.short"}
    new = [change.diff.split("\n+")[1].strip() for change in found]
    assert "if self.days <= 3:" in new
    assert "return (lambda: None)()" in new
    assert 'raise ValueError("the words of a message", "XXKEYXX")' in new
    assert not any("THE WORDS" in line or "CHANGE" in line for line in new)
    assert all(change.compiled().co_name == "short" for change in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_what_no_test_notices_is_printed(tmp_path: Path) -> None:
    pytest.importorskip("mutmut")
    done = subprocess.run(
        [
            sys.executable,
            *"-m tests.mutants dicomsh/model/wado.py dicomsh/model/lists.py --tests".split(),
            "tests/model/test_wado.py",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert "no tests: dicomsh/model/lists.py:" in done.stdout
    assert re.search(r"\ndicomsh/model/wado.py: \d\d changes: \d\d killed", done.stdout)
