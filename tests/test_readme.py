"""README says what is true: its commands are the project's, its examples run."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.harness import ROOT, run

README = (ROOT / "README.md").read_text("utf-8")


def test_the_check_runs_the_test_command_of_the_readme() -> None:
    command = next(line for line in README.splitlines() if line.endswith("-m pytest"))
    assert command in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_the_walk_of_the_readme_works() -> None:
    line = next(line for line in README.splitlines() if "dicomsh -c '" in line)
    done = run(shlex.split(line)[-1])
    assert done.status == 0
    assert "412" in done.out


SESSION = re.search(r"\$ dicomsh\n(.*?)```", README, re.DOTALL)
assert SESSION


@pytest.mark.parametrize("number", range(5))
def test_the_session_shows_what_is_seen(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of the session at the top, with the commands before it, gives what is shown."""
    assert SESSION
    steps = re.findall(r"^\S.*?> (.+)\n((?:(?!^\S*> |^pacs:).*\n)*)", SESSION[1], re.MULTILINE)
    steps = [(command, shown) for command, shown in steps if ">" not in command]
    typed = [command for command, _ in steps[: number + 1]]
    done = run("\n".join(typed))
    table = [line for line in steps[number][1].splitlines() if line.startswith(" ")]
    assert all(line in done.out.splitlines() for line in table)


REFUSED = re.search(r"dicomsh> (find series number.*)\n((?:.*\n)*?)```", README)


def test_the_refusal_is_as_shown() -> None:
    assert REFUSED
    done = run(REFUSED[1])
    assert done.status == 2
    shown = REFUSED[2].splitlines()
    told = done.err.splitlines()
    assert told[0].endswith(shown[0])
    assert told[1:] == shown[1:]


@pytest.mark.parametrize(
    "text",
    [
        line.split("   ")[0].strip()
        for line in README.split("## Asking")[1].split("```")[1].splitlines()
        if line.startswith("find")
    ],
)
def test_the_queries_shown_run(text: str) -> None:
    done = run(f"use pacs; {text}")
    assert done.status == 0, done.err
