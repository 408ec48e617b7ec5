"""Studies of a list of accession numbers: one command, against a shell loop over findscu.

The list has as many values as a day's work; the loop is run for a few of them. Both figures are
seconds for one value, the start of dicomsh and the reading of the file included.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs
from tests.benchmarks.archives import archives
from tests.processes import HOST, find_program, free_ports, scratch

VALUES, LOOPED, STUDIES = 10_000, 100, 500
"""Values of the list, those that the loop asks for, and studies in the archive."""

OURS, LOOP = "find study acc=@list.csv", "shell loop over findscu"


def _fill(folder: Path) -> None:
    """Write a small object for each study; accession numbers begin with A00001."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian

    root = "1.2.826.0.1.3680043.8.498.2"
    for number in range(1, STUDIES + 1):
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.SOPClassUID = ComprehensiveSRStorage
        made.StudyInstanceUID = f"{root}.{number}"
        made.SeriesInstanceUID, made.SOPInstanceUID = f"{root}.{number}.1", f"{root}.{number}.1.1"
        made.StudyDate, made.StudyTime, made.Modality = "20240305", "101500", "SR"
        made.PatientName, made.PatientID = f"Bench^{number}", f"P{number}"
        made.StudyID, made.AccessionNumber = str(number), f"A{number:05}"
        made.SeriesNumber, made.InstanceNumber = "1", "1"
        made.save_as(folder / f"{number:05}.dcm", enforce_file_format=True)


def _listed(peer: tuple[str, int], path: Path) -> measure.Run:
    aet, port = peer
    text = f"find study acc=@'{path}' > '{path.with_name('found.csv')}'"
    run = measure.process(programs.dicomsh("-m", f"{aet}@{HOST}:{port}", "-c", text))
    found = len(path.with_name("found.csv").read_text("utf-8").splitlines()) - 1
    if found != STUDIES:
        raise measure.BenchmarkError(f"{found} of {STUDIES} studies found")
    return measure.Run(run.seconds / VALUES, run.peak_memory)


def _looped(peer: tuple[str, int], path: Path) -> measure.Run:
    aet, port = peer
    keys = ("StudyInstanceUID", "StudyDate", "PatientID", "PatientName", "StudyDescription")
    asked = " ".join(f"-k {key}=" for key in keys)
    address = f"-S -aet {programs.CALLING_AET} -aec {aet} {HOST} {port}"
    ask = f"'{find_program('findscu')}' {address} -k QueryRetrieveLevel=STUDY {asked}"
    script = (
        f"head -n {LOOPED + 1} '{path}' | tail -n +2 |"
        f' while read acc; do {ask} -k AccessionNumber="$acc" < /dev/null; done'
    )
    run = measure.process(["/bin/sh", "-c", script])
    return measure.Run(run.seconds / LOOPED)


def main(rounds: int) -> None:
    """Asks Orthanc and dcmqrscp."""
    (own,) = free_ports(1)
    with scratch() as folder:
        files = folder / "files"
        files.mkdir()
        call = f"from {__name__ if __name__ != '__main__' else 'tests.benchmarks.lists'} import"
        program = f"import pathlib\n{call} _fill\n_fill(pathlib.Path({str(files)!r}))"
        subprocess.run(programs.interpreter("-c", program), check=True)
        path = folder / "list.csv"
        numbers = "".join(f"A{number:05}\n" for number in range(1, VALUES + 1))
        path.write_text(f"AccessionNumber\n{numbers}", "utf-8")
        with archives(files, own) as peers:
            for name, peer in peers.items():
                cases: dict[str, measure.Case] = {
                    OURS: partial(_listed, peer, path),
                    LOOP: partial(_looped, peer, path),
                }
                runs = measure.interleaved(cases, rounds)
                title = f"One value of a list of {VALUES:,} accession numbers, {name}"
                targets = [measure.Target(OURS, LOOP, 1 / 20)]
                measure.report(title, runs, memory=True, targets=targets)


if __name__ == "__main__":
    main(int(sys.argv[1]))
