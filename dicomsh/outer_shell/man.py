"""`dicomsh man`: the manual page, made from the options and the pages of `help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby

from dicomsh import __version__
from dicomsh.language.command import Command

_DESCRIPTION = """\
Print the manual page, for man: dicomsh man | man -l -
To install it: dicomsh man > ~/.local/share/man/man1/dicomsh.1"""


def parser() -> argparse.ArgumentParser:
    """The command line of `dicomsh man`."""
    return argparse.ArgumentParser(
        prog="dicomsh man",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the page; returns the exit status."""
    parser().parse_args(argv)
    sys.stdout.write(page())
    return 0


def page() -> str:
    """The page in the macros of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    from dicomsh import cli

    outer = cli.parser()
    yield f'.TH DICOMSH 1 "" "dicomsh {__version__}" "User Commands"'
    yield from (".SH NAME", r"dicomsh \- " + _escaped(_summary(outer)))
    yield from (".SH SYNOPSIS", _escaped(outer.format_usage().removeprefix("usage: ").strip()))
    yield ".SH DESCRIPTION"
    yield from _paragraphs(outer.description or "")
    yield ".SH OPTIONS"
    for action in outer._actions:
        yield from (".TP", _flags(action), _escaped(action.help or ""))
    yield ".SH EXIT STATUS"
    status, *others = (outer.epilog or "").split("\n\n")
    yield from _paragraphs(status.partition(":")[2])
    yield ".SH COMMANDS"
    from dicomsh.commands import registry

    known = registry()
    families = groupby((*known, *known.stages), key=lambda made: made.family)
    for family, members in families:
        yield f".SS {family.capitalize()}"
        for made in members:
            yield from _command(made)
    yield ".SH NOTES"
    for text in others:
        yield from _paragraphs(text)


def _summary(outer: argparse.ArgumentParser) -> str:
    text = (outer.description or "").partition(":")[0]
    return text[:1].lower() + text[1:]


def _flags(action: argparse.Action) -> str:
    """An option as in `--help`, in bold, with its value."""
    words = action.option_strings or [str(action.metavar)]
    value = f" {action.metavar}" if action.option_strings and action.nargs != 0 else ""
    return r"\fB" + r"\fR, \fB".join(_escaped(word) for word in words) + r"\fR" + _escaped(value)


def _command(made: Command) -> Iterator[str]:
    yield from (".TP", r"\fB" + _escaped(made.usage) + r"\fR")
    first, *rest = made.doc.strip().split("\n\n")
    yield _escaped(" ".join(first.split()))
    for text in rest:
        yield from (".IP", _escaped(" ".join(text.split())))
    for option in (parameter for parameter in made.parameters if parameter.option):
        value = f" {option.kind.name}" if option.kind else ""
        yield from (".IP", r"\fB" + _escaped(option.flags) + r"\fR" + _escaped(value))
        yield from (".br", _escaped(option.help))


def _paragraphs(text: str) -> Iterator[str]:
    for part in text.split("\n\n"):
        yield from (".PP", _escaped(" ".join(part.split())))


def _escaped(text: str) -> str:
    """Text that roff prints as it is: no requests, no escape sequences, minus signs, any letter."""
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    plain = "".join(char if char.isascii() else rf"\[u{ord(char):04X}]" for char in plain)
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain
