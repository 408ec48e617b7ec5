"""A folder of YAML files → a course; errors name file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from yaml import SequenceNode

from dicomsh.config.locate import read_text
from dicomsh.config.modalities import faults_of
from dicomsh.config.tree import ConfigNode, Section
from dicomsh.config.words import shown
from dicomsh.config.yamltext import compose_fast
from dicomsh.errors import ConfigError, ExitStatus, UsageError
from dicomsh.lessons.check import ENDINGS, IN_DOUBT, Check, Choice, ExpectedKey
from dicomsh.lessons.course import Course, Lesson, LessonStep
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Faults, Modality, PracticeAddress
from dicomsh.model.notes import NoteKind
from dicomsh.model.query import Matching
from dicomsh.regex import regex

T = TypeVar("T")

_LESSON = ("title", "archives", "steps")
_STEP = tuple("text task check first after hints solution also interrupt wrong begins".split())
_CHECK = tuple(
    "command level model keys asked unmatched charset rows contains only ending note modality place"
    " place_level status typed answer choice".split()
)
_MODELS = {"patient": Model.PATIENT_ROOT, "study": Model.STUDY_ROOT}
_LEVELS = {level.word: level for level in Level}
_ENDINGS = {word: word for word in (*ENDINGS.values(), IN_DOUBT)}
_NOTES = {kind.value: kind for kind in NoteKind}
_STATUSES = {status.name.lower().replace("_", " "): status for status in ExitStatus}
_MATCHING = {matching.title: matching for matching in Matching}
_OPTION = regex(r"(?m)^ +([a-z])  +(\S.*)$")
_RANGE = regex(r"(\d+)(\.\.(\d*))?")


def read_course(folder: Path) -> Course:
    """The lessons in a folder: every `*.yaml` file, in order of file names.

    Raises:
        ConfigError: there is none, or one is invalid; the message begins with `file:line:`.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError(
            f"{folder}: expected a folder with lessons (*.yaml), found none",
            hint="docs/teaching.md explains the format of lesson files",
        )
    course = Course(tuple(_lesson(file) for file in files))
    _check_names(course)
    return course


def _check_names(course: Course) -> None:
    """Check that lesson names and archive names are unique."""
    names: dict[str, Lesson] = {}
    archives: dict[str, Modality] = {}
    for lesson in course.lessons:
        other = names.setdefault(lesson.name, lesson)
        if other is not lesson:
            raise ConfigError(
                f"{lesson.file}:1: the name '{lesson.name}' is already used by {other.file}"
            )
        for name, archive in lesson.archives.items():
            if archives.setdefault(name, archive) != archive:
                raise ConfigError(
                    f"{lesson.file}:1: archives.{name}: another lesson gives it different faults"
                )


def _lesson(file: Path) -> Lesson:
    root = compose_fast(read_text(file, str(file), "--lessons").removeprefix("\ufeff"), str(file))
    if root is None:
        raise ConfigError(f"{file}:1: expected a lesson, found nothing")
    given = ConfigNode(root, str(file)).section(_LESSON)
    steps = given.settings.get("steps")
    if steps is None:
        raise given.place.error("the setting 'steps'", found="none")
    return Lesson(
        re.sub(r"^[0-9]+[-_]", "", file.stem),
        given.require("title", _text),
        _archives(given.settings.get("archives")),
        tuple(_step(step) for step in _list(steps)),
        file,
    )


