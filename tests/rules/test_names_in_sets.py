r"""Names in character sets, at servers that compare bytes, pick a set per row, or drop letters.

Guards against silent wrong answers: `Grün*` that finds nobody, because her name is stored in
another set; `*山田*` for which a server returns everybody; rows in a set that nobody named.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import evt

from dicomsh.errors import ExitStatus
from tests.bytewise import Habits, Person, bytewise
from tests.dimse.peers import scp, study
from tests.harness import Done, run

ANNA = Person("A1", "Grün^Anna", "ISO_IR 100")
BEN = Person("B2", "Brown^Ben")
PARK = Person("C3", "Park^Jin=朴^진", "ISO_IR 192")
YAMADA = Person("D4", "Yamada^Tarou=山田^太郎", r"\ISO 2022 IR 87")


def ids(done: Done, status: int = ExitStatus.DONE) -> list[str]:
    assert done.status == status, done.err
    rows: list[dict[str, Any]] = done.json
    return [row["PatientID"] for row in rows]


def asked(text: str, *people: Person, **habits: Any) -> Done:
    with bytewise(*people, habits=Habits(**habits)) as server:
        return run(text, modality=server.address, output="json")


def test_a_server_that_ignores_names_beyond_ascii_and_picks_sets_is_noticed() -> None:
    """A row in UTF-8 could have shown the letters: that the others lack them excuses nothing."""
    people = (ANNA, BEN, PARK)
    done = asked("find patient *朴*", *people, ignores=frozenset({"beyond ASCII"}))
    assert ids(done, ExitStatus.INCOMPLETE) == ["A1", "B2", "C3"]
    assert "2 of 3 rows do not match PatientName=*朴*" in done.last


def test_rows_that_lost_the_letters_asked_for_are_no_contradiction() -> None:
    done = asked("find patient *山田*", YAMADA, ANNA, answers_in="ISO_IR 100", decodes=True)
    assert ids(done) == ["D4"]
    assert "cannot represent all characters of your query" in done.last


def test_a_row_that_would_not_match_with_its_letters_either_is_one() -> None:
    """`Grn^Anna` may have lost an `ü`, but `Brown^Ben` has not."""
    ignoring = {"ignores": frozenset({"beyond ASCII"}), "answers_in": "ISO_IR 144"}
    done = asked("find patient Grün*", ANNA, BEN, **ignoring)
    assert ids(done, ExitStatus.INCOMPLETE) == ["A1", "B2"]
    assert "1 of 2 rows do not match" in done.last


def test_rows_without_a_set_are_not_excused() -> None:
    done = asked("find patient *山田*", BEN, Person("E5", "Doe^Jane"), ignores={"beyond ASCII"})
    assert ids(done, ExitStatus.INCOMPLETE) == ["B2", "E5"]
    assert "2 of 2 rows do not match" in done.last


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("AdditionalPatientHistory=As*", "Asthma", "Gout"),  # LT
        ("PatientComments=As*", "Asthma\\attack", "Gout"),  # LT
        ("InstitutionAddress=Hof*", "Hofweg 1", "Platz 2"),  # ST
        ("TextValue=ok", "ok", "not"),  # UT
    ],
)
def test_an_ignored_key_of_any_text_is_noticed(key: str, right: str, wrong: str) -> None:
    keyword = key.partition("=")[0]
    people = [Person("A1", "A", more={keyword: right}), Person("B2", "B", more={keyword: wrong})]
    command = f"find study {key}"
    assert ids(asked(command, *people)) == ["A1"]
    done = asked(command, *people, ignores=frozenset({keyword}))
    assert ids(done, ExitStatus.INCOMPLETE) == ["A1", "B2"]
    assert f"1 of 2 rows do not match {key}" in done.last


def test_universal_is_for_typed_keys_alone_and_said(tmp_path: Path) -> None:
    """`*` in the default return keys gave 2 of the 40 patients, "complete"."""
    path = tmp_path / "modalities.yaml"
    path.write_text("modalities: {old: {practice: true, universal: '*'}}", "utf-8")
    everyone = run("find patient", config=path, modality="old", output="json")
    assert len(ids(everyone)) == 40
    assert "sent as" not in everyone.last
    sexed = run("find patient sex=", config=path, modality="old", output="json")
    assert len(ids(sexed)) == 39
    assert "PatientSex sent as * (universal: for this modality)" in sexed.last


def test_0xff01_is_no_doubt_about_what_the_rows_show() -> None:
    done = asked("find patient ?rown*", BEN, status=0xFF01)
    assert ids(done) == ["B2"]
    assert "0xFF01" not in done.last


def test_0xff01_puts_in_doubt_what_cannot_be_checked() -> None:
    """With --fuzzy the server decides which names are alike, and here it may have matched none."""

    def find(event: Any) -> Iterator[tuple[int, Dataset]]:
        del event
        yield 0xFF01, study(1, PatientName="Doe^Jane")

    handlers = [(evt.EVT_SOP_EXTENDED, lambda event: dict.fromkeys(event.app_info, b"\1\1\1"))]
    with scp(find, handlers=handlers) as peer:
        done = run("find study Smith --fuzzy", modality=str(peer.entity), output="json")
    assert done.status == ExitStatus.INCOMPLETE, done.err
    assert "does not support some of the keys (0xFF01), and dicomsh cannot check" in done.last


def test_0xff01_is_kept_and_explained() -> None:
    with bytewise(BEN, habits=Habits(status=0xFF01)) as server:
        done = run("find patient > /dev/null; explain last", modality=server.address)
    assert "some came with 0xFF01" in done.out
