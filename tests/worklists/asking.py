"""Other clients: DCMTK's findscu -W, and the worklist SCU of Orthanc."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from pydicom import DataElement, config
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from tests.processes import find_program, scratch
from tests.servers import AET, Orthanc, Server
from tests.worklists.items import STEP
from tests.worklists.queries import Keys, Query

_STEP_ID = f"{STEP}.ScheduledProcedureStepID"


def by_findscu(server: Server, queries: Sequence[Query]) -> list[frozenset[str]]:
    """The steps that findscu gets for each query, all on one association."""
    parts = [(number, keys) for number, query in enumerate(queries) for keys in query.asked]
    with scratch() as folder:
        files = []
        for place, (number, keys) in enumerate(parts):
            files.append(folder / f"{place:03}.dcm")
            _identifier(keys, queries[number].charset).save_as(files[-1], implicit_vr=True)
        peer = ["-aet", AET, "-aec", server.aet, server.host, str(server.port)]
        command = [find_program("findscu"), "-v", "-W", *peer, *map(str, files)]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    log = (done.stdout + done.stderr).decode("latin-1")
    answers = log.split("I: Sending Find Request")[1:]
    assert len(answers) == len(parts), log[-2000:]
    found: list[set[str]] = [set() for _ in queries]
    for (number, _), answer in zip(parts, answers, strict=True):
        assert "Received Final Find Response (Success)" in answer, answer[-2000:]
        found[number] |= set(re.findall(r"\(0040,0009\) SH \[(\w+) *\]", _responses(answer)))
    return [frozenset(steps) for steps in found]


def _responses(answer: str) -> str:
    """What came back, without the request that findscu prints before."""
    return answer.partition("Find Response: ")[2]


def _identifier(keys: Keys, charset: str) -> Dataset:
    with config.disable_value_validation():
        return _data_set(keys, charset)


def _data_set(keys: Keys, charset: str) -> Dataset:
    made, step = Dataset(), Dataset()
    if charset:
        made.SpecificCharacterSet = charset
    for path, value in {_STEP_ID: "", "PatientName": "", **keys}.items():
        *around, keyword = path.split(".")
        vr = dictionary_VR(keyword)
        held = (
            PersonName(value.encode(_CODECS[charset]), [_CODECS[charset]]) if vr == "PN" else value
        )
        element = DataElement(keyword, vr, held, validation_mode=IGNORE)
        (step if around else made)[keyword] = element
    made.ScheduledProcedureStepSequence = [step]
    return made


def by_orthanc(orthanc: Orthanc, queries: Sequence[Query]) -> Iterator[frozenset[str]]:
    """The steps that Orthanc gets from itself for each query."""
    for query in queries:
        found: set[str] = set()
        for keys in query.asked:
            rows: list[Any] = orthanc.worklist(_nested(keys))
            found |= {row[STEP][0]["ScheduledProcedureStepID"] for row in rows}
        yield frozenset(found)


_CODECS = {"": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 13": "shift_jis", "ISO_IR 192": "utf-8"}


def _nested(keys: Keys) -> dict[str, Any]:
    around: dict[str, Any] = {}
    step: dict[str, str] = {}
    for path, value in {_STEP_ID: "", **keys}.items():
        *outer, keyword = path.split(".")
        (step if outer else around)[keyword] = value
    return {**around, STEP: [step]}
