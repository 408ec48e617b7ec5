from collections.abc import Sequence
from typing import Any

import pytest

from dicomsh.frozen import replace
from dicomsh.model.columns import Column, FieldColumn, Record
from dicomsh.model.levels import Level
from dicomsh.model.safe import width
from dicomsh.output.formats import renderer
from dicomsh.output.renderer import FIRST_PAGE, PART, Renderer
from dicomsh.output.table import HELD
from dicomsh.output.theme import SEQUENCE, Theme
from tests.output.rows import answer, column, columns, fields, rendered

UID = "1.2.840.113704.1.111.2768.1239195678."
STUDY_COLUMNS = (
    column("StudyDate", "Date"),
    column("ModalitiesInStudy", "Modalities"),
    column("StudyDescription", "Description"),
    column("NumberOfStudyRelatedSeries", "Series"),
    column("NumberOfStudyRelatedInstances", "Instances"),
    column("StudyInstanceUID", "Study UID"),
)


def study(description: str, end: str = "57", **more: Any) -> Any:
    return answer(
        {
            "StudyDate": "20090412",
            "ModalitiesInStudy": "MR\\SR",
            "StudyDescription": description,
            "NumberOfStudyRelatedSeries": "3",
            "NumberOfStudyRelatedInstances": "412",
            "StudyInstanceUID": UID + end,
            **more,
        }
    )


def people(*names: str) -> list[Record]:
    return [{"name": name, "place": "x"} for name in names]


def test_the_look() -> None:
    text, done = rendered(
        "table", STUDY_COLUMNS, [study("CT THORAX"), study("MR BRAIN", "91")], width=86
    )
    assert text == (
        " #  Date        Modalities  Description  Series  Instances  Study UID\n"
        " 1  2009-04-12  MR\\SR       CT THORAX         3        412  1.2.840.113704…78.57\n"
        " 2  2009-04-12  MR\\SR       MR BRAIN          3        412  1.2.840.113704…78.91\n"
    )
    assert done.hidden == []


def test_nothing_is_shortened_without_a_width() -> None:
    text, done = rendered("table", STUDY_COLUMNS, [study("x" * 300)])
    assert "x" * 300 + "       3" in text
    assert text.endswith(f"{UID}57\n")
    assert done.hidden == []


def test_a_uid_stays_whole_where_there_is_room() -> None:
    assert UID + "57" in rendered("table", STUDY_COLUMNS, [study("CT")], width=120)[0]


def test_the_widest_column_shrinks_first() -> None:
    text, done = rendered("table", STUDY_COLUMNS, [study("CT THORAX " * 9)], width=100)
    line = text.splitlines()[1]
    assert line.startswith(" 1  2009-04-12  MR\\SR  CT THORAX CT THORAX CT THORAX CT THORAX CT…  ")
    assert line.endswith(" 412  1.2.840.113704…78.57")
    assert done.hidden == [], "there is nothing that it could be taken for"


def test_texts_that_look_alike_when_cut_are_told() -> None:
    same, other = study("CT THORAX " * 9), study("CT THORAX " * 9 + "AGAIN")
    assert rendered("table", STUDY_COLUMNS, [same, same], width=100)[1].hidden == []
    _, done = rendered("table", STUDY_COLUMNS, [same, other], width=100)
    assert done.hidden == ["1 column shortened: last --wide shows it whole"]


def test_then_the_uid_is_left_out_and_texts_stay_readable() -> None:
    text, done = rendered("table", STUDY_COLUMNS, [study("CT THORAX " * 9)], width=72)
    assert text == (
        " #  Date        Mod    Description                            #Ser  #Ins\n"
        " 1  2009-04-12  MR\\SR  CT THORAX CT THORAX CT THORAX CT THO…     3   412\n"
    )
    assert done.hidden == ["StudyInstanceUID not shown: last --wide shows it whole"]
    whole, done = rendered("table", STUDY_COLUMNS, [study("CT THORAX")], width=72)
    assert whole.endswith("  CT THORAX       3     412  1.2.840.113704…78.57\n")
    assert done.hidden == []


