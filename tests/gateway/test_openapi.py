"""The description of the gateway, and what it does with anything that fits it or does not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomsh.gateway.openapi import described
from dicomsh.gateway.routes import ENDPOINTS
from tests.gateway.gateways import Service

DESCRIPTION = json.loads(json.dumps(described(ENDPOINTS)))
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
]
NAMES = [f"{method} {path}" for method, path, _ in OPERATIONS]
PLAIN = {"id": "pacs", "query": "none", "index": "0", "job": "none", "output": "none"}


def path_with(path: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)


def test_it_is_served(practice_gateway: Service) -> None:
    assert practice_gateway.get("/openapi.json") == DESCRIPTION


def test_every_response_has_a_header_that_says_whether_it_is_complete() -> None:
    for _, _, operation in OPERATIONS:
        for response in operation["responses"].values():
            (reference,) = [one["$ref"] for one in response["headers"].values()]
            *_, parts, kind, name = reference.split("/")
            assert (parts, kind, list(response["headers"])) == ("components", "headers", [name])
            assert DESCRIPTION[parts][kind][name]["required"]


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names) == len(ENDPOINTS)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_every_route_is_there_and_answers_as_described(
    practice_gateway: Service, method: str, path: str, operation: Any
) -> None:
    if method in ("PUT", "DELETE"):
        path = path.replace("{id}", "other")
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("example")
    answer = practice_gateway.ask(method, path_with(path, PLAIN), body)
    assert str(answer.status) in operation["responses"]
    whole = "last-line" if path == "/find" else "true"
    assert answer.complete == (whole if answer.status == 200 else "false")
    if answer.status == 200 and answer.body:
        (kind,) = operation["responses"]["200"]["content"]
        assert answer.kind.partition(";")[0] == kind
    known = "{query}" in path or "{job}" in path or path in ("/openapi.json", "/tools/dicom-echo")
    assert answer.status == 200 or known or method == "DELETE" or "get" in path, answer.body


def test_another_method_says_which_there_are(practice_gateway: Service) -> None:
    for path in {path for _, path, _ in OPERATIONS}:
        answer = practice_gateway.ask("PATCH", path_with(path, PLAIN))
        allowed = {method for method, other, _ in OPERATIONS if other == path}
        assert answer.status == 405
        assert answer.complete == "false"
        assert set(answer.headers["allow"].split(",")) == allowed


# Anything


WORDS = ("JOD*", "0555643F", "1.2.3", "*", "", "\\", "2009*", "ä\n", "\0", "a" * 70_000, "é\\山")
JUNK = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(WORDS)
KEYS = st.sampled_from(
    (
        *("PatientName", "PatientID", "StudyDate", "Rows", "PixelData", "StudyInstanceUID"),
        *("SpecificCharacterSet", "QueryRetrieveLevel", "RequestAttributesSequence", "Modality"),
        *("0010,0010", "0008,0056", "0009,1001", "FFFE,E000", "0002,0003", "0008,0000"),
        *("TimezoneOffsetFromUTC", "PixelSpacing", "FrameIncrementPointer", "SeriesNumber", "Nope"),
    )
)


def fitting(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit a schema, as far as it goes."""
    if "anyOf" in schema:
        return st.one_of([fitting(one) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "object":
        return _object(schema)
    if schema.get("type") == "array":
        return st.lists(fitting(schema.get("items", {})), max_size=4)
    return _SCALARS.get(schema.get("type", ""), JUNK)


_SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(WORDS) | st.text(),
    "integer": st.integers(0, 10**6),
    "boolean": st.booleans(),
}


def _object(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    needed = schema.get("required", ())
    parts = {name: fitting(one) for name, one in schema.get("properties", {}).items()}
    required = {name: parts[name] for name in needed}
    optional = {name: part for name, part in parts.items() if name not in needed}
    made = st.fixed_dictionaries(required, optional=optional)
    more = schema.get("additionalProperties")
    if not more:
        return made
    return st.builds(
        lambda a, b: {**a, **b}, st.dictionaries(KEYS, fitting(more), max_size=4), made
    )


def bodies(operation: Any) -> st.SearchStrategy[str | bytes]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    values = fitting(schema) | JUNK | st.dictionaries(KEYS | st.text(), JUNK, max_size=4)
    return values.map(json.dumps) | st.text() | st.binary()


HARMLESS = [
    one for one in OPERATIONS if one[0] in ("GET", "POST") and one[1] != "/tools/dicom-echo"
]
"""All that neither change the modalities nor make the gateway connect to anywhere."""


def segments(path: str, ids: Mapping[str, list[str]]) -> st.SearchStrategy[str]:
    values = {name: st.sampled_from(ids[name]) for name in re.findall(r"\{(\w+)\}", path)}
    return st.fixed_dictionaries(values).map(lambda found: path_with(path, found))


@pytest.fixture(scope="module")
def ids(practice_gateway: Service) -> Mapping[str, list[str]]:
    found = []
    for level in ("Patient", "Study"):
        query = {"Level": level, "Query": {"PatientID": "0555643F"}}
        found.append(practice_gateway.post("/modalities/pacs/query", query)["ID"])
    return {
        "id": ["pacs", "pacs", "pacs", "nope", "%00", "a%2fb"],
        "query": [*found, "nope", "%ff"],
        "index": ["0", "1", "-1", "x", "9" * 30, "%F0"],
        "job": ["nope", "%00"],
        "output": ["nope"],
    }


def is_gone(status: int, body: bytes) -> bool:
    """Whether a retrieval failed, which Orthanc answers by 500: its destination is unknown."""
    return status == 500 and b"C-MOVE SCU" in body


@pytest.mark.parametrize(
    ("method", "path", "operation"), HARMLESS, ids=[f"{m} {p}" for m, p, _ in HARMLESS]
)
def test_nothing_that_is_sent_makes_it_fail(
    practice_gateway: Service, ids: Mapping[str, list[str]], method: str, path: str, operation: Any
) -> None:
    flags = st.sampled_from(["", "?expand", "?simplify=%FF", "?short&full=&expand=no"])

    @settings(max_examples=4 if "retrieve" in path else 12 if method == "POST" else 6)
    @given(segments(path, ids), flags, bodies(operation))
    def ask(where: str, flag: str, body: str | bytes) -> None:
        sent = None if method == "GET" else body
        answer = practice_gateway.ask(method, where + flag, sent)
        assert answer.status < 500 or is_gone(answer.status, answer.body), answer.body

    ask()
