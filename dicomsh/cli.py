"""Command line options, and the ways to run: prompt, -c, script or standard input."""

from __future__ import annotations

import argparse
import gc
import sys
from functools import partial

from dicomsh import __version__

TYPE_CHECKING = False  # as in `typing`, which takes as long to import as argparse
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any, NoReturn

    from dicomsh.errors import ExitStatus
    from dicomsh.session.history import History
    from dicomsh.startup import Started

_EPILOG = """\
exit statuses: 0 done; 1 a command failed; 2 usage, script or configuration
error; 3 no association; 4 timed out; 5 finished, but an answer is incomplete or
in doubt; 6 nothing was found with --fail-empty, or an assert does not hold; 130
interrupted; 129 and 143 ended by SIGHUP and SIGTERM

dicomsh -c help lists the commands.

dicomsh WORD: practice runs the practice archive as a server; gateway answers
Orthanc's REST API for your modalities; config lists the files that are read;
completion prints what bash, zsh and fish need to complete command lines; man
prints the manual page. ./practice is a script of that name."""


class _Formatter(argparse.HelpFormatter):
    """Keeps paragraphs separate, and wraps lines between words."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from dicomsh.output.prose import filled

        del indent
        return filled(text, width)


_ANY_WIDTH = 80
"""For a formatter that only checks options: asking for the terminal's width imports `shutil`."""


class _Parser(argparse.ArgumentParser):
    """Raises OSError if help or the version cannot be written, which argparse ignores."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is not sys.stdout:
            super()._print_message(message, file)
            return
        try:
            file.write(message)
            file.flush()
        except OSError as error:
            from dicomsh.output.streams import is_broken_pipe, silence

            silence(file)
            if not is_broken_pipe(error):
                raise


class _Version(argparse.Action):
    """Writes the version; argparse's own action would import a lot to format one line."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        parser._print_message(f"dicomsh {__version__}\n", sys.stdout)
        parser.exit()


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def parser() -> argparse.ArgumentParser:
    """The outer command line."""
    made = _Parser(
        prog="dicomsh",
        usage="dicomsh [OPTIONS] [SCRIPT [ARG…]]",
        description="Explore DICOM archives: at a prompt, from a script, or with -c.",
        epilog=_EPILOG,
        formatter_class=partial(_Formatter, width=_ANY_WIDTH),
        allow_abbrev=False,  # a new option could make an abbreviation in a script ambiguous
    )
    add = made.add_argument
    add("-c", "--command", metavar="TEXT", action="append", help="run TEXT and exit (repeatable)")
    add("-f", "--file", metavar="CONFIG", type=_path, help="modalities.yaml, or Orthanc's JSON")
    add("-m", "--modality", metavar="NAME", help="start in NAME, AET@HOST:PORT, or A,B")
    add(
        "-o",
        "--output",
        metavar="FORMAT",
        help="table, vertical, json, ndjson, csv, tsv, yaml, markdown, dicom-json, excel, parquet",
    )
    add("-D", dest="define", metavar="NAME=VALUE", action="append", default=[], help="variable")
    add("--limit", metavar="N", help="maximum rows per query")
    add("--timeout", metavar="S", help="seconds to wait for a peer")
    add("--keep-going", action="store_true", help="continue after a command fails")
    add("--check", action="store_true", help="report all errors in the script; send nothing")
    add("--dry-run", action="store_true", help="say what the script would send; send nothing")
    add("--fail-empty", action="store_true", help="finding nothing is a failure (status 6)")
    add("-q", "--quiet", action="store_true", help="no result lines, only what is wrong")
    add("--lessons", metavar="DIR", type=_path, help="folder with your own lessons")
    add("--trace", action="store_true", help="show the conversation with peers, like 'trace on'")
    add("--no-color", action="store_true", help="no colours (NO_COLOR=1 does the same)")
    add("--version", action=_Version, nargs=0, help="show program's version number and exit")
    add("script", metavar="SCRIPT", nargs="?", help="command file; - is standard input")
    add("arguments", metavar="ARG", nargs=argparse.REMAINDER, help="$1 to $9 in the script")
    made.formatter_class = _Formatter
    return made