def test_headings_become_brief_before_a_value_is_cut() -> None:
    text, done = rendered("table", STUDY_COLUMNS, [study("CT THORAX")], width=50)
    assert text == (
        " #  Date        Mod      Desc       Series    #Ins\n"
        " 1  2009-04-12  MR\\SR    CT THORAX       3     412\n"
    )
    assert done.hidden == ["StudyInstanceUID not shown: last --wide shows it whole"]


def test_a_uid_that_was_asked_for_stays() -> None:
    *others, uid = STUDY_COLUMNS
    asked = (*others, replace(uid, asked=True))
    text, done = rendered("table", asked, [study("CT THORAX " * 9)], width=72)
    assert text == (
        " #  Date        Mod    Description          #Ser  #Ins  Study UID\n"
        " 1  2009-04-12  MR\\SR  CT THORAX CT THORA…     3   412  1.2.840.113…8.57\n"
    )
    assert done.hidden == []


def test_identifiers_are_cut_in_the_middle() -> None:
    shown = (column("PatientID"), column("AccessionNumber"), column("StudyDescription"))
    rows = [
        answer(
            {
                "PatientID": f"HOSPITAL-{n:012}",
                "AccessionNumber": "A1",
                "StudyDescription": "x" * 60,
            }
        )
        for n in (1, 2)
    ]
    text, done = rendered("table", shown, rows, width=40)
    found = [line.split()[1] for line in text.splitlines()[1:]]
    assert found == ["HOSPITA…0000001", "HOSPITA…0000002"]
    assert done.hidden == []


NOTHING_ELSE = {"StudyDate": "", "StudyDescription": ""}


@pytest.mark.parametrize("second", [NOTHING_ELSE, dict.fromkeys(NOTHING_ELSE)])
def test_a_uid_that_alone_tells_which_row_it_is_stays(second: dict[str, Any]) -> None:
    more = {name: value for name, value in second.items() if value is not None}
    rows = [study("CT THORAX " * 9), study("", "91", **{**NOTHING_ELSE, **more})]
    text, _ = rendered("table", STUDY_COLUMNS, rows, width=72)
    assert "1.2.840.113…8.91\n" in text


INSTANCE_COLUMNS = (
    column("PatientName"),
    *columns("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"),
    column("InstanceNumber"),
)


@pytest.mark.parametrize(
    ("cells", "left_out"),
    [
        (62, "StudyInstanceUID not shown: last --wide shows it whole"),
        (40, "StudyInstanceUID and SeriesInstanceUID not shown: last --wide shows them whole"),
        (
            26,
            "StudyInstanceUID, SeriesInstanceUID and SOPInstanceUID not shown: "
            "last --wide shows them whole",
        ),
    ],
)
def test_of_several_uids_that_of_the_entity_stays_longest(cells: int, left_out: str) -> None:
    uids = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    row = {**dict.fromkeys(uids, UID + "1"), "PatientName": "Doe^Jane", "InstanceNumber": "1"}
    text, done = rendered("table", INSTANCE_COLUMNS, [answer(row)], width=cells)
    assert "Doe^Jane" in text
    assert done.hidden == [left_out]


def test_identifiers_of_records_are_cut_in_the_middle_and_urls_never() -> None:
    shown = (FieldColumn("SOPInstanceUID", "UID"), FieldColumn("url", "URL", whole=True))
    records = [{"SOPInstanceUID": UID + "57", "url": "https://pacs/wado?" + "x" * 40}]
    text, done = rendered("table", shown, records, level=None, width=80)
    assert text.splitlines()[1].split() == ["1", "1.2.840.113…8.57", records[0]["url"]]
    assert done.hidden == []
    upright, done = rendered("table", shown, records, level=None, width=60)
    assert UID + "57" in upright
    assert done.hidden == ["too wide for 60 cells as a table: shown vertically"]


SAID = (FieldColumn("name", "Name"), FieldColumn("said", "What is said of it"))


