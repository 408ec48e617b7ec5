"""What Python says → the words that the language would have."""

from __future__ import annotations

import datetime as moments
from collections.abc import Iterable, Mapping
from typing import Any

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.language.scan import Word
from dicomsh.language.terms import Term, read_term
from dicomsh.language.words import whole_word
from dicomsh.model.levels import LEVEL_WORDS, Level, Model
from dicomsh.model.windows import Period

_MODELS = {None: None, "patient": Model.PATIENT_ROOT, "study": Model.STUDY_ROOT}


@frozen
class Question:
    """A query as `find` takes it.

    Args:
        level: the level.
        pattern: a name, an ID, …, as PATTERN of `find`; None for none.
        terms: the keys.
        options: the options of `find`, by parameter.
    """

    level: Level
    pattern: Word | None
    terms: tuple[Term, ...]
    options: Mapping[str, Any]


def question(
    level: str,
    pattern: str | None = None,
    *,
    plus: str | Iterable[str] = (),
    keys: Mapping[str, Any] | None = None,
    limit: int | None = None,
    model: str | None = None,
    split: bool | str = False,
    relational: bool = False,
    fuzzy: bool = False,
    datetime: bool = False,
    empty: bool = False,
    **more_keys: Any,
) -> Question:
    """The query that the arguments of `Connection.find` mean.

    Raises:
        UsageError: no such level, attribute, option, or value.
    """
    found = LEVEL_WORDS.get(level.lower()) if isinstance(level, str) else None
    if found is None:
        expected = "expected patient, study, series, instance or worklist"
        raise UsageError(f"{expected}, found {level!r}")
    if pattern is not None and not isinstance(pattern, str):
        raise UsageError(f"the pattern: expected text, found {pattern!r}")
    matched = {**_keys(keys), **more_keys}
    terms = [_term(f"{key}={_value(key, value)}") for key, value in matched.items()]
    terms += [_term(f"+{key}") for key in _requested(plus)]
    options = {
        "limit": _limit(limit),
        "model": _model(model),
        "split": _period(split),
        "relational": relational,
        "fuzzy": fuzzy,
        "datetime": datetime,
        "empty": empty,
    }
    return Question(found, whole_word(pattern) if pattern else None, tuple(terms), options)


def _term(text: str) -> Term:
    return read_term(whole_word(text))


def _keys(keys: Any) -> Mapping[str, Any]:
    if keys is None or isinstance(keys, Mapping):
        return keys or {}
    raise UsageError(f"keys: expected a mapping of names to values, found {keys!r}")


def _requested(plus: Any) -> Iterable[str]:
    """The names to request; one may be given as it is, without a list around it."""
    if isinstance(plus, str):
        return (plus,)
    if isinstance(plus, Iterable) and not isinstance(plus, bytes):
        return plus
    raise UsageError(f"plus: expected the names of attributes, found {plus!r}")


def _value(key: str, value: Any) -> str:
    """A value in the notation of the language, except `@FILE`: no file is read by surprise."""
    if isinstance(value, str) and value.startswith("@"):
        raise UsageError(
            f"{key}: {value!r} would name a file in the shell; from Python, values are a list",
            hint=f"{key}=[VALUE, VALUE, …]; for a value that begins with @: {key}=[{value!r}]",
        )
    return _text(key, value)


def _text(key: str, value: Any) -> str:
    r"""A value in the notation of the language: a date in ISO form, `\\` between several."""
    if value is None:
        return ""
    if isinstance(value, moments.datetime | moments.time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, moments.date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        if not value:
            raise UsageError(f"{key}: a list without values matches nothing")
        return "\\".join(sorted(_text(key, part) for part in value))
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise UsageError(f"{key}: expected text, a number, a date or a list, found {value!r}")


def _limit(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"limit: expected a whole number from 1, found {value!r}")
    return value


def _model(value: Any) -> Model | None:
    if (value is not None and not isinstance(value, str)) or value not in _MODELS:
        raise UsageError(f"model: expected 'patient' or 'study', found {value!r}")
    return _MODELS[value]


def _period(value: Any) -> Period | None:
    """`split=True` chooses the windows by the answer."""
    names = {period.value: period for period in Period}
    if value is False or value is None:
        return None
    found = Period.AUTO if value is True else names.get(str(value))
    if found is None:
        raise UsageError(f"split: expected True or one of {', '.join(names)}, found {value!r}")
    return found
