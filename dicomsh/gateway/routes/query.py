"""/modalities/{id}/query and /queries: a C-FIND whose answer is kept, and read piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from dicomsh.config.checks import ae_title
from dicomsh.gateway import body as reading
from dicomsh.gateway.core import Asked, adjusted
from dicomsh.gateway.endpoint import EMPTY, PLAIN, Body, Call, Endpoint, Reply, reply
from dicomsh.gateway.errors import RequestError, Trouble, bad_format
from dicomsh.gateway.forms import Form, key_of, row_text, rows_text, value_object
from dicomsh.gateway.kept import KeptQuery
from dicomsh.gateway.keys import (
    Tags,
    level_named,
    normalized,
    returned_keywords,
    unique_tags,
)
from dicomsh.gateway.told import OUTCOME, outcome_json
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality

_BELOW = {
    "query-study": Level.STUDY,
    "query-series": Level.SERIES,
    "query-instances": Level.INSTANCE,
}
"""Queries for what is below an answer, as Orthanc lists them."""

_SPELT = {"query-studies": Level.STUDY, **_BELOW}
"""The same as they are served: Orthanc lists `query-study`, and serves `query-studies` alone."""


def level_title(level: Level) -> str:
    """Patient, Study, Series or Instance."""
    return level.word.capitalize()


def form_of(call: Call) -> Form:
    """The form that a request asks for."""
    if call.flag("simplify"):
        return Form.SIMPLIFIED
    return Form.SHORT if call.flag("short") else Form.FULL


async def query(call: Call) -> Reply:
    """Ask a modality."""
    fields = reading.object_of(call.body)
    word = fields.get("Level")
    if not isinstance(word, str):
        raise bad_format("The JSON body must contain field Level")
    base = call.gateway.modality(call.path["id"])
    level = level_named(word)
    given = reading.tags_in(fields, "Query")
    about = "The field Normalize must contain a Boolean"
    tidy = reading.boolean(fields, "Normalize", default=True, details=about)
    seconds = reading.timeout(fields)
    modality = adjusted(base, local_aet=_local_aet(fields), seconds=seconds)
    return await _asked(call, modality, level, given, normalized(given, level) if tidy else given)


async def _asked(call: Call, modality: Modality, level: Level, given: Tags, sent: Tags) -> Reply:
    gateway = call.gateway
    asked = Asked(given, sent, returned_keywords(level))
    name = await gateway.keep(modality, call.caller, level, asked)
    kept = gateway.queries.get(name)
    headers: Mapping[str, str] = gateway.outcome_of(kept) if kept else {}
    return reply({"ID": name, "Path": f"/queries/{name}"}, headers)


def _local_aet(fields: reading.Fields) -> str:
    text = reading.string(fields, "LocalAet", "The field LocalAet must contain a string")
    if text is None:
        return ""
    try:
        return ae_title(text)
    except ValueError as error:
        raise bad_format(f"The field LocalAet must contain {error}") from None


def kept_query(call: Call) -> KeptQuery:
    """The query that a request names.

    Raises:
        RequestError: there is none.
    """
    found = call.gateway.queries.get(call.path["query"])
    if found is None:
        raise RequestError(Trouble.UNKNOWN_RESOURCE)
    return found


def answer_number(call: Call, query: KeptQuery) -> int:
    """The number of the answer that a request names.

    Raises:
        RequestError: it is no number, or there are fewer answers.
    """
    text = call.path["index"]
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise RequestError(Trouble.BAD_TYPE, "Syntax error in some user-supplied data")
    if digits != text or int(text) >= len(query.rows):
        raise RequestError(Trouble.OUT_OF_RANGE)
    return int(text)


async def queries(call: Call) -> Reply:
    """The IDs of all."""
    return reply(list(call.gateway.queries))


async def operations(call: Call) -> Reply:
    """What a query offers."""
    kept = kept_query(call)
    names = ["answers", OUTCOME, "level", "modality", "query", "retrieve"]
    return reply(names, call.gateway.outcome_of(kept))


async def forget(call: Call) -> Reply:
    """Remove a query; Orthanc says the same if there is none."""
    call.gateway.queries.remove(call.path["query"])
    return EMPTY


async def level(call: Call) -> Reply:
    """The level of a query."""
    return Reply(level_title(kept_query(call).request.level), PLAIN)


async def modality_name(call: Call) -> Reply:
    """The modality that was asked."""
    return Reply(kept_query(call).modality.name, PLAIN)


async def keys(call: Call) -> Reply:
    """The keys as they were given."""
    form = form_of(call)
    tags = call.gateway.shown_tags(kept_query(call).tags)
    return reply(
        {key_of(tag, form): value_object(tag, "String", text, form) for tag, text in tags.items()}
    )


async def outcome(call: Call) -> Reply:
    """How the answer ended."""
    kept, gateway = kept_query(call), call.gateway
    value = outcome_json(kept.request.level, kept.outcome, gateway.shown)
    return reply(value, gateway.outcome_of(kept))


async def answers(call: Call) -> Reply:
    """The numbers of the answers, or all of them."""
    kept, gateway = kept_query(call), call.gateway
    headers = gateway.outcome_of(kept)
    if not call.flag("expand"):
        return reply([str(number) for number in range(len(kept.rows))], headers)
    rows = gateway.shown_rows(list(kept.rows))
    return Reply(rows_text(rows, form_of(call)), headers=headers)


async def answer(call: Call) -> Reply:
    """What an answer offers."""
    kept = kept_query(call)
    answer_number(call, kept)
    below = [word for word, lower in _BELOW.items() if _is_below(lower, kept)]
    return reply(["content", "retrieve", *below], call.gateway.outcome_of(kept))


def _is_below(level: Level, query: KeptQuery) -> bool:
    return level.value > query.request.level.value


async def content(call: Call) -> Reply:
    """The attributes of an answer."""
    kept, gateway = kept_query(call), call.gateway
    (row,) = gateway.shown_rows([kept.rows[answer_number(call, kept)]])
    text = row_text(row, form_of(call)) + "\n"
    return Reply(text, headers=gateway.outcome_of(kept))


async def query_below(call: Call, lower: Level) -> Reply:
    """Ask about what is below an answer.

    As from Orthanc, the unique keys from the study down are sent, or that of the patient.
    """
    kept = kept_query(call)
    row = kept.rows[answer_number(call, kept)]
    if not _is_below(lower, kept):
        raise RequestError(Trouble.UNKNOWN_RESOURCE)
    fields = reading.object_of(call.body)
    own = {tag: text for tag in unique_tags(kept.request.level) if (text := row.text(tag))}
    if kept.request.level is not Level.PATIENT:
        own.pop(unique_tags(Level.PATIENT)[0], None)
    given = {**reading.tags_in(fields, "Query"), **own}
    modality = adjusted(kept.modality, seconds=reading.timeout(fields))
    return await _asked(call, modality, lower, given, given)


_FORMS = {
    "simplify": "keywords and values only",
    "short": "tags and values only",
}

_TAGS = {
    "type": "object",
    "description": "keyword or gggg,eeee: matching value in DICOM form",
    "additionalProperties": {"type": "string"},
}
TIMEOUT = {"type": "integer", "minimum": 0, "description": "seconds; 0 for the usual one"}

QUERY_SCHEMA = {
    "type": "object",
    "required": ["Level"],
    "properties": {
        "Level": {"type": "string", "enum": ["Patient", "Study", "Series", "Instance"]},
        "Query": _TAGS,
        "Normalize": {"type": "boolean"},
        "LocalAet": {"type": "string", "minLength": 1, "maxLength": 16},
        "Timeout": TIMEOUT,
    },
}
_BELOW_SCHEMA = {"type": "object", "properties": {"Query": _TAGS, "Timeout": TIMEOUT}}
_EXAMPLE = {"Level": "Study", "Query": {"PatientID": "0555643F"}}
_ONE = "/queries/{query}"
_ANSWER = f"{_ONE}/answers/{{index}}"

ENDPOINTS = (
    Endpoint(
        "POST",
        "/modalities/{id}/query",
        query,
        "Send a C-FIND and keep its answer",
        body=Body(QUERY_SCHEMA, _EXAMPLE),
        fails=(400, 404, 422, 500, 503),
    ),
    Endpoint("GET", "/queries", queries, "List the queries that are kept"),
    Endpoint("GET", _ONE, operations, "List what a query offers", fails=(404,)),
    Endpoint("DELETE", _ONE, forget, "Forget a query", PLAIN),
    Endpoint("GET", f"{_ONE}/level", level, "The level of a query", PLAIN, fails=(404,)),
    Endpoint("GET", f"{_ONE}/modality", modality_name, "The modality asked", PLAIN, fails=(404,)),
    Endpoint("GET", f"{_ONE}/query", keys, "The keys as given", flags=_FORMS, fails=(404,)),
    Endpoint("GET", f"{_ONE}/{OUTCOME}", outcome, "How the answer ended", fails=(404,)),
    Endpoint(
        "GET",
        f"{_ONE}/answers",
        answers,
        "List the answers, or show all of them",
        flags={"expand": "show all attributes", **_FORMS},
        fails=(404,),
    ),
    Endpoint("GET", _ANSWER, answer, "List what an answer offers", fails=(400, 404)),
    Endpoint(
        "GET",
        f"{_ANSWER}/content",
        content,
        "The attributes of an answer",
        flags=_FORMS,
        fails=(400, 404),
    ),
    *(
        Endpoint(
            "POST",
            f"{_ANSWER}/{word}",
            partial(query_below, lower=lower),
            f"Send a C-FIND for the {lower.plural} below an answer, and keep its answer",
            body=Body(_BELOW_SCHEMA, {"Query": {}}),
            fails=(400, 404, 422, 500, 503),
        )
        for word, lower in _SPELT.items()
    ),
)
