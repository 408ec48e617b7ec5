"""What may keep a device from taking an item of a worklist (PS3.4 K.6.1.2.2, PS3.5 6.2). Pure.

Devices drop an item without a word if a value that they need is missing, too long for its field, or
not unique.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dicomsh.frozen import frozen
from dicomsh.model.charset import REPLACEMENT
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword, path_of
from dicomsh.model.level_keys import RETURN_TYPES, STEP, displayed, inside
from dicomsh.model.matching import is_uid
from dicomsh.model.moments import is_day
from dicomsh.model.row import Row, items_at, text_at
from dicomsh.model.vr import MOST_CHARACTERS
from dicomsh.regex import regex


@frozen
class Problem:
    """Something about an item that a device may not accept.

    Args:
        name: the path of the attribute, as in a query.
        value: its value; empty if it has none.
        text: what is wrong with it.
    """

    name: str
    value: str
    text: str

    @property
    def keyword(self) -> str:
        """The attribute, without the sequence of the step."""
        return displayed(self.name)


def problems(items: Sequence[Row]) -> list[list[Problem]]:
    """The problems of each item; all return keys of the model must have been requested."""
    found = [list(_of_item(item)) for item in items]
    for number, problem in _of_several(items):
        found[number].append(problem)
    return found


def _of_item(item: Row) -> Iterator[Problem]:
    yield from _missing(item)
    for name, values in _texts(item):
        vr = path_of(name)[-1].vr
        yield from (Problem(name, value, wrong) for value in values if (wrong := _wrong(vr, value)))
    beyond = any(not value.isascii() for _, values in _texts(item) for value in values)
    if beyond and not item.elements.get(SPECIFIC_CHARACTER_SET):
        yield Problem("SpecificCharacterSet", "", "missing, though text is not ASCII")


def _missing(item: Row) -> Iterator[Problem]:
    steps = items_at(item, [by_keyword(STEP)])
    if len(steps) != 1:
        many = f"{len(steps)} steps" if steps else "no step"
        yield Problem(STEP, "", f"{many}: an item has exactly one (K.6.1.2.2)")
    for name in _names("1", steps):
        if not text_at(item, path_of(name)):
            yield Problem(name, "", "no value: required (type 1)")
    for either in _DESCRIBED:
        if _stands(either[0], steps) and not any(text_at(item, path_of(name)) for name in either):
            yield Problem(either[0], "", "no description and no code: one is required (type 1C)")


def absent(item: Row) -> list[Problem]:
    """The attributes of type 2 that an item lacks: they may be empty, but must be there.

    Many servers leave them out of every item, and devices do without them.
    """
    names = _names("2", items_at(item, [by_keyword(STEP)]))
    missing = [name for name in names if text_at(item, path_of(name)) is None]
    return [Problem(name, "", "not returned (type 2)") for name in missing]


def _names(kind: str, steps: Sequence[Row]) -> list[str]:
    """The return keys of a type that an item may have."""
    return [name for name, own in RETURN_TYPES.items() if own == kind and _stands(name, steps)]


def _stands(name: str, steps: Sequence[Row]) -> bool:
    """Whether an item may have an attribute: without a step, none of those inside it."""
    return bool(steps) or name == displayed(name)


_DESCRIBED = (
    ("RequestedProcedureDescription", "RequestedProcedureCodeSequence"),
    (inside("ScheduledProcedureStepDescription"), inside("ScheduledProtocolCodeSequence")),
)
"""What is to be done, as text or as a code."""


def _texts(item: Row) -> Iterator[tuple[str, list[str]]]:
    """Every value of the model's attributes, by path; those of sequences are left out."""
    for name in RETURN_TYPES:
        path = path_of(name)
        attribute = path[-1]
        if attribute.vr == "SQ":
            continue
        for holder in items_at(item, path[:-1]):
            text = holder.text(attribute.tag)
            if text:
                yield name, text.split("\\")


_LONGEST = {**MOST_CHARACTERS, "UI": 64, "PN": 64}
"""Characters of a value (PS3.5 6.2); of a name, of each component group."""

_FORMS = {
    "CS": (regex(r"[A-Z0-9 _]*\Z"), "a code has capitals, digits, spaces and _ alone"),
    "TM": (regex(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?(\.\d{1,6})?)?\Z"), "not a time"),
    "AE": (regex(r"[\x20-\x5b\x5d-\x7e]*\Z"), "an AE title is ASCII without backslash"),
}


def _wrong(vr: str, value: str) -> str:
    """What is wrong with one value; empty if nothing is."""
    parts = value.split("=") if vr == "PN" else [value]
    longest = max(map(len, parts))
    if longest > _LONGEST.get(vr, longest):
        return f"{longest} characters, but {vr} has {_LONGEST[vr]}"
    if REPLACEMENT in value:
        return "bytes that are not text in the character set of the item"
    if vr == "DA" and not is_day(value):
        return "not a date"
    if vr == "UI" and not is_uid(value):
        return "not a valid UID"
    if vr in _FORMS:
        form, rule = _FORMS[vr]
        return "" if form.match(value) else rule
    return ""


def _of_several(items: Sequence[Row]) -> Iterator[tuple[int, Problem]]:
    """Numbers that items share, and should not."""
    for keyword, others in _SHARED.items():
        yield from _clashes(keyword, _grouped(items, keyword), others, items)
    steps = _grouped(items, _STEP_ID)
    for number, value in _repeated(items, steps):
        yield number, Problem(_STEP_ID, value, "another item is the same step of the same study")


_SHARED: Mapping[str, tuple[str, ...]] = {
    "AccessionNumber": ("PatientID", "StudyInstanceUID"),
    "StudyInstanceUID": ("PatientID", "AccessionNumber"),
}
"""Numbers that steps of one procedure share, and what must then be the same, too."""

_STEP_ID = inside("ScheduledProcedureStepID")


def _grouped(items: Sequence[Row], name: str) -> dict[str, list[int]]:
    """The numbers of the items with each value."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        value = text_at(item, path_of(name))
        if value:
            groups[value].append(number)
    return groups


def _clashes(
    keyword: str,
    groups: Mapping[str, list[int]],
    others: Iterable[str],
    items: Sequence[Row],
) -> Iterator[tuple[int, Problem]]:
    for value, numbers in groups.items():
        for other in others:
            held = {items[number].text(by_keyword(other).tag) or "" for number in numbers}
            if len(held - {""}) > 1:
                text = f"shared by items with another {other}"
                for number in numbers:
                    yield number, Problem(keyword, value, text)
                break


def _repeated(items: Sequence[Row], steps: Mapping[str, list[int]]) -> Iterator[tuple[int, str]]:
    for value, numbers in steps.items():
        seen: set[tuple[str, ...]] = set()
        for number in numbers:
            own = tuple(items[number].text(by_keyword(word).tag) or "" for word in _OF_STUDY)
            if own in seen:
                yield number, value
            seen.add(own)


_OF_STUDY = ("PatientID", "StudyInstanceUID", "AccessionNumber")
