"""Time and memory of whole processes, measured side by side, and their table."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class BenchmarkError(Exception):
    """A program that is measured failed, or did not do what it is measured for."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds of wall clock, and the most memory resident at once, in bytes."""

    seconds: float
    peak_memory: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio of two medians that is to be kept: `measured` against `reference`, at most `most`."""

    measured: str
    reference: str
    most: float


Case = Callable[[], Run]


def process(command: Sequence[str], output: Path | None = None) -> Run:
    """Runs a program to its end; stdout and stderr go to a file, or nowhere.

    A process starts with the peak memory of the one that forked it, so this one is kept small:
    it imports neither pydicom nor dicomsh.

    Raises:
        BenchmarkError: its exit status is not 0.
    """
    with Path(output or os.devnull).open("wb") as sink:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise BenchmarkError(f"exit status {child.returncode}: {' '.join(command)}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * unit)


def interleaved(cases: Mapping[str, Case], rounds: int) -> dict[str, list[Run]]:
    """Runs every case once per round, in turn, so that all meet the same load of the machine.

    A first round, not counted, fills caches.
    """
    runs: dict[str, list[Run]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            run = case()
            if number:
                runs[name].append(run)
    return runs


def seconds(runs: Sequence[Run]) -> float:
    """Median of the wall clock."""
    return statistics.median(run.seconds for run in runs)


def report(
    title: str,
    runs: Mapping[str, Sequence[Run]],
    *,
    rows: int | None = None,
    memory: bool = False,
    targets: Sequence[Target] = (),
) -> None:
    """Prints a Markdown table of medians with their spread, then how each target was met.

    Args:
        title: its heading.
        runs: case → its runs.
        rows: answers per run; adds rows per second.
        memory: adds peak memory.
        targets: those whose cases were both run are judged.
    """
    print(f"\n### {title}\n")
    columns = ["", "median", "min … max", *(["rows/s"] if rows else []), *(["MiB"] * memory)]
    print("| " + " | ".join(columns) + " |")
    print("|---" + "|--:" * (len(columns) - 1) + "|")
    for name, measured in runs.items():
        print("| " + " | ".join([name, *_cells(measured, rows, memory)]) + " |")
    print()
    for target in targets:
        if target.measured in runs and target.reference in runs:
            print(_judged(target, runs))


def _cells(runs: Sequence[Run], rows: int | None, memory: bool) -> list[str]:
    every = [run.seconds for run in runs]
    cells = [
        milliseconds(seconds(runs)),
        f"{milliseconds(min(every))} … {milliseconds(max(every))}",
    ]
    if rows:
        cells.append(f"{rows / seconds(runs):,.0f}")
    if memory:
        cells.append(f"{max(run.peak_memory for run in runs) / 2**20:.0f}")
    return cells


def milliseconds(value: float) -> str:
    """Seconds as milliseconds, with a decimal place only where it tells something."""
    return f"{value * 1000:,.{0 if value >= 0.1 else 1}f} ms"


def _judged(target: Target, runs: Mapping[str, Sequence[Run]]) -> str:
    ratio = seconds(runs[target.measured]) / seconds(runs[target.reference])
    verdict = "met" if ratio <= target.most else "NOT MET"
    return (
        f"- {target.measured} takes {ratio:.3f} × {target.reference}"
        f" (at most {target.most:g}: {verdict})"
    )
