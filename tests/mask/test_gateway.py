"""A masked gateway: every endpoint, as described and with what it refuses, shows no marker.

The requests come from the description of the endpoints, so that a new one is tried by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dicomsh.gateway.endpoint import Endpoint
from dicomsh.gateway.routes import ENDPOINTS
from dicomsh.gateway.routes.language import FORMATS
from tests.dimse.peers import element, pdu, pdv, response
from tests.gateway.gateways import Answer, Service, gateway
from tests.hostile.peer import Conversation, attacking
from tests.mask.marked import BIRTH, MARK, UID, leaks, marked, marked_server

PATIENT = f"{MARK}0555643F"
STUDY = "1.2.840.113704.1.111.2768.1239195678.57"
"""The study in the examples; in this archive, it has another UID."""

REFUSED = [
    {"Modality": "pacs", "command": f"find study id={PATIENT} date=nonsense"},
    {"Modality": "pacs", "command": f"find study {PATIENT} {PATIENT}"},
    {
        "Modality": "pacs",
        "command": f"find patient birth={BIRTH} id={PATIENT} | where nonsense={PATIENT}",
    },
    {"Level": "Study", "Query": {"StudyDate": PATIENT, "PatientID": PATIENT}},
    {"Query": {"PatientID": PATIENT, "Nonsense": PATIENT}},
    {"PatientID": PATIENT, "StudyInstanceUID": f"{UID}1x", "PatientBirthDate": f"{BIRTH}\\{BIRTH}"},
    [PATIENT],
    PATIENT,
]
"""Bodies that no endpoint takes as they are."""

COMMANDS = [
    f"find patient id={PATIENT} +PatientBirthDate",
    "find study +PatientBirthDate | select PatientID PatientBirthDate date | sort date",
    "find series | count by PatientID",
    f"find instance id={PATIENT} --limit 3",
    "find worklist",
    "find study --split",
    f"find study id={PATIENT} name={PATIENT} --empty",
]


def test_no_marker_leaves() -> None:
    with marked_server() as server, gateway(_address(server.aet, server.port), "--mask") as service:
        answers = dict(_answers(service, _known(service)))
        log = (service.folder / "log").read_text("utf-8")
    assert sum(answer.body.count(b"X-") for answer in answers.values()) > 200
    assert {answer.status for answer in answers.values()} >= {200, 400, 403, 404}
    found = {request: leaks(_text(answer)) for request, answer in answers.items()}
    assert {request: markers for request, markers in found.items() if markers} == {}
    assert leaks(log) == []


def test_what_a_server_says_is_masked() -> None:
    def refuse(conversation: Conversation) -> None:
        request = conversation.accepted()
        while True:
            failed = response(request.message_id, 0xA900, data_set=False)
            comment = element(0x0902, f"{PATIENT} 19770707 ".encode())
            conversation.send(pdu(4, pdv(request.context, 3, failed + comment)))
            request = conversation.request()

    with attacking(refuse) as address:
        aet, _, place = address.partition("@")
        port = int(place.partition(":")[2])
        with gateway(_address(aet, port), "--mask") as masked:
            hidden = [_text(masked.ask("POST", path, body)) for path, body in _QUERIES]
        with gateway(_address(aet, port)) as plain:
            told = [_text(plain.ask("POST", path, body)) for path, body in _QUERIES]
    assert [leaks(text) for text in hidden] == [[]] * len(_QUERIES)
    assert all(leaks(text) for text in told)


_QUERIES: list[tuple[str, Any]] = [
    ("/find", {"command": "find study"}),
    ("/modalities/pacs/query", {"Level": "Study", "Query": {}}),
    ("/wado-identifiers", {"Modality": "pacs", "PatientID": "A", "StudyInstanceUID": "1.2"}),
    ("/modalities/pacs/find-worklist", {"Query": {}}),
]


def _address(aet: str, port: int) -> str:
    return f"pacs: {{aet: {aet}, host: 127.0.0.1, port: {port}}}"


def _known(service: Service) -> Mapping[str, str]:
    """What parameters of paths are, with a query that is kept; and a study, as it is shown."""
    keys = {"PatientID": PATIENT}
    kept = service.post("/modalities/pacs/query", {"Level": "Patient", "Query": keys})
    study = service.post("/modalities/pacs/find-study", keys)[0]["StudyInstanceUID"]
    job = {"job": PATIENT, "output": PATIENT}
    return {"id": "pacs", "query": kept["ID"], "index": "0", "study": study, **job}


def _answers(service: Service, known: Mapping[str, str]) -> Iterator[tuple[str, Answer]]:
    """The answers to all requests, by what was asked; what deletes is tried at the end."""
    deleting = [one for one in ENDPOINTS if one.method == "DELETE"]
    others = [one for one in ENDPOINTS if one.method != "DELETE"]
    for method, path, body in (
        *(request for one in others for request in _requests(one, known)),
        *(
            ("POST", "/find", {"command": command, "format": form, "Modality": "pacs"})
            for command in COMMANDS
            for form in FORMATS
        ),
    ):
        yield f"{method} {path} {body}", service.ask(method, path, body)
    for query in service.get("/queries"):
        for part in ("query", "dicomsh-outcome", "answers?expand"):
            path = f"/queries/{query}/{part}"
            yield path, service.ask("GET", path)
    for method, path, body in (request for one in deleting for request in _requests(one, known)):
        yield f"{method} {path}", service.ask(method, path, body)


def _requests(endpoint: Endpoint, known: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    """Each form of a route, with its example and with what it refuses."""
    path = re.sub(r"\{(\w+)\}", lambda found: known[found[1]], endpoint.path)
    if endpoint.method == "PUT":
        path = path.replace("pacs", "other")
    bodies: list[Any] = [None]
    if endpoint.body is not None:
        example = marked(json.dumps(endpoint.body.example)).replace(STUDY, known["study"])
        bodies = [json.loads(example), *REFUSED]
    for way in (path, *(f"{path}?{flag}" for flag in endpoint.flags)):
        for body in bodies:
            yield endpoint.method, way, body


def _text(answer: Answer) -> str:
    """All of an answer but what the client has sent: its path."""
    text = f"{answer.headers} {answer.body.decode()}"
    return re.sub(r'"Uri" : "[^"]*"', "", text)
