"""The Python interface asks what the shell asks, and says as truthfully what came."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

import dicomsh
from dicomsh.model.answer import Ending
from tests import servers
from tests.harness import ROOT, practice, run


@pytest.fixture(scope="module")
def pacs() -> Any:
    with dicomsh.connect("pacs", file=ROOT / "modalities.yaml") as connection:
        yield connection


def in_the_shell(command: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run(f"use pacs; {command}", output="json").json
    return found


@pytest.mark.parametrize(
    ("level", "pattern", "arguments", "command"),
    [
        ("study", "JOD*", {"StudyDate": "2009"}, "find study JOD* StudyDate=2009"),
        ("Patient", None, {"sex": "M", "plus": ["birth"]}, "find patient sex=M +birth"),
        ("studies", None, {"date": date(2024, 3, 5)}, "find study date=2024-03-05"),
        ("series", None, {"mod": ["CT", "MR"]}, "find series mod=CT,MR"),
        ("series", None, {"number": 3}, "find series number=3"),
        ("study", None, {"AccessionNumber": None}, "find study +AccessionNumber"),
        ("study", None, {"plus": "AccessionNumber"}, "find study +AccessionNumber"),
        (
            "series",
            None,
            {"keys": {"RequestAttributesSequence.RequestedProcedureID": "*"}},
            "find series RequestAttributesSequence.RequestedProcedureID=*",
        ),
        ("worklist", None, {"station": "CT1"}, "find worklist station=CT1"),
        ("study", None, {"limit": 3}, "find study --limit 3"),
        ("study", None, {"model": "patient"}, "find study --model patient"),
    ],
)
def test_the_rows_are_those_of_the_shell(
    pacs: dicomsh.Connection,
    level: str,
    pattern: str | None,
    arguments: dict[str, Any],
    command: str,
) -> None:
    rows = pacs.find(level, pattern, **arguments)
    assert json.loads(json.dumps(list(rows))) == in_the_shell(command)
    assert len(rows) > 0


def test_a_time_is_one_second(pacs: dicomsh.Connection) -> None:
    (day,) = pacs.find("study", "JOD*", date="2009", plus=["time"])
    moment = time.fromisoformat(f"{day['StudyTime']}"[:6])
    found = pacs.find("study", time=moment, plus=["acc"])
    assert day["StudyInstanceUID"] in [row["StudyInstanceUID"] for row in found]


def test_rows_are_a_sequence_of_mappings(pacs: dicomsh.Connection) -> None:
    rows = pacs.find("study", "JOD*", StudyDate="2009", plus=["AccessionNumber"])
    assert rows.columns[-1] == "AccessionNumber"
    assert rows[0]["PatientID"] == rows[-1]["PatientID"] == "0555643F"
    assert rows[:1] == list(rows)[:1]
    assert rows.outcome.complete
    assert rows.summary.startswith("1 study, complete")
    assert "0555643F" in str(rows)
    assert str(rows).endswith(rows.summary)
    assert repr(rows) == f"<Rows: {rows.summary}>"


def test_a_value_in_a_list_may_begin_with_an_at_sign(pacs: dicomsh.Connection) -> None:
    assert pacs.find("study", acc=["@list.csv"]).summary.startswith("no studies, complete")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("date", "no 'date' in this row: its key is StudyDate"),
        ("studydate", "no 'studydate' in this row: its key is StudyDate"),
        ("acc", "no 'acc' in this row: there are "),
        ("nonsense", "no 'nonsense' in this row: there are .*StudyDate"),
        (5, "no 5 in this row: there are "),
    ],
)
def test_a_name_that_is_not_in_a_row_is_told(
    pacs: dicomsh.Connection, name: Any, said: str
) -> None:
    (streamed,) = pacs.stream("study", "JOD*", date="2009")
    for row in (streamed, pacs.find("study", "JOD*", date="2009")[0]):
        with pytest.raises(KeyError, match=said):
            row[name]
        assert row.get(name) is None


@pytest.mark.parametrize(
    ("modality", "options", "said"),
    [
        (None, {}, "expected the name of a modality, or AET@HOST:PORT, found None"),
        (b"pacs", {}, "found b'pacs'"),
        ("pacs", {"file": 5}, "file: expected a path, found 5"),
        ("pacs", {"timeout": "5"}, "timeout: expected seconds greater than 0, found '5'"),
    ],
)
def test_what_cannot_be_connected_to(modality: Any, options: Any, said: str) -> None:
    with pytest.raises(dicomsh.UsageError, match=said):
        dicomsh.connect(modality, **options)


def test_a_windowed_answer(pacs: dicomsh.Connection) -> None:
    rows = pacs.find("study", split="month", date="2024")
    assert len(rows) == len(pacs.find("study", date="2024"))
    assert "queries" in rows.summary


@pytest.mark.parametrize(
    ("level", "arguments", "message"),
    [
        ("studie", {}, "expected patient, study"),
        (5, {}, "expected patient, study.*, found 5"),
        ("study", {"pattern": 5}, "the pattern: expected text, found 5"),
        ("study", {"pattern": b"JOD*"}, "the pattern: expected text, found b'JOD"),
        ("study", {"id": b"1"}, "id: expected text"),
        ("study", {"plus": None}, "plus: expected the names of attributes, found None"),
        ("study", {"plus": b"acc"}, "plus: expected the names of attributes, found b'acc'"),
        ("study", {"plus": "nothing"}, "no attribute 'nothing'"),
        ("study", {"keys": "date"}, "keys: expected a mapping of names to values, found 'date'"),
        ("study", {"model": []}, "model: expected 'patient' or 'study'"),
        ("study", {"split": []}, "split: expected True or one of"),
        ("study", {"acc": "@list.csv"}, "acc: '@list.csv' would name a file in the shell"),
        ("study", {"keys": {"acc": "@-"}}, "acc: '@-' would name a file in the shell"),
        ("study", {"StudyDat": "2009"}, "no attribute 'StudyDat'"),
        ("study", {"date": "2009-13"}, "there is no month 13"),
        ("study", {"limit": 0}, "limit: expected a whole number"),
        ("study", {"limit": True}, "limit: expected a whole number"),
        ("study", {"model": "worklist"}, "model: expected 'patient' or 'study'"),
        ("study", {"split": "year"}, "split: expected True or one of auto, day, week, month"),
        ("study", {"sex": True}, "sex: expected text"),
        ("study", {"mod": []}, "mod: a list without values"),
        ("study", {"id": object()}, "id: expected text"),
        ("worklist", {"split": True}, "a worklist has no --split"),
    ],
)
def test_what_is_not_a_question(
    pacs: dicomsh.Connection, level: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(dicomsh.UsageError, match=message):
        pacs.find(level, **arguments)
    assert pacs.find("patient", limit=1), "the next question is answered"


def test_an_answer_that_was_cut_off_says_so(tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=5)
    with dicomsh.connect("faulty", file=config) as faulty:
        rows = faulty.find("study")
        assert len(rows) == 5
        assert not rows.outcome.complete
        with pytest.raises(dicomsh.UnsoundAnswerError, match="5 studies, CUT OFF"):
            rows.require_sound()
    with dicomsh.connect("pacs", file=config) as pacs:
        whole = pacs.find("study")
        assert whole.require_sound() is whole


def test_rows_can_be_read_as_they_arrive(pacs: dicomsh.Connection) -> None:
    stream = pacs.stream("instance", limit=300)
    before = stream.outcome
    assert before is None
    assert len([row["SOPInstanceUID"] for row in stream]) == 300
    assert stream.outcome is not None
    assert stream.outcome.ending is Ending.LIMIT


def test_leaving_early_ends_the_query(pacs: dicomsh.Connection) -> None:
    stream = pacs.stream("instance")
    for number, _ in enumerate(stream):
        if number == 3:
            break
    del stream
    assert len(pacs.find("patient", limit=2)) == 2


def test_a_c_echo(pacs: dicomsh.Connection) -> None:
    assert 0 < pacs.echo() < 60
    assert pacs.name == "pacs"


@pytest.mark.filterwarnings("error")
def test_a_closed_connection_answers_nothing_until_with_opens_it_again() -> None:
    pacs = dicomsh.connect("pacs", file=ROOT / "modalities.yaml")
    made = pacs.stream("patient")
    pacs.close()
    asking: list[Callable[[], object]] = [
        lambda: pacs.find("patient"),
        lambda: pacs.stream("patient"),
        lambda: list(made),
        pacs.echo,
    ]
    for _ in range(2):
        for ask in asking:
            with pytest.raises(dicomsh.UsageError, match="the connection to pacs is closed"):
                ask()
        with pacs:
            assert len(pacs.find("patient", limit=1)) == 1


def test_the_same_if_it_is_closed_for_asyncio() -> None:
    async def ask() -> None:
        pacs = dicomsh.connect_async("pacs", file=ROOT / "modalities.yaml")
        async with pacs:
            assert len(await pacs.find("patient", limit=1)) == 1
        with pytest.raises(dicomsh.UsageError, match="the connection to pacs is closed"):
            await pacs.find("patient")
        with pytest.raises(dicomsh.UsageError, match="the connection to pacs is closed"):
            await pacs.echo()

    asyncio.run(ask())


def test_an_archive_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(dicomsh.DicomshError, match="no modality 'nobody'"):
        dicomsh.connect("nobody", file=ROOT / "modalities.yaml")
    gone = dicomsh.connect(f"NO@127.0.0.1:{_closed_port()}", timeout=2)
    with pytest.raises(dicomsh.DicomshError) as caught, gone:
        pass
    assert int(caught.value.status) == 3
    with pytest.raises(dicomsh.DicomshError, match="timeout: expected seconds"):
        dicomsh.connect("pacs", timeout=0)


def _closed_port() -> int:
    from tests.processes import free_ports

    (port,) = free_ports(1)
    return port


def test_threads_share_a_connection(pacs: dicomsh.Connection) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(pacs.find("series", mod="CT"))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_it_works_where_an_event_loop_runs(pacs: dicomsh.Connection) -> None:
    """As in a notebook."""

    async def cell() -> int:
        return len(pacs.find("patient", limit=2))

    assert asyncio.run(cell()) == 2


def test_the_same_for_asyncio() -> None:
    async def ask() -> tuple[int, float, list[str], bool]:
        async with dicomsh.connect_async("pacs", file=ROOT / "modalities.yaml") as pacs:
            one, other = await asyncio.gather(
                pacs.find("patient", limit=2), pacs.find("study", "JOD*", date="2009")
            )
            stream = pacs.stream("series", mod="CT", limit=3)
            uids = [row["SeriesInstanceUID"] async for row in stream]
            whole = stream.outcome is not None and stream.outcome.complete
            return len(one) + len(other), await pacs.echo(), uids, whole

    number, echo, uids, whole = asyncio.run(ask())
    assert (number, len(uids), whole) == (3, 3, True)
    assert echo > 0


def test_it_asks_orthanc_as_the_shell_does(orthanc_server: servers.Orthanc) -> None:
    with dicomsh.connect(orthanc_server.address) as archive:
        rows = list(archive.find("study"))
    shell = run(f"use {orthanc_server.address}; find study", output="json").json
    assert json.loads(json.dumps(rows)) == shell


def test_the_modalities_of_a_file() -> None:
    assert dicomsh.modalities(ROOT / "modalities.yaml") == ["pacs"]


def test_import_costs_next_to_nothing() -> None:
    """The rest comes with the first name that is used."""
    code = "import sys; old = set(sys.modules); import dicomsh; print(*set(sys.modules) - old)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == ["dicomsh"]


def test_every_name_is_there_and_no_other() -> None:
    assert all(getattr(dicomsh, name) for name in dicomsh.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        dicomsh.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_question_can_be_asked_for_each_row_of_a_stream(pacs: dicomsh.Connection) -> None:
    for patient in pacs.stream("patient", limit=5):
        studies = pacs.find("study", id=patient["PatientID"])
        assert {study["PatientID"] for study in studies} <= {patient["PatientID"]}
        inner = [row["StudyInstanceUID"] for row in pacs.stream("study", id=patient["PatientID"])]
        assert len(inner) == len(studies)


def test_threads_ask_again_after_it_was_closed() -> None:
    pacs = dicomsh.connect("pacs", file=ROOT / "modalities.yaml")
    for _ in range(2):
        pacs.__enter__()
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda found=found: found.append(len(pacs.find("patient"))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pacs.close()
        assert len(found) == 8


def test_a_stream_that_was_left_may_outlive_its_connection() -> None:
    pacs = dicomsh.connect("pacs", file=ROOT / "modalities.yaml")
    rows = iter(pacs.stream("instance"))
    next(rows)
    before = _event_loops()
    pacs.close()
    del rows
    gc.collect()  # an open socket would be told now
    assert _event_loops() < before


def _event_loops() -> set[int | None]:
    """The threads of connections; other threads, of servers, begin and end when they like."""
    return {thread.ident for thread in threading.enumerate() if thread.name == "dicomsh pacs"}


def test_errors_have_their_types(tmp_path: Path) -> None:
    config = practice(tmp_path, fail={"study": 0xC000})
    with dicomsh.connect("faulty", file=config) as faulty:
        with pytest.raises(dicomsh.QueryFailedError):
            faulty.find("study")
        with pytest.raises(dicomsh.UsageError):
            faulty.find("study", nonsense=1)
