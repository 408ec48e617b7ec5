"""The same requests to Orthanc and to the gateway, with the same archives behind both.

`REQUESTS` is a table: groups of requests that are sent one after the other. Status, media type and
JSON have to be the same, apart from IDs and times; where they are not, `differs` says why. It is
checked that they are different then, so that no reason stays when it is no longer true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.gateway.gateways import Answer, Service


@dataclass(frozen=True)
class Ask:
    """A request, and why the gateway answers it in another way than Orthanc, if it does.

    `saves` is the name under which the ID in the answer is known in later paths, `{name}`.
    """

    method: str
    path: str
    body: Any = None
    saves: str = ""
    differs: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {'' if self.body is None else json.dumps(self.body)}"


def get(path: str, differs: str = "") -> Ask:
    return Ask("GET", path, differs=differs)


def post(path: str, body: Any = None, differs: str = "", saves: str = "") -> Ask:
    return Ask("POST", path, body, saves, differs)


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{8}T\d{6}\.\d{6}")


def asked(service: Service, request: Ask, names: dict[str, str]) -> Answer:
    """The answer to a request; remembers its ID."""
    path = request.path
    for name, found in names.items():
        path = path.replace(f"{{{name}}}", found)
    answer = service.ask(request.method, path, request.body)
    if request.saves:
        assert answer.status == 200, (service, request, answer.body)
        names[request.saves] = answer.json["ID"]
    return answer


def compared(answer: Answer) -> tuple[int, str, Any]:
    """What has to be the same: status, media type, and JSON without IDs and times."""
    text = _TIME.sub("<time>", _ID.sub("<id>", answer.body.decode()))
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return answer.status, answer.kind, value


STUDY = "1.2.840.113704.1.111.2768.1239195678.57"
SERIES = "2.25.236092141500755858564893741495811087176"

_OUTCOME = "our outcome is listed beside what Orthanc has"
_TAG_400 = "a wrong key is the caller's mistake: 400 instead of 500"
_FILTER = "a filter outside the level is sent, where Orthanc drops it and answers another question"
_PAGE = "the page's own line leaves the series empty: the instances of all series"
_META = "Orthanc asks for an element of group 2, which is no part of an identifier"
_OPERATIONS = (
    "what the gateway offers: it stores nothing, and gets objects (as Orthanc from 1.12.6)"
)
_CONTENT = (
    "the content of the job, with TargetAet and Details as from Orthanc 1.13, and our outcome"
)
_NOWHERE = "the details say what the archive said, and how many objects are missing"
_LISTED = "the archive is asked for its instances beforehand: there is nothing to move"
_TITLE = "an AE title has 1 to 16 characters (PS3.5 6.2)"
_SAID = "what the archive says about it (Error Comment) is passed on"
_SPELT = "served as it is listed"
_CHARSET = "SpecificCharacterSet as the archive sent it; from Orthanc, its own DefaultEncoding"
_STRUCTURE = "Orthanc drops sequences, and the values of private and binary elements"
_SEVERAL = "Orthanc 1.10.1 refuses an answer that names several character sets"
_URI = "Uri without the slash at the end"
_DIGITS = "the shortest digits that mean the number: 0.1, not 0.10000000000000001"


def _find(kind: str, body: Any = None, differs: str = "", name: str = "pacs") -> Ask:
    return post(f"/modalities/{name}/find-{kind}", body, differs)


def _query(body: Any, differs: str = "", saves: str = "", name: str = "pacs") -> Ask:
    return post(f"/modalities/{name}/query", body, differs, saves)


def _of(level: str, **query: str) -> dict[str, Any]:
    return {"Level": level, "Query": query}


def _read(name: str, *, index: int = 0) -> tuple[Ask, ...]:
    """All that can be read of a query."""
    one = f"/queries/{{{name}}}"
    flags = ("", "?simplify", "?short")
    return (
        get(one, _OUTCOME),
        get(f"{one}/level"),
        get(f"{one}/modality"),
        *(get(f"{one}/query{flag}") for flag in flags),
        get(f"{one}/answers"),
        *(get(f"{one}/answers?expand{flag.replace('?', '&')}") for flag in flags),
        get(f"{one}/answers/{index}"),
        *(get(f"{one}/answers/{index}/content{flag}") for flag in flags),
    )


def _varied(patient: str, differs: str = "") -> tuple[Ask, ...]:
    """All forms of what the archive of `tests.gateway.varied` answers."""
    every = ("", "&simplify", "&short")
    return (
        _find("patient", {"PatientID": patient}, differs, name="varied"),
        _find("study", {"PatientID": patient}, differs, name="varied"),
        _query(_of("Study", PatientID=patient), saves=patient, name="varied"),
        *(get(f"/queries/{{{patient}}}/answers?expand{form}", differs) for form in every),
    )


REQUESTS: Mapping[str, tuple[Ask, ...]] = {
    "unknown": (
        get("/nope"),
        post("/nope", ""),
        get("/queries/xxx"),
        get("/queries/xxx/level"),
        get("/queries/xxx/answers"),
        get("/queries/xxx/answers/0/content"),
        Ask("DELETE", "/queries/xxx"),
        Ask("PUT", "/queries/xxx", ""),
        post("/queries/xxx", ""),
        get("/modalities/pacs/query"),
        Ask("DELETE", "/modalities/pacs/echo"),
        get("/tools/dicom-echo"),
    ),
    "slashes": (
        get("/modalities/"),
        get("/modalities//pacs///configuration"),
        post("/modalities/pacs/echo/", {}),
        get("/queries//xxx"),
        get("/nope/", _URI),
    ),
    "modalities": (
        get("/modalities"),
        get("/modalities?expand"),
        get("/modalities?expand=true"),
        get("/modalities?expand=false", "the flag is off, as in later releases of Orthanc"),
        get("/modalities/pacs", _OPERATIONS),
        get("/modalities/nope"),
        get("/modalities/pacs/configuration"),
        get("/modalities/nope/configuration"),
        Ask("PUT", "/modalities/new", ["AET", "127.0.0.1", 104]),
        get("/modalities/new/configuration"),
        Ask("PUT", "/modalities/new", ["AET", "127.0.0.1", "105", "GE"]),
        get("/modalities/new/configuration"),
        Ask("PUT", "/modalities/new", ["AET", "127.0.0.1", 104, "EFilm2"]),
        get("/modalities/new/configuration"),
        Ask(
            "PUT",
            "/modalities/new",
            {"AET": "A", "Host": "127.0.0.1", "Port": 9, "LocalAet": "B", "Timeout": 7},
        ),
        get("/modalities/new/configuration"),
        get("/modalities"),
        Ask("PUT", "/modalities/new", ["AET", "127.0.0.1", 104, "Nope"]),
        Ask("PUT", "/modalities/new", {"AET": "A"}),
        Ask("PUT", "/modalities/new", "x"),
        Ask("PUT", "/modalities/new", ["A", "127.0.0.1", "x"]),
        Ask("PUT", "/modalities/new", ["A", "127.0.0.1", 70000]),
        Ask("PUT", "/modalities/new", ["A", "127.0.0.1"]),
        Ask("PUT", "/modalities/new%20x", ["A", "127.0.0.1", 104]),
        Ask("DELETE", "/modalities/new"),
        Ask("DELETE", "/modalities/new"),
        get("/modalities/new/configuration"),
    ),
    "echo": (
        *(post("/modalities/pacs/echo", body) for body in ("", "{}", '""', "[1]")),
        post("/modalities/pacs/echo", {"CheckFind": True}),
        post("/modalities/back/echo", {"CheckFind": True, "Timeout": 5}),
        post("/modalities/pacs/echo", "xx"),
        post("/modalities/pacs/echo", {"Timeout": "a"}),
        post("/modalities/pacs/echo", {"Timeout": -1}),
        post("/modalities/pacs/echo", {"CheckFind": "a"}),
        post("/modalities/down/echo", {}),
        post("/modalities/nope/echo", {}),
        post("/modalities/nope/echo", "x"),
        post("/tools/dicom-echo", ["DOWN", "127.0.0.1", 1]),
        post("/tools/dicom-echo", {}),
        post("/tools/dicom-echo", "x"),
        post("/tools/dicom-echo", []),
    ),
    "deprecated routes": (
        _find("patient", {"PatientName": "JOD*", "PatientSex": "M"}),
        _find("study", {"PatientID": "0555643F"}),
        _find("series", {"PatientID": "0555643F", "StudyInstanceUID": STUDY}),
        _find(
            "instance",
            {"PatientID": "0555643F", "StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES},
            _META,
        ),
        _find(
            "instance",
            {"PatientID": "0555643F", "StudyInstanceUID": STUDY, "SeriesInstanceUID": ""},
            _PAGE,
        ),
        _find("patient", {}),
        _find("patient", {"PatientName": "jod*"}),
        _find("patient", {"0010,0020": "0555643F"}),
        _find("patient", {"PatientID": 5}),
        _find("patient", {"PatientName": "NOBODY"}),
        _find("patient", {"StudyDate": ""}),
        _find("study", {"PatientID": "0555643F", "StudyDate": "20090101-20101231"}),
        _find("study", {"PatientID": "0555643F", "ModalitiesInStudy": "CT\\MR"}),
        _find("study", {"PatientID": "0555643F", "PatientName": ""}),
        _find("study", {"AccessionNumber": "A091000"}),
        _find("study", {"PatientID": "0555643F", "StudyDescription": "*BRAIN*"}),
        _find("study", {"PatientID": "*", "PatientName": "JOD*"}),
        _find("study", {"PatientName": "JOD*"}),
        _find("study", {}),
        _find("study", {"PatientID": "05"}),
        _find("study", {"PatientID": "0555643F", "InstitutionName": "NOWHERE"}, _FILTER),
        _find("series", {"PatientID": "0555643F"}),
        _find("series", {"StudyInstanceUID": STUDY}),
        _find("series", {"AccessionNumber": "A091000", "StudyInstanceUID": STUDY}),
        _find("series", {"PatientID": "0555643F", "StudyInstanceUID": STUDY, "Modality": "MR"}),
        _find("instance", {"PatientID": "0555643F", "StudyInstanceUID": STUDY}),
        _find("instance", {"PatientID": "0555643F", "SeriesInstanceUID": SERIES}),
        *(_find("patient", body) for body in ("[]", "x", "", "5", '"x"', "null", "{")),
        _find("patient", {"Nope": "x"}, _TAG_400),
        _find("patient", {"PatientID": ["a"]}, _TAG_400),
        _find("patient", {}, name="nope"),
        _find("patient", "x", name="nope"),
        _find("patient", {}, name="down"),
        _find("study", {}, name="down"),
        _find("patient", {"PatientID": "0555643F"}, name="back"),
        _find("study", {"PatientID": "0555643F"}, name="back"),
        post("/modalities/pacs/find", {"PatientID": "0555643F"}),
        post("/modalities/pacs/find", {"PatientID": "0555643F", "Modality": "SR"}),
        post("/modalities/pacs/find", {"PatientID": "0555643F", "StudyDate": "2011*"}, _SAID),
        post("/modalities/pacs/find", "x"),
        post("/modalities/nope/find", {}),
    ),
    "studies": (
        _query(_of("Study", PatientID="0555643F", PatientName=""), saves="q"),
        *_read("q", index=1),
        get("/queries/{q}/answers/7"),
        get("/queries/{q}/answers/7/content"),
        get("/queries/{q}/answers/-1/content"),
        get("/queries/{q}/answers/x"),
        get("/queries/{q}/answers/x/content"),
        get("/queries/{q}/nope"),
        post("/queries/{q}/answers/0/query-studies", {"Query": {}}),
        post("/queries/{q}/answers/0/query-nope", {"Query": {}}),
        post("/queries/{q}/answers/9/query-series", {"Query": {}}),
        post("/queries/{q}/answers/0/query-series", ""),
        post("/queries/{q}/answers/0/query-series", {"Query": {"Nope": ""}}),
        post("/queries/{q}/answers/0/query-series", {"Query": {"Modality": ""}}, saves="s"),
        *_read("s"),
        post("/queries/{s}/answers/0/query-instances", {}, saves="i"),
        get("/queries/{i}/query"),
        get("/queries/{i}/answers"),
        get("/queries/{i}/answers/0"),
        get("/queries/{i}/answers?expand&simplify", _META),
        Ask("DELETE", "/queries/{q}"),
        get("/queries/{q}"),
    ),
    "patients": (
        _query(_of("Patient", PatientName="JOD*"), saves="q"),
        *_read("q"),
        post("/queries/{q}/answers/0/query-studies", {"Query": {}}, saves="s"),
        get("/queries/{s}/query?simplify"),
        get("/queries/{s}/answers?expand&simplify"),
        post("/queries/{q}/answers/0/query-study", {"Query": {}}, _SPELT),
    ),
    "levels and keys": (
        *(
            _query({"Level": level, "Query": {"PatientID": "0555643F"}})
            for level in ("studies", "STUDY", "Study", "series", "patients")
        ),
        *(
            _query({"Level": level, "Query": {"SOPInstanceUID": "1.2"}})
            for level in ("image", "IMAGES", "Instances")
        ),
        _query(_of("Study", **{"0010,0020": "0555643F"}), saves="a"),
        get("/queries/{a}/answers?expand&short"),
        get("/queries/{a}/query"),
        _query(_of("Study", **{"00100020": "0555643F"})),
        _query(_of("Study", **{"0010-0020": "0555643F"}), saves="b"),
        get("/queries/{b}/answers?expand&simplify"),
        _query(_of("Study", StudyDate="20090101-", PatientID="0555643F"), saves="c"),
        *(_query(_of("Study", StudyDate=date), _SAID) for date in ("2030-01-01", "-7d", "--")),
        get("/queries/{c}/answers?expand&simplify"),
        _query(_of("Study", ModalitiesInStudy="CT\\MR", PatientID="0555643F"), saves="d"),
        get("/queries/{d}/answers?expand&simplify"),
        _query(_of("Study", PatientName="*ü*"), saves="e"),
        get("/queries/{e}/answers?expand&simplify"),
        get("/queries/{e}/query"),
        _query(_of("Study", PatientName="*山田*"), saves="f"),
        get("/queries/{f}/answers?expand&simplify"),
        _query(_of("Study", PatientID="0555643F", InstitutionName="", Rows=""), saves="g"),
        get("/queries/{g}/answers?expand&simplify"),
        get("/queries/{g}/query?simplify"),
        _query(
            {
                "Level": "Study",
                "Query": {"PatientID": "0555643F", "InstitutionName": ""},
                "Normalize": False,
            },
            saves="h",
        ),
        get("/queries/{h}/answers?expand&simplify"),
        _query(_of("Study", PatientID="0555643F", NumberOfStudyRelatedInstances=""), saves="j"),
        get("/queries/{j}/answers?expand&simplify"),
        _query(_of("Study", PatientID="0555643F", InstitutionName="NOWHERE"), _FILTER),
        _query(_of("Patient", NumberOfPatientRelatedStudies="", PatientID="0555643F"), saves="l"),
        get("/queries/{l}/answers?expand"),
        _query(_of("Study"), saves="m", name="back"),
        get("/queries/{m}/answers?expand"),
        get("/queries/{m}/answers?expand&simplify"),
        _query(
            {"Level": "Study", "Query": {"PatientID": "0555643F"}, "LocalAet": "OTHER"}, saves="n"
        ),
        get("/queries/{n}/answers"),
        _query({**_of("Study", PatientID="0555643F"), "Timeout": 5}),
        _query({**_of("Study", PatientID="0555643F"), "Timeout": 0}),
    ),
    "values of every kind": (
        *_varied("texts"),
        *_varied("numbers"),
        *_varied("fraction", _DIGITS),
        *_varied("latin", _CHARSET),
        *_varied("undeclared", _CHARSET),
        *_varied("structured", _STRUCTURE),
        _find("patient", {"PatientID": "several"}, _SEVERAL, name="varied"),
    ),
    "retrieve": (
        _query(_of("Study", PatientID="0555643F"), saves="q", name="back"),
        post("/queries/{q}/answers/0/retrieve", "DICOMSH", _CONTENT),
        post("/queries/{q}/answers/0/retrieve", {"TargetAet": "DICOMSH", "Full": True}, _CONTENT),
        post("/queries/{q}/answers/0/retrieve", {"TargetAet": "NOPE"}, _NOWHERE),
        post(
            "/queries/{q}/answers/0/retrieve", {"TargetAet": "NOPE", "Permissive": True}, _CONTENT
        ),
        post("/queries/{q}/answers/0/retrieve", {"TargetAet": 5}),
        post("/queries/{q}/answers/99/retrieve", "DICOMSH"),
        post("/queries/{q}/answers/x/retrieve", "DICOMSH"),
        post("/queries/nope/retrieve", "DICOMSH"),
        post("/queries/{q}/retrieve", {"TargetAet": "DICOMSH", "Synchronous": False}, saves="j"),
        post("/queries/{q}/retrieve", {"TargetAet": "DICOMSH", "Asynchronous": True}),
        get("/jobs/xxx"),
        post("/jobs/xxx/cancel", ""),
        post("/jobs/xxx/resubmit", ""),
        get("/jobs/xxx/nope"),
        post("/jobs/{j}", ""),
    ),
    "move": (
        *(
            post("/modalities/back/move", body)
            for body in (
                "x",
                {},
                {"Level": "Study"},
                {"Level": "Study", "Resources": []},
                {"Level": "Study", "Resources": {"StudyInstanceUID": "1.2.3"}},
                {"Level": "Study", "Resources": [{"PatientID": "x"}]},
                {"Level": "Study", "Resources": [5]},
                {"Level": "Study", "Resources": [{"StudyInstanceUID": 5}]},
                {"Level": "Nope", "Resources": [{"StudyInstanceUID": "1.2.3"}]},
                {"Level": "Series", "Resources": [{"SeriesInstanceUID": "1.2.3"}]},
                {
                    "Level": "Study",
                    "Resources": [{"StudyInstanceUID": "1.2.3"}],
                    "TargetAet": 5,
                },
            )
        ),
        post("/modalities/back/move", {"Level": "Study", "Resources": [{"Nope": "1"}]}, _TAG_400),
        post(
            "/modalities/back/move",
            {"Level": "Study", "Resources": [{"StudyInstanceUID": "1.2.3"}], "TargetAet": "X"},
            _LISTED,
        ),
        post(
            "/modalities/back/move",
            {"Level": "Study", "Resources": [{"StudyInstanceUID": ""}], "TargetAet": "X"},
            "an empty key makes some archives send everything: it is never sent",
        ),
        post("/modalities/nope/move", {"Level": "Study", "Resources": []}),
        post("/modalities/down/move", {"Level": "Study", "Resources": [{"StudyInstanceUID": "1"}]}),
    ),
    "worklist": (
        *(
            post("/modalities/pacs/find-worklist", body)
            for body in (
                {"Query": {"PatientID": "", "PatientName": ""}},
                {"PatientID": "", "ScheduledProcedureStepSequence": []},
                {"Query": {"ScheduledProcedureStepSequence": [{"Modality": "CT"}]}},
                {
                    "Query": {
                        "PatientID": "",
                        "ScheduledProcedureStepSequence": [
                            {"Modality": "MR", "ScheduledStationAETitle": ""}
                        ],
                    },
                    "Simplify": True,
                },
                {"Query": {"0010,0020": ""}, "Short": True},
                {"Query": {"PatientID": "NOBODY"}, "Full": True},
                "x",
            )
        ),
        post("/modalities/pacs/find-worklist", "[]", _TAG_400),
        post("/modalities/nope/find-worklist", {}),
        post("/modalities/down/find-worklist", {"PatientID": ""}),
        post("/modalities/back/find-worklist", {}, "says what it accepts instead"),
    ),
    "bodies that are refused": (
        *(
            _query(body)
            for body in (
                "x",
                "",
                "[]",
                {},
                {"Level": "Nope"},
                {"Level": "Worklist"},
                {"Level": 5},
                _of("Study", Nope="x"),
                _of("Study", patientid="x"),
                {"Level": "Study", "Query": {"PatientID": 5}},
                {"Level": "Study", "Query": {"PatientID": None}},
                {"Level": "Study", "Query": []},
                {"Level": "Study", "Query": "x"},
                {"Level": "Study", "Normalize": "x"},
                {"Level": "Study", "Normalize": 1},
                {"Level": "Study", "LocalAet": 5},
                {"Level": "Study", "Timeout": "x"},
                {"Level": "Study", "Timeout": -5},
                {"Level": "Study", "Timeout": 5.5},
            )
        ),
        _query(_of("Study", StudyDate="2009*"), _SAID),
        _query(
            {"Level": "Patient", "Query": {"Modality": "CT"}, "Normalize": False},
            "0xA900 means that the archive refuses the query: 422 as for 0xC000, instead of 500",
        ),
        _query({"Level": "Study", "LocalAet": "A" * 17}, _TITLE),
        _query({"Level": "Study", "LocalAet": ""}, _TITLE),
        _query(_of("Study"), name="nope"),
        _query("x", name="nope"),
        _query({"Level": "Nope"}, name="nope"),
        _query(_of("Study"), name="down"),
    ),
}
