"""Help on attributes and levels, from the dictionary and the tables of the standard."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from dicomsh.errors import UsageError
from dicomsh.language.words import quote
from dicomsh.model.derived_keys import AGE, PARTS
from dicomsh.model.keys import (
    ALIASES,
    Attribute,
    alias_keyword,
    aliases_at,
    find_path,
    is_retired,
)
from dicomsh.model.level_keys import LEVEL_KEYS, STEP, displayed, key_type
from dicomsh.model.levels import Level
from dicomsh.model.matching import matcher
from dicomsh.model.query import Matching
from dicomsh.model.vocabulary import attributes_inside, defined_terms
from dicomsh.session.state import Session

_WIDTH = 78

VR_NAMES = {
    "AE": "Application Entity",
    "AS": "Age String",
    "AT": "Attribute Tag",
    "CS": "Code String",
    "DA": "Date",
    "DS": "Decimal String",
    "DT": "Date Time",
    "FL": "Floating Point Single",
    "FD": "Floating Point Double",
    "IS": "Integer String",
    "LO": "Long String",
    "LT": "Long Text",
    "OB": "Other Byte",
    "OD": "Other Double",
    "OF": "Other Float",
    "OL": "Other Long",
    "OV": "Other 64-bit Very Long",
    "OW": "Other Word",
    "PN": "Person Name",
    "SH": "Short String",
    "SL": "Signed Long",
    "SQ": "Sequence of Items",
    "SS": "Signed Short",
    "ST": "Short Text",
    "SV": "Signed 64-bit Very Long",
    "TM": "Time",
    "UC": "Unlimited Characters",
    "UI": "Unique Identifier",
    "UL": "Unsigned Long",
    "UN": "Unknown",
    "UR": "Universal Resource",
    "US": "Unsigned Short",
    "UT": "Unlimited Text",
    "UV": "Unsigned 64-bit Very Long",
}
"""The names of the value representations (PS3.5 6.2)."""

_EXAMPLES = {
    "AE": ("STATION1", "STATION*"),
    "AS": ("045Y",),
    "DA": ("2024-03-05", "2024-01..2024-03"),
    "DT": ("2024-03-05T10:15", "2024-03-05..2024-03-06"),
    "PN": ("DOE^JANE", "DOE*"),
    "TM": ("10:15", "10:00..12:30"),
    "UI": ("1.2.840.1", "1.2.840.1,1.2.840.2"),
}
"""Example values; other VRs take a number or a text."""

_OTHERS = ("4", "TEXT", "TEXT*")

_USUAL = ("CT", "MR")
"""Terms that everyone knows."""


def keys_page(_: Session) -> str:
    """How attributes are named, with all aliases."""
    lines = [
        "An attribute is named by its keyword in any case, an alias, a tag (0010,0010), or a path",
        "into a sequence (RequestAttributesSequence.ScheduledProcedureStepID).",
        "'help NAME' describes one, 'help study' a level.",
        "",
        f"{'alias':<12}{'patient, study':<24}{'series':<24} instance",
    ]
    for alias in ALIASES:
        study, series, instance = (
            alias_keyword(alias, level) or ""
            for level in (Level.STUDY, Level.SERIES, Level.INSTANCE)
        )
        same = study == series == instance
        if study:
            lines.append(f"{alias:<12}{study:<24}" + ("" if same else f"{series:<24} {instance}"))
    lines += ["", "in a worklist ('help worklist'):", *_of_worklist()]
    return "\n".join([*lines, "", "in stages also, from the values of the rows:", *_derived()])


def _derived() -> Iterator[str]:
    """The keys that follow from those of rows."""
    for part in PARTS.values():
        base = "date" if "DA" in part.vrs else "time"
        yield f"{f'{base}.{part.name}':<16}{part.meaning}"
    yield f"{AGE:<16}from PatientBirthDate and the date, unless PatientAge was requested"


def _of_worklist() -> Iterator[str]:
    """The aliases that mean something else in a worklist."""
    for alias in ALIASES:
        keyword = alias_keyword(alias, Level.WORKLIST)
        if keyword and keyword != alias_keyword(alias, Level.STUDY):
            yield f"{alias:<12}{keyword}"


def level_page(level: Level) -> str:
    """The keys of a level by type, and those requested by default."""
    if level is Level.WORKLIST:
        return worklist_page()
    types = LEVEL_KEYS[level]
    lines = [
        f"{level.word}: Query/Retrieve Level {level.dicom} (PS3.4 {types.section})",
        "",
        *_listed("unique", (level.unique_keyword,)),
        *_listed("required", types.required),
        *_listed("", tuple(f"{word} (Study Root)" for word in types.at_study_root)),
        *_listed("optional", (*types.optional, "any other attribute")),
        *_listed("by default", types.default),
        "",
        "A server must match on unique and required keys and return them. Of an optional key it",
        "may ignore the value and only return it, or not even return it (PS3.4 C.2.2.1.3).",
        f"'find {level.word}' requests the keys listed 'by default'; +Key adds more.",
    ]
    return "\n".join(lines)


def worklist_page() -> str:
    """What a worklist is, its aliases, and its keys by type."""
    types = LEVEL_KEYS[Level.WORKLIST]
    lines = [
        f"worklist: Modality Worklist, which has no Query/Retrieve level (PS3.4 {types.section})",
        "",
        "An item is one scheduled procedure step. Keys of the step are inside its",
        f"{STEP}, where dicomsh puts them by itself. Aliases:",
        *_of_worklist(),
        "",
        *_listed("required", tuple(map(displayed, types.required))),
        *_listed("optional", tuple(map(displayed, types.optional))),
        *_listed("by default", tuple(map(displayed, types.default))),
        "",
        "A server must match on required keys. An item without a value matches no key (PS3.4",
        "K.2.2.1.1.1), unlike in a query for studies. date= and time= ranges are one period.",
        "",
        "  find worklist date=today station=CT1    what the scanner CT1 sees",
        "  find worklist --as CT1                  the same, with the AE title of that device",
        "  why                                     which key left the answer empty",
        "  find worklist --lint                    what may keep a device from taking an item",
        "  show 1                                  all of an item",
        "  cd worklist; ls                         the worklist as a place",
        "  watch 30 find worklist date=today       again and again, with what has changed",
    ]
    return "\n".join(lines)


def _listed(name: str, words: tuple[str, ...]) -> list[str]:
    indent = " " * 12
    text = ", ".join(words)
    first = f"{name:<12}"
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=indent)


def attribute_page(name: str) -> str:
    """Tag, VR, VM, level and types of matching of an attribute.

    Raises:
        UsageError: no such attribute.
    """
    attribute = find_path(name, Level.STUDY)[-1]
    word = aliases_at(_level(attribute)).get(attribute.keyword, attribute.keyword)
    alias = f", alias {word}" if word != attribute.keyword else ""
    vr = VR_NAMES.get(attribute.vr, "")
    lines = [
        f"{attribute.keyword}  {attribute.tag_text}  {attribute.name}{alias}",
        f"VR {attribute.vr} ({vr}), VM {attribute.vm}; {_standing(attribute)}",
        "",
        "matching (PS3.4 C.2.2.2):",
        *(f"  {kind.value:<11}{kind.title:<23}{text}" for kind, text in _kinds(attribute, word)),
    ]
    terms = defined_terms(attribute.keyword)
    if terms:
        lines += ["", *_listed("values", tuple(terms))]
    return "\n".join(lines)


def _level(attribute: Attribute) -> Level:
    found = key_type(attribute.keyword)
    return found[0] if found else Level.STUDY


def _standing(attribute: Attribute) -> str:
    if is_retired(attribute.tag):
        return "retired by the standard"
    found = key_type(attribute.keyword)
    if found is None:
        return "optional key at any level that has it"
    level, kind = found
    return f"{kind} key at {level.word} level (PS3.4 {LEVEL_KEYS[level].section})"


def _kinds(attribute: Attribute, word: str) -> Iterator[tuple[Matching, str]]:
    """The types of matching that apply, each with an example; the matcher itself decides."""
    if attribute.vr == "SQ":
        inner = next(attributes_inside(attribute.keyword), "CodeValue")
        yield Matching.SEQUENCE, f"{attribute.keyword}.{inner}=VALUE"
    found: dict[Matching, str] = {}
    for value in _values(attribute):
        with suppress(UsageError):
            found.setdefault(matcher(attribute, value, date(2024, 3, 5)).kind, value)
    yield from ((kind, f"{word}={quote(value)}") for kind, value in found.items())
    yield Matching.UNIVERSAL, f"+{word}"


def _values(attribute: Attribute) -> tuple[str, ...]:
    """Candidate values; the first for each type of matching becomes the example."""
    terms = sorted(defined_terms(attribute.keyword), key=lambda term: term not in _USUAL)
    values = _EXAMPLES.get(attribute.vr, _OTHERS)
    if attribute.vr == "CS":
        values = (terms[0], ",".join(terms[:2]), f"{terms[0][:1]}*") if terms else ("CODE", "CO*")
    return (*values, f"{values[0]}\\{values[0]}") if attribute.multiple else values
