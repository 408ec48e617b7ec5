"""A command line to try if nothing was found, and others ready to type. Nothing is sent here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.language.terms import is_term, pattern_key, read_term
from dicomsh.language.words import quote, whole_word
from dicomsh.model.keys import COUNTS, find_path, is_named
from dicomsh.model.level_keys import LEVEL_KEYS, level_of
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.moments import WORDS
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.vocabulary import MODALITIES
from dicomsh.model.vr import CHARSET_VRS, MOST_CHARACTERS
from dicomsh.regex import regex

_LONGEST_LINE = 160
"""A command line with more characters is too long to read and type."""


@frozen
class Phrase:
    """A query as it is typed.

    Args:
        level: the level.
        words: the pattern and the keys, unquoted.
        place: the place of the query.
        options: its options, as typed.
    """

    level: Level
    words: tuple[str, ...]
    place: Place
    options: tuple[str, ...] = ()

    def line(self, here: Place) -> str:
        """The command line as typed at a place; empty if it would be too long."""
        words = [*map(_quoted, self.words), *self.options]
        line = " ".join(["find", self.level.word, *words])
        if not self.place.same_entity(here.above(self.level)):
            line = f"cd {quote(self.place.path)}; {line}"
        return line if len(line) <= _LONGEST_LINE else ""


def _quoted(word: str) -> str:
    """A word as it must be typed, and not as an option."""
    return f"'{word}'" if word.startswith("-") and quote(word) == word else quote(word)


def phrase_of(request: Request) -> Phrase:
    """The query as it was typed."""
    return Phrase(request.level, _words(request.keys), request.place)


def _words(keys: Iterable[QueryKey]) -> tuple[str, ...]:
    """The words that keys came from; a value that was not typed is written as it is."""
    return tuple(_word(key) for key in keys if key.typed or key.value)


def _word(key: QueryKey) -> str:
    return key.typed or f"{key.keyword}={key.value}"


def split_line(request: Request, here: Place) -> str:
    """The command line that splits a study query into windows; empty for other queries."""
    split = replace(phrase_of(request), options=("--split",))
    return split.line(here) if request.level is Level.STUDY else ""


def advice(request: Request, here: Place, options: tuple[str, ...] = ()) -> str:
    """The command line to try when a query found nothing; empty when there is none.

    Args:
        request: what was asked.
        here: the current place, where the line would be typed.
        options: options for the line, as they would be typed.
    """

    def typed(phrase: Phrase) -> str:
        return replace(phrase, options=(*options, *phrase.options)).line(here)

    if request.level is Level.WORKLIST:
        named = (typed(phrase) for phrase in _identifier(request))
        return next(named, "why" if _matched(request) else "")
    for rule in _RULES:
        for phrase in rule(request):
            line = typed(phrase)
            if line and _can_be_asked(phrase):
                return line
    return ""


_ANY_DAY = date(2000, 1, 1)


def _can_be_asked(phrase: Phrase) -> bool:
    """Whether each value is valid for its VR: one that was extended may be too long."""
    try:
        for word in map(whole_word, phrase.words):
            if is_term(word):
                read_term(word).query_key(phrase.level, _ANY_DAY, over_midnight=True)
            else:
                pattern_key(phrase.level, word, _ANY_DAY)
    except UsageError:
        return False
    return True


Rule = Callable[[Request], Iterator[Phrase]]


def phrase_with(request: Request, key: QueryKey, value: str, name: str = "") -> Phrase:
    """The query with another value for a key; for a pattern, another pattern."""
    named = name or _name(key)
    new = f"{named}={value}" if named else value
    keys = [replace(other, typed=new) if other is key else other for other in request.keys]
    return replace(phrase_of(request), words=_words(keys))


def _name(key: QueryKey) -> str:
    """How the attribute was named; empty for a pattern."""
    return "" if key.origin is KeyOrigin.PATTERN else _word(key).partition("=")[0]


def _matched(request: Request) -> list[QueryKey]:
    return [key for key in request.keys if key.value]


def _patterns(request: Request) -> list[QueryKey]:
    """The pattern, if there is one."""
    return [key for key in _matched(request) if key.origin is KeyOrigin.PATTERN]


_WITH_CASE = CHARSET_VRS - {"PN"}
_IDS = frozenset(("PatientID", "AccessionNumber", "StudyID"))


def _is_full(value: str, vr: str) -> bool:
    """Whether a value has as many characters as one of its VR can have (PS3.5 6.2), or more."""
    most = MOST_CHARACTERS.get(vr)
    return most is not None and len(value) >= most


def _wildcard(request: Request) -> Iterator[Phrase]:
    """A text must match in full: a name lacks other components, a description other words."""
    for key in _matched(request):
        full = _is_full(key.value, key.attribute.vr)
        if key.attribute.vr in CHARSET_VRS and not full and not set("*?\\") & set(key.value):
            anywhere = key.attribute.vr != "PN" and key.keyword not in _IDS
            yield phrase_with(request, key, f"*{key.value}*" if anywhere else f"{key.value}*")


def _anywhere_in_name(request: Request) -> Iterator[Phrase]:
    """The text may be in a given name, or in the ideographic or phonetic group."""
    for key in _matched(request):
        if key.attribute.vr == "PN" and not key.value.startswith("*"):
            yield phrase_with(request, key, f"*{key.value}")


def _case(request: Request) -> Iterator[Phrase]:
    """Only names may be matched in any case (PS3.4 C.2.2.2.1), and most text is in capitals."""
    for key in _matched(request):
        if key.attribute.vr in _WITH_CASE and key.value != key.value.upper():
            yield phrase_with(request, key, key.value.upper())


def _code_in_capitals(request: Request) -> Iterator[Phrase]:
    """A code has capitals alone (PS3.5 6.2, VR CS)."""
    for key in _matched(request):
        if key.attribute.vr == "CS" and key.value != key.value.upper():
            yield phrase_with(request, key, key.value.upper().replace("\\", ","))


def _lower_case(request: Request) -> Iterator[Phrase]:
    for key in _matched(request):
        several = key.matching is Matching.MULTIPLE_VALUES
        if key.attribute.vr in _WITH_CASE and key.value != key.value.lower() and not several:
            yield phrase_with(request, key, key.value.lower())


_ONE_DAY = regex(r"(\d{4})(\d{2})\d{2}\Z")
_ONE_MONTH = regex(r"(\d{4})(\d{2})01-\1\2(?:28|29|30|31)\Z")
_ONE_YEAR = regex(r"(\d{4})0101-(?:\1)1231\Z")
_RANGE = regex(r"(?:(\d{4})\d{4})?-(?:(\d{4})\d{4})?\Z", re.ASCII)
_IN_AN_HOUR = regex(r"(\d{2})(?!-\d\d5959\.9)\d*(?:\.\d+)?(?:-\1[\d.]+)?\Z")


def _wider_date(request: Request) -> Iterator[Phrase]:
    """A day, then its month, then its year, then the neighbouring years."""
    for key in _matched(request):
        if key.attribute.vr != "DA":
            continue
        if day := _ONE_DAY.match(key.value):
            yield phrase_with(request, key, f"{day[1]}-{day[2]}")
        elif month := _ONE_MONTH.match(key.value):
            yield phrase_with(request, key, month[1])
        elif year := _ONE_YEAR.match(key.value):
            yield phrase_with(request, key, f"{int(year[1]) - 1:04}..{int(year[1]) + 1:04}")


def _decades(request: Request) -> Iterator[Phrase]:
    """A range of dates, ten years wider at each end that it has."""
    for key in _matched(request):
        parts = _RANGE.match(key.value) if key.attribute.vr == "DA" else None
        if parts and key.matching is Matching.RANGE:
            low = int(parts[1]) - 10 if parts[1] else _EARLIEST
            high = int(parts[2]) + 10 if parts[2] else _LATEST
            years = (f"{low}" * (low > _EARLIEST), f"{high}" * (high < _LATEST))
            if any(years):
                yield phrase_with(request, key, "..".join(years))


_EARLIEST, _LATEST = 1850, 2150
"""Years before and after which no archive holds anything."""


def _wider_time(request: Request) -> Iterator[Phrase]:
    """A time, then its hour."""
    for key in _matched(request):
        hour = _IN_AN_HOUR.match(key.value) if key.attribute.vr == "TM" else None
        if hour:
            yield phrase_with(request, key, hour[1])


def _series_of_modality(request: Request) -> Iterator[Phrase]:
    """ModalitiesInStudy is optional for a peer, Modality of a series is not (PS3.4 C.6.2.1)."""
    for key in _matched(request):
        if key.keyword == "ModalitiesInStudy" and request.level is Level.STUDY:
            others = (other for other in _matched(request) if other is not key)
            words = [f"{other.keyword}={_value(other)}" for other in others]
            yield Phrase(Level.SERIES, (f"mod={_value(key)}", *words), request.place)


def _value(key: QueryKey) -> str:
    """The value as it was typed."""
    word = _word(key)
    return word if key.origin is KeyOrigin.PATTERN else word.partition("=")[2]


_OTHER_UIDS = (
    (Level.STUDY, Level.SERIES),
    (Level.SERIES, Level.STUDY),
    (Level.INSTANCE, Level.SERIES),
)


def _uid_of_other_level(request: Request) -> Iterator[Phrase]:
    """A UID does not show which level it belongs to."""
    for key in _matched(request):
        for level, other in _OTHER_UIDS:
            if key.keyword == level.unique_keyword:
                uids = key.value.replace("\\", ",")
                yield Phrase(other, (f"{other.word}={uids}",), request.place.above(other))


def _other_attribute(request: Request) -> Iterator[Phrase]:
    """A pattern with a digit was read as a PatientID, one without as a name."""
    for key in _patterns(request):
        if key.keyword == "PatientID" and not _is_full(key.value, "SH"):
            yield Phrase(Level.STUDY, (f"acc={key.value}",), request.place.above(Level.STUDY))
        elif key.keyword == "PatientName":
            yield phrase_with(request, key, key.value, "id")


_LIKE_A_UID = regex(r"\d+(?:\.\d+){3,}\Z", re.ASCII)
_LIKE_AN_ACCESSION_NUMBER = regex(
    r"(?!\d{4}-)(?=(?:\D*\d){4})[A-Za-z0-9][A-Za-z0-9_.-]{5,15}\Z", re.ASCII
)


_LETTERS_FIRST = regex(r"(?=(?:\D*\d){4})[A-Za-z]{1,3}[0-9]{4,13}\Z", re.ASCII)
"""An accession number that few PatientIDs look like."""

_WITH_ACCESSION = (Level.STUDY, Level.WORKLIST)


def _identifier(request: Request) -> Iterator[Phrase]:
    """A pattern that looks like a UID or an accession number was read as something else."""
    for key in _patterns(request):
        if _LIKE_A_UID.match(key.value):
            yield _by_uid(request, key)
        elif request.level in _WITH_ACCESSION and _may_be_an_accession_number(key.value):
            yield phrase_with(request, key, key.value, "acc")
        elif request.level is Level.PATIENT and _LETTERS_FIRST.match(key.value):
            yield Phrase(Level.STUDY, (f"acc={key.value}",), request.place.above(Level.STUDY))


def _may_be_an_accession_number(text: str) -> bool:
    return bool(_LIKE_AN_ACCESSION_NUMBER.match(text) or _LETTERS_FIRST.match(text))


def _by_uid(request: Request, key: QueryKey) -> Phrase:
    if request.level is Level.WORKLIST:
        return phrase_with(request, key, key.value, "StudyInstanceUID")
    level = request.level if request.level is not Level.PATIENT else Level.STUDY
    return Phrase(level, (f"{level.word}={key.value}",), request.place.above(level))


def _fewer_keys(request: Request) -> Iterator[Phrase]:
    """The last key may have ruled out everything."""
    matched = _matched(request)
    if len(matched) > 1:
        words = _words(key for key in request.keys if key is not matched[-1])
        yield replace(phrase_of(request), words=words)


def _elsewhere(request: Request) -> Iterator[Phrase]:
    """What is wanted may be outside the current place."""
    if request.place.steps and _matched(request):
        yield replace(phrase_of(request), place=Place())


def _other_level(request: Request) -> Iterator[Phrase]:
    """A peer may hold what is wanted, and yet not return it at this level."""
    other = Level.PATIENT if request.level is Level.STUDY else Level.STUDY
    if not request.place.steps and not _matched(request):
        yield Phrase(other, (), request.place)


_SPOKEN = regex(r"([^,^=*?\\]*\w), *(\w[^,^=*?\\]*)|([^\s,^=*?\\]+) ([^\s,^=*?\\]+)")
"""`Doe, Jane`, and `Doe Jane`; three words without a comma may all be a family name."""


def _name_as_spoken(request: Request) -> Iterator[Phrase]:
    """Components of a name are separated by carets (PS3.5 6.2.1), not by spaces or a comma."""
    for key in _matched(request):
        spoken = _SPOKEN.fullmatch(key.value) if key.attribute.vr == "PN" else None
        if spoken:
            family, given = filter(None, spoken.groups())
            yield phrase_with(request, key, f"{family}^{given.strip()}*")


_DAY_OR_MONTH = regex(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?(?:\Z|\.\.)")


def _word_meant_otherwise(request: Request) -> Iterator[Phrase]:
    """A pattern that elsewhere in the language would be a key, a date or a modality."""
    studies = request.level is Level.STUDY
    for key in _patterns(request):
        named = key.keyword == "PatientName" or "." in key.value
        if named and _is_key(key.value, request.level):
            yield phrase_with(request, key, "", key.value)
        if studies and (key.value.lower() in WORDS or _DAY_OR_MONTH.match(key.value)):
            yield phrase_with(request, key, key.value.lower(), "date")
        elif studies and key.value.upper() in MODALITIES:
            yield phrase_with(request, key, key.value.upper(), "mod")


def _is_key(text: str, level: Level) -> bool:
    """Whether a text names a usual key of a level, or of one above; or a key in a sequence."""
    if not all(map(is_named, text.split("."))):
        return False
    first, *inner = find_path(text, level)
    owner = level_of(first.keyword)
    return bool(inner) or (owner is not None and owner.value <= level.value)


def _any_value(request: Request) -> Iterator[Phrase]:
    """Rows with other values show how the peer writes them."""
    uids = [level.unique_keyword for level in HIERARCHY if level is not Level.PATIENT]
    for key in (key for key in _matched(request) if key.keyword not in uids):
        name = key.keyword if key.origin is KeyOrigin.PATTERN else _name(key)
        yield replace(phrase_with(request, key, "", name), options=("--limit", "20"))


def _counted_here(request: Request) -> Iterator[Phrase]:
    """Peers compute counts for the answer; many match only stored values, which have none."""
    for key in _matched(request):
        if key.path[0].tag in COUNTS:
            words = _words(other for other in request.keys if other is not key)
            if key.keyword not in LEVEL_KEYS[request.level].default:
                words += (f"+{key.keyword}",)
            stage = ("|", "where", quote(f"{key.keyword}={key.value}"))
            yield replace(phrase_of(request), words=words, options=stage)


_RULES: tuple[Rule, ...] = (
    _word_meant_otherwise,
    _identifier,
    _counted_here,
    _code_in_capitals,
    _name_as_spoken,
    _wildcard,
    _wider_date,
    _wider_time,
    _case,
    _series_of_modality,
    _uid_of_other_level,
    _elsewhere,
    _fewer_keys,
    _anywhere_in_name,
    _other_attribute,
    _lower_case,
    _other_level,
    _decades,
    _any_value,
)
"""From the most likely cause to the least; the first that applies is suggested."""
