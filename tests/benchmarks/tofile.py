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


def _cases(port: int, folder: Path) -> dict[str, measure.Case]:
    printing = programs.findscu(AET, port, "STUDY", KEYS)
    xml = programs.findscu(AET, port, "STUDY", KEYS, "-q", "-Xs", str(folder / "rows.xml"))
    cases: dict[str, measure.Case] = {
        "findscu > rows.txt": partial(measure.process, printing, folder / "rows.txt"),
        "findscu -q -Xs rows.xml": partial(measure.process, xml),
    }
    if programs.dicomsh_is_here():
        text = f"use {AET}@{HOST}:{port}; find study > '{folder / 'rows.csv'}'"
        cases["dicomsh find study > rows.csv"] = partial(
            measure.process, programs.dicomsh("-c", text)
        )
    return cases


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
        if "dicomsh find study > rows.csv" in runs:
            _check(folder / "rows.csv")
    target = measure.Target("dicomsh find study > rows.csv", "findscu > rows.txt", 1.0)
    measure.report(f"{ROWS:,} answers into a file", runs, rows=ROWS, memory=True, targets=[target])
    for run in runs.get(target.measured, ())[:1]:
        verdict = "met" if run.peak_memory <= MOST_MEMORY else "NOT MET"
        print(f"- peak memory of dicomsh: at most {MOST_MEMORY / 2**20:.0f} MiB: {verdict}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
