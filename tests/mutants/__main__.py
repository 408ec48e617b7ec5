"""Runs mutmut on modules in a copy of the working tree, and prints what survived."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.processes import scratch

ROOT = Path(__file__).parents[2]

TESTS = {
    "query": ("tests/query", "tests/rules"),
}
"""Package of a module → folders of tests, where they exist; for any other its own folder."""

_COPIED = ("CHANGELOG.md", "README.md", "docs", "dicomsh", "modalities.yaml", "tests")
_DONE = re.compile(r"^\S+ (\d+)/\1 ", re.MULTILINE)
_SURVIVED = re.compile(r"^ *(\S+): (survived|timeout|suspicious|no tests)$", re.MULTILINE)


def chosen_tests(module: Path) -> list[str]:
    """The folders of tests that concern a module, as paths in the tree."""
    package = module.parts[1].removesuffix(".py")
    wanted = TESTS.get(package, (f"tests/{package}",))
    found = [path for path in wanted if (ROOT / path).exists()]
    return found or ["tests"]


def configuration(modules: Sequence[Path], tests: Sequence[str]) -> str:
    """The settings of mutmut, to be added to pyproject.toml."""
    selected = dict.fromkeys(tests or [path for module in modules for path in chosen_tests(module)])
    lines = {
        "source_paths": ["dicomsh"],
        "only_mutate": [module.as_posix() for module in modules],
        "also_copy": [name for name in _COPIED if name != "dicomsh"],
        "pytest_add_cli_args": ["-n0", "-p", "no:cacheprovider", "-p", "tests.mutants.local_only"],
        "pytest_add_cli_args_test_selection": list(selected),
    }
    settings = "\n".join(f"{name} = {value!r}".replace("'", '"') for name, value in lines.items())
    return f"\n[tool.mutmut]\n{settings}\n"


def prepare(folder: Path, modules: Sequence[Path], tests: Sequence[str]) -> None:
    """Copy the working tree."""
    for name in _COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, folder / name)
    settings = (ROOT / "pyproject.toml").read_text("utf-8") + configuration(modules, tests)
    (folder / "pyproject.toml").write_text(settings, "utf-8")


def survivors(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and fate of each mutant that no test has killed."""
    yield from _SURVIVED.findall(_mutmut(folder, "results"))


def _mutmut(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=folder,
        env=_environment(folder),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def _environment(folder: Path) -> dict[str, str]:
    """That of ours, but importing from the copy: mutmut puts its own folder in front."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    others = [path for path in paths if path and Path(path).resolve() != ROOT]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(others)}


def main() -> int:
    """Test the modules; exit status 1 when a mutant survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="+", type=Path, metavar="dicomsh/PACKAGE/MODULE.py")
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="ask these instead")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    modules = [path.resolve().relative_to(ROOT) for path in options.modules]
    with scratch() as folder:
        prepare(folder, modules, options.tests)
        said = _mutmut(folder, "run", "--max-children", str(options.processes))
        if not _DONE.search(said):
            sys.exit(f"{said}\nmutmut did not come to the end")
        left = list(survivors(folder))
        for name, fate in left:
            print(f"\n{fate}: {_mutmut(folder, 'show', name).strip()}")
    print(f"\n{len(left)} of {_DONE.findall(said)[-1]} not killed")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
