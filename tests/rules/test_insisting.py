r"""Names are found whatever a server makes of character sets and `?`, or the line says so.

Guards against silent wrong answers: `Grün*` that finds nobody, because her name is stored in
another set; `M?ller*` that leaves out `Müller`, because `?` stands for one byte; names that come
without a character set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dicomsh.errors import ExitStatus
from dicomsh.model.batches import BATCH_ROWS
from dicomsh.query import insist
from tests.bytewise import Bytewise, Habits, Person, bytewise
from tests.harness import Done, run

ANNA = Person("A1", "Grün^Anna", "ISO_IR 100")
BEN = Person("B2", "Brown^Ben")
BORIS = Person("B3", "GrьN^Boris", "ISO_IR 144")
KIM = Person("K4", "Hong^Gildong=洪^吉洞=홍^길동", r"\ISO 2022 IR 149")
YAMADA = Person("D4", "Yamada^Tarou=山田^太郎", r"\ISO 2022 IR 87")
MUELLER = Person("M1", "Müller^Ute", "ISO_IR 192")
MILLER = Person("M2", "Miller^Ann")
OTHER_MUELLER = Person("M3", "Müller^Max", "ISO_IR 100")
PEOPLE = (ANNA, BEN, KIM, YAMADA, MUELLER, MILLER, OTHER_MUELLER)


def ids(done: Done, status: int = ExitStatus.DONE) -> list[str]:
    assert done.status == status, done.err
    rows: list[dict[str, Any]] = done.json
    return sorted(row["PatientID"] for row in rows)


def asked(server: Bytewise, *texts: str, state: Path | None = None) -> Done:
    server.asked.clear()
    return run(*texts, modality=server.address, output="json", state=state)


@pytest.mark.parametrize("level", ["patient", "study"])
@pytest.mark.parametrize(
    ("name", "found", "charset"),
    [
        ("Grün*", ["A1"], "ISO_IR 100"),
        ("*山田*", ["D4"], r"\ISO 2022 IR 87"),
        ("*길동*", ["K4"], r"\ISO 2022 IR 149"),
    ],
)
def test_a_name_that_is_not_found_in_utf8_is_asked_in_the_sets_that_hold_it(
    level: str, name: str, found: list[str], charset: str
) -> None:
    with bytewise(*PEOPLE) as server:
        done = asked(server, f"find {level} {name}")
        assert ids(done) == found
        assert server.asked[0] == ("ISO_IR 192", name.encode())
        assert charset in [term for term, _ in server.asked]
    assert f"PatientName asked in {charset}" in done.last


def test_a_set_that_was_seen_is_tried_first_and_remembered(tmp_path: Path) -> None:
    with bytewise(*PEOPLE) as server:
        asked(server, "find patient; find patient *길동*", state=tmp_path)
        assert [charset for charset, _ in server.asked] == [
            None,
            "ISO_IR 192",
            r"\ISO 2022 IR 149",
            "ISO_IR 100",  # the bytes alone, for other letters before them
            "GB18030",  # others may be stored in it
        ]
        again = asked(server, "find patient *吉洞*", state=tmp_path)
        assert ids(again) == ["K4"]
        assert [charset for charset, _ in server.asked[:3]] == [
            "ISO_IR 192",
            r"\ISO 2022 IR 149",
            "ISO_IR 100",
        ]


def test_what_is_found_in_two_sets_comes_together_once_that_is_known(tmp_path: Path) -> None:
    """In UTF-8 one Müller is found, in Latin-1 the other."""
    with bytewise(*PEOPLE) as server:
        asked(server, "find patient Grün*", state=tmp_path)
        assert ids(asked(server, "find patient Müller*", state=tmp_path)) == ["M1", "M3"]


def test_sets_that_answers_came_in_are_asked_too_unless_the_server_reads_them() -> None:
    """Without a probe, one Müller is found in UTF-8: nothing says that there is no other."""
    with bytewise(*PEOPLE) as server:
        found = asked(server, "find patient > /dev/null; find patient Müller*")
        assert ids(found) == ["M1", "M3"]
    with bytewise(*PEOPLE, habits=Habits(decodes=True)) as server:
        listed = "find patient > /dev/null; "
        found = asked(server, listed + "find study Müller* > /dev/null; find patient Müller*")
        assert ids(found) == ["M1", "M3"]
        assert [charset for charset, _ in server.asked[-1:]] == ["ISO_IR 192"]


def test_other_sets_are_asked_though_one_is_found_and_no_answer_has_shown_them() -> None:
    """The first question of a session: one Müller is in UTF-8, the other in Latin-1."""
    with bytewise(*PEOPLE) as server:
        assert ids(asked(server, "find patient Müller*")) == ["M1", "M3"]
        assert [charset for charset, _ in server.asked[:2]] == ["ISO_IR 192", "ISO_IR 100"]


def test_a_server_that_reads_a_set_is_asked_in_it_once() -> None:
    with bytewise(MUELLER, MILLER, habits=Habits(decodes=True)) as server:
        found = asked(server, "find patient Müller*; find study Müller*; find patient Müller*")
        assert found.status == ExitStatus.DONE
        terms = [charset for charset, _ in server.asked]
    assert terms == ["ISO_IR 192", "ISO_IR 100", r"\ISO 2022 IR 58", "GB18030", *2 * ["ISO_IR 192"]]


def test_bytes_that_match_by_chance_are_left_out() -> None:
    with bytewise(BORIS) as server:
        done = asked(server, "find patient GrüN*")
    assert ids(done) == []
    assert "also asked in ISO_IR 100" in done.last


def test_a_row_without_a_set_is_read_in_the_one_that_found_it() -> None:
    with bytewise(ANNA, habits=Habits(labels="never")) as server:
        assert ids(asked(server, "find patient Grün*")) == ["A1"]


def test_a_name_that_nobody_bears_is_not_found_and_says_where_it_was_sought() -> None:
    with bytewise(*PEOPLE) as server:
        done = asked(server, "find patient Müllner*")
    assert ids(done) == []
    assert "also asked in ISO_IR 100, \\ISO 2022 IR 58, GB18030" in done.last


def test_a_probe_tries_each_set_and_remembers(tmp_path: Path) -> None:
    with bytewise(*PEOPLE) as server:
        done = asked(server, "probe", state=tmp_path)
        found = {row["capability"]: row["finding"] for row in done.json}
        assert found["names in ISO_IR 100"] == "works, asked in ISO_IR 100"
        assert found[r"names in \ISO 2022 IR 87"] == r"works, asked in \ISO 2022 IR 87"
        assert found["names in ISO_IR 192"] == "works"
        assert found["? for a letter beyond ASCII"] == "finds nothing"
        assert ids(asked(server, "find patient Grün*", state=tmp_path)) == ["A1"]
        assert [term for term, _ in server.asked] == ["ISO_IR 192", "ISO_IR 100"]


def test_a_question_mark_finds_a_letter_of_two_bytes() -> None:
    """The first query finds who has one byte there; the second, with `*`, everybody."""
    with bytewise(*PEOPLE) as server:
        done = asked(server, "find patient M?ller*")
        assert [name for _, name in server.asked] == [b"M?ller*", b"M*ller*"]
    assert ids(done) == ["M1", "M2", "M3"]
    assert "PatientName=M*ller* asked for ?, filtered locally: 3 of 3 kept" in done.last


def test_what_is_known_is_explained(tmp_path: Path) -> None:
    with bytewise(*PEOPLE) as server:
        asked(server, "find patient M?ller* > /dev/null; find patient Grün*", state=tmp_path)
        page = asked(server, "set output table; explain find patient Grün*", state=tmp_path).out
        assert "asked in ISO_IR 100 too, in which it has found names" in page
    with bytewise(*PEOPLE, habits=Habits(labels="asked")) as server:
        asked(server, "find patient", state=tmp_path)
        page = asked(server, "set output table; explain find patient", state=tmp_path).out
        assert "requested: this server names that of its answers only then" in page


def test_a_question_mark_is_not_sent_again_once_it_is_known(tmp_path: Path) -> None:
    with bytewise(*PEOPLE) as server:
        asked(server, "find patient M?ller*", state=tmp_path)
        done = asked(server, "find study M?ller^?nn", state=tmp_path)
        assert [name for _, name in server.asked] == [b"M*ller^*nn"]
    assert ids(done) == ["M2"]


def test_a_question_mark_that_would_take_too_many_rows_is_incomplete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(insist, "_WIDEST", 2)
    with bytewise(*PEOPLE) as server:
        done = asked(server, "find patient M?ller*")
    assert done.status == ExitStatus.INCOMPLETE
    assert "INCOMPLETE" in done.last
    assert "? may not match non-ASCII letters on this server, and more than 2 rows" in done.last


def test_rows_that_came_for_an_asterisk_prove_nothing_about_a_question_mark(tmp_path: Path) -> None:
    with bytewise(*PEOPLE) as server:
        for _ in range(3):
            done = asked(server, "find patient M?ller*", state=tmp_path)
            assert ids(done) == ["M1", "M2", "M3"]
        assert [name for _, name in server.asked] == [b"M*ller*"]


def test_the_padding_of_a_name_is_not_a_byte_of_a_letter(tmp_path: Path) -> None:
    """`Gr?n*` finds a name in Latin-1 of an odd length, where the letter is one byte."""
    with bytewise(*PEOPLE) as server:
        assert ids(asked(server, "find patient Gr?n*", state=tmp_path)) == ["A1"]
        assert ids(asked(server, "find patient M?ller*", state=tmp_path)) == ["M1", "M2", "M3"]


def test_rows_without_the_attribute_asked_for_are_kept_and_in_doubt(tmp_path: Path) -> None:
    unknown = Habits(ignores=frozenset({"StudyDescription"}))
    with bytewise(*PEOPLE, habits=unknown) as server:
        asked(server, "find patient M?ller*", state=tmp_path)
        done = asked(server, "find study 'desc=?2 AX'", state=tmp_path)
    assert len(ids(done, ExitStatus.INCOMPLETE)) == len(PEOPLE)
    assert "7 of them lack" in done.last


def test_a_question_mark_of_a_server_that_compares_letters_is_asked_once(tmp_path: Path) -> None:
    """The row itself proves it: `?` was a letter of two bytes."""
    with bytewise(*PEOPLE, habits=Habits(decodes=True)) as server:
        assert ids(asked(server, "find patient M?ller*", state=tmp_path)) == ["M1", "M2", "M3"]
        assert len(server.asked) == 1
        assert ids(asked(server, "find patient M?ller^A*", state=tmp_path)) == ["M2"]
        assert len(server.asked) == 1


def test_a_question_mark_beside_letters_beyond_ascii_in_another_set() -> None:
    with bytewise(*PEOPLE) as server:
        assert ids(asked(server, "find patient Grü?^A*")) == ["A1"]
        assert ids(asked(server, "find patient G?ün^A*")) == ["A1"]


def test_a_set_that_is_named_on_request_alone_is_requested(tmp_path: Path) -> None:
    with bytewise(*PEOPLE, habits=Habits(labels="asked")) as server:
        done = asked(server, "find patient", state=tmp_path)
        assert [charset for charset, _ in server.asked] == [None, ""]
        rows = {row["PatientID"]: row["PatientName"] for row in done.json}
        assert rows["A1"] == "Grün^Anna"
        assert len(done.json) == len(PEOPLE)
        assert "asked again for SpecificCharacterSet, which names it" in done.last
        again = asked(server, "find study", state=tmp_path)
        assert [charset for charset, _ in server.asked] == [""]
        assert "Latin-1" not in again.last


def test_a_set_that_is_never_named_is_requested_once(tmp_path: Path) -> None:
    with bytewise(*PEOPLE, habits=Habits(labels="never")) as server:
        done = asked(server, "find patient", state=tmp_path)
        assert [charset for charset, _ in server.asked] == [None, ""]
        assert "which names none either" in done.last
        assert "read as Latin-1" in done.last
        asked(server, "find patient", state=tmp_path)
        assert [charset for charset, _ in server.asked] == [None]


def test_a_set_is_not_requested_where_answers_are_ascii_or_name_it() -> None:
    for people in ((BEN, MILLER), PEOPLE):
        with bytewise(*people) as server:
            asked(server, "find patient")
            assert [charset for charset, _ in server.asked] == [None]


TANAKA = Person("D5", "Tanaka^Yama=田中^山=たなか^やま", "ISO_IR 192")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("'*山*'", ["D4", "D5"]),
        ("'*田*'", ["D4", "D5"]),
        ("'*太郎'", ["D4"]),
        ("'*郎'", ["D4"]),
        ("'*동'", ["K4"]),
        ("'*길?'", ["K4"]),
        ("'*朗*'", []),
    ],
)
def test_letters_inside_a_word_are_found_whatever_stands_around_them(
    pattern: str, found: list[str]
) -> None:
    """In ISO 2022 sets, words stand between escape sequences, which a byte server compares too."""
    with bytewise(*PEOPLE, TANAKA) as server:
        done = asked(server, "find patient > /dev/null", f"find patient {pattern}")
    assert ids(done) == found


def test_the_sets_of_all_rows_are_noticed_not_only_of_the_first() -> None:
    """Rows arrive in three batches or more; those in sets of their own are the last of many.

    Each set is asked in anyway, but those of rows that were seen come first.
    """
    names = (f"N{number:04}" for number in range(2 * BATCH_ROWS + 10))
    many = [Person(name, "Smith^Ann", "ISO_IR 100") for name in names]
    with bytewise(*many, KIM, YAMADA, TANAKA) as server:
        done = asked(server, "find patient > /dev/null", "find patient '*田*'")
    assert ids(done) == ["D4", "D5"]
    sets = [term for term, _ in server.asked]
    assert sets.index(KIM.charset) < sets.index(YAMADA.charset)
