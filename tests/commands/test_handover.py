"""Files for others: Excel, Parquet, CSV for spreadsheets, Markdown, and folders that are whole."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb
import openpyxl
import pyarrow.parquet
import pytest

from tests.dimse.peers import answering, scp, study
from tests.harness import run

ALL = 120


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_the_suffix_decides(folder: Path) -> None:
    done = run("use pacs; find study > a.xlsx; find study > a.parquet; find study > a.md")
    assert done.status == 0, done.err
    assert openpyxl.load_workbook("a.xlsx").active.max_row == ALL + 1
    assert pyarrow.parquet.read_table("a.parquet").num_rows == ALL
    lines = Path("a.md").read_text("utf-8").splitlines()
    assert len(lines) == ALL + 2
    assert lines[1].startswith("| --- |")
    assert names(folder) == {"a.xlsx", "a.parquet", "a.md"}
    if sys.platform != "win32":
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["excel", "parquet"])
def test_to_another_program_and_to_standard_output(name: str) -> None:
    done = run(f"use pacs; find study | to {name} | !cat > data")
    assert done.status == 0, done.err
    words = f"-m pacs -o {name} -c 'find study' > more"
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    assert os.system(f"{sys.executable} -m dicomsh {words} 2>/dev/null") == 0
    for path in ("data", "more"):
        if name == "parquet":
            assert pyarrow.parquet.read_table(path).num_rows == ALL
        else:
            Path(path).rename(f"{path}.xlsx")
            assert openpyxl.load_workbook(f"{path}.xlsx").active.max_row == ALL + 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("find study > a.parquet; find study >> a.parquet", "a Parquet file holds one result"),
        ("find study > a.xlsx; find study >> a.xlsx", "an Excel file holds one result"),
        ("pwd > a.xlsx", "a text does not go into an Excel file"),
        ("find study | to json > a/", "a folder takes parquet only"),
        ("pwd > a/", "a text does not go into a folder"),
        ("find patient > a/", "these rows have no date"),
        ("print hi >> a.parquet", "a text does not go into a Parquet file"),
        ("find series; view 1 > a.xlsx", "an image does not go into an Excel file"),
        ("find series; view 1 > a.csv", "an image does not go into a file of rows"),
        ("find series; view 1 > a/", "an image does not go into a folder"),
        ("use pacs > a.xlsx", "this command gives no rows for an Excel file"),
        ("cd 0555643F > a/", "this command gives no rows for a folder"),
        ("set output excel; print hi", "a text does not go into an Excel file"),
        ("find study | to json --excel > a.csv", "--excel is for csv and tsv"),
        ("find study > nowhere/a/", "cannot write 'nowhere/a/'"),
    ],
)
def test_what_cannot_be_written(text: str, told: str, folder: Path) -> None:
    done = run(f"use pacs; {text}")
    assert done.status == 2
    assert told in done.err
    assert not names(folder) - {"a.parquet", "a.xlsx"}


def test_a_text_goes_into_a_file_of_text_whatever_the_format_of_rows() -> None:
    done = run("print hi > notes; print hi > notes.txt; print hi | !cat > more", output="excel")
    assert done.status == 0, done.err
    assert {Path(path).read_text("ascii") for path in ("notes", "notes.txt", "more")} == {"hi\n"}


def test_what_has_facts_beside_its_text_goes_into_a_file_of_rows() -> None:
    done = run("use pacs; explain find study JOD* > a.xlsx; set > a.parquet")
    assert done.status == 0, done.err
    rows = openpyxl.load_workbook("a.xlsx").active.iter_rows(values_only=True)
    assert "JOD*" in {value for row in rows for value in row}
    assert "output" in pyarrow.parquet.read_table("a.parquet").to_pydict()["name"]


def test_csv_for_a_spreadsheet() -> None:
    answer = [
        study(1, PatientName="=cmd()", AccessionNumber="-5", StudyDescription="+1 \u00fc"),
        study(2, PatientName="@x", AccessionNumber="0012", StudyDescription="-x"),
    ]
    for row in answer:
        row.SpecificCharacterSet = "ISO_IR 192"
        row.StudyDate = "20090412"
    with scp(answering(*answer)) as modality:
        peer = f"{modality.entity.aet}@{modality.entity.host}:{modality.entity.port}"
        chosen = "+name +acc | select name acc desc date | to csv --excel"
        done = run(f"find study {chosen} > a.csv; find study {chosen} >> a.csv", modality=peer)
    assert done.status == 0, done.err
    rows = ["'=cmd(),-5,'+1 \u00fc,2009-04-12", "'@x,0012,'-x,2009-04-12"]
    header = "\ufeffPatientName,AccessionNumber,StudyDescription,StudyDate"
    assert Path("a.csv").read_text("utf-8").splitlines() == [header, *rows, *rows]


def test_no_header() -> None:
    done = run("use pacs; find study | select date | to csv --no-header")
    assert len(done.out.splitlines()) == ALL
    assert done.out.startswith("20090412\n")


def test_markdown_has_no_meaning_in_values() -> None:
    hostile = study(1, StudyDescription="a|b <script> *x* [y](z)")
    with scp(answering(hostile)) as modality:
        peer = f"{modality.entity.aet}@{modality.entity.host}:{modality.entity.port}"
        done = run("find study | select desc", modality=peer, output="markdown")
    assert done.out.splitlines()[2] == r"| a\|b &lt;script&gt; \*x\* \[y\](z) |"


def test_a_crawl_that_duckdb_reads(folder: Path) -> None:
    done = run("use pacs; find study date=2009.. > crawl/")
    assert done.status == 0, done.err
    assert names(folder) == {"crawl"}
    read = "read_parquet('crawl/*/*.parquet', hive_partitioning = true)"
    counts = f"select count(*), count(*) filter (month <> strftime(StudyDate, '%Y-%m')) from {read}"
    total, wrong = duckdb.execute(counts).fetchall()[0]
    assert total == len(run("use pacs; find study date=2009..", output="ndjson").out.splitlines())
    assert wrong == 0
    assert run("use pacs; find study date=2009-04 >> crawl/").status == 0
    assert duckdb.execute(counts).fetchall()[0][0] > total
    assert run("use pacs; find study date=2009-04 > crawl/").status == 0
    assert {entry.name for entry in (folder / "crawl").iterdir()} == {"month=2009-04"}


def test_a_folder_is_whole_or_has_another_name(folder: Path) -> None:
    assert run("use pacs; find study date=2009-04 > crawl/").status == 0
    before = sorted(path.name for path in (folder / "crawl").rglob("*"))
    config = folder / "m.yaml"
    config.write_text("modalities:\n  pacs: {practice: true, faults: {cut_off: 7}}\n", "utf-8")
    done = run("use pacs; find study > crawl/", config=config)
    assert done.status == 5
    assert "the rows are in 'crawl.incomplete', and 'crawl' is as it was" in done.err
    assert sorted(path.name for path in (folder / "crawl").rglob("*")) == before
    assert names(folder) == {"crawl", "crawl.incomplete", "m.yaml"}


def test_a_folder_with_other_files_is_left_alone(folder: Path) -> None:
    (folder / "thesis").mkdir()
    (folder / "thesis" / "month=2009-04").write_text("chapter 1")
    done = run("use pacs; find study > thesis/")
    assert done.status == 2
    assert "holds other files" in done.err
    assert (folder / "thesis" / "month=2009-04").read_text() == "chapter 1"
    assert names(folder) == {"thesis"}


def test_masked_values_in_typed_files() -> None:
    done = run(
        "use pacs; set mask on; find study id=0555643F +birth > a.parquet; find study > a.xlsx"
    )
    assert done.status == 0, done.err
    rows = pyarrow.parquet.read_table("a.parquet").to_pylist()
    assert {str(row["PatientBirthDate"]) for row in rows} == {"1975-01-01"}
    sheet = openpyxl.load_workbook("a.xlsx").active
    seen = {str(value) for row in sheet.iter_rows(values_only=True) for value in row}
    assert not seen & {"0555643F", "JODOGNE^SEBASTIEN"}
