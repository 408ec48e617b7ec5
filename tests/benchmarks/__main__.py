"""Runs the measurements by name, each in a process of its own; without names, all of them."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys

NAMES = tuple(
    "start small worklist rows tofile stages interface crawl paint keys retrieve gateway "
    "lists diff".split()
)


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """What is asked for; by the command line where nothing is given."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=5, help="of each case (default: 5)")
    given = parser.parse_args(words)
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark '{unknown[0]}'; there are: {', '.join(NAMES)}")
    return given


def main() -> int:
    """Exit status 1 when a benchmark could not be run; a target that is not met is no failure."""
    given = arguments()
    print(f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} processors")
    sys.stdout.flush()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
    failed = 0
    for name in given.names or NAMES:
        command = [sys.executable, "-m", f"tests.benchmarks.{name}", str(given.rounds)]
        failed |= subprocess.run(command, check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
