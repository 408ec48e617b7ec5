"""Two archives of 5,000 studies compared to the numbers of instances, against a loop over findscu.

One of them lacks a hundred studies, and instances of a hundred more. The loop asks both archives
for each study, by itself; it is run for a few hundred studies, and its time is scaled.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs
from tests.benchmarks.archives import Peer, hosted
from tests.processes import HOST, find_program

STUDIES, PER_STUDY, MISSING, SHORT = 5_000, 2, 100, 100
LOOPED = 200
"""Studies that the loop asks for."""

OWN, LOOP = "dicomsh diff --counts", "findscu loop"
_MOST_MEMORY = 150

_LOOP = """\
{old} -k QueryRetrieveLevel=STUDY -k StudyInstanceUID= 2>&1 |
sed -n 's/.*(0020,000d) UI \\[\\([0-9.]*\\).*/\\1/p' | head -n {looped} | while read -r uid; do
  for ask in '{old}' '{new}'; do
    $ask -k QueryRetrieveLevel=STUDY -k "StudyInstanceUID=$uid" \\
      -k NumberOfStudyRelatedSeries -k NumberOfStudyRelatedInstances < /dev/null 2>&1
  done
done
"""


def _loop(peers: dict[str, Peer]) -> measure.Run:
    asks = {
        name: f"{find_program('findscu')} -S -aet {programs.CALLING_AET} -aec {aet} {HOST} {port}"
        for name, (aet, port) in peers.items()
    }
    run = measure.process(["sh", "-c", _LOOP.format(**asks, looped=LOOPED)])
    return measure.Run(run.seconds * STUDIES / LOOPED)


def _ours(peers: dict[str, Peer], folder: Path) -> measure.Run:
    config, said = folder / "modalities.yaml", folder / "said.txt"
    entries = {n: {"aet": aet, "host": HOST, "port": port} for n, (aet, port) in peers.items()}
    config.write_text(json.dumps({"modalities": entries}), "utf-8")
    text = f"diff old new --counts > '{folder / 'differences.csv'}'"
    options = ("-f", str(config), "-c", text)
    command = ["sh", "-c", '"$@" || test $? = 1', "sh", *programs.dicomsh(*options)]
    run = measure.process(command, said)
    _check(said.read_text("utf-8"))
    return run


def _check(said: str) -> None:
    wanted = (
        f"{STUDIES - MISSING:,} in both, {MISSING} only in old, 0 only in new,"
        f" {SHORT} with other counts"
    )
    if wanted not in said:
        raise measure.BenchmarkError(said)


def main(rounds: int) -> None:
    """Compares two Orthancs; the loop is run once."""
    serve = programs.interpreter("-m", "tests.benchmarks.diff", "serve")
    with tempfile.TemporaryDirectory() as name, hosted(serve) as peers:
        ours = partial(_ours, peers, Path(name))
        runs = {**measure.interleaved({OWN: ours}, min(rounds, 3)), LOOP: [_loop(peers)]}
    title = f"Two archives of {STUDIES:,} studies to the numbers of instances, Orthanc"
    measure.report(title, runs, memory=True, targets=[measure.Target(OWN, LOOP, 0.1)])
    print(f"the loop was run for {LOOPED} studies, its time is that for {STUDIES:,}")
    peak = max(run.peak_memory for run in runs[OWN]) / 2**20
    print(f"peak memory {peak:.0f} MiB (at most {_MOST_MEMORY} MiB)")


def serve() -> None:
    """Run both archives until the end of standard input."""
    from tests import samples, servers

    with tempfile.TemporaryDirectory() as name, servers.orthanc() as old, servers.orthanc() as new:
        files = samples.write_studies(Path(name), STUDIES, PER_STUDY)
        old.upload(files)
        new.upload(path for path in files if not _is_late(path))
        peers = {"old": (old.aet, old.port), "new": (new.aet, new.port)}
        print(json.dumps(peers), flush=True)
        sys.stdin.read()


def _is_late(path: Path) -> bool:
    """Whether a file is in one archive only: all of some studies, and one file of others."""
    study, instance = map(int, re.findall(r"[0-9]+", path.stem))
    return study < MISSING or (study < MISSING + SHORT and instance == PER_STUDY)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        main(int(sys.argv[1]))