WORDS = {
    "practice": "dicomsh.practice.__main__",
    "gateway": "dicomsh.gateway.__main__",
    "config": "dicomsh.outer_shell.config_files",
    "completion": "dicomsh.outer_shell.completion",
    "man": "dicomsh.outer_shell.man",
}
"""First words with a command line of their own, and the module with its `parser` and `main`."""


def parser_of(word: str) -> argparse.ArgumentParser:
    """The command line after one of these words."""
    from importlib import import_module

    made: argparse.ArgumentParser = import_module(WORDS[word]).parser()
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status."""
    if None in (sys.stdin, sys.stdout, sys.stderr):  # Python's sign of a closed one, as by `>&-`
        from dicomsh.output.streams import open_closed

        open_closed()
    arguments = sys.argv[1:] if argv is None else list(argv)
    collect_seldom()
    if arguments and arguments[0] in WORDS:
        from importlib import import_module

        return int(import_module(WORDS[arguments[0]]).main(arguments[1:]))
    try:
        options = parser().parse_args(arguments)
    except OSError as error:
        sys.stderr.write(f"dicomsh: cannot write the output: {error.strerror}\n")
        return 1
    from dicomsh.errors import DicomshError, ExitStatus
    from dicomsh.interrupt import ToldToEndError, end_when_told

    try:
        end_when_told()
        return _ran(options)
    except ToldToEndError as told:
        from dicomsh.output.streams import put_last

        put_last(sys.stderr, f"dicomsh: ended by {told.name}\n")
        return told.status
    except DicomshError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        sys.stderr.write(f"dicomsh: {error.message}{hint}\n")
        return int(error.status)
    except KeyboardInterrupt:
        return int(ExitStatus.INTERRUPTED)
    finally:
        gc.freeze()  # Python collects twice more when it ends: 4 ms for what the end frees anyway


def _ran(options: argparse.Namespace) -> int:
    """Run; say so if there are too many open files, wherever that is noticed."""
    from dicomsh.errors import DicomshError
    from dicomsh.open_files import REMEDY, TOO_MANY, is_too_many

    try:
        return int(_run(options))
    except OSError as error:
        if not is_too_many(error):
            raise
        sys.unraisablehook = lambda _: None  # asyncio complains about what it has half made
        raise DicomshError(TOO_MANY, hint=REMEDY) from None


def collect_seldom() -> None:
    """Make the cyclic garbage collector run less often.

    An answer can have 100,000 rows, which contain no cycles. Measured: checking them every 700
    objects took an eighth of the time of a long answer.
    """
    gc.set_threshold(200_000, 50, 1000)


def _run(options: argparse.Namespace) -> ExitStatus:
    if options.command or options.script or not _at_terminal():
        return _batch(options)
    from dicomsh.repl.loop import run

    make = partial(_at_prompt, options)
    return run(make, waits=options.modality is not None, color=not options.no_color)


def _at_terminal() -> bool:
    """Whether to show a prompt; a prompt must never go into a file or a pipe."""
    if sys.stdin.isatty() and not sys.stdout.isatty():
        sys.stderr.write("dicomsh: output is not a terminal; no prompt shown; Ctrl-D ends\n")
    return sys.stdin.isatty() and sys.stdout.isatty()


def _at_prompt(options: argparse.Namespace, history: History) -> Started:
    from dicomsh import startup

    return startup.at_prompt(options, history)


def _batch(options: argparse.Namespace) -> ExitStatus:
    from dicomsh import batch, startup
    from dicomsh.interrupt import attentive

    started = startup.for_scripts(options)
    started.tell()
    shell = started.shell
    if options.command:
        sources = batch.commands(options.command)
    elif options.script and options.script != "-":
        sources = batch.script(shell, options.script)
    else:
        sys.stdin = attentive(sys.stdin)
        sources = batch.lines(sys.stdin)
    if options.check:
        return batch.check(shell, sources)
    if options.dry_run:
        return batch.dry_run(shell, sources)
    status = batch.run(shell, sources)
    shell.sum_up()
    return status
