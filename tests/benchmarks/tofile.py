"""100,000 answers into a file: time and peak memory."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs
from tests.benchmarks.rows import AET, KEYS, canned
from tests.processes import HOST

ROWS = 100_000
MOST_MEMORY = 120 * 2**20


OWN, PRINTED = "dicomsh find study > rows.csv", "findscu > rows.txt"


def _cases(port: int, folder: Path) -> dict[str, measure.Case]:
    text = f"use {AET}@{HOST}:{port}; find study > '{folder / 'rows.csv'}'"
    xml = programs.findscu(AET, port, "STUDY", KEYS, "-q", "-Xs", str(folder / "rows.xml"))
    printing = programs.findscu(AET, port, "STUDY", KEYS)
    return {
        PRINTED: partial(measure.process, printing, folder / "rows.txt"),
        "findscu -q -Xs rows.xml": partial(measure.process, xml),
        OWN: partial(measure.process, programs.dicomsh("-c", text)),
    }


def _check(csv: Path) -> None:
    """That the file has a header and every row."""
    with csv.open(encoding="utf-8") as lines:
        number = sum(1 for _ in lines)
    if number != ROWS + 1:
        raise measure.BenchmarkError(f"{csv.name} has {number} lines, not {ROWS + 1}")


def main(rounds: int) -> None:
    """Prints times, and the largest peak memory of each program."""
    with tempfile.TemporaryDirectory() as name, canned(ROWS) as port:
        folder = Path(name)
        runs = measure.interleaved(_cases(port, folder), min(rounds, 3))
        _check(folder / "rows.csv")
    title = f"{ROWS:,} answers into a file"
    targets = [measure.Target(OWN, PRINTED, 1.0)]
    measure.report(title, runs, rows=ROWS, memory=True, targets=targets)
    verdict = "met" if max(run.peak_memory for run in runs[OWN]) <= MOST_MEMORY else "NOT MET"
    print(f"- peak memory of dicomsh: at most {MOST_MEMORY / 2**20:.0f} MiB: {verdict}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
