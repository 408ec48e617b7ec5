"""Attributes by keyword, alias, tag or path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import chain

from dicomsh.errors import ShellHint, Span, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.model import standard
from dicomsh.model.level_keys import LEVEL_KEYS, STEP, STEP_KEYWORDS
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.spelling import Spelling
from dicomsh.regex import regex


@frozen
class Attribute:
    """An entry of the data dictionary (PS3.6).

    `tag` is group << 16 | element. `keyword` is `gggg,eeee` if there is none. `vr` is one VR:
    if the dictionary leaves a choice, its first. `vm` is as in PS3.6 (`1`, `1-n`, …).
    """

    tag: int
    keyword: str
    vr: str
    vm: str
    name: str

    @property
    def multiple(self) -> bool:
        """Whether the dictionary allows more than one value."""
        return self.vm != "1" and not self.vm.endswith("-1")

    @property
    def tag_text(self) -> str:
        """The tag as `(gggg,eeee)`."""
        return f"({tag_pair(self.tag)})"


def tag_pair(tag: int) -> str:
    """`gggg,eeee` in lower-case hexadecimal."""
    return f"{tag >> 16:04x},{tag & 0xFFFF:04x}"


def named(tag: int) -> str:
    """An element in messages: `PatientName (0010,0010)`."""
    attribute = by_tag(tag)
    known = attribute.keyword != tag_pair(tag)
    return f"{attribute.keyword if known else 'element'} {attribute.tag_text}"


SPECIFIC_CHARACTER_SET = 0x00080005
QUERY_RETRIEVE_LEVEL = 0x00080052
PATIENT_NAME = 0x00100010
PATIENT_ID = 0x00100020
ISSUER_OF_PATIENT_ID = 0x00100021
INSTANCE_AVAILABILITY = 0x00080056
TIMEZONE_OFFSET = 0x00080201
NOT_SENT = frozenset({INSTANCE_AVAILABILITY, TIMEZONE_OFFSET})
"""Tags that a query does not contain as keys: servers add the first to their answers by themselves
(PS3.4 C.4.1.1.3.2), the second is sent with times if that was negotiated (C.4.1.1.3.1)."""
BOOKKEEPING = frozenset(
    {SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL, 0x00080054, INSTANCE_AVAILABILITY}
)
"""Tags that describe the answer, not the entity (PS3.4 C.4.1.1.3.2)."""
COUNTS = range(0x00201200, 0x0020120A, 2)
"""Tags of the numbers of studies, series and instances below, counted by a peer (PS3.4 C.3.4)."""

_AT_LEVEL = {
    "uid": (
        "PatientID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SOPInstanceUID",
        "StudyInstanceUID",
    ),
    "date": (
        "StudyDate",
        "StudyDate",
        "SeriesDate",
        "ContentDate",
        "ScheduledProcedureStepStartDate",
    ),
    "time": (
        "StudyTime",
        "StudyTime",
        "SeriesTime",
        "ContentTime",
        "ScheduledProcedureStepStartTime",
    ),
    "desc": (
        "StudyDescription",
        "StudyDescription",
        "SeriesDescription",
        "SeriesDescription",
        "ScheduledProcedureStepDescription",
    ),
    "mod": ("ModalitiesInStudy", "ModalitiesInStudy", "Modality", "Modality", "Modality"),
    "number": ("SeriesNumber", "SeriesNumber", "SeriesNumber", "InstanceNumber", None),
    "comments": (
        "PatientComments",
        "StudyComments",
        "CommentsOnThePerformedProcedureStep",
        "ImageComments",
        "RequestedProcedureComments",
    ),
    "station": (*["StationName"] * 4, "ScheduledStationAETitle"),
    "physician": (None, None, None, None, "ScheduledPerformingPhysicianName"),
    "procedure": (None, None, None, None, "RequestedProcedureDescription"),
    "step": (None, None, None, None, "ScheduledProcedureStepID"),
    "status": (None, None, None, None, "ScheduledProcedureStepStatus"),
}
"""Aliases whose attribute depends on the level of the query; None where they mean nothing."""

_ANYWHERE = {
    "name": "PatientName",
    "id": "PatientID",
    "issuer": "IssuerOfPatientID",
    "sex": "PatientSex",
    "birth": "PatientBirthDate",
    "age": "PatientAge",
    "acc": "AccessionNumber",
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "instance": "SOPInstanceUID",
    "sopclass": "SOPClassUID",
    "studyid": "StudyID",
    "ref": "ReferringPhysicianName",
    "body": "BodyPartExamined",
    "protocol": "ProtocolName",
    "inst": "InstitutionName",
    "charset": "SpecificCharacterSet",
    "modalities": "ModalitiesInStudy",
}
"""Aliases that mean the same attribute at every level."""

ALIASES = tuple(sorted((*_AT_LEVEL, *_ANYWHERE)))
"""Every short alias, sorted."""


def alias_keyword(alias: str, level: Level) -> str | None:
    """The keyword that an alias means at a level, or None if it is not an alias."""
    word = alias.lower()
    if word in _AT_LEVEL:
        return _AT_LEVEL[word][level.value]
    return _ANYWHERE.get(word)


MOST_TAGS = 8192
"""Tags of which anything is remembered: more than the standard has, fewer than a peer can send."""


@lru_cache(maxsize=MOST_TAGS)
def by_tag(tag: int) -> Attribute:
    """The attribute of a tag; one not in the dictionary is `UN` with its tag as keyword."""
    found = standard.entry(tag)
    if is_private_creator(tag):
        return Attribute(tag, tag_pair(tag), "LO", "1", "Private Creator")
    if found is None:
        return Attribute(tag, tag_pair(tag), "UN", "1-n", "Unknown")
    vr, *_ = dictionary_vrs(tag)
    return Attribute(tag, found.keyword or tag_pair(tag), vr, found.vm, found.name)


def is_private_creator(tag: int) -> bool:
    """Whether an element says who reserved a block of private elements (PS3.5 7.8.1)."""
    return bool(tag & 0x10000) and 0x10 <= tag & 0xFFFF <= 0xFF


def creator_of(tag: int) -> int | None:
    """The tag of the private creator that reserves a private element; None for any other."""
    reserved = tag & 0x10000 and tag & 0xFFFF >= 0x1000
    return tag & 0xFFFF0000 | (tag >> 8 & 0xFF) if reserved else None


def defined(
    path: tuple[Attribute, ...], creators: Mapping[tuple[Attribute, ...], str]
) -> tuple[Attribute, ...]:
    """The path with the VR that the creator of a private element defines for it, if it is known.

    Args:
        path: an attribute, after the sequences that hold it.
        creators: the name of each private creator in the query, by its path.
    """
    *around, last = path
    tag = creator_of(last.tag)
    creator = "" if tag is None else creators.get((*around, by_tag(tag)), "")
    return (*around, replace(last, vr=standard.private_vr(creator, last.tag))) if creator else path


@lru_cache(maxsize=MOST_TAGS)
def dictionary_vrs(tag: int) -> tuple[str, ...]:
    """The VRs that an element may have; UN alone for one that is not in the dictionary."""
    if is_private_creator(tag):
        return ("LO",)
    found = standard.entry(tag)
    return tuple(found.vr.split(" or ")) if found else ("UN",)


@lru_cache(maxsize=MOST_TAGS)
def is_retired(tag: int) -> bool:
    """Whether the standard has retired an attribute (PS3.6 6)."""
    found = standard.entry(tag)
    return found is not None and found.retired


@cache
def by_keyword(keyword: str) -> Attribute:
    """The attribute of an exact keyword; raises KeyError for one that does not exist."""
    tag = standard.tag_of(keyword)
    if tag is None:
        raise KeyError(keyword)
    return by_tag(tag)


def is_keyword(text: str) -> bool:
    """Whether a text is a keyword as PS3.6 spells it."""
    tag = standard.tag_of(text)
    return tag is not None and by_tag(tag).keyword == text


def attributes() -> Iterable[Attribute]:
    """All attributes of the standard dictionary, without those of repeating groups."""
    return map(by_tag, standard.keyword_tags().values())


def keywords() -> Iterable[str]:
    """Their keywords, as PS3.6 spells them."""
    return (made.keyword for made in attributes())


_TAG = regex(r"\(?([0-9a-fA-F]{4}),?([0-9a-fA-F]{4})\)?\Z")


def find_attribute(text: str, level: Level) -> Attribute:
    """The attribute named by a keyword (any case), an alias or a tag.

    Raises:
        UsageError: no such attribute; the hint suggests the nearest. The span is into `text`.
    """
    tag = _TAG.match(text)
    if tag:
        return by_tag(int(tag[1] + tag[2], 16))
    named = alias_keyword(text, level)
    keyword = named or text
    elsewhere = "" if named else _elsewhere(text.lower())
    try:
        if not elsewhere:
            return by_keyword(keyword)
    except KeyError:
        pass
    hint = elsewhere or _suggest(text)
    raise UsageError(f"no attribute '{text}'", hint=hint, span=Span(0, len(text)))


def _elsewhere(alias: str) -> str:
    """Where an alias has a meaning, if it has none here; empty for other text."""
    levels = [level.word for level in Level if alias in ALIASES and alias_keyword(alias, level)]
    return f"'{alias}' is an alias at these levels: {', '.join(levels)}" if levels else ""


@cache
def spelling() -> Spelling:
    """Keywords and aliases, to be found by a similar spelling."""
    return Spelling(dict.fromkeys((*standard.keyword_tags(), *ALIASES)))


def is_named(text: str) -> bool:
    """Whether a text is an alias or a keyword, in any case."""
    return text.lower() in ALIASES or standard.tag_of(text) is not None


@lru_cache(maxsize=32)  # asked again at every key typed after a misspelt word
def _suggest(text: str) -> str:
    listed = [part for part in text.split(",") if part]
    if listed and all(map(is_named, listed)):
        return f"separate keys with spaces: {' '.join(listed)}"
    near = _containing(text.lower()) or spelling().near(text.lower(), 3)
    if not near:
        return ShellHint("'help keys' lists keywords and aliases; a tag is written gggg,eeee")
    spelt = [word if word in ALIASES else by_keyword(word).keyword for word in near]
    return "did you mean " + " or ".join(f"'{word}'" for word in spelt) + "?"


def _containing(text: str) -> list[str]:
    """Usual keywords that contain a text, for example a column heading; none if there are many."""
    levels = [LEVEL_KEYS[level] for level in HIERARCHY]
    for words in ([keys.default for keys in levels], [keys.more for keys in levels]):
        usual = dict.fromkeys(chain(*words))
        found = [word for word in usual if len(text) > 3 and text in word.lower()]
        if 0 < len(found) <= 3:
            return found
    return []


_PART = regex(r"[^.]+")
_DEEPEST = 16
"""Sequences that a path may contain; identifiers of real peers have two."""

_NOT_IN_DATA_SETS = frozenset((0x0000, 0x0001, 0x0002, 0x0003, 0x0005, 0x0007, 0xFFFE, 0xFFFF))
"""Groups of commands, file meta data and delimiters, and unused ones (PS3.5 7.8, PS3.10 7.1)."""


def stands_in_data_sets(attribute: Attribute) -> bool:
    """Whether an attribute may be in an identifier at all."""
    return attribute.tag >> 16 not in _NOT_IN_DATA_SETS


@lru_cache(maxsize=256)  # each key is asked for twice, and again at every character typed
def find_path(text: str, level: Level) -> tuple[Attribute, ...]:
    """The attributes of a path into a sequence, `Sequence.Sequence.Attribute`; just one without.

    A sequence in a query has one item (PS3.4 C.2.2.2.6), so `Sequence[0].Attribute` is the same. In
    a worklist, an attribute of the scheduled step is inside its sequence without being written so.

    Raises:
        UsageError: a part is not an attribute, or a part before the last is not a sequence. The
            span is into `text`.
    """
    parts = list(_PART.finditer(text))
    if not parts or "." in (text[:1], text[-1:]) or ".." in text:
        hint = None if text else "write the attribute without a space: +Key, Key=Value"
        raise UsageError(f"no attribute '{text}'", hint=hint, span=Span(0, len(text)))
    path = tuple(_part(part, part is not parts[-1], level) for part in parts)
    for part, attribute in zip(parts[:-1], path[:-1], strict=True):
        if attribute.vr != "SQ":
            raise UsageError(
                f"{attribute.keyword} is not a sequence (VR {attribute.vr})",
                hint="only a sequence has attributes inside",
                span=Span(*part.span()),
            )
    if len(path) > _DEEPEST:
        raise UsageError(f"a path of more than {_DEEPEST} attributes", span=Span(0, len(text)))
    is_of_step = level is Level.WORKLIST and len(path) == 1 and path[0].keyword in STEP_KEYWORDS
    return (by_keyword(STEP), *path) if is_of_step else path


def path_of(name: str) -> tuple[Attribute, ...]:
    """The attributes of a path of exact keywords, joined by full stops; raises KeyError."""
    return tuple(map(by_keyword, name.split(".")))


def _part(part: re.Match[str], holds: bool, level: Level) -> Attribute:
    try:
        attribute = find_attribute(part[0].removesuffix("[0]") if holds else part[0], level)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=Span(*part.span())) from None
    if not stands_in_data_sets(attribute):
        message = f"{attribute.keyword} {attribute.tag_text} cannot be in a query"
        raise UsageError(message, span=Span(*part.span()))
    return attribute


@cache
def aliases_at(level: Level) -> Mapping[str, str]:
    """The alias of each keyword that has one at a level; the first if there are several."""
    found: dict[str, str] = {}
    for alias in ALIASES:
        found.setdefault(alias_keyword(alias, level) or "", alias)
    return found
