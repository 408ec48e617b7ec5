"""The canned server answers as a real one would, else what is measured against it means nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association

from dicomsh.model.levels import VERIFICATION, Model
from tests.benchmarks.canned import stream
from tests.benchmarks.paint import PacedServer
from tests.benchmarks.rows import AET, KEYS, canned
from tests.practice.scu import keep_answers
from tests.processes import HOST

_ROWS = 40


@pytest.fixture
def association() -> Iterator[Association]:
    with canned(_ROWS) as port:
        entity = ApplicationEntity()
        for uid in (VERIFICATION, Model.PATIENT_ROOT.value, Model.STUDY_ROOT.value):
            entity.add_requested_context(uid)
        association = entity.associate(HOST, port, ae_title=AET)
        assert association.is_established
        keep_answers(association)
        yield association
        association.release()


def _find(association: Association, message_id: int) -> list[Dataset]:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    for keyword, value in KEYS.items():
        setattr(query, keyword, value)
    *pending, (status, _) = association.send_c_find(query, Model.STUDY_ROOT.value, message_id)
    assert status.Status == 0x0000
    assert all(status.Status == 0xFF00 for status, _ in pending)
    return [identifier for _, identifier in pending if identifier is not None]


def test_rows_hold_what_is_asked_for_in_utf8(association: Association) -> None:
    rows = _find(association, 1)
    assert len(rows) == _ROWS
    assert all(set(KEYS) < set(row.dir()) for row in rows)
    assert str(rows[0].PatientName) == "Müller^Jürgen"
    assert str(rows[3].PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert len({row.StudyInstanceUID for row in rows}) == _ROWS


def test_association_can_be_kept(association: Association) -> None:
    answered: list[int] = []
    association.bind(
        evt.EVT_DIMSE_RECV,
        lambda event: answered.append(event.message.command_set.MessageIDBeingRespondedTo),
    )
    assert association.send_c_echo(5).Status == 0x0000
    assert _find(association, 7) == _find(association, 9)
    assert answered == [5] + (_ROWS + 1) * [7] + (_ROWS + 1) * [9]


def test_a_paced_server_sends_each_answer_by_itself() -> None:
    with PacedServer(3, 0) as server:
        parts = list(server.parts(Model.STUDY_ROOT.value, 1, 1))
    assert [part.count(b"PID000000") for part in parts] == [1, 1, 1]
    assert b"".join(parts) == stream(3, Model.STUDY_ROOT.value, 1, 1)
