"""Words of other programs that are typed here out of habit, and what they are called here."""

from __future__ import annotations

_COMMANDS = {
    **dict.fromkeys(("quit", "q", "bye"), "'exit' leaves"),
    **dict.fromkeys(("?", "--help", "-h"), "'help' lists the commands, help COMMAND explains one"),
    **dict.fromkeys(("clear", "cls"), "Ctrl-L clears the screen"),
    **dict.fromkeys(("open", "connect"), "'use NAME', or 'use AET@HOST:PORT', goes to a peer"),
    "query": "'find LEVEL KEY=VALUE …' queries, 'ls' lists what is here",
    "ping": "'echo' asks whether a modality answers",
    **dict.fromkeys(("get", "move", "store"), "images are not transferred yet: find and ls query"),
}


def foreign_command(word: str) -> str | None:
    """The hint for a command of another program; None for any other word."""
    return _COMMANDS.get(word.lower())


def foreign_option(command: str, flag: str) -> str | None:
    """The hint for an option that a command has elsewhere; None for any other."""
    if flag in ("--help", "-h"):
        return f"help {command} explains it"
    if flag == "--wide" and command in ("find", "ls"):
        return f"show the rows again with all columns: {command} …; last --wide"
    return None
