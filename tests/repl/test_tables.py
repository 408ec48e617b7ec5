"""Tables on a real screen: every script of the practice archive aligns, and nothing is lost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydicom.config import disable_value_validation

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from dicomsh.model.results import FORMATS
from tests.dimse.peers import answering, scp, study
from tests.processes import find_program
from tests.repl.terminal import Terminal

PACS = "pacs:/> "
SIZES = pytest.mark.parametrize(("rows", "columns"), [(24, 80), (40, 140)])


def texts(cells: list[str], start: int, end: int) -> str:
    return "".join(cells[start:end]).strip()


@SIZES
def test_every_script_aligns(rows: int, columns: int, tmp_path: Path) -> None:
    with Terminal("-m", "pacs", home=tmp_path, rows=rows, columns=columns) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find patient | tail 16\r")
        terminal.wait_for("16 of 40 patients")
        terminal.wait_for_line(PACS)
        lines = terminal.lines
        heading = next(row for row, line in enumerate(lines) if line.startswith(" #  "))
        sex, birth = lines[heading].index("Sex"), lines[heading].index("BirthDate")
        shown = [terminal.cells(row) for row in range(heading + 1, heading + 17)]
        assert {texts(row, sex - 2, sex) for row in shown} == {""}
        assert {texts(row, sex, birth) for row in shown} <= {"F", "M", "O", ""}
        assert all(texts(row, birth, birth + 10).count("-") == 2 for row in shown)
        names = [texts(row, 0, sex) for row in shown]
        assert any("Yamada^Tarou=山田^太郎=" in name for name in names)
        assert any("洪^吉洞=홍" in name for name in names)
        assert any("مثال^ليلى" in name for name in names)
        assert any("Prova^Niccolò" in name for name in names)


def test_what_was_shortened_is_said_and_last_shows_it(tmp_path: Path) -> None:
    whole = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    with Terminal("-m", "pacs", home=tmp_path) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find study id=TYO-0001\r")
        screen = terminal.wait_for_words("StudyInstanceUID not shown: last --wide")
        assert whole not in screen
        assert "…" in screen
        terminal.wait_for_line(PACS)
        terminal.type("last -o vertical | head 1\r")
        assert whole in terminal.wait_for("1 of 3 studies")


def test_a_wide_table_moves_under_the_arrow_keys(tmp_path: Path) -> None:
    find_program("less")
    with Terminal("-m", "pacs", home=tmp_path) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find study id=TYO-0001; last --wide\r")
        screen = terminal.wait_for_line("(END)")
        assert "やまだ^たろう" in screen
        assert "Study UID" not in screen
        terminal.type("\x1bOC", "\x1bOC")  # as after smkx, which less writes
        terminal.wait_for("Study UID")
        terminal.type("q")
        terminal.wait_for("3 studies, complete")


def test_too_narrow_for_a_table(tmp_path: Path) -> None:
    with Terminal("-m", "pacs", home=tmp_path, columns=45) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find study id=TYO-0001 | head 1\r")
        screen = terminal.wait_for("too wide for 45 cells as a table")
        assert "  PatientID:" in screen


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(environ: dict[str, str], tmp_path: Path) -> None:
    with Terminal("-m", "pacs", "-c", "ls", home=tmp_path, environ=environ) as terminal:
        assert terminal.wait_for_end() == 0
        assert b"\x1b[" not in terminal.raw
        assert "40 patients, complete" in terminal.screen


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("command", ["probe", "show 0555643F", "set"])
def test_what_is_no_answer_to_a_query_is_shown_whole(
    command: str, columns: int, tmp_path: Path
) -> None:
    with Terminal("-m", "pacs", "-c", command, home=tmp_path, rows=99, columns=columns) as terminal:
        assert terminal.wait_for_end() == 0
        assert terminal.lines[0].startswith(" #  ")
        assert "…" not in terminal.screen
        assert "shortened" not in terminal.screen


def test_a_uid_gives_way_unless_it_was_asked_for(tmp_path: Path) -> None:
    with Terminal("-m", "pacs", home=tmp_path, columns=60) as terminal:
        terminal.wait_for_line(PACS)
        terminal.run("cd 0555643F", "0555643F> ")
        screen = terminal.run("ls", "0555643F> ")
        assert " 2  2011-09-30  MR\\SR       MR BRAIN          5        180\n" in screen
        assert "  · StudyInstanceUID not shown: last --wide shows it whole\n" in screen
        screen = terminal.run("ls +StudyInstanceUID", "0555643F> ")
        assert "1.2.840" in screen
        screen = terminal.run("ls | select uid desc", "0555643F> ")
        assert "1.2.840.113704.1.111.2768.1239195678.91  MR BRAIN\n" in screen


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_in_a_value_acts_in_any_format(name: str, tmp_path: Path) -> None:
    with disable_value_validation():
        hostile = study(1, StudyDescription="\x1b[31mRED\x07\rNO\tTAB\u202e")
        hostile.SpecificCharacterSet = "ISO_IR 192"
        with scp(answering(hostile)) as modality:
            address = f"{modality.entity.aet}@{modality.entity.host}:{modality.entity.port}"
            asked = ("-m", address, "-o", name, "-c", "find study")
            with Terminal(*asked, home=tmp_path, columns=140) as terminal:
                terminal.wait_for("1 study, complete")
                assert terminal.wait_for_end() == 0
    assert "RED" in terminal.screen
    acting = (b"\x1b[31mRED", b"\x07", b"\rNO", b"NO\tTAB", "\u202e".encode())
    assert [raw for raw in acting if raw in terminal.raw] == []


def test_no_key_acts_where_a_command_tells_it(tmp_path: Path) -> None:
    """Text is no row: `pwd` and `explain` tell the keys of the place, which a peer has chosen."""
    with disable_value_validation():
        hostile = study(1, PatientID="\x1b[35mMAGENTA", PatientName="\x1b[35mMAGENTA^\u202e")
        hostile.SpecificCharacterSet = "ISO_IR 192"
        hostile.StudyInstanceUID = "1.2\x1b[35m.3"
        with scp(answering(hostile)) as modality:
            address = f"{modality.entity.aet}@{modality.entity.host}:{modality.entity.port}"
            text = "find study; cd 1; pwd; pwd --keys; explain ls; explain answer"
            asked = ("-m", address, "--keep-going", "-c", text)
            with Terminal(*asked, home=tmp_path, columns=140, rows=300) as terminal:
                terminal.wait_for_end()
    assert "␛[35mMAGENTA" in terminal.screen
    acting = (b"\x1b[35m", "\u202e".encode())
    assert [raw for raw in acting if raw in terminal.raw] == []
