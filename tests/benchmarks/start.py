"""Starting: `--version`, what `-c pwd` imports, and the first prompt in a terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs
from tests.processes import scratch

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
    targets = [measure.Target(own.name, bare.name, 1.25)]
    targets += [measure.Target(own.name, other.name, 0.9) for other in others]
    measure.report("First prompt in a terminal", runs, targets=targets)


def main(rounds: int) -> None:
    """Prints the three parts."""
    _version(rounds)
    _imports()
    _first_prompt(rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
