"""One small query: in a session that keeps its association, against a process for each query."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs

QUERY: Mapping[str, str] = {
    "PatientID": "0555643F",
    "StudyDate": "",
    "StudyTime": "",
    "ModalitiesInStudy": "",
    "StudyDescription": "",
    "AccessionNumber": "",
    "StudyInstanceUID": "",
}
"""A study query that both servers answer with three studies."""

ROWS = 3
KEPT = "dicomsh, kept session"


@contextmanager
def _session(aet: str, port: int) -> Iterator[measure.Case]:
    """A kept session in a process of its own; each call is one query."""
    command = programs.interpreter("-m", "tests.benchmarks.kept", aet, str(port))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as own:
        assert own.stdin is not None
        try:
            yield partial(_ask, own)
        finally:
            own.stdin.close()


def _ask(session: subprocess.Popen[str]) -> measure.Run:
    assert session.stdin is not None
    assert session.stdout is not None
    session.stdin.write("\n")
    session.stdin.flush()
    seconds, _, rows = session.stdout.readline().partition(" ")
    if not rows or int(rows) != ROWS:
        raise measure.BenchmarkError(f"the kept session answered '{seconds} {rows.strip()}'")
    return measure.Run(float(seconds))


def _measure(name: str, aet: str, port: int, rounds: int) -> None:
    commands = {
        "findscu process": programs.findscu(aet, port, "STUDY", QUERY, "-q"),
        "pynetdicom findscu process": programs.pynetdicom(aet, port, "STUDY", QUERY),
    }
    cases = {case: partial(measure.process, command) for case, command in commands.items()}
    with _session(aet, port) as ask:
        runs = measure.interleaved({**cases, KEPT: ask}, rounds)
    targets = [
        measure.Target(KEPT, "findscu process", 0.15),
        measure.Target(KEPT, "pynetdicom findscu process", 0.1),
    ]
    measure.report(f"One small query, {name}", runs, targets=targets)


def main(rounds: int) -> None:
    """Asks Orthanc and dcmqrscp, both filled with the made-up patients of the tests."""
    from tests import samples, servers

    with tempfile.TemporaryDirectory() as folder:
        files = samples.write_made_up(Path(folder))
        with servers.orthanc() as orthanc, servers.dcmqrscp(files) as dcmqrscp:
            orthanc.upload(files)
            _measure("Orthanc", orthanc.aet, orthanc.port, 4 * rounds)
            _measure("dcmqrscp", dcmqrscp.aet, dcmqrscp.port, 4 * rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
