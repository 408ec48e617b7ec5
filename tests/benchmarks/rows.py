"""Many answers: whole processes, from start to exit, taking the same rows from the same server."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs
from tests.processes import HOST, free_ports, listens, running

AET = "CANNED"

KEYS: Mapping[str, str] = dict.fromkeys(
    (
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ModalitiesInStudy",
        "StudyDescription",
        "PatientName",
        "PatientID",
        "StudyInstanceUID",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
    ),
    "",
)
"""What the others ask for: what the canned answers hold."""

_FORMATS = ("ndjson", "csv")


@contextmanager
def canned(rows: int) -> Iterator[int]:
    """The port of a canned server of that many answers, for the length of the block."""

    def launch(_: Path) -> tuple[list[str], int]:
        (port,) = free_ports(1)
        return [*programs.interpreter("-m", "tests.benchmarks.canned"), str(port), str(rows)], port

    with running(launch, _is_listening) as port:
        yield port


def _is_listening(port: int, _: Path) -> bool:
    return listens(port)


def find(port: int, output: str) -> list[str]:
    """Our own command that prints every row of the canned server in a format."""
    return programs.dicomsh("-m", f"{AET}@{HOST}:{port}", "-o", output, "-c", "find study")


def _check_rows(command: Sequence[str], rows: int) -> None:
    """That every row is printed, decoded: the name in the first is the one sent."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "rows.ndjson")
        measure.process(command, output)
        with output.open(encoding="utf-8") as lines:
            names = [json.loads(line).get("PatientName") for line in lines if line.startswith("{")]
    if len(names) != rows or names[0] != "Müller^Jürgen":
        raise measure.BenchmarkError(f"{len(names)} of {rows} rows: {names[:1]}")


def _cases(port: int, rows: int, slow: bool) -> dict[str, measure.Case]:
    commands = {"findscu -q": programs.findscu(AET, port, "STUDY", KEYS, "-q")}
    if slow:
        commands["pynetdicom findscu -q"] = programs.pynetdicom(AET, port, "STUDY", KEYS)
    _check_rows(find(port, "ndjson"), rows)
    commands |= {f"dicomsh -o {output}": find(port, output) for output in _FORMATS}
    return {name: partial(measure.process, command) for name, command in commands.items()}


def _measure(rows: int, rounds: int, most: Mapping[str, float], slow: bool) -> None:
    """Measure with that many answers; `most` is how many times as long as findscu each may take."""
    with canned(rows) as port:
        runs = measure.interleaved(_cases(port, rows, slow), rounds)
    names = [f"dicomsh -o {output}" for output in _FORMATS]
    targets = [
        measure.Target(name, reference, times)
        for name in names
        for reference, times in (("findscu -q", most[name]), ("pynetdicom findscu -q", 1 / 20))
    ]
    title = f"{rows:,} answers, whole processes, printing to /dev/null"
    measure.report(title, runs, rows=rows, memory=True, targets=targets)


def main(rounds: int) -> None:
    """20,000 answers with every program; 100,000 with those that take seconds, not minutes."""
    ndjson, csv = (f"dicomsh -o {output}" for output in _FORMATS)
    _measure(20_000, min(rounds, 3), {ndjson: 1.0, csv: 1.0}, slow=True)
    _measure(100_000, rounds, {ndjson: 1.0, csv: 0.9}, slow=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