def test_texts_of_records_go_on_below() -> None:
    records = [
        {"name": "first", "said": "a text that has many words"},
        {"name": "NumberOfSeries", "said": "山田 " * 7},
    ]
    text, done = rendered("table", SAID, records, level=None, width=36)
    assert text == (
        " #  Name            What is said of\n"
        "                    it\n"
        " 1  first           a text that has\n"
        "                    many words\n"
        " 2  NumberOfSeries  山田 山田 山田\n"
        "                    山田 山田 山田\n"
        "                    山田\n"
    )
    assert done.hidden == []
    upright, done = rendered("table", SAID, records, level=None, width=24)
    assert upright.startswith("row 1\n")
    assert done.hidden == ["too wide for 24 cells as a table: shown vertically"]


def test_where_the_first_records_come_early_texts_get_room() -> None:
    chosen = on_a_terminal(SAID)
    text = chosen.rows([{"name": "a", "said": "b"}]) + chosen.flush()
    text += chosen.rows([{"name": "longer name", "said": "longer text"}])
    heading, first, second = text.splitlines()
    assert heading.index("What") == first.index("b") == second.index("longer text")


def test_numbers_and_dates_are_never_cut() -> None:
    text, _ = rendered("table", STUDY_COLUMNS, [study("CT THORAX OF SOMEONE")], width=48)
    assert text.endswith("  412\n")
    assert "2009-04-12" in text


def test_too_narrow_means_vertical() -> None:
    batch = [study("CT THORAX") for _ in range(FIRST_PAGE)]
    text, done = rendered("table", STUDY_COLUMNS, batch, batch, width=40)
    assert text.startswith("study 1\n  StudyDate:                      2009-04-12\n")
    assert f"\n\nstudy {2 * FIRST_PAGE}\n" in text
    assert UID + "57" in text
    assert done.hidden == ["too wide for 40 cells as a table: shown vertically"]


def test_columns_align_by_cells() -> None:
    names = ("JODOGNE", "山田^太郎", "e\u0301cole", "홍^길동", "قباني", "")
    text, _ = rendered("table", fields("name", "place"), people(*names))
    ends = {width(line.rpartition("x")[0]) for line in text.splitlines()[1:]}
    assert ends == {len(" 1  山田^太郎  ") + 4}


def test_values_cannot_break_the_table() -> None:
    text, _ = rendered("table", fields("name", "place"), people("a\nb", "\x1b[2J\u202e"))
    assert text == " #  Name        Place\n 1  a␊b         x\n 2  ␛[2J⟨202e⟩  x\n"


NUMBERS = (FieldColumn("name", "Name", number=True), FieldColumn("place", "Place"))


def on_a_terminal(shown: Sequence[Column] = NUMBERS) -> Renderer:
    return renderer("table", shown, level=None, width=80, theme=Theme.plain())


def test_later_rows_widen_the_columns() -> None:
    chosen = on_a_terminal()
    assert chosen.rows(people("short")) == ""
    assert chosen.flush() == " #   Name  Place\n 1  short  x\n"
    assert chosen.flush() == ""
    assert chosen.rows(people("much longer")) == " 2  much longer  x\n"
    assert chosen.rows(people("short")) == " 3        short  x\n"
    assert chosen.end() == ""


def test_where_nobody_watches_columns_fit_the_whole_answer() -> None:
    chosen = renderer("table", fields("name", "place"), level=None, width=None, theme=Theme.plain())
    assert chosen.rows(people("short") * FIRST_PAGE) == ""
    assert chosen.rows(people("much longer")) == ""
    lines = chosen.end().splitlines()
    assert {line.rindex("x") for line in lines[1:]} == {len(" 1  much longer  ")}
    assert lines[-1] == "51  much longer  x"


def test_what_is_held_back_is_bounded() -> None:
    chosen = renderer("table", fields("name", "place"), level=None, width=None, theme=Theme.plain())
    assert chosen.rows(people("a") * (HELD - 1)) == ""
    parts = [chosen.rows(people("b")), *iter(chosen.flush, "")]
    assert "".join(parts).count("\n") == HELD + 1
    assert max(part.count("\n") for part in parts) <= PART + 2
    assert chosen.rows(people("much longer")) == "10001  much longer  x\n"
    assert chosen.end() == ""


