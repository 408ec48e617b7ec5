"""Commands and options that people type out of habit, with their equivalents here."""

from __future__ import annotations

from dicomsh.errors import ShellHint

_COMMANDS = {
    **dict.fromkeys(("quit", "q", "bye"), "use 'exit' to leave"),
    **dict.fromkeys(("?", "--help", "-h"), "'help' lists the commands, help COMMAND explains one"),
    **dict.fromkeys(("clear", "cls"), "Ctrl-L clears the screen"),
    **dict.fromkeys(("open", "connect"), "'use NAME' or 'use AET@HOST:PORT' connects to a peer"),
    "query": "'find LEVEL KEY=VALUE …' queries, 'ls' lists the current place",
    "ping": "'echo' asks whether a modality answers",
}


def foreign_command(word: str) -> str | None:
    """The hint for a command of another program; None for any other word."""
    hint = _COMMANDS.get(word.lower())
    return hint and ShellHint(hint)


def foreign_option(command: str, flag: str) -> str | None:
    """The hint for an option that other programs have, or dicomsh itself; None for any other."""
    if flag in ("--help", "-h"):
        return ShellHint(f"see 'help {command}'")
    if flag == "--wide" and command in ("find", "ls"):
        return ShellHint(f"to show the rows with all columns: {command} …; last --wide")
    if flag in ("-o", "--output"):
        return ShellHint(f"{command} … | to json, or set output json")
    if flag in OF_THE_PROGRAM:
        return ShellHint(f"{flag} is for all commands: dicomsh {flag} -c '…'")
    return None


OF_THE_PROGRAM = frozenset(
    ("--check", "--dry-run", "--fail-empty", "--keep-going", "--no-color", "--quiet", "-q")
)
"""Options of the command line, `dicomsh.cli`, that commands do not have."""
