"""Kinds of argument: how each is read from a word, what may complete it, how it is coloured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.language.candidate import Candidate
from dicomsh.language.knowledge import Kind, Scope, Token
from dicomsh.language.scan import Word
from dicomsh.late import LateModule
from dicomsh.model.columns import ARCHIVE_KEYS, COMPUTED_KEYS
from dicomsh.model.keys import is_keyword
from dicomsh.model.levels import HIERARCHY, LEVEL_WORDS, Level, Model
from dicomsh.model.results import FILE_FORMATS, FORMATS
from dicomsh.model.windows import Period

if TYPE_CHECKING:  # most commands take neither keys nor conditions, and only a prompt completes
    from dicomsh.language import complete as completion
    from dicomsh.language import conditions, terms
    from dicomsh.language.conditions import Condition
    from dicomsh.language.terms import Term
    from dicomsh.model import derived_keys as row_keys
    from dicomsh.model.modality import Device
else:
    completion = LateModule("dicomsh.language.complete")
    conditions = LateModule("dicomsh.language.conditions")
    terms = LateModule("dicomsh.language.terms")
    row_keys = LateModule("dicomsh.model.derived_keys")


def suggestion(text: str, known: Iterable[str]) -> str | None:
    """`did you mean 'x'?`, or None if nothing is similar."""
    bare = {word.lstrip("-"): word for word in known}
    typed = text.lstrip("-")
    import difflib

    near = difflib.get_close_matches(typed, bare, n=3, cutoff=_SWAPPED)
    meant = next((word for word in near if _is_slip(typed, word)), None)
    return f"did you mean '{bare[meant]}'?" if meant else None


_SWAPPED = 0.6
"""Minimum similarity of two short words that differ by swapped letters."""

_SLIP = 0.76
"""Minimum similarity of a word and its misspelling, by difflib: `unset` and `use` are below."""


def _is_slip(typed: str, word: str) -> bool:
    import difflib

    alike = difflib.SequenceMatcher(None, word, typed).ratio() >= _SLIP
    return alike or sorted(typed) == sorted(word)


def _read_text(word: Word, scope: Scope) -> str:
    del scope
    return word.text


def _read_word(word: Word, scope: Scope) -> Word:
    del scope
    return word


def _read_device(word: Word, scope: Scope) -> Device:
    return scope.knowledge.device(word.text, word.span)


def _read_level(word: Word, scope: Scope) -> Level:
    del scope
    try:
        return LEVEL_WORDS[word.text.lower()]
    except KeyError:
        raise UsageError(
            f"expected patient, study, series, instance or worklist, found '{word.text}'",
            hint=suggestion(word.text.lower(), LEVEL_WORDS),
            span=word.span,
        ) from None


def _level_given(scope: Scope, value: Level) -> Scope:
    return replace(scope, level=value)


def _second_given(scope: Scope, value: Word) -> Scope:
    """After both archives, keys are those of studies unless a level is given."""
    return replace(_modalities_given(scope, value), level=Level.STUDY)


def _target_given(scope: Scope, value: Any) -> Scope:
    del value
    return replace(scope, level=None)


def _modalities_given(scope: Scope, value: Word) -> Scope:
    return replace(scope, used=scope.used.union(value.text.split(",")))


def _complete_another(scope: Scope) -> Iterable[Candidate]:
    """Modalities that were not named before."""
    return (one for one in scope.knowledge.modality_names() if one.text not in scope.used)


def _complete_side(scope: Scope) -> Iterable[Candidate]:
    """The two that were named before; any, if it is typed before them."""
    made = [*scope.knowledge.modality_names()]
    named = [one for one in made if one.text in scope.used]
    return named if len(named) > 1 else made


def _read_condition(word: Word, scope: Scope) -> Condition:
    found = conditions.read_condition(word)
    if scope.level is not None and found.key not in COMPUTED_KEYS:
        found.check(scope.level, scope.knowledge.today)
    return found


def _condition_tokens(word: Word) -> list[Token]:
    found = conditions.read_condition(word)
    name = len(found.key)
    value: Token = (word.rest(found.value_start), "value")
    operator: Token = (word.part(name, found.value_start), "operator")
    return [(word.part(0, name), "keyword"), operator, value]


def _read_key(word: Word, scope: Scope) -> Word:
    if scope.level is not None and word.text not in COMPUTED_KEYS:
        try:
            row_keys.find_row_key(word.text, scope.level)
        except UsageError as error:
            raise word.error(error) from None
    return word


def _read_sort_key(word: Word, scope: Scope) -> Word:
    hint = _NOT_SORT_KEYS.get(word.text.lower())
    if hint is not None:
        raise UsageError(f"'{word.text}' is not a sort key", hint=hint, span=word.span)
    return _read_key(word, scope)


_NOT_SORT_KEYS = {
    "by": "leave it out: sort date",
    "asc": "the smallest or earliest is first anyway: sort date",
    "ascending": "the smallest or earliest is first anyway: sort date",
    "descending": "for newest first: sort date -r",
}
"""Words for the order in other languages."""


def _read_checked_term(word: Word, scope: Scope) -> Term:
    term = terms.read_term(word)
    if scope.level is not None:
        term.query_key(scope.level, scope.knowledge.today, over_midnight=True)
    return term


def _term_given(scope: Scope, value: Term) -> Scope:
    try:
        path = value.path(scope.key_level)
    except UsageError:
        return scope
    plain = "." not in value.key
    return replace(scope, used=scope.used | {path[-1].keyword}) if plain else scope


def _term_tokens(word: Word) -> list[Token]:
    term = terms.read_term(word)
    end = term.start + len(term.key)
    key: Token = (word.part(term.start, end), "keyword")
    if term.value is None:
        return [(word.part(0, 1), "operator"), key]
    value: Token = (word.rest(end + 1), "value")
    return [key, (word.part(end, end + 1), "operator"), value]


def _is_term(word: Word) -> bool:
    return terms.is_term(word)


def _not_term(word: Word) -> bool:
    return not terms.is_term(word)


def _afresh(scope: Scope) -> Scope:
    """An inner command is read as if by itself, in the scope of the outer one."""
    return scope


def _below(scope: Scope) -> Scope:
    """A command that runs in each row's entity: its variables are the row's attributes."""
    level = scope.level and (scope.level.below or scope.level)
    later = scope.variables or (_is_row_variable if level else bool)
    return Scope(scope.knowledge, level, variables=later)


def _is_row_variable(name: str) -> bool:
    """Whether a variable is an attribute of a row, or the archive that it came from."""
    return is_keyword(name) or name == ARCHIVE_KEYS[0]


def _anything_later(scope: Scope) -> Scope:
    """A command that runs later: no variable has its value yet."""
    return replace(scope, variables=bool)


def _is_several_words(word: Word) -> bool:
    return word.quoted and word.block is None and any(char in word.text for char in " \t|;")


def _read_new_alias(word: Word, scope: Scope) -> Word:
    del scope
    name, equals, _ = word.text.partition("=")
    if equals:
        hint = f"alias {name} = COMMAND, with a space before and after ="
        raise UsageError(f"'{word.text}' is not a valid alias name", hint=hint, span=word.span)
    return word


def _complete_alias(scope: Scope) -> Iterable[Candidate]:
    return (Candidate(name, text) for name, text in scope.knowledge.aliases.items())


def _literally(text: str) -> Callable[[Word], bool]:
    return lambda word: word.text == text and not word.quoted


def _number_reader(
    kind: type[int] | type[float], least: float, what: str, most: float = float("inf")
) -> Any:
    def read(word: Word, scope: Scope) -> int | float:
        del scope
        try:
            value = kind(word.text)
        except ValueError:
            value = kind(-1)
        if not least <= value <= most or value == float("inf"):
            raise UsageError(f"expected {what}, found '{word.text}'", span=word.span)
        return value

    return read


def one_of(what: str, values: Mapping[str, Any]) -> Kind:
    """A word from a table, in any case."""

    def read(word: Word, scope: Scope) -> Any:
        del scope
        if word.text.lower() in values:
            return values[word.text.lower()]
        hint = suggestion(word.text.lower(), values)
        message = f"expected {', '.join(values)}, found '{word.text}'"
        raise UsageError(message, hint=hint, span=word.span)

    def complete(scope: Scope) -> Iterable[Candidate]:
        del scope
        return (Candidate(value) for value in values)

    words = {value: word for word, value in values.items()}
    fits = values.__contains__
    return Kind(
        what,
        "value",
        read,
        complete,
        lambda word: fits(word.text.lower()),
        write=words.__getitem__,
    )


def _read_setting(word: Word, scope: Scope) -> Word:
    if scope.knowledge.setting_kind(word.text) is None:
        names = [candidate.text for candidate in scope.knowledge.setting_names()]
        hint = suggestion(word.text, names) or "'set' lists them"
        raise UsageError(f"no setting '{word.text}'", hint=hint, span=word.span)
    return word


def _setting_given(scope: Scope, value: Word) -> Scope:
    return replace(scope, setting=value.text)


def _read_setting_value(word: Word, scope: Scope) -> Word:
    kind = scope.knowledge.setting_kind(scope.setting)
    if kind is not None:
        kind.parse(word, scope)
    return word


def _complete_setting_value(scope: Scope) -> Iterable[Candidate]:
    kind = scope.knowledge.setting_kind(scope.setting)
    return () if kind is None else kind.complete(scope)


_Complete = Callable[[Scope], Iterable[Candidate]]


def _late(find: Callable[[], _Complete]) -> _Complete:
    """Completions whose module is loaded when a prompt asks for some."""

    def complete(scope: Scope) -> Iterable[Candidate]:
        return find()(scope)

    return complete


LEVEL = Kind(
    "LEVEL",
    "level",
    _read_level,
    _late(lambda: completion.complete_level),
    narrow=_level_given,
)
LEVEL_OR_NONE = replace(LEVEL, fits=_not_term)
"""A level that may be left out before keys."""

PATTERN = Kind(
    "PATTERN", "string", _read_word, _late(lambda: completion.complete_pattern), _not_term
)
TERM = Kind(
    "Key=Value|+Key",
    "keyword",
    _read_checked_term,
    _late(lambda: completion.complete_term),
    _is_term,
    _term_given,
    _term_tokens,
)
TARGET = Kind(
    "TARGET",
    "target",
    _read_word,
    _late(lambda: completion.complete_target),
    _not_term,
    _target_given,
)
CONDITION = Kind(
    "Key=Value",
    "keyword",
    _read_condition,
    _late(lambda: completion.complete_condition),
    tokens=_condition_tokens,
)
UNTIL = Kind(
    "Key=Value",
    "keyword",
    lambda word, scope: conditions.read_condition(word),  # noqa: ARG005 - of the rows of a command
    tokens=_condition_tokens,
)
KEY = Kind("Key", "keyword", _read_key, _late(lambda: completion.complete_name))
SORT_KEY = Kind("Key", "keyword", _read_sort_key, _late(lambda: completion.complete_name))
COMMAND = Kind("COMMAND", "command", _read_word, inner=_afresh)
ROW_COMMAND = Kind("COMMAND", "command", _read_word, inner=_below, several=True)
DEFINITION = Kind("COMMAND", "command", _read_word, inner=_anything_later, several=True)
QUOTED = Kind("'COMMAND | STAGE'", "string", _read_word, fits=_is_several_words)
ALIAS = Kind("NAME", "alias", _read_new_alias, _complete_alias)
MODALITY = Kind("NAME", "modality", _read_word, lambda scope: scope.knowledge.modality_names())
FIRST = replace(MODALITY, name="A", narrow=_modalities_given)
SECOND = replace(MODALITY, name="B", complete=_complete_another, narrow=_second_given)
SIDE = replace(MODALITY, complete=_complete_side)
DEVICE = Kind("DEVICE", "modality", _read_device, lambda scope: scope.knowledge.device_names())
MODALITIES = Kind(
    "NAME,…",
    "modality",
    _read_word,
    _late(lambda: completion.complete_modalities),
    narrow=_modalities_given,
)
NEW_NAME = Kind("NAME", "modality", _read_word)
ADDRESS = Kind("AET@HOST:PORT", "modality", _read_word)
AE_TITLE = Kind("AET", "modality", _read_word)
TIME_LIMIT = Kind("S", "value", _read_word)
URL = Kind("URL", "value", _read_word)
LESSON = Kind("LESSON", "string", _read_word, lambda scope: scope.knowledge.lesson_names())
SETTING = Kind(
    "NAME",
    "setting",
    _read_setting,
    lambda scope: scope.knowledge.setting_names(),
    narrow=_setting_given,
)
SETTING_VALUE = Kind("VALUE", "value", _read_setting_value, _complete_setting_value)
TOPIC = Kind("TOPIC", "string", _read_word, _late(lambda: completion.complete_topic))
VARIABLE = Kind("$NAME", "variable", _read_word, _late(lambda: completion.complete_variable))
FILE = Kind("FILE", "file", _read_word, files=lambda *_: True)
FOLDER = Kind("DIR", "file", _read_word, files=lambda _, name: name.endswith("/"))
WORD = Kind("TEXT", "string", _read_word)
TEXT = Kind("TEXT", "string", _read_text)
SYSTEM_LINE = Kind("LINE", "system", _read_text)
VALUE = Kind("VALUE", "value", _read_word)
COUNT = Kind("N", "value", _number_reader(int, 1, "a whole number from 1"))
QUERIES = Kind("N", "value", _number_reader(int, 1, "a whole number from 1"))
RETRIES = Kind("N", "value", _number_reader(int, 0, "a whole number from 0"))
PORT = Kind("PORT", "value", _number_reader(int, 1, "a port, 1 to 65535", 65_535))
DEPTH = Kind("N", "value", _number_reader(int, 1, "a whole number from 1"))
INTERVAL = Kind("SECONDS", "value", _number_reader(float, 0.1, "a number of seconds, at least 0.1"))
_SECONDS = "a number of seconds greater than 0"
SECONDS = Kind("S", "value", _number_reader(float, 0.001, _SECONDS))
FORMAT = one_of("FORMAT", {name: name for name in (*FORMATS, *FILE_FORMATS)})
PERIOD = one_of("auto|day|week|month", {period.value: period for period in Period})
MODEL = one_of("MODEL", {"patient": Model.PATIENT_ROOT, "study": Model.STUDY_ROOT})
DOWN_TO = one_of("LEVEL", {level.word: level for level in HIERARCHY[1:]})
VIA = one_of("auto|get|move", {way: way for way in ("auto", "get", "move")})
SWITCH = one_of("on|off", {"on": True, "off": False})
BY = Kind(
    "by", "option", _read_word, lambda _: (Candidate("by", "count each value"),), _literally("by")
)
EQUALS = Kind("=", "operator", _read_text, lambda _: (Candidate("="),), _literally("="))
