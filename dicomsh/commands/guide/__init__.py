"""help: pages on commands, keys, values and settings."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.commands.guide import attributes, pages
from dicomsh.commands.guide.reference import command_page, overview
from dicomsh.errors import UsageError
from dicomsh.language.alias import takes
from dicomsh.language.command import Command, command
from dicomsh.language.kinds import TOPIC
from dicomsh.language.scan import Word
from dicomsh.language.topics import TOPICS
from dicomsh.model.keys import keywords
from dicomsh.model.levels import LEVEL_WORDS, Level
from dicomsh.model.results import Text
from dicomsh.model.text_about import text_about
from dicomsh.session.state import Session

__all__ = ["command_page", "help_"]


@command(
    "help",
    family="shell",
    examples=("help", "help find", "help keys", "help study", "help PatientName"),
)
def help_(context: Context, *topic: Annotated[Word, TOPIC]) -> Text:
    """List the commands, or explain TOPIC.

    TOPIC is a command, a level, an attribute by keyword, alias or tag, an alias of yours, or one of
    the topics at the end of the list.
    """
    if not topic:
        return Text(overview(context.registry), prose=True)
    name = " ".join(word.text for word in topic)
    own = context.session.aliases.get(name)
    if own is not None:
        return Text(text_about(_alias_page(name, own), str))
    page = _page(context, name)
    if page is None:
        raise UsageError(f"no help on '{name}'", hint=_nearest(context, name), span=topic[0].span)
    return Text(page, prose=True)


PAGES: Mapping[str, Callable[[Session], str]] = {
    "keys": attributes.keys_page,
    "values": pages.values_page,
    "targets": pages.targets_page,
    "language": pages.language_page,
    "settings": pages.settings_page,
    "formats": pages.formats_page,
    "scripts": pages.scripts_page,
    "statuses": pages.statuses_page,
    "files": pages.files_page,
    "tls": pages.tls_page,
    "mask": pages.mask_page,
    "prompt": pages.prompt_page,
}
"""The page of each topic."""


def _page(context: Context, name: str) -> str | None:
    """The page on a name; commands come first, then topics, levels and attributes."""
    found = [context.registry.get(name), context.registry.stages.get(name)]  # `get` is both
    if any(found):
        further = _further(context, name)
        return "\n\n".join(command_page(made, further) for made in found if made is not None)
    if name.lower() in PAGES:
        return PAGES[name.lower()](context.session)
    if name.lower() in LEVEL_WORDS:
        return attributes.level_page(LEVEL_WORDS[name.lower()])
    return _attribute(name)


def _alias_page(name: str, text: str) -> str:
    """What an alias runs, and which words it takes."""
    commands, words = takes(text)
    usage = " ".join([name, *(f"${number}" for number in range(1, words + 1))])
    rest = "further words are appended" if commands == 1 else "no further words fit"
    return f"usage: {usage}\n\nAn alias of yours; {rest}. It runs:\n  {text}"


def _further(context: Context, name: str) -> list[Command]:
    """The commands whose names begin with another command's."""
    named = [context.registry.get(f"{name} {word}") for word in context.registry.further(name)]
    return [made for made in named if made is not None]


def _attribute(name: str) -> str | None:
    try:
        return attributes.attribute_page(name)
    except UsageError:
        return None


def _nearest(context: Context, name: str) -> str:
    commands = [*context.registry.names, *context.registry.stages.names]
    known = [
        *commands,
        *context.session.aliases,
        *TOPICS,
        *(level.word for level in Level),
        *keywords(),
    ]
    spelt = {word.lower(): word for word in reversed(known)}
    near = difflib.get_close_matches(name.lower(), spelt, n=1, cutoff=0.6)
    return f"did you mean '{spelt[near[0]]}'?" if near else "'help' lists all topics"
