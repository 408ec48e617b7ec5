"""Starting: `--version`, `-c pwd`, one query as a process, the first prompt in a terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs
from tests.benchmarks.small import QUERY
from tests.processes import scratch

_PROMPT = "dicomsh> "
_PROMPT_SHOWN = r"dicomsh(?:\x1b\[[0-9;?]*[A-Za-z])*>"  # colours may stand between
_BARE = f"from prompt_toolkit import prompt; prompt({_PROMPT!r})"
_HEAVY = ("prompt_toolkit", "pydicom", "pynetdicom")
_PROMPT_LIMIT = 20.0


_ARGPARSE = "python -c 'import argparse'"
_PASS = "python -c pass"
_MOST = {"--version": (_ARGPARSE, 1.5), "-c pwd": (_PASS, 5.0)}
"""What is measured → what it is measured against, and how many times as long it may take."""


def _whole_runs(rounds: int) -> None:
    """Runs without a query, in a folder and a home without a configuration."""
    commands = {
        _ARGPARSE: programs.interpreter("-c", "import argparse"),
        _PASS: programs.interpreter("-c", "pass"),
    }
    targets = []
    for arguments, (reference, most) in _MOST.items():
        for name, program in _programs().items():
            commands[f"{name} {arguments}"] = [*program, *arguments.split()]
            targets.append(measure.Target(f"{name} {arguments}", reference, most))
    with scratch() as home, _elsewhere(home):
        cases = {name: partial(measure.process, command) for name, command in commands.items()}
        runs = measure.interleaved(cases, 4 * rounds)
    measure.report("Version, and a command without a query", runs, targets=targets)


def _programs() -> dict[str, Sequence[str]]:
    """Our program as a module, and as installed."""
    script = programs.installed_script()
    module: dict[str, Sequence[str]] = {"python -m dicomsh": programs.dicomsh()}
    return module if script is None else module | {"dicomsh": [str(script)]}


@contextmanager
def _elsewhere(home: Path) -> Iterator[None]:
    """What is run inside the `with` finds no configuration, and our own code by its path."""
    kept = {name: os.environ.get(name) for name in ("HOME", "XDG_CONFIG_HOME", "PYTHONPATH")}
    before = Path.cwd()
    paths = filter(None, [str(before), kept["PYTHONPATH"]])
    os.environ |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    os.environ |= {"PYTHONPATH": os.pathsep.join(paths)}
    os.chdir(home)
    try:
        yield
    finally:
        os.chdir(before)
        for name, value in kept.items():
            os.environ.pop(name)
            os.environ |= {} if value is None else {name: value}


def _one_query(rounds: int) -> None:
    """One query from the outer shell: a process that connects, asks, prints and ends."""
    from tests import samples, servers

    with scratch() as folder, servers.orthanc() as orthanc:
        orthanc.upload(samples.write_made_up(folder))
        commands = {
            "findscu": programs.findscu(orthanc.aet, orthanc.port, "STUDY", QUERY),
            "pynetdicom findscu": programs.pynetdicom(orthanc.aet, orthanc.port, "STUDY", QUERY),
        }
        asked = ["-m", orthanc.address, "-c", f"find study id={QUERY['PatientID']}"]
        commands |= {name: [*program, *asked] for name, program in _programs().items()}
        cases = {name: partial(measure.process, command) for name, command in commands.items()}
        with _elsewhere(folder):
            runs = measure.interleaved(cases, 4 * rounds)
    targets = [
        measure.Target(name, reference, most)
        for name in _programs()
        for reference, most in (("findscu", 1.2), ("pynetdicom findscu", 0.4))
    ]
    measure.report("One query as a process, Orthanc", runs, targets=targets)


def imported(command: Sequence[str]) -> set[str]:
    """Top-level packages that a run of our program imports, told by `-X importtime`."""
    interpreter, *arguments = command
    done = subprocess.run(
        [interpreter, "-X", "importtime", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line)
    return {module.partition(".")[0] for module in modules}


def _imports() -> None:
    print("\n### Imports\n")
    for arguments in (("--version",), ("-c", "pwd")):
        heavy = sorted(imported(programs.dicomsh(*arguments)) & set(_HEAVY))
        verdict = "NOT MET: " + ", ".join(heavy) if heavy else "met"
        print(f"- dicomsh {' '.join(arguments)} imports none of {', '.join(_HEAVY)}: {verdict}")


@dataclass(frozen=True, slots=True)
class _Shell:
    """A program with a prompt: how it is started, and what its prompt looks like."""

    name: str
    command: Sequence[str]
    prompt: str


def _prompt(shell: _Shell, home: Path) -> measure.Run:
    """From starting in a terminal to the prompt on its screen."""
    import pexpect

    own = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "HOME": str(home)}
    program, *arguments = shell.command
    start = time.perf_counter()
    child = pexpect.spawn(
        program, arguments, env={**os.environ, **own}, timeout=_PROMPT_LIMIT, cwd=str(home)
    )
    try:
        child.expect(shell.prompt)
        return measure.Run(time.perf_counter() - start)
    finally:
        child.close(force=True)


def _others() -> Iterator[_Shell]:
    """Other shells made with prompt_toolkit, as far as they are installed."""
    for name, arguments, prompt in (("litecli", (), r"\(none\)"), ("ptpython", (), ">>>")):
        path = shutil.which(name)
        if path is None:
            print(f"\n- {name} is not installed, and not compared (pip install {name})")
        else:
            yield _Shell(name, [path, *arguments], prompt)


def _first_prompt(rounds: int) -> None:
    bare = _Shell("bare prompt_toolkit prompt()", programs.interpreter("-c", _BARE), _PROMPT_SHOWN)
    own = _Shell("dicomsh", programs.dicomsh(), _PROMPT_SHOWN)
    others = list(_others())
    with scratch() as home:
        (home / ".config").mkdir()
        shells = (bare, own, *others)
        cases = {shell.name: partial(_prompt, shell, home) for shell in shells}
        runs = measure.interleaved(cases, 2 * rounds)
    targets = [measure.Target(own.name, bare.name, 1.1)]
    targets += [measure.Target(own.name, other.name, 0.9) for other in others]
    measure.report("First prompt in a terminal", runs, targets=targets)


def main(rounds: int) -> None:
    """Prints the parts."""
    _whole_runs(rounds)
    _imports()
    _one_query(rounds)
    _first_prompt(rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
