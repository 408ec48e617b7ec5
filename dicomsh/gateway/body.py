"""Reading JSON bodies, with Orthanc's words for what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from dicomsh.config.words import suggestion
from dicomsh.gateway.errors import bad_format
from dicomsh.gateway.keys import Tags, find_tag
from dicomsh.gateway.styled import Json

Fields = Mapping[str, Any]
"""The members of a JSON object."""

_LONGEST_TIMEOUT = 86_400

NO_JSON = "Cannot parse the JSON body"
NO_OBJECT = "Must provide a JSON object"


def parsed(body: bytes) -> Json:
    """The JSON value of a body.

    Raises:
        ValueError: it is not JSON in UTF-8, or nested too deeply.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refused)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refused(word: str) -> Json:
    raise ValueError(f"{word} is not JSON")


def object_of(body: bytes, details: str = NO_OBJECT) -> Fields:
    """The members of the JSON object in a body.

    Raises:
        RequestError: it is none.
    """
    try:
        value = parsed(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad_format(details)
    return value


def check_names(fields: Fields, known: Collection[str]) -> None:
    """Refuse a member that nothing reads: a misspelt one would be left out without a word.

    Raises:
        RequestError: there is one.
    """
    for name in fields:
        if name not in known:
            meant = suggestion(name, known) or f"the fields are {', '.join(known)}"
            raise bad_format(f"unknown field {json.dumps(name)}; {meant}")


def lenient_object(body: bytes) -> Fields:
    """The same; an empty body, and JSON other than an object, has no members.

    Raises:
        RequestError: it is not JSON.
    """
    if not body.strip():
        return {}
    try:
        value = parsed(body)
    except ValueError:
        raise bad_format(NO_JSON) from None
    return value if isinstance(value, dict) else {}


def boolean(fields: Fields, name: str, default: bool, details: str = "") -> bool:
    """A member that is true or false."""
    value = fields.get(name, default)
    if not isinstance(value, bool):
        raise bad_format(details or f"Boolean value expected in field: {name}")
    return value


def whole_number(fields: Fields, name: str, default: int = 0) -> int:
    """A member that is a number of at least 0."""
    value = any_number(fields, name, default)
    if value < 0:
        raise bad_format(f"Unsigned integer value expected in field: {name}")
    return value


def any_number(fields: Fields, name: str, default: int = 0) -> int:
    """A member that is a whole number."""
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_format(f"Integer value expected in field: {name}")
    return value


def timeout(fields: Fields) -> int:
    """`Timeout` in seconds; 0 for the usual one."""
    seconds = whole_number(fields, "Timeout")
    if seconds > _LONGEST_TIMEOUT:
        raise bad_format(f"Timeout is at most {_LONGEST_TIMEOUT} seconds")
    return seconds


def string(fields: Fields, name: str, details: str = "") -> str | None:
    """A member that is text; None if there is none.

    Raises:
        RequestError: it is something else.
    """
    value = fields.get(name)
    if name not in fields or isinstance(value, str):
        return value
    raise bad_format(details or f"String value expected in field: {name}")


_NO_TAGS = "Associative array of DICOM tags to strings expected in field: {}"


def tags_in(fields: Fields, name: str) -> Tags:
    """A member that maps tags to matching values; none of them if there is no such member."""
    value = fields.get(name, {})
    if not isinstance(value, dict):
        raise bad_format(f"The field {name} must contain a JSON object")
    found: dict[int, str] = {}
    for key, text in value.items():
        tag = find_tag(key)
        if tag is None or not isinstance(text, str):
            raise bad_format(_NO_TAGS.format(name))
        found[tag] = text
    return found


def loose_text(value: Json) -> str:
    """A value as text, as Orthanc's deprecated routes take it: numbers and truth values, too.

    Raises:
        ValueError: it is a list or an object.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("neither text nor a number")
