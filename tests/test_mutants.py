"""What mutation tests are told; they run by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.mutants.__main__ import ROOT, chosen_tests, configuration


def test_the_tests_that_concern_a_module_are_there() -> None:
    for package in ("model", "query", "dimse", "language"):
        found = chosen_tests(Path("dicomsh", package, "module.py"))
        assert found
        assert all((ROOT / path).is_dir() for path in found)
    assert chosen_tests(Path("dicomsh/interrupt.py")) == ["tests"]


def test_the_settings_of_mutmut_can_be_read() -> None:
    modules = [Path("dicomsh/query/ask.py"), Path("dicomsh/model/windows.py")]
    settings = tomllib.loads(configuration(modules, []))["tool"]["mutmut"]
    assert settings["only_mutate"] == ["dicomsh/query/ask.py", "dicomsh/model/windows.py"]
    assert settings["pytest_add_cli_args_test_selection"][-1] == "tests/model"
    named = tomllib.loads(configuration(modules, ["tests/rules"]))["tool"]["mutmut"]
    assert named["pytest_add_cli_args_test_selection"] == ["tests/rules"]