def _text(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("text")
    return text.strip()


def _list(setting: ConfigNode) -> list[ConfigNode]:
    """The parts of a list; a single value is a list of one."""
    node = setting.node
    if not isinstance(node, SequenceNode):
        return [setting]
    if not node.value:
        raise setting.error("at least one", found="none")
    return [
        ConfigNode(child, setting.file, f"{setting.path}[{number}]")
        for number, child in enumerate(node.value, 1)
    ]


_LONGEST_TITLE = 16
"""PS3.5 table 6.2-1, AE."""


def _archives(setting: ConfigNode | None) -> Mapping[str, Modality]:
    plain = Modality("classroom", PracticeAddress(_title("classroom")))
    if setting is None:
        return {plain.name: plain}
    children = setting.children("a mapping from names to faults")
    return {
        name: Modality(name, PracticeAddress(_title(name), _faults(given)))
        for name, given in children.items()
    }


def _title(name: str) -> str:
    """The AE title of an archive, made of its name, since a C-MOVE needs one that no other has."""
    title = name.upper()
    suits = title.isascii() and title.isidentifier() and len(title) <= _LONGEST_TITLE
    return title if suits else PracticeAddress().aet


def _faults(given: ConfigNode) -> Faults:
    return faults_of(None if given.is_nothing else given)


def _step(setting: ConfigNode) -> LessonStep:
    given = setting.section(_STEP)
    if "check" not in given.settings:
        raise setting.error("the setting 'check'", found="none")
    task, first = given.require("task", _text), given.settings.get("first")
    return LessonStep(
        text=given.require("text", _text),
        task=task,
        check=_check(given.settings["check"], task),
        first=None if first is None else _check(first, task),
        after=given.get("after", _text, ""),
        hints=_texts(given, "hints"),
        solution=given.require("solution", _text),
        also=_texts(given, "also"),
        interrupt=given.get("interrupt", _true, False),
        wrong=_texts(given, "wrong"),
        begins=given.get("begins", _path, "/"),
    )


def _true(text: str) -> bool:
    if text != "true":
        raise ValueError("true")
    return True


def _path(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("a path that begins with /")
    return text


def _texts(given: Section, key: str) -> tuple[str, ...]:
    setting = given.settings.get(key)
    return () if setting is None else tuple(part.value(_text) for part in _list(setting))


def _check(setting: ConfigNode, task: str) -> Check:
    given = setting.section(_CHECK)
    if not given.settings:
        raise setting.error("at least one condition", found="none")
    level, place_level = given.settings.get("level"), given.settings.get("place_level")
    model, rows = given.settings.get("model"), given.settings.get("rows")
    statuses = _words(given, "status", _STATUSES)
    return Check(
        commands=_texts(given, "command"),
        level=None if level is None else _LEVELS[_word(level, _LEVELS)],
        model=None if model is None else _MODELS[_word(model, _MODELS)],
        keys=_keys(given.settings.get("keys")),
        asked=tuple(_keyword(part) for part in _parts(given, "asked")),
        unmatched=tuple(_keyword(part) for part in _parts(given, "unmatched")),
        charset=given.get("charset", str.strip, None),
        rows=None if rows is None else rows.value(_range),
        contains=_values(given.settings.get("contains")),
        only=_values(given.settings.get("only")),
        endings=_words(given, "ending", _ENDINGS),
        notes=_words(given, "note", _NOTES),
        modality=given.get("modality", _text, None),
        place=given.get("place", _path, None),
        place_level=None if place_level is None else _LEVELS[_word(place_level, _LEVELS)],
        statuses=statuses or Check().statuses,
        typed=given.get("typed", _pattern, None),
        answers=tuple(part.value(_pattern) for part in _parts(given, "answer")),
        choice=_choice(given.settings.get("choice"), task),
    )


def _choice(setting: ConfigNode | None, task: str) -> Choice | None:
    """The right option of a task, whose options are indented lines such as `a  an image`."""
    if setting is None:
        return None
    options: dict[str, str] = dict(_OPTION.findall(task))
    if not options:
        raise setting.error("a task with options (indented lines: a letter and a text)")
    return Choice(_word(setting, options), options)


def _parts(given: Section, key: str) -> list[ConfigNode]:
    setting = given.settings.get(key)
    return [] if setting is None else _list(setting)


def _word(setting: ConfigNode, words: Mapping[str, object]) -> str:
    return setting.word(", ".join(words), words)


def _words(given: Section, key: str, words: Mapping[str, T]) -> tuple[T, ...]:
    return tuple(words[_word(part, words)] for part in _parts(given, key))


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(_text(text), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from None


def _range(text: str) -> tuple[int, int | None]:
    """`3`, `3..5` or `3..`."""
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError("a number of rows such as 3, 3..5 or 3..")
    if match[2] is None:
        return int(match[1]), int(match[1])
    return int(match[1]), int(match[3]) if match[3] else None


def _keyword(setting: ConfigNode) -> str:
    """A keyword, or keywords joined by full stops; each must be in the dictionary."""
    text = setting.value(_text)
    _known(setting, text)
    return text


def _known(setting: ConfigNode, path: str) -> None:
    from dicomsh.model.keys import find_attribute

    for word in path.split("."):
        try:
            found = find_attribute(word, Level.STUDY).keyword
        except UsageError as error:
            raise setting.error("a keyword", found=shown(word), hint=error.hint) from None
        if found != word:
            raise setting.error(f"the keyword {found}", found=shown(word))


def _keys(setting: ConfigNode | None) -> dict[str, ExpectedKey]:
    if setting is None:
        return {}
    children = setting.children("a mapping from keywords to values")
    for name, child in children.items():
        _known(child, name)
    return {name: _key(child) for name, child in children.items()}


def _key(setting: ConfigNode) -> ExpectedKey:
    """A value as sent, `{matching: …}`, `{like: …}`, or nothing for any value."""
    if setting.is_nothing:
        return ExpectedKey()
    if setting.is_mapping:
        given = setting.section(("matching", "like"))
        matching = given.settings.get("matching")
        kind = None if matching is None else _MATCHING[_word(matching, _MATCHING)]
        return ExpectedKey(matching=kind, like=given.get("like", _pattern, None))
    return ExpectedKey(setting.value(str))


def _values(setting: ConfigNode | None) -> dict[str, tuple[str, ...]]:
    if setting is None:
        return {}
    children = setting.children("a mapping from keywords to values")
    for name, child in children.items():
        _known(child, name)
    return {name: tuple(part.value(str) for part in _list(c)) for name, c in children.items()}
