"""Shows each change of some modules to the tests, and prints what none of them noticed."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TESTS = {
    "dimse": ("tests/dimse", "tests/peers"),
    "model": ("tests/model", "tests/query"),
    "query": ("tests/query", "tests/rules"),
}
"""Package of a module → folders of tests, where they exist; for any other its own folder."""

_OPTIONS = ("-q", "-n0", "-p", "no:cacheprovider", "-p", "tests.mutants.local_only")


def chosen_tests(module: Path) -> list[str]:
    """The folders of tests that concern a module, as paths in the tree."""
    package = module.parts[1].removesuffix(".py")
    wanted = TESTS.get(package, (f"tests/{package}",))
    found = [path for path in wanted if (ROOT / path).exists()]
    return found or ["tests"]


class Account:
    """Prints each change that was not noticed at once, and counts all of them."""

    def __init__(self) -> None:
        self._fates: Counter[tuple[str, str]] = Counter()

    def __call__(self, change: object, fate: str) -> None:
        """A change and what became of it."""
        self._fates[str(getattr(change, "module", "")), fate] += 1
        if fate != "killed":
            print(f"\n{fate}: {change}", flush=True)

    @property
    def left(self) -> int:
        """The number of changes that no test noticed."""
        return sum(n for (_, fate), n in self._fates.items() if fate in ("survived", "no tests"))

    def __str__(self) -> str:
        lines = []
        for module in dict.fromkeys(module for module, _ in self._fates):
            fates = {fate: n for (of, fate), n in self._fates.items() if of == module}
            told = ", ".join(f"{n} {fate}" for fate, n in sorted(fates.items()))
            lines.append(f"{module}: {sum(fates.values())} changes: {told}")
        return "\n".join(lines)


def _shown(output: str) -> set[tuple[str, str]]:
    """Function and diff of each change in the output of an earlier run."""
    found = re.findall(r"^\S.*: \S+:\d+: (\S+)\n((?:[-+].*\n)+)", output, re.MULTILINE)
    return {(function, diff.rstrip("\n")) for function, diff in found}


def main() -> int:
    """Test the modules; exit status 1 when a change was not noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="+", type=Path, metavar="dicomsh/PACKAGE/MODULE.py")
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="ask these instead")
    parser.add_argument("--seconds", type=float, default=10.0, help="of tests for each change")
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what this output shows")
    options = parser.parse_args()
    shown = _shown(options.again.read_text("utf-8")) if options.again else None
    os.chdir(ROOT)
    os.environ["CI"] = "1"  # the profile of hypothesis that `rounds` makes its own
    modules = [path.resolve().relative_to(ROOT) for path in options.modules]
    tests = options.tests or list(
        dict.fromkeys(path for module in modules for path in chosen_tests(module))
    )
    from tests.mutants.changes import Change
    from tests.mutants.rounds import Rounds

    def wanted(change: Change) -> bool:
        return shown is None or (change.function, change.diff) in shown

    account = Account()
    folder = tempfile.mkdtemp(prefix="dicomsh-mutants-")
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    try:
        arguments = [*_OPTIONS, f"--basetemp={folder}/pytest", *tests]
        status = pytest.main(arguments, [Rounds(modules, options.seconds, wanted, account)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if status == pytest.ExitCode.INTERNAL_ERROR:
        return int(status)
    print(f"\n{account}\n{account.left} not noticed")
    return 1 if account.left else 0


if __name__ == "__main__":
    sys.exit(main())
