"""100,000 answers through stages: as they arrive, and once they are here; and peak memory."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import measure, programs
from tests.benchmarks.rows import AET, KEYS, canned
from tests.processes import HOST

ROWS = 100_000
MOST_SECONDS = 1.0
MOST_MEMORY = 200 * 2**20

PLAIN = "find study"
STAGES = "find study | where date=2000.. | sort date | count by mod"
DERIVED = "find study | where date=2000.. | sort date.month | count by date.month"
KEPT = "find study > rows.csv"
AGAIN = "find study > rows.csv; last | where date=2000.. | sort date | count by mod"
FINDSCU = "findscu -q, the query alone"


def main(rounds: int) -> None:
    """Prints times and peak memory of the query alone and with stages."""
    with canned(ROWS) as port, TemporaryDirectory() as folder:
        cases = {
            text: partial(
                measure.process,
                programs.dicomsh(
                    *("-m", f"{AET}@{HOST}:{port}", "-o", "csv", "-c"),
                    text.replace("rows.csv", str(Path(folder) / "rows.csv")),
                ),
            )
            for text in (PLAIN, STAGES, DERIVED, KEPT, AGAIN)
        }
        cases[FINDSCU] = partial(measure.process, programs.findscu(AET, port, "STUDY", KEYS, "-q"))
        runs = measure.interleaved(cases, rounds)
    measure.report(f"{ROWS:,} answers through stages", runs, rows=ROWS, memory=True)
    rows_here = measure.seconds(runs[AGAIN]) - measure.seconds(runs[KEPT])
    for what, seconds in (
        ("rows that are here", rows_here),
        ("with the query", measure.seconds(runs[STAGES])),
    ):
        time = measure.milliseconds(seconds)
        verdict = _verdict(seconds <= MOST_SECONDS)
        print(f"- {what}: {time}, at most {MOST_SECONDS:.0f} s: {verdict}")
    memory = max(run.peak_memory for text in (STAGES, AGAIN) for run in runs[text])
    most = f"{MOST_MEMORY / 2**20:.0f} MiB"
    print(f"- peak memory: at most {most}: {_verdict(memory <= MOST_MEMORY)}")


def _verdict(met: bool) -> str:
    return "met" if met else "NOT MET"


if __name__ == "__main__":
    main(int(sys.argv[1]))