def test_rows_that_come_while_others_are_drawn_wait_for_these() -> None:
    chosen = renderer("table", fields("name", "place"), level=None, width=None, theme=Theme.plain())
    text = chosen.rows(people("a") * HELD)
    later = [chosen.rows(people("b")) for _ in range(HELD // PART + 1)]
    assert all(later)
    lines = (text + "".join(later) + chosen.end()).splitlines()[1:]
    assert [line.split()[1] for line in lines] == ["a"] * HELD + ["b"] * len(later)


def settled_early(cells: int, first: str, second: str) -> list[str]:
    """The lines of a server that pauses after its first row."""
    chosen = renderer("table", STUDY_COLUMNS, level=Level.STUDY, width=cells, theme=Theme.plain())
    text = chosen.rows([study(first)]) + chosen.flush() + chosen.rows([study(second)])
    return text.splitlines()


def test_where_few_rows_settle_the_columns_texts_get_room() -> None:
    heading, first, second = settled_early(120, "CT", "MAMMOGRAPHY SCREENING")
    assert heading.index("Study UID") == first.index(UID) == second.index(UID)
    heading, first, second = settled_early(89, "CT", "CT THORAX")
    assert heading.index("Study UID") == first.index("1.2.840") == second.index("1.2.840")
    assert all(width(line) <= 89 for line in (heading, first, second))


def test_no_room_is_wasted_where_all_rows_are_known() -> None:
    whole = rendered("table", STUDY_COLUMNS, [study("CT")], width=120)[0].splitlines()
    assert len(whole[0]) < len(settled_early(120, "CT", "CT")[0])


def test_the_first_page_is_written_as_soon_as_it_is_full() -> None:
    chosen = on_a_terminal()
    assert chosen.rows(people(*"a" * (FIRST_PAGE - 1))) == ""
    assert chosen.rows(people("b")).count("\n") == FIRST_PAGE + 1
    assert chosen.rows(people("c")) == "51     c  x\n"


OPTIONAL = (column("PatientID"), column("AccessionNumber", optional=True))


def test_an_optional_column_without_values_is_left_out() -> None:
    rows = [answer({"PatientID": "X", "AccessionNumber": ""})]
    text, done = rendered("table", OPTIONAL, rows)
    assert text == " #  PatientID\n 1  X\n"
    assert done.hidden == []


def test_an_optional_column_with_a_value_is_shown() -> None:
    rows = [answer({"PatientID": "X"}), answer({"PatientID": "Y", "AccessionNumber": "A1"})]
    assert rendered("table", OPTIONAL, rows)[0].splitlines()[2] == " 2  Y          A1"


def test_a_late_value_of_an_optional_column_is_told() -> None:
    first = [answer({"PatientID": "X"})] * FIRST_PAGE
    late = [answer({"PatientID": "Y"}), answer({"AccessionNumber": "A1"})] * 2
    _, done = rendered("table", OPTIONAL, first, late, width=80)
    assert done.hidden == ["AccessionNumber is not shown, but row 52 has it: last --wide shows it"]


def test_what_nobody_asked_for_is_told() -> None:
    row = study("CT", StudyID="1", QueryRetrieveLevel="STUDY")
    _, done = rendered("table", STUDY_COLUMNS, [study("CT"), row])
    assert done.hidden == ["also returned: StudyID (show 2)"]


def test_only_some_of_many_are_named() -> None:
    row = answer(dict.fromkeys(range(0x00091001, 0x00091009), b"xx"))
    _, done = rendered("table", columns("PatientID"), [row])
    assert done.hidden[0].endswith("0009,1004, 0009,1005 and 3 more (show 1)")


def test_colours_do_not_move_anything() -> None:
    rows = [study("CT THORAX"), study("山田")]
    coloured, _ = rendered("table", STUDY_COLUMNS, rows, width=80, theme=Theme.ansi())
    assert "\x1b[" in coloured
    assert SEQUENCE.sub("", coloured) == rendered("table", STUDY_COLUMNS, rows, width=80)[0]


NUMBER_COLUMN = FieldColumn("size", "Size", number=True)


@pytest.mark.parametrize("available", [12, 20, 30, 60])
def test_a_late_number_without_room_is_cut_visibly(available: int) -> None:
    chosen = renderer("table", [NUMBER_COLUMN], level=None, width=available, theme=Theme.plain())
    text = chosen.rows([{"size": 1}]) + chosen.flush() + chosen.rows([{"size": 10**80}])
    assert all(width(line) <= available for line in text.splitlines())
    assert text.endswith("00…\n")
    assert chosen.hidden == ["1 column shortened: '| to vertical' shows it whole"]


def test_vertical() -> None:
    rows = [
        answer({"PatientID": "X", "PatientBirthDate": "19750314", "PatientSex": ""}),
        answer(
            {
                "PatientName": "山田",
                "StudyID": "7",
                "OtherPatientIDsSequence": [{"PatientID": "A"}, {"PatientID": "B"}],
            }
        ),
    ]
    keys = ("PatientID", "PatientName", "PatientSex", "PatientBirthDate")
    text, done = rendered("vertical", columns(*keys), rows, width=10)
    assert text == (
        "study 1\n"
        "  PatientID:         X\n"
        "  PatientSex:\n"
        "  PatientBirthDate:  1975-03-14\n"
        "\n"
        "study 2\n"
        "  PatientName:              山田\n"
        "  OtherPatientIDsSequence:  2 items\n"
        "    item 1:\n"
        "      PatientID:            A\n"
        "    item 2:\n"
        "      PatientID:            B\n"
        "  StudyID:                  7\n"
    )
    assert done.hidden == []


def test_long_texts_go_on_below_in_vertical_and_uids_stay_in_one_piece() -> None:
    shown = columns("StudyDescription", "StudyInstanceUID")
    row = answer({"StudyDescription": "CT of chest and 山田 abdomen", "StudyInstanceUID": UID * 2})
    text, done = rendered("vertical", shown, [row], width=40)
    assert text == (
        "study 1\n"
        "  StudyDescription:  CT of chest and\n"
        "                     山田 abdomen\n"
        f"  StudyInstanceUID:  {UID * 2}\n"
    )
    assert done.hidden == []
    assert "and 山田 abdomen\n" in rendered("vertical", shown, [row])[0]


def test_vertical_of_a_sequence_that_was_asked_for() -> None:
    row = answer({"OtherPatientIDsSequence": [{"PatientID": "A"}]})
    text, _ = rendered("vertical", columns("OtherPatientIDsSequence"), [row])
    assert text.count("OtherPatientIDsSequence") == 1
    assert "      PatientID:            A\n" in text


def test_vertical_of_records() -> None:
    records: list[Record] = [{"name": "a\x1bb", "place": None}, {"place": [1, 2]}]
    text, _ = rendered("vertical", fields("name", "place"), records, level=None)
    assert text == "row 1\n  name:   a␛b\n  place:\n\nrow 2\n  place:  1\\2\n"


def test_long_rows_are_not_held_back_however_few_they_are() -> None:
    table = renderer("table", STUDY_COLUMNS, level=Level.STUDY, width=None, theme=Theme())
    row = study("CT THORAX")
    assert row.elements
    row.data = bytes(9 << 20)
    assert table.rows([row]) == ""
    assert table.rows([row]).count("CT THORAX") == 2


COUNTED = (
    FieldColumn("sex", "Sex"),
    FieldColumn("count", "Count", True, most=lambda: 80),
)
COUNTS: list[Record] = [
    {"sex": "F", "count": 80},
    {"sex": "M", "count": 41},
    {"sex": None, "count": 1},
]


def counted_at(cells: int | None) -> str:
    return rendered("table", COUNTED, COUNTS, width=cells, level=None)[0]


def test_numbers_with_bars_on_a_terminal() -> None:
    assert counted_at(60).splitlines() == [
        " #  Sex  Count",
        " 1  F       80  " + "█" * 40,
        " 2  M       41  " + "█" * 20 + "▌",
        " 3           1  ▌",
    ]
    assert max(map(width, counted_at(40).splitlines())) == 40


def test_no_bars_in_a_file_or_where_there_is_no_room() -> None:
    for cells in (None, 20):
        assert "█" not in counted_at(cells)
