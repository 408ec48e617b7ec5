"""100,000 answers from Python, every value read, against the shell that prints them as NDJSON."""

from __future__ import annotations

import sys
from functools import partial

from tests.benchmarks import measure, programs
from tests.benchmarks.rows import AET, canned, find
from tests.processes import HOST

ROWS = 100_000

SHELL = "dicomsh -o ndjson"
FIND, STREAM = "find, then every row read", "stream, every row read"
READ = {
    FIND: "rows = pacs.find('study')",
    STREAM: "rows = pacs.stream('study')",
}


def _program(port: int, asked: str) -> list[str]:
    lines = (
        "import dicomsh",
        f"with dicomsh.connect('{AET}@{HOST}:{port}') as pacs:",
        f"    {asked}",
        "    names = [row['PatientName'] for row in rows]",
        f"assert len(names) == {ROWS}, len(names)",
        "assert names[0] == 'Müller^Jürgen' and rows.outcome.complete",
    )
    return [*programs.interpreter("-c", "\n".join(lines))]


def main(rounds: int) -> None:
    """Prints the times of a shell and of two Python programs."""
    with canned(ROWS) as port:
        cases = {SHELL: partial(measure.process, find(port, "ndjson"))}
        cases |= {
            name: partial(measure.process, _program(port, asked)) for name, asked in READ.items()
        }
        runs = measure.interleaved(cases, rounds)
    targets = [measure.Target(name, SHELL, 1.0) for name in READ]
    title = f"{ROWS:,} answers, whole processes, every value read"
    measure.report(title, runs, rows=ROWS, memory=True, targets=targets)


if __name__ == "__main__":
    main(int(sys.argv[1]))
