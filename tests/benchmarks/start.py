"""Starting: `--version`, what `-c pwd` imports, and the first prompt in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

from tests.benchmarks import measure, programs

_PROMPT = "dicomsh> "
_PROMPT_SHOWN = r"dicomsh(?:\x1b\[[0-9;?]*[A-Za-z])*>"  # colours may stand between
_BARE = f"from prompt_toolkit import prompt; prompt({_PROMPT!r})"
_HEAVY = ("prompt_toolkit", "pydicom", "pynetdicom")
_PROMPT_LIMIT = 20.0


def _version(rounds: int) -> None:
    commands = {
        "python -c 'import argparse'": programs.interpreter("-c", "import argparse"),
        "python -c pass": programs.interpreter("-c", "pass"),
        "python -m dicomsh --version": programs.dicomsh("--version"),
    }
    script = programs.installed_script()
    if script is not None:
        commands["dicomsh --version"] = [str(script), "--version"]
    cases = {name: partial(measure.process, command) for name, command in commands.items()}
    targets = [
        measure.Target(name, "python -c 'import argparse'", 2.0)
        for name in ("python -m dicomsh --version", "dicomsh --version")
    ]
    measure.report("Version", measure.interleaved(cases, 4 * rounds), targets=targets)


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


def _prompt(command: Sequence[str]) -> measure.Run:
    """From starting in a terminal to the prompt on its screen."""
    import pexpect

    environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
    start = time.perf_counter()
    child = pexpect.spawn(command[0], list(command[1:]), env=environment, timeout=_PROMPT_LIMIT)
    try:
        child.expect(_PROMPT_SHOWN)
        return measure.Run(time.perf_counter() - start)
    finally:
        child.close(force=True)


def _first_prompt(rounds: int) -> None:
    bare, own = "bare prompt_toolkit prompt()", "dicomsh"
    commands = {bare: programs.interpreter("-c", _BARE), own: programs.dicomsh()}
    cases = {name: partial(_prompt, command) for name, command in commands.items()}
    runs = measure.interleaved(cases, 2 * rounds)
    measure.report("First prompt in a terminal", runs, targets=[measure.Target(own, bare, 1.25)])


def main(rounds: int) -> None:
    """Prints the three parts."""
    _version(rounds)
    _imports()
    _first_prompt(rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
