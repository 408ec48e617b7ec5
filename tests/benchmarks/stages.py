"""100,000 answers through stages: what the stages cost on top of the query, and peak memory."""

from __future__ import annotations

import sys
from functools import partial

from tests.benchmarks import measure, programs
from tests.benchmarks.rows import AET, canned
from tests.processes import HOST

ROWS = 100_000
MOST_SECONDS = 1.0
MOST_MEMORY = 200 * 2**20

PLAIN = "find study"
STAGES = "find study | where date=2000.. | sort date | count by mod"
DERIVED = "find study | where date=2000.. | sort date.month | count by date.month"


def main(rounds: int) -> None:
    """Prints times and peak memory of the query alone and with stages."""
    with canned(ROWS) as port:
        cases = {
            text: partial(
                measure.process,
                programs.dicomsh("-m", f"{AET}@{HOST}:{port}", "-o", "csv", "-c", text),
            )
            for text in (PLAIN, STAGES, DERIVED)
        }
        runs = measure.interleaved(cases, rounds)
    measure.report(f"{ROWS:,} answers through stages", runs, rows=ROWS, memory=True)
    seconds = measure.seconds(runs[STAGES])
    print(
        f"- time, with the query: at most {MOST_SECONDS:.0f} s: {_verdict(seconds <= MOST_SECONDS)}"
    )
    memory = max(run.peak_memory for run in runs[STAGES])
    most = f"{MOST_MEMORY / 2**20:.0f} MiB"
    print(f"- peak memory: at most {most}: {_verdict(memory <= MOST_MEMORY)}")


def _verdict(met: bool) -> str:
    return "met" if met else "NOT MET"


if __name__ == "__main__":
    main(int(sys.argv[1]))
