"""help: what commands, keys and values there are."""

from __future__ import annotations

from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.language.command import Command, Registry, command
from dicomsh.language.kinds import TOPIC, suggestion
from dicomsh.language.scan import Word
from dicomsh.model.keys import ALIASES, LEVEL_KEYS, alias_keyword, find_attribute
from dicomsh.model.levels import LEVEL_WORDS, Level
from dicomsh.model.listing import Text
from dicomsh.model.matching import WILDCARD_VRS


@command("help", family="shell", examples=("help", "help find", "help keys", "help PatientName"))
async def help_(context: Context, *topic: Annotated[Word, TOPIC]) -> Text:
    """List the commands, or explain TOPIC: a command, keys, values, language, an attribute."""
    if not topic:
        return Text(_overview(context.registry))
    name = " ".join(word.text for word in topic)
    found = context.registry.get(name) or context.registry.stages.get(name)
    if found is not None:
        return Text(command_page(found))
    if name in _PAGES:
        return Text(_PAGES[name]())
    if name.lower() in LEVEL_WORDS:
        return Text(_level_page(LEVEL_WORDS[name.lower()]))
    try:
        return Text(_attribute_page(name))
    except UsageError:
        known = [*context.registry.names, *context.registry.stages.names, *_PAGES]
        hint = suggestion(name, known) or "'help' lists what there is"
        raise UsageError(f"no help on '{name}'", hint=hint, span=topic[0].span) from None


def _overview(registry: Registry) -> str:
    families: dict[str, list[Command]] = {}
    for made in (*registry, *registry.stages):
        families.setdefault(made.family, []).append(made)
    lines: list[str] = []
    for family, commands in families.items():
        lines.append(f"{family}:")
        lines += [f"  {made.name:<17}{made.summary}" for made in commands]
    lines.append("help TOPIC: a command, keys, values, language, a level or an attribute")
    return "\n".join(lines)


def command_page(made: Command) -> str:
    """Usage, description, options and examples of a command."""
    lines = [f"usage: {made.usage}", "", made.doc]
    options = [p for p in made.parameters if p.option]
    if options:
        lines += ["", "options:"]
        names = [f"{p.flag} {p.kind.name}" if p.kind else p.flag for p in options]
        lines += [f"  {n:<18}{p.help}" for n, p in zip(names, options, strict=True)]
    if made.examples:
        lines += ["", "examples:", *(f"  {example}" for example in made.examples)]
    return "\n".join(lines)


def _keys_page() -> str:
    lines = [
        "An attribute is named by its keyword in any case, an alias, a tag (0010,0010), or a path",
        "into a sequence (RequestAttributesSequence.ScheduledProcedureStepID).",
        "",
        f"{'alias':<12}{'patient, study':<24}{'series':<24}instance",
    ]
    for alias in ALIASES:
        study, series, instance = (
            alias_keyword(alias, level) or ""
            for level in (Level.STUDY, Level.SERIES, Level.INSTANCE)
        )
        same = study == series == instance
        lines.append(f"{alias:<12}{study:<24}" + ("" if same else f"{series:<24}{instance}"))
    return "\n".join(lines)


def _level_page(level: Level) -> str:
    lines = [
        f"{level.word}: Query/Retrieve Level {level.dicom}, unique key {level.unique_keyword}",
        "(PS3.4 C.6.1.1). Asked for by default:",
        *(f"  {keyword}" for keyword in LEVEL_KEYS[level]),
    ]
    return "\n".join(lines)


def _attribute_page(name: str) -> str:
    attribute = find_attribute(name, Level.STUDY)
    kinds = "*, ? wildcards" if attribute.vr in WILDCARD_VRS else "no wildcards"
    return (
        f"{attribute.keyword}  {attribute.tag_text}  {attribute.name}\n"
        f"VR {attribute.vr}, VM {attribute.vm}; {kinds}"
    )


def _values_page() -> str:
    return _VALUES


def _language_page() -> str:
    return _LANGUAGE


_PAGES = {"keys": _keys_page, "values": _values_page, "language": _language_page}

_VALUES = """\
Key=Value matches by the attribute's VR:
  text       name=JOD*  desc='CT*'      * any characters, ? one; names match as typed
  code       sex=M  mod=CT,MR           a list with , or \\ matches any of its values
  UID        study=1.2.3,1.2.4          whole UIDs; a list matches any of them
  date       date=2024-03-05  2024-03  2024  today  yesterday  -7d  -2w  -6m  -1y
  time       time=10:15  10:15:30
  range      date=2024-01..2024-03  ..2020  >=2024  <2024-03-01; DICOM's 20240101-20240331 too
  number     number=4                   no wildcards, no ranges
  nothing    Key=                       universal matching: any value, and none
  *          Key=*                      the same, where wildcards are allowed
  literal *  Key='\\*'                   sends *, which matches only entities that have a value
+Key asks for an attribute back without matching on it."""

_LANGUAGE = """\
  command; command       # comment      a \\ at the end continues the line
  'text' "text" \\        quotes as in POSIX shells; CT\\MR needs none
  $NAME ${NAME} $1       variables: let NAME = VALUE, -D NAME=VALUE, script arguments
  alias NAME = command   another name for it; $1 to $9 take the words behind it
  command > file         the format follows the suffix: .csv .tsv .json .ndjson .yaml .txt
  command >> file        append
  command | stage        work on the rows: where sort select head tail uniq count each to
  command | !less -S     hand the text to a system command; stages go before it
  !command               run a system command, up to ; or the line end
TARGET is a row number of the last listing (1, or %1), a unique key, the beginning of one that was
listed, or a path: .. / 0555643F/1.2.840… /pacs/…"""
