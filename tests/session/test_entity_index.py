"""What was seen: entities by place and key, values by attribute, in bounds, some rows at a time."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.row import Row
from dicomsh.session import entity_index as module
from dicomsh.session.entity_index import EntityIndex, SeenEntity
from dicomsh.session.kept_answer import KEPT_BYTES, KEPT_BYTES_IN_ALL
from dicomsh.session.state import Session
from tests.harness import sample_configuration
from tests.model.rows import answer

PATIENT = Place((PlaceStep(Level.PATIENT, "P1"),))


def row(**elements: str) -> Row:
    """A row as it is kept: bytes alone."""
    made = answer(**elements)
    data = b"".join(
        struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(raw)) + raw
        for tag, raw in made.elements.items()
    )
    return Row(data, made.source)


def seen(*answers: tuple[Level, Place, list[Row]]) -> EntityIndex:
    made = EntityIndex()
    for level, around, rows in answers:
        made.feed(rows, level, around)
    made.learn()
    return made


def keys(found: Iterable[tuple[str, SeenEntity]]) -> list[str]:
    return [key for key, _ in found]


def patients(*ids: str) -> tuple[Level, Place, list[Row]]:
    return Level.PATIENT, Place(), [row(PatientID=key) for key in ids]


def test_entities_by_key_and_by_its_beginning() -> None:
    made = seen(patients("B2", "A1", "B1"))
    assert [entity.place.path for entity in made.below(Place(), "B1")] == ["/B1"]
    assert made.below(Place(), "B") == []
    assert keys(made.beginning(Place(), "B")) == ["B1", "B2"]
    assert keys(made.recent(Place(), "", 10)) == ["B2", "A1", "B1"]


def test_the_answer_seen_last_counts_as_the_latest() -> None:
    made = seen(patients("A", "B", "C"), patients("B"))
    assert keys(made.recent(Place(), "", 10)) == ["B", "A", "C"]
    assert keys(made.recent(Place(), "", 2)) == ["B", "A"]


def test_a_later_answer_tells_more_of_an_entity() -> None:
    bare, told = row(StudyInstanceUID="1.2"), row(StudyInstanceUID="1.2", StudyDate="20240305")
    made = seen((Level.STUDY, PATIENT, [bare]), (Level.STUDY, PATIENT, [told]))
    (entity,) = made.below(PATIENT, "1.2")
    assert entity.place.labels == ("P1", "2024-03-05")


def test_entities_are_kept_apart_by_place() -> None:
    other = Place((PlaceStep(Level.PATIENT, "P2"),))
    made = seen(
        (Level.STUDY, PATIENT, [row(StudyInstanceUID="1.2")]),
        (Level.STUDY, Place(), [row(StudyInstanceUID="1.3", PatientID="P2")]),
        (Level.STUDY, Place(), [row(StudyInstanceUID="1.4")]),
    )
    assert keys(made.beginning(PATIENT, "")) == ["1.2"]
    assert keys(made.beginning(other, "1")) == ["1.3"]
    assert keys(made.beginning(Place(), "")) == []


def test_rows_that_were_not_listed_tell_of_what_is_new_only() -> None:
    made = seen(
        (Level.STUDY, Place(), [row(StudyInstanceUID="1.2", PatientID="P1", StudyDate="20240305")])
    )
    made.note([row(StudyInstanceUID="1.2"), row(StudyInstanceUID="1.3")], Level.STUDY, PATIENT)
    made.learn()
    assert [entity.place.labels[-1] for entity in made.below(PATIENT, "1.2")] == ["2024-03-05"]
    assert keys(made.beginning(PATIENT, "")) == ["1.2", "1.3"]
    assert keys(made.deeper.beginning("", "")) == ["1.2"]


def test_entities_deeper_than_asked_are_those_of_the_last_answer() -> None:
    made = seen(
        (Level.STUDY, Place(), [row(StudyInstanceUID="1.3", PatientID="P2")]),
        (Level.STUDY, Place(), [row(StudyInstanceUID="1.4", PatientID="P2")]),
    )
    assert keys(made.deeper.beginning("", "1")) == ["1.4"]
    assert [found.place.path for found in made.deeper.exactly("", "1.4")] == ["/P2/1.4"]


def test_patients_with_one_id_are_told_apart_by_issuer() -> None:
    rows = [row(PatientID="X", IssuerOfPatientID=issuer) for issuer in ("ONE", "TWO")]
    made = seen((Level.PATIENT, Place(), [*rows, row(PatientID="Y", IssuerOfPatientID="ONE")]))
    issuers = [entity.place.steps[-1].issuer for entity in made.below(Place(), "X")]
    assert issuers == ["ONE", "TWO"]
    assert [entity.issuer for entity in made.below(Place(), "Y")] == [""]


def test_rows_are_looked_into_a_few_at_a_time() -> None:
    made = EntityIndex()
    made.feed([row(StudyInstanceUID=f"1.{number}") for number in range(5)], Level.STUDY, PATIENT)
    assert made.learn(0)
    assert keys(made.beginning(PATIENT, "")) == []
    assert made.learn(2)
    assert keys(made.beginning(PATIENT, "")) == ["1.3", "1.4"]
    made.learn(3)
    assert not made.learn(1)
    assert len(keys(made.beginning(PATIENT, ""))) == 5


def test_looking_into_rows_leaves_them_as_small_as_they_were() -> None:
    kept = row(PatientID="A")
    seen((Level.PATIENT, Place(), [kept]))
    assert kept._elements is None


def test_values_the_latest_first_and_apart() -> None:
    rows = [row(ModalitiesInStudy=text) for text in ("CT\\SR", "MR", "CT\\SR")]
    made = seen((Level.STUDY, PATIENT, rows), (Level.STUDY, PATIENT, [row(ModalitiesInStudy="US")]))
    values = list(made.values(by_keyword("ModalitiesInStudy").tag))
    assert values == ["US", "CT", "SR", "MR"]
    assert list(made.values(by_keyword("Modality").tag)) == []


def test_binary_values_are_not_read_as_text() -> None:
    made = seen((Level.INSTANCE, PATIENT, [row(SOPInstanceUID="1.2", Rows="51")]))
    assert list(made.values(by_keyword("Rows").tag)) == []


def test_what_was_seen_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTITIES", 3)
    monkeypatch.setattr(module, "MOST_VALUES", 2)
    made = seen(patients("A", "B"), patients("C", "D", "E"))
    assert keys(made.beginning(Place(), "")) == ["C", "D", "E"]
    assert list(made.values(by_keyword("PatientID").tag)) == ["C", "D"]


def test_keys_with_control_characters_are_left_out() -> None:
    made = seen(patients("A\x01B", "A\x00B", "", "C"))
    assert keys(made.beginning(Place(), "")) == ["C"]


_ids = st.text(st.sampled_from("AB/%\x00\x01é"), max_size=3)


@given(st.lists(st.tuples(_ids, _ids), max_size=8), _ids)
@example([("A", "")], "A\x01")
def test_any_answer_can_be_looked_up(found: list[tuple[str, str]], start: str) -> None:
    rows = [row(PatientID=key, IssuerOfPatientID=issuer) for key, issuer in found]
    made = seen((Level.PATIENT, Place(), rows))
    ids = [key.strip(" \0") for key, _ in found]
    issuers = [issuer.strip(" \0") for _, issuer in found]
    wanted = {
        key
        for key, issuer in zip(ids, issuers, strict=True)
        if key
        and key.isprintable()
        and key.startswith(start)
        and (ids.count(key) == 1 or issuer.isprintable())
    }
    assert set(keys(made.beginning(Place(), start))) == wanted
    assert set(keys(made.recent(Place(), start, 100))) == wanted


def test_what_is_kept_of_answers_is_bounded_in_bytes() -> None:
    session = Session(sample_configuration(), {})
    heavy = Row(bytes(KEPT_BYTES // 4), row(PatientID="A1").source)
    for _ in range(8):
        kept = session.begin((), Level.PATIENT, Place())
        for _ in range(9):
            kept.add([heavy])
        assert (kept.total, len(kept.rows)) == (9, 4)
        session.listings.append(kept)
        session.keep(session.begin((), Level.PATIENT, Place()), Outcome(Ending.COMPLETE, 0, 0))
    assert sum(kept.bytes for kept in session.listings) == KEPT_BYTES_IN_ALL
