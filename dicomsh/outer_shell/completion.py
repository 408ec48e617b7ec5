"""Completion in bash, zsh and fish: `dicomsh completion SHELL` prints what they are to load."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from dicomsh.errors import DicomshError
from dicomsh.outer_shell.line import OuterLine, options_of, read_line

BASH = """\
# bash completion for dicomsh; load it with: source <(dicomsh completion bash)
_dicomsh() {
    local IFS=$'\\n'
    COMPREPLY=($(dicomsh completion candidates "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)) &&
        compopt +o bashdefault +o default 2>/dev/null
}
complete -o bashdefault -o default -F _dicomsh dicomsh
"""

ZSH = """\
#compdef dicomsh
# zsh completion for dicomsh; load it with: source <(dicomsh completion zsh)
_dicomsh() {
    local -a found
    local files
    # LBUFFER lacks the quote that is open
    local line="${words[1,CURRENT-1]} ${QIPREFIX}${PREFIX}"
    found=("${(@f)$(dicomsh completion candidates "$line" --whole 2>/dev/null)}")
    files=$?
    if [[ -n "${found[*]}" ]]; then compadd -- "${found[@]}"; fi
    if (( files )); then _files; fi
}
compdef _dicomsh dicomsh
"""

FISH = """\
# fish completion for dicomsh; load it with: dicomsh completion fish | source
function __dicomsh_candidates
    dicomsh completion candidates (commandline -cp | string collect) --whole 2>/dev/null
    and return
    set -l option (commandline -ct | string match -r -- '^--[a-z-]+=')
    set -l typed (string replace -- "$option" '' (commandline -ct))
    __fish_complete_path "$typed" | string replace -r -- '^' "$option"
end
complete -c dicomsh -f -a '(__dicomsh_candidates)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}

_DESCRIPTION = """\
Print what a shell needs to complete the command lines of dicomsh: options, modalities, formats,
and commands after -c. Nothing is sent to any modality."""

_EPILOG = """\
bash   source <(dicomsh completion bash)      in ~/.bashrc
zsh    source <(dicomsh completion zsh)       in ~/.zshrc, after compinit
fish   dicomsh completion fish | source       in ~/.config/fish/config.fish"""


def parser() -> argparse.ArgumentParser:
    """The command line of `dicomsh completion`."""
    made = argparse.ArgumentParser(
        prog="dicomsh completion",
        usage="dicomsh completion bash|zsh|fish",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("shell", choices=[*SCRIPTS, "candidates"], metavar="bash|zsh|fish")
    made.add_argument("line", nargs="?", default="", help=argparse.SUPPRESS)
    made.add_argument("--whole", action="store_true", help=argparse.SUPPRESS)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Print the script of a shell, or the candidates at the end of a line; the exit status.

    After candidates it is 1 if the names of files fit there as well.
    """
    options = parser().parse_args(argv)
    if options.shell in SCRIPTS:
        sys.stdout.write(SCRIPTS[options.shell])
        return 0
    line = read_line(options.line)
    start = 0 if options.whole else line.replaced
    for text in candidates(line):
        sys.stdout.write(f"{text[start:]}\n")
    return int(takes_file(line))


def candidates(line: OuterLine) -> list[str]:
    """What the current word may become, whole, apart from the names of files."""
    try:
        return [text for text in _candidates(line) if text.startswith(line.current)]
    except DicomshError:  # the configuration cannot be used: running the command tells why
        return []


def takes_file(line: OuterLine) -> bool:
    """Whether the current word may be the name of a file: a script, its argument, or a value."""
    from dicomsh import cli

    first, previous = (*line.words, "")[0], (line.words or ("",))[-1]
    has_own = first in cli.WORDS
    kinds = _kinds_of_values(cli.parser_of(first) if has_own else cli.parser())
    if line.current.startswith("-"):
        return kinds.get(line.current.partition("=")[0]) in _FILE_KINDS and "=" in line.current
    return kinds[previous] in _FILE_KINDS if previous in kinds else not has_own


_FILE_KINDS = ("FILE", "FOLDER", "CONFIG", "DIR")


def _kinds_of_values(parser: argparse.ArgumentParser) -> dict[str, object]:
    """The options that take a value, with the name of its kind in their help."""
    taking = (action for action in parser._actions if action.nargs != 0)
    return {word: action.metavar for action in taking for word in action.option_strings}


def _candidates(line: OuterLine) -> Iterable[str]:
    from dicomsh import cli

    first, *_ = (*line.words, "")
    if first in cli.WORDS:
        return _of_word(first, line)
    option, joined, typed = line.current.partition("=")
    if joined and option.startswith("--"):
        values = _values(option, typed, line)
        return (f"{option}={value}" for value in values)
    previous = line.words[-1] if line.words else ""
    if previous.startswith("-") and previous in _VALUES:
        return _values(previous, line.current, line)
    if line.current.startswith("-"):
        return _option_words(cli.parser())
    return cli.WORDS if not line.words else ()


def _of_word(word: str, line: OuterLine) -> Iterable[str]:
    """The candidates after one of the words that have a command line of their own."""
    from dicomsh import cli

    if word == "completion":
        return SCRIPTS
    previous = line.words[-1]
    if previous in ("-m", "--modality"):
        return _modalities(line.current, line)
    return _option_words(cli.parser_of(word)) if line.current.startswith("-") else ()


def _option_words(parser: argparse.ArgumentParser) -> list[str]:
    return [
        word
        for action in parser._actions
        if action.help is not argparse.SUPPRESS
        for word in action.option_strings
    ]


def _values(option: str, typed: str, line: OuterLine) -> Iterable[str]:
    return _VALUES[option](typed, line) if option in _VALUES else ()


def _config_file(line: OuterLine) -> Path | None:
    named = [value for word, value in options_of(line.words) if word in ("-f", "--file")]
    return Path(named[-1]) if named and named[-1] else None


def _modalities(typed: str, line: OuterLine) -> list[str]:
    """Names of modalities and groups, after each comma."""
    from dicomsh.config import EVERY, load

    config = load(_config_file(line), environ=os.environ, cwd=Path.cwd())
    before = typed[: typed.rfind(",") + 1]
    return [f"{before}{name}" for name in (*config.modalities, *config.groups, EVERY)]


def _formats(_: str, __: OuterLine) -> Sequence[str]:
    from dicomsh.model.results import FORMATS

    return tuple(FORMATS)


def _commands(typed: str, line: OuterLine) -> list[str]:
    """The text after -c with each completion that the prompt would offer."""
    from dicomsh.commands import registry
    from dicomsh.config import load
    from dicomsh.language.offer import offers
    from dicomsh.session.knowledge import SessionKnowledge
    from dicomsh.session.state import Session

    session = Session(load(_config_file(line), environ=os.environ, cwd=Path.cwd()))
    for word, value in options_of(line.words):
        if word in ("-m", "--modality") and value:
            session.choose(*session.config.find_all(value))
    found = offers(typed, len(typed), registry(), SessionKnowledge(session), lambda _: ())
    return [typed[: offer.start] + offer.text for offer in found]


def _nothing(_: str, __: OuterLine) -> Sequence[str]:
    return ()


_VALUES: dict[str, Callable[[str, OuterLine], Iterable[str]]] = {
    **dict.fromkeys(("-m", "--modality"), _modalities),
    **dict.fromkeys(("-o", "--output"), _formats),
    **dict.fromkeys(("-c", "--command"), _commands),
    **dict.fromkeys(("-f", "--file", "--lessons", "-D", "--limit", "--timeout"), _nothing),
}
"""Options with a value, and what it may be."""
