"""How large functions, classes and files are: a mirror for whoever changes them, not a limit.

    python -m tests.sizes           of dicomsh
    python -m tests.sizes tests     of another folder

Nothing fails because of what it says.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parent.parent

_SHOWN = 10


@dataclass(frozen=True)
class Sized:
    """A file, class or function, and its number of lines."""

    name: str
    lines: int


@dataclass(frozen=True)
class Sizes:
    """What was found in a folder."""

    files: Sequence[Sized]
    classes: Sequence[Sized]
    functions: Sequence[Sized]


def measured(folder: Path) -> Sizes:
    """The sizes in all Python files of a folder."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))}
    names = {path: path.relative_to(folder.parent).as_posix() for path in texts}
    nodes = [
        (names[path], node) for path, text in texts.items() for node in ast.walk(ast.parse(text))
    ]
    return Sizes(
        [Sized(names[path], len(text.splitlines())) for path, text in texts.items()],
        [_sized(name, node) for name, node in nodes if isinstance(node, ast.ClassDef)],
        [
            _sized(name, node)
            for name, node in nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ],
    )


def _sized(file: str, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Sized:
    """A definition without its decorators."""
    return Sized(f"{file}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1)


def report(sizes: Sizes) -> Iterator[str]:
    """The lines to print."""
    for title, found in (
        ("functions", sizes.functions),
        ("classes", sizes.classes),
        ("files", sizes.files),
    ):
        lines = [one.lines for one in found]
        if len(lines) < 2:
            continue
        percentile = quantiles(lines, n=20, method="inclusive")[-1]
        yield f"{len(lines):,} {title}, lines: median {median(lines):g}, 95 % up to {percentile:g}"
        for one in sorted(found, key=lambda one: one.lines, reverse=True)[:_SHOWN]:
            yield f"  {one.lines:5}  {one.name}"


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.sizes")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dicomsh")
    print("\n".join(report(measured(parser.parse_args().folder.resolve()))))


if __name__ == "__main__":
    main()
