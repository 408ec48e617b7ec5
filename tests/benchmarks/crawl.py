"""A crawl of 1,000 studies to instances, into Parquet by month, against a loop over findscu."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs
from tests.processes import HOST, find_program

STUDIES, PER_STUDY = 1_000, 3
OWN, LOOP = "dicomsh > crawl/", "findscu loop"

_LOOP = """\
{findscu} {peer} -k QueryRetrieveLevel=STUDY -k StudyInstanceUID= 2>&1 |
sed -n 's/.*(0020,000d) UI \\[\\([0-9.]*\\).*/\\1/p' | while read -r uid; do
  {findscu} {peer} -k QueryRetrieveLevel=IMAGE -k "StudyInstanceUID=$uid" -k SeriesInstanceUID \\
    -k SOPInstanceUID -k SOPClassUID -k InstanceNumber -k StudyDate 2>&1
done
"""


def _loop(aet: str, port: int) -> list[str]:
    peer = f"-S -aet {programs.CALLING_AET} -aec {aet} {HOST} {port}"
    return ["sh", "-c", _LOOP.format(findscu=find_program("findscu"), peer=peer)]


def _ours(aet: str, port: int, folder: Path) -> list[str]:
    keys = "+StudyDate +SeriesInstanceUID"
    text = f"find study | each find instance {keys} > '{folder}/crawl/'"
    return programs.dicomsh("-m", f"{aet}@{HOST}:{port}", "-c", text)


def _check(folder: Path) -> None:
    """That every instance is there, read in a process of its own: this one is kept small."""
    code = "import sys, pyarrow.dataset as d; print(d.dataset(sys.argv[1]).count_rows())"
    command = [*programs.interpreter("-c", code), str(folder / "crawl")]
    rows = int(subprocess.check_output(command, text=True))
    if rows != STUDIES * PER_STUDY:
        raise measure.BenchmarkError(f"{rows} of {STUDIES * PER_STUDY} instances")


def main(rounds: int) -> None:
    """Fills an Orthanc and crawls it; the loop takes minutes, and is run once."""
    from tests import servers
    from tests.samples import write_studies

    with tempfile.TemporaryDirectory() as name, servers.orthanc() as orthanc:
        folder = Path(name)
        orthanc.upload(write_studies(folder, STUDIES, PER_STUDY))
        aet, port = orthanc.aet, orthanc.port
        own = measure.interleaved(
            {OWN: partial(measure.process, _ours(aet, port, folder))}, min(rounds, 3)
        )
        _check(folder)
        runs = {**own, LOOP: [measure.process(_loop(aet, port), folder / "loop.txt")]}
        found = (folder / "loop.txt").read_text(errors="replace").count("SOPInstanceUID")
    print(f"findscu has printed {found:,} SOPInstanceUIDs")
    title = f"{STUDIES:,} studies to {STUDIES * PER_STUDY:,} instances, Orthanc"
    targets = [measure.Target(OWN, LOOP, 0.1)]
    measure.report(title, runs, memory=True, targets=targets)


if __name__ == "__main__":
    main(int(sys.argv[1]))
