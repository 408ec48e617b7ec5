"""The pages of the reference, made from what the program itself knows.

python docs/generate.py        writes docs/reference/; a test fails while a page is stale
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dicomsh
from dicomsh.commands import registry
from dicomsh.language.command import Command, Parameter
from dicomsh.lessons.course import Course
from dicomsh.lessons.read import read_course
from dicomsh.lessons.tutor import LESSONS
from dicomsh.model.keys import ALIASES, alias_keyword, path_of
from dicomsh.model.level_keys import LEVEL_KEYS, displayed
from dicomsh.model.levels import Level
from dicomsh.model.vr import WILDCARD_VRS
from dicomsh.settings.table import AT_PROMPT, SETTINGS, Settings, Where

FOLDER = Path(__file__).parent / "reference"


def pages() -> Mapping[str, str]:
    """The text of each page, by file name."""
    return {
        "commands.md": "\n".join(_commands()) + "\n",
        "settings.md": "\n".join(_settings()) + "\n",
        "lessons.md": "\n".join(_lessons(read_course(LESSONS))) + "\n",
        "worksheets.md": "\n".join(_worksheets(read_course(LESSONS))) + "\n",
        "attributes.md": "\n".join(_attributes()) + "\n",
        "python.md": "\n".join(_python()) + "\n",
    }


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "At the prompt, `help COMMAND` shows the same."
    families: dict[str, list[Command]] = {}
    commands = registry()
    for made in (*commands, *commands.stages):
        families.setdefault(made.family, []).append(made)
    for family, members in families.items():
        yield f"\n## {family.capitalize()}"
        for made in members:
            yield from _command(made)


def _command(made: Command) -> Iterator[str]:
    summary, _, rest = made.doc.partition("\n")
    yield f"\n### {made.name}\n"
    yield f"{summary}\n"
    yield f"```text\n{made.usage}\n```"
    if rest.strip():
        yield f"\n{_escaped(rest.strip())}"
    options = [parameter for parameter in made.parameters if parameter.option]
    if options:
        yield "\n| option | |\n|---|---|"
        yield from (f"| `{_flag(option)}` | {_cell(option.help)} |" for option in options)
    if made.examples:
        yield "\n```dsh\n" + "\n".join(made.examples) + "\n```"


def _flag(option: Parameter) -> str:
    """The option as in the usage line, its value in brackets where it may be left out."""
    if option.kind is None:
        return option.flags
    value = f"[{option.kind.name}]" if option.alone else option.kind.name
    return f"{option.flags} {value}".replace("|", "\\|")


def _python() -> Iterator[str]:
    yield "# The Python interface"
    yield ""
    yield "What `import dicomsh` offers; [From Python](../guide/python.md) shows it at work."
    for name in dicomsh.__all__:
        found = getattr(dicomsh, name)
        if inspect.isclass(found):
            yield from _class(name, found)
        elif callable(found):
            yield from _callable(f"## {name}", found)


def _class(name: str, found: type) -> Iterator[str]:
    yield f"\n## {name}\n"
    yield from _docstring(inspect.getdoc(found) or "")
    for attribute, value in vars(found).items():
        if attribute.startswith("_") or not inspect.getdoc(value):
            continue
        if isinstance(value, property):
            yield f"\n### {name}.{attribute}\n"
            yield from _docstring(inspect.getdoc(value) or "")
        elif callable(value):
            yield from _callable(f"### {name}.{attribute}", value)


def _callable(heading: str, found: Callable[..., object]) -> Iterator[str]:
    parameters = [
        replaced.replace(annotation=inspect.Parameter.empty)
        for replaced in inspect.signature(found).parameters.values()
        if replaced.name != "self"
    ]
    signature = inspect.Signature(parameters)
    yield f"\n{heading}\n"
    name = heading.rpartition(" ")[2]
    yield f"`{'await ' * inspect.iscoroutinefunction(found)}{name}{signature}`\n"
    yield from _docstring(inspect.getdoc(found) or "")


def _docstring(text: str) -> Iterator[str]:
    """A docstring as Markdown: its sections as lists."""
    for line in text.splitlines():
        if line in ("Args:", "Raises:", "Attributes:"):
            yield f"*{line[:-1]}*\n"
        elif line.startswith("    ") and not line.startswith("     "):
            yield f"- {line.strip()}"
        else:
            yield f"  {line.strip()}" if line.startswith("     ") else line


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "`set` lists the settings with their values, `set NAME VALUE` changes one for this"
    yield "session, and `set --save` saves changed settings for the next start of the prompt."
    yield ""
    yield "| setting | value | at the prompt | in scripts | meaning |\n|---|---|---|---|---|"
    for setting in SETTINGS.values():
        defaults = [setting.write(getattr(of, setting.name)) for of in (AT_PROMPT, Settings())]
        if setting.where is Where.PROMPT:
            defaults[1] = ""
        cells = [f"`{setting.name}`", _cell(setting.kind.name), *defaults, _cell(setting.help)]
        yield f"| {' | '.join(cells)} |"


def _attributes() -> Iterator[str]:
    yield "# Attributes and aliases"
    yield ""
    yield "You can use every attribute in the standard's dictionary (PS3.6); these are the ones"
    yield "that have an alias or belong to a level."
    yield "\n## Aliases\n"
    yield "| alias | patient, study | series | instance | worklist |\n|---|---|---|---|---|"
    for alias in ALIASES:
        words = [alias_keyword(alias, level) or "" for level in Level if level is not Level.PATIENT]
        yield f"| `{alias}` | {' | '.join(words)} |"
    for level in Level:
        yield from _level(level)


def _level(level: Level) -> Iterator[str]:
    if level is Level.WORKLIST:
        yield "\n## Worklist\n"
        yield "Keys in bold are requested by default."
    else:
        yield f"\n## {level.word.capitalize()} level\n"
        yield f"Unique key: {level.unique_keyword}. Keys in bold are requested by default."
    yield "\n| keyword | tag | VR | name | wildcards |\n|---|---|---|---|---|"
    for name in (*LEVEL_KEYS[level].default, *LEVEL_KEYS[level].more):
        attribute, keyword = path_of(name)[-1], displayed(name)
        word = f"**{keyword}**" if name in LEVEL_KEYS[level].default else keyword
        wild = "`*` `?`" if attribute.vr in WILDCARD_VRS else ""
        yield f"| {word} | {attribute.tag_text} | {attribute.vr} | {attribute.name} | {wild} |"


def _lessons(course: Course) -> Iterator[str]:
    yield "# The lessons"
    yield ""
    yield "The full text of the course with its solutions, for teachers. `lesson` runs the course"
    yield "in the shell; [the worksheets](worksheets.md) have only the tasks."
    for number, lesson in enumerate(course.lessons, 1):
        yield f"\n## {number}. {_escaped(lesson.title)}"
        for place, step in enumerate(lesson.steps, 1):
            yield f"\n### Step {number}.{place}\n"
            yield _prose(step.text)
            yield f"\n**Task:** {_escaped(step.task)}"
            yield f"\n```text\n{step.solution.strip()}\n```"
            if step.after:
                yield f"\n{_prose(step.after)}"


def _worksheets(course: Course) -> Iterator[str]:
    yield "# Worksheets"
    yield ""
    yield "One for each lesson, for printing. Write down the command you used and what you saw."
    for number, lesson in enumerate(course.lessons, 1):
        yield f"\n## {number}. {_escaped(lesson.title)}\n"
        yield "| | task | my command | what I saw |\n|---|---|---|---|"
        for place, step in enumerate(lesson.steps, 1):
            yield f"| {number}.{place} | {_cell(' '.join(step.task.split()))} | | |"


def _prose(text: str) -> str:
    """Paragraphs of a lesson; those with indented lines stay as they are."""
    paragraphs = text.strip("\n").split("\n\n")
    return "\n\n".join(
        f"```text\n{part}\n```" if part.startswith(" ") else _escaped(part) for part in paragraphs
    )


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


def _escaped(text: str) -> str:
    return text.replace("*", "\\*").replace("<", "\\<")


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
