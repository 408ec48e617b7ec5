"""From the outer command line to a shell that is ready to run."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicomsh.config import load
from dicomsh.errors import ConfigError, UsageError
from dicomsh.frozen import frozen
from dicomsh.language.kinds import COUNT, FORMAT, SECONDS
from dicomsh.language.knowledge import Kind, Scope
from dicomsh.language.words import whole_word
from dicomsh.output.sink import Sink
from dicomsh.output.theme import palette
from dicomsh.session.history import History
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from dicomsh.settings import AT_PROMPT
from dicomsh.shell.present import Reporting
from dicomsh.shell.shell import Shell, ShellOptions, numbered

if TYPE_CHECKING:
    from dicomsh.settings.file import Saved


@frozen
class Started:
    """A shell, and the settings and modalities that could not be used."""

    shell: Shell
    problems: tuple[ConfigError, ...]

    def tell(self) -> None:
        """Report the problems."""
        for problem in self.problems:
            self.shell.remark(problem)


def at_prompt(options: argparse.Namespace, history: History) -> Started:
    """The shell for a prompt, with the user's saved settings.

    Raises:
        UsageError: an option or the configuration cannot be used.
    """
    from dicomsh.settings.file import read_settings, settings_file

    config = load(options.file, environ=os.environ, cwd=Path.cwd())
    path = settings_file(os.environ)
    session = Session(config, _variables(options), AT_PROMPT, path)
    saved = read_settings(path, Scope(SessionKnowledge(session), None))
    for name, value in saved.settings.items():
        session.set(name, value)
    session.aliases.update(saved.aliases)
    problems = (*config.broken.values(), *saved.problems, *_unusable_aliases(session, saved))
    session.saved = session.choices
    return Started(_shell(options, session, history), problems)


def _unusable_aliases(session: Session, saved: Saved) -> Iterator[ConfigError]:
    """Leave out the aliases of the settings file that cannot be used, and say why."""
    if not saved.aliases:
        return
    from dicomsh.commands import registry
    from dicomsh.commands.aliases import usable

    for name, text in saved.aliases.items():
        try:
            usable(name, text, saved.aliases, registry())
        except UsageError as error:
            del session.aliases[name]
            yield saved.places[name].problem(error.message, error.hint)


def for_scripts(options: argparse.Namespace) -> Started:
    """The shell for a script, without saved settings, so that it does the same for every user.

    Raises:
        UsageError: an option or the configuration cannot be used.
    """
    config = load(options.file, environ=os.environ, cwd=Path.cwd())
    shell = _shell(options, Session(config, _variables(options)))
    return Started(shell, tuple(config.broken.values()))


def _shell(options: argparse.Namespace, session: Session, history: History | None = None) -> Shell:
    gc.freeze()  # imported modules stay in memory: the collector need not check them
    for name, kind in (("output", FORMAT), ("limit", COUNT), ("timeout", SECONDS)):
        text = getattr(options, name)
        if text is not None:
            session.override(name, _value(f"--{name}", kind, text, session))
    if options.modality is not None:
        session.choose(*session.config.find_all(options.modality))
    if options.no_color:
        session.override("color", "off")
    made = Shell(session, Sink.standard(), _manner(options), os.environ, history)
    if options.trace:
        made.tracing.on(hexadecimal=False)
    return made


def _value(option: str, kind: Kind, text: str, session: Session) -> Any:
    try:
        return kind.parse(whole_word(text), Scope(SessionKnowledge(session), None))
    except UsageError as error:
        raise UsageError(f"{option}: {error.message}", hint=error.hint) from None


def _variables(options: argparse.Namespace) -> dict[str, str]:
    words = list(options.arguments)
    if options.command and options.script is not None:
        words.insert(0, options.script)
    variables = numbered(tuple(words))
    for text in options.define:
        from dicomsh.commands.scripting import assignment

        try:
            name, value = assignment((whole_word(text),))
        except UsageError as error:
            raise UsageError(f"-D {text}: {error.message}", hint=error.hint) from None
        variables[name] = value
    return variables


def _manner(options: argparse.Namespace) -> ShellOptions:
    talk = sys.stdout if sys.stdout.isatty() else sys.stderr
    data, beside = (palette(stream.isatty(), os.environ) for stream in (sys.stdout, talk))
    reporting = Reporting(options.quiet, options.fail_empty)
    return ShellOptions(options.keep_going, data, beside, options.lessons, reporting)
