"""The description of the gateway, and what it does with anything that fits it or does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomsh.config import load
from dicomsh.gateway.errors import Trouble
from dicomsh.gateway.openapi import described
from dicomsh.gateway.peer import MANUFACTURERS
from dicomsh.gateway.routes import ENDPOINTS
from dicomsh.model.modality import PracticeAddress
from dicomsh.practice.server import start
from tests.gateway.gateways import Answer, Service, gateway
from tests.processes import HOST

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


FLAGS = st.sampled_from(["", "?expand", "?simplify=%FF", "?short&full=&expand=no"])
ECHO = "/tools/dicom-echo"


def is_changing(method: str, path: str) -> bool:
    """Whether an operation changes what others need, or writes files."""
    return method in ("PUT", "DELETE") or path.endswith("/get")


def of_kind(*, changing: bool) -> pytest.MarkDecorator:
    """The operations of a kind, apart from the one that connects to anywhere."""
    found = [one for one in OPERATIONS if one[1] != ECHO and is_changing(*one[:2]) == changing]
    names = [f"{method} {path}" for method, path, _ in found]
    return pytest.mark.parametrize(("method", "path", "operation"), found, ids=names)


def segments(path: str, ids: Mapping[str, list[str]]) -> st.SearchStrategy[str]:
    values = {name: st.sampled_from(ids[name]) for name in re.findall(r"\{(\w+)\}", path)}
    return st.fixed_dictionaries(values).map(lambda found: path_with(path, found))


def known_ids(service: Service) -> Mapping[str, list[str]]:
    """What may stand in a path: some of it is there, some is not."""
    found = []
    for level in ("Patient", "Study"):
        query = {"Level": level, "Query": {"PatientID": "0555643F"}}
        found.append(service.post("/modalities/pacs/query", query)["ID"])
    return {
        "id": ["pacs", "pacs", "pacs", "nope", "%00", "a%2fb"],
        "query": [*found, "nope", "%ff"],
        "index": ["0", "1", "-1", "x", "9" * 30, "%F0"],
        "job": ["nope", "%00"],
        "output": ["nope"],
    }


@pytest.fixture(scope="module")
def asked() -> Iterator[Service]:
    """A gateway whose archive sends nothing: who listens where it would send to is not known."""
    with gateway("pacs: {practice: true, faults: {unknown_destination: true}}") as service:
        yield service


@pytest.fixture(scope="module")
def ids(asked: Service) -> Mapping[str, list[str]]:
    return known_ids(asked)


def is_of_the_network(answer: Answer) -> bool:
    """Whether an archive has failed, or cannot be reached: Orthanc answers that by 500."""
    return answer.status == 500 and answer.json["OrthancStatus"] == Trouble.NETWORK.value.number


def assert_stands(answer: Answer) -> None:
    """A request has not made the gateway fail."""
    assert answer.status < 500 or is_of_the_network(answer), answer.body


@of_kind(changing=False)
def test_nothing_that_is_sent_makes_it_fail(
    asked: Service, ids: Mapping[str, list[str]], method: str, path: str, operation: Any
) -> None:
    @settings(max_examples=4 if "retrieve" in path else 12 if method == "POST" else 6)
    @given(segments(path, ids), FLAGS, bodies(operation))
    def ask(where: str, flag: str, body: str | bytes) -> None:
        assert_stands(asked.ask(method, where + flag, None if method == "GET" else body))

    ask()


TITLES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=17)
HOSTS = st.sampled_from([HOST] * 6 + ["localhost", "::1", "[::1]", "", "\0", "a b", "x..y"])
"""Only this computer is ever connected to."""


def peers(port: int) -> st.SearchStrategy[Any]:
    """Addresses, of which only one port answers; some of them are not valid."""
    ports = st.sampled_from([port] * 6 + [str(port), 65534, 0, -1, 65535, None, 1.5, True])
    peer = {"AET": TITLES, "Host": HOSTS, "Port": ports}
    more = {
        "LocalAet": TITLES,
        "Manufacturer": st.sampled_from(sorted(MANUFACTURERS)) | JUNK,
        "Timeout": st.integers(0, 5) | JUNK,
        "UseDicomTls": st.booleans(),
        "CheckFind": st.booleans() | JUNK,
    }
    as_list = st.tuples(*peer.values()) | st.tuples(*peer.values(), more["Manufacturer"])
    return as_list | st.fixed_dictionaries(peer, optional=more)


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Service]:
    """A gateway that may change its modalities file, and has a folder for files."""
    options = "--allow-changes", "--store", str(tmp_path)
    with gateway("pacs: {practice: true}", *options) as service:
        yield service


@of_kind(changing=True)
def test_no_change_makes_it_fail(changing: Service, method: str, path: str, operation: Any) -> None:
    """What it says that it knows is always what is in the file."""
    file = changing.folder / "modalities.yaml"
    names = ["new", "pacs", "all", "a-b", "a_b", "-", "%00", "a%20b", "%C3%BC", "x" * 65]
    ids = {**known_ids(changing), **({} if path.endswith("/get") else {"id": names})}
    sent = bodies(operation) | peers(104).map(json.dumps) if method == "PUT" else bodies(operation)

    @settings(max_examples=60 if method == "PUT" else 12)
    @given(segments(path, ids), FLAGS, sent)
    def ask(where: str, flag: str, body: str | bytes) -> None:
        assert_stands(changing.ask(method, where + flag, body))
        written = load(file, environ={}, cwd=changing.folder).modalities
        assert sorted(written) == changing.get("/modalities")

    ask()


def test_no_address_makes_it_fail(practice_gateway: Service) -> None:
    with start(PracticeAddress()) as practice:

        @settings(max_examples=60)
        @given(peers(practice.port).map(json.dumps) | JUNK.map(json.dumps) | st.binary())
        def ask(body: str | bytes) -> None:
            assert_stands(practice_gateway.ask("POST", ECHO, body))

        ask()
