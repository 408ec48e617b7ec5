"""What the gateway offers, as OpenAPI 3.1: made from the endpoints that it routes by."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from dicomsh import __version__
from dicomsh.gateway.endpoint import Body, Endpoint
from dicomsh.gateway.styled import Json
from dicomsh.gateway.told import COMPLETE
from dicomsh.regex import regex

_PARAMETER = regex(r"\{(\w+)\}")

_ABOUT = """\
Orthanc's REST API for querying modalities and moving objects between them, for all archives in a
modalities file; and routes of dicomsh. Every answer has the header Dicomsh-Complete; that of an
archive has Warning, too, if it is not complete."""

_PARAMETERS: dict[str, Json] = {
    "id": {"type": "string", "description": "the name of a modality", "examples": ["pacs"]},
    "query": {"type": "string", "description": "the ID of a query that is kept"},
    "index": {"type": "integer", "minimum": 0, "description": "the number of an answer"},
    "job": {"type": "string", "description": "the ID of a job"},
    "output": {"type": "string", "description": "the name of an output"},
}

_ERROR = {
    "type": "object",
    "properties": {
        "Details": {"type": "string"},
        "HttpError": {"type": "string"},
        "HttpStatus": {"type": "integer"},
        "Message": {"type": "string"},
        "Method": {"type": "string"},
        "OrthancError": {"type": "string"},
        "OrthancStatus": {"type": "integer"},
        "Uri": {"type": "string"},
    },
}

_COMPLETE = {
    "description": "whether the answer is complete; last-line: its last line says so",
    "required": True,
    "schema": {"type": "string", "enum": ["true", "false", "last-line"]},
}

_ALWAYS = (401, 403, 408, 413)
"""Statuses that every route may answer: who asks, from where, how slowly, how much."""


def described(endpoints: Sequence[Endpoint]) -> dict[str, Json]:
    """The description of all endpoints."""
    paths: dict[str, dict[str, Json]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "dicomsh gateway", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "headers": {COMPLETE: _COMPLETE},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{}, {"basic": []}, {"token": []}],
    }


def _operation(endpoint: Endpoint) -> dict[str, Json]:
    body = {} if endpoint.body is None else {"requestBody": _body(endpoint.body)}
    return {
        "summary": endpoint.summary,
        "operationId": _name(endpoint),
        "parameters": _parameters(endpoint),
        **body,
        "responses": {"200": _done(endpoint), **_failures(endpoint)},
    }


def _name(endpoint: Endpoint) -> str:
    words = [part.strip("{}") for part in endpoint.path.split("/") if part]
    return "-".join([endpoint.method.lower(), *words])


def _parameters(endpoint: Endpoint) -> list[Json]:
    inside: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": _PARAMETERS[name]}
        for name in _PARAMETER.findall(endpoint.path)
    ]
    after = [
        {
            "name": name,
            "in": "query",
            "allowEmptyValue": True,
            "description": about,
            "schema": {"type": "string"},
        }
        for name, about in endpoint.flags.items()
    ]
    return inside + after


def _body(body: Body) -> dict[str, Json]:
    content: dict[str, Json] = {
        "application/json": {"schema": body.schema, "example": body.example}
    }
    if body.text:
        content["text/plain"] = {"schema": {"type": "string"}}
    return {"content": content}


def _done(endpoint: Endpoint) -> dict[str, Json]:
    kind = endpoint.kind.partition(";")[0]
    content: dict[str, Json] = {"content": {kind: {"schema": {}}}} if kind else {}
    return _response("done", **content)


def _failures(endpoint: Endpoint) -> dict[str, Json]:
    """The errors of a route; their media type is left out, as Orthanc sends none."""
    return {
        str(code): _response(HTTPStatus(code).phrase)
        for code in sorted({*endpoint.fails, *_ALWAYS})
    }


def _response(about: str, **more: Json) -> dict[str, Json]:
    headers = {COMPLETE: {"$ref": f"#/components/headers/{COMPLETE}"}}
    return {"description": about, "headers": headers, **more}
