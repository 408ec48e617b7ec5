"""A hostile session with dicomsh as a program of its own: its memory, and how soon Ctrl-C ends it.

Both depend on the machine, so that no test asserts them; `python -m tests.hostile` prints them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.harness import ROOT
from tests.hostile.peer import Attack, attacking
from tests.hostile.session import PATIENT, configured

MOMENTS = 6
"""How many times Ctrl-C is pressed, each in a session of its own, spread over its length."""

_PATIENCE = 60.0


@dataclass(frozen=True)
class Figures:
    """What sessions took at most.

    Args:
        seconds: from start to end.
        peak: resident bytes; 0 where the system does not tell.
        response: seconds from Ctrl-C to the end of the program.
        work: seconds of processor time in these, whatever else is running; 0 where the system does
            not tell.
        faults: what was wrong, in words.
    """

    seconds: float = 0.0
    peak: int = 0
    response: float = 0.0
    work: float = 0.0
    faults: tuple[str, ...] = ()

    def __or__(self, other: Figures) -> Figures:
        return Figures(
            max(self.seconds, other.seconds),
            max(self.peak, other.peak),
            max(self.response, other.response),
            max(self.work, other.work),
            (*self.faults, *other.faults),
        )


def figures(name: str, attack: Attack, text: str, output: str) -> Figures:
    """What a session takes, and how soon it ends at Ctrl-C, at each of some moments."""
    found = _session(name, attack, text, output, None)
    start = _session(name, _refusing, text, output, None).seconds
    length = max(found.seconds - start, 0.05)
    for number in range(MOMENTS):
        moment = start + length * (number + 0.5) / MOMENTS
        found |= _session(name, attack, text, output, moment)
    return found


def _refusing(_: object) -> None:
    """End the connection: what a session takes before the peer does anything."""


def _session(name: str, attack: Attack, text: str, output: str, press: float | None) -> Figures:
    """One session, with Ctrl-C pressed after so many seconds."""
    with attacking(attack) as address, tempfile.TemporaryDirectory() as folder:
        config = configured(Path(folder), address, PATIENT)
        note = Path(folder) / "note"
        command = [sys.executable, "-c", _MEASURED, str(note), "-f", str(config), "-m", "odd"]
        with tempfile.TemporaryFile() as err:
            begin = time.monotonic()
            process = subprocess.Popen(
                [*command, "-o", output, "-c", text],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=err,
            )
            pressed, worked = (begin, 0.0) if press is None else _press(process, press)
            process.wait(_PATIENCE)
            end = time.monotonic()
            err.seek(0)
            said = err.read()
        ours = b"Traceback" in said and b"init_import_site" not in said  # Python's own beginning
        faults = (f"{name}: a traceback: {said!r}",) if ours else ()
        peak, work = _noted(note)
        if press is None:
            return Figures(end - begin, peak, faults=faults)
        return Figures(end - begin, peak, end - pressed, max(work - worked, 0.0), faults)


_MEASURED = """
import atexit, sys, time

def note(path=sys.argv.pop(1)):
    try:
        with open("/proc/self/status") as status:
            peak = next(int(line.split()[1]) * 1024 for line in status if "VmHWM" in line)
    except OSError:
        peak = 0
    with open(path, "w") as file:
        file.write(f"{peak} {time.process_time()}")

atexit.register(note)
from dicomsh.__main__ import run
sys.exit(run())
"""
"""dicomsh that writes into a file what it had in memory at most, and its processor time; `wait4`
would count its parent."""


def _noted(path: Path) -> tuple[int, float]:
    """Bytes, and seconds of processor time; 0 if the program ended before it could note them."""
    noted = path.read_text("ascii").split() if path.exists() else []
    peak, work = noted or ("0", "0")
    return int(peak), float(work)


def _press(process: subprocess.Popen[bytes], seconds: float) -> tuple[float, float]:
    """Press Ctrl-C after some time; when that was, and the program's processor time until then."""
    time.sleep(seconds)
    worked = _worked(process.pid)
    os.kill(process.pid, signal.SIGINT)  # send_signal would reap one that has ended
    return time.monotonic(), worked


def _worked(pid: int) -> float:
    """Seconds of processor time of a process so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
