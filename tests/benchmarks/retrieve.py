"""C-GET, C-MOVE and C-STORE of one study, in memory, against other programs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs
from tests.benchmarks.archives import archives
from tests.benchmarks.objects import STUDY
from tests.processes import HOST, find_program, free_ports, scratch

SMALL, LARGE, HUGE = (2_000, 20_480), (200, 524_288), (1, 500 * 2**20)
"""Objects and bytes of pixels each."""

OURS, MOVED = "dicomsh get", "dicomsh get --via move"
STORED, STORESCU = "dicomsh store", "storescu"
GETSCU, PYNETDICOM, MOVESCU = "getscu", "pynetdicom getscu", "movescu"


def _keys() -> list[str]:
    return ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}"]


def _commands(aet: str, port: int, own: int, folder: Path) -> dict[str, Sequence[str]]:
    peer = ["-aet", programs.CALLING_AET, "-aec", aet]
    address = [HOST, str(port)]
    line = f"get {STUDY} --to '{folder}'"
    return {
        OURS: programs.dicomsh("-m", f"{aet}@{HOST}:{port}", "-c", f"cd /BENCH; {line}"),
        GETSCU: [find_program("getscu"), "-S", *peer, "+B", "-od", str(folder), *address, *_keys()],
        PYNETDICOM: [
            *programs.interpreter("-m", "pynetdicom", "getscu", "-q", "-S", *peer),
            *("-od", str(folder), *address, *_keys()),
        ],
        MOVED: programs.dicomsh(
            *("-m", f"{aet}@{HOST}:{port}", "-c", f"cd /BENCH; {line} --via move --port {own}")
        ),
        MOVESCU: [
            *(find_program("movescu"), "-S", *peer, "-aem", programs.CALLING_AET),
            *("+P", str(own), "-od", str(folder), *address, *_keys()),
        ],
    }


def _into(folder: Path, command: Sequence[str], count: int) -> measure.Run:
    """Run a program with an empty folder, and see that all objects are in it afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    run = measure.process(command)
    found = sum(1 for path in folder.rglob("*") if path.stat().st_size > 4096 and path.is_file())
    if found < count:
        raise measure.BenchmarkError(f"{found} of {count} objects: {' '.join(command)}")
    return run


def _stores(aet: str, port: int, folder: Path) -> dict[str, measure.Case]:
    """Sending the files to a server that has them already, as a second sender would."""
    storescu = [find_program("storescu"), "-aet", programs.CALLING_AET, "-aec", aet, "-R", "+sd"]
    commands = {
        STORED: programs.dicomsh("-c", f"store '{folder}' --to {aet}@{HOST}:{port}"),
        STORESCU: [*storescu, HOST, str(port), str(folder)],
    }
    return {name: partial(measure.process, command) for name, command in commands.items()}


def _measure_stores(
    title: str, peer: tuple[str, int], folder: Path, count: int, rounds: int
) -> None:
    runs = measure.interleaved(_stores(*peer, folder), rounds)
    targets = [measure.Target(STORED, STORESCU, 1 if count == 1 else 1 / 4)]
    measure.report(title, runs, memory=True, targets=targets)


def _measure(title: str, peer: tuple[str, int, int], count: int, rounds: int) -> None:
    with scratch() as memory:
        folder = memory / "got"
        commands = _commands(*peer, folder)
        if count == 1:
            commands = {name: commands[name] for name in (OURS, GETSCU)}
        cases = {name: partial(_into, folder, command, count) for name, command in commands.items()}
        runs = measure.interleaved(cases, rounds)
    targets = [
        measure.Target(OURS, GETSCU, 1 if count == 1 else 1 / 4),
        measure.Target(OURS, PYNETDICOM, 1 / 1.5 if count == LARGE[0] else 1 / 8),
        measure.Target(MOVED, MOVESCU, 1 / 3),
    ]
    measure.report(title, runs, memory=True, targets=targets)


def main(rounds: int) -> None:
    """Retrieves from Orthanc and dcmqrscp."""
    for count, size in (LARGE, SMALL, HUGE):
        with scratch() as memory:
            make = programs.interpreter("-m", "tests.benchmarks.objects")
            subprocess.run([*make, str(memory), str(count), str(size)], check=True)
            (own,) = free_ports(1)
            with archives(memory, own) as peers:
                for name, peer in peers.items():
                    title = f"{count:,} × {size / 1000:,.0f} kB, {name}"
                    _measure(title, (*peer, own), count, rounds)
                    _measure_stores(f"{title}, store", peer, memory, count, rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
