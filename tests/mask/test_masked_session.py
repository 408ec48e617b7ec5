"""With `set mask on` nothing written holds a real name, ID or UID; queries use the real ones."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from dicomsh.commands import registry
from tests.harness import run
from tests.mask.formats import in_formats
from tests.mask.marked import distinct_lines
from tests.mask.typist import Typist

HARMLESS = {"help", "receive"}
"""Commands that show the documentation, in which examples have patients, or that wait for others.
"""

EXAMPLES = sorted(
    {
        example
        for command in registry()
        if command.name not in HARMLESS
        for example in command.examples
        if not example.startswith(("modality ", "set", "trace to", "lesson", "exit"))
    }
)

SENSITIVE = (
    "PatientID PatientName IssuerOfPatientID AccessionNumber StudyID StudyInstanceUID"
    " SeriesInstanceUID SOPInstanceUID ReferringPhysicianName OperatorsName InstitutionName"
    " OtherPatientIDs OtherPatientNames PerformingPhysicianName StationName"
).split()


@cache
def secrets() -> frozenset[str]:
    """Every real value of the practice archive that must not be seen, and parts of names."""
    more = "+AccessionNumber +StudyID +ReferringPhysicianName +InstitutionName +OtherPatientIDs"
    text = f"use pacs; find patient; find study {more}; find series +StationName +OperatorsName"
    text += "; cd 0555643F; ls; cd 1; ls; cd 1; ls"
    rows = [json.loads(line) for line in run(text, output="ndjson").out.splitlines()]
    found: set[str] = set()
    for row in rows:
        for keyword in SENSITIVE:
            found |= _values(row.get(keyword))
    assert {"0555643F", "JODOGNE^SEBASTIEN", "SEBASTIEN"} < found
    assert len(found) > 500
    assert not any("\n" in text for text in found)
    return frozenset(found)


def _values(value: object) -> set[str]:
    values = value if isinstance(value, list) else [value]
    texts = {text for text in values if isinstance(text, str)}
    parts = {part for text in texts if "^" in text for part in re.split(r"[\^=]", text)}
    return {text for text in texts | {p for p in parts if len(p) > 5} if len(text) > 3}


def seen(text: str) -> list[str]:
    """Real values in a text; numbers count as whole words only, as UIDs have any digits in them."""
    text = "\n".join(distinct_lines(text))
    words = "\n".join(dict.fromkeys(text.split()))
    found = [one for one in secrets() if one in (words if one.split() == [one] else text)]
    return sorted(one for one in found if not one.isdigit() or _alone(one, words))


def _alone(number: str, text: str) -> bool:
    return re.search(rf"(?<![\w.]){number}(?![\w.])", text) is not None


def test_the_search_finds_what_is_not_masked() -> None:
    done = run("use pacs; find patient JOD*")
    assert "0555643F" in seen(done.out)


@pytest.mark.parametrize(("output", "examples"), in_formats(EXAMPLES))
def test_no_example_shows_a_real_value(output: str, examples: list[str]) -> None:
    """Examples in one session, each from the root."""
    steps = [text for example in examples for text in ("use pacs; cd /", example)]
    done = run("set mask on", *steps, output=output, keep_going=True)
    assert seen(done.out + done.err) == []
    assert done.out.count("X-") > len(examples) // 3


def test_nothing_real_when_everything_is_walked() -> None:
    done = run(
        "set mask on; use pacs; trace on; find patient; find study; find series CT; cd 0555643F",
        "pwd; pwd --keys; ls; tree --depth 3; wado; wado --rs; show; cd 1; show; explain ls",
        "explain last; last --output vertical; last --output dicom-json; cd nothing; cd -",
        "find patient id=0555643F birth=1900; let X = 0555643F; let; print 0555643F",
        "find instance | count by PatientName; compare ls; trace pdu; find patient JOD*",
        keep_going=True,
    )
    assert seen(done.out + done.err) == []
    assert "X-" in done.out


def test_files_and_commands_get_masked_rows_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    done = run(f"set mask on; use pacs; find patient > '{path}'; find patient | !cat")
    assert seen(path.read_text("utf-8") + done.out) == []
    assert done.err.count("masked: names and IDs in the output are made up") == 2


def test_a_traced_file_is_masked_too(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    text = (
        f"set mask on; trace to '{path}'; use pacs; find patient id=0555643F; cd 1; ls; trace off"
    )
    assert run(text).status == 0
    written = path.read_text("utf-8")
    assert "PatientName" in written
    assert seen(written) == []


def masked(*texts: str) -> list[dict[str, object]]:
    done = run("set mask on; use pacs", *texts, output="ndjson")
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_row_numbers_lead_to_the_real_entity() -> None:
    rows = masked("find patient JOD* sex=M; cd 1; ls")
    assert len(rows) == 3
    assert rows[0]["NumberOfPatientRelatedStudies"] == 2


def test_what_is_shown_can_be_typed() -> None:
    with Typist() as typist:
        typist.type("set mask on; use pacs")
        patient = typist.rows("find patient JOD* sex=M")[0]
        assert typist.rows(f"find patient id={patient['PatientID']}") == [patient]
        assert typist.rows(f"find patient name={patient['PatientName']}")[0] == patient
        typist.type(f"cd {patient['PatientID']}")
        study = typist.rows("ls")[0]
        assert typist.rows(f"find study study={study['StudyInstanceUID']}") == [study]
        typist.type(f"cd {str(study['StudyInstanceUID'])[:16]}")
        assert len(typist.rows("ls")) == 3
        keys = (patient["PatientID"], study["StudyInstanceUID"])
        assert typist.type("pwd").out == "/pacs/{}/{}\n".format(*keys)


def test_a_session_is_consistent_and_off_shows_real_values_again() -> None:
    rows = masked("find patient JOD* sex=M; find study JOD*; set mask off; find patient JOD* sex=M")
    assert rows[0]["PatientID"] == rows[1]["PatientID"]
    assert rows[-1]["PatientID"] == "0555643F"


def test_what_was_listed_before_is_known() -> None:
    done = run("use pacs; find patient; set mask on; find patient id=0555643F sex=Q")
    assert "PatientID=0555643F" not in done.err
    assert "matched PatientID=X-" in done.err


def test_an_error_points_to_the_right_place() -> None:
    text = "set mask on; use pacs; find patient JOD*; cd 0555643F; find nonsense"
    lines = run(text, keep_going=True).err.splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip(" ^") == "")
    line, caret = lines[at - 1], lines[at]
    assert line[caret.index("^") :].startswith("nonsense")
    assert "0555643F" not in line


def test_completion_offers_made_up_values() -> None:
    with Typist() as typist:
        typist.type("set mask on; use pacs; find patient")
        offered = typist.offers("cd ")
        assert seen("".join(offered)) == []
        codes = [text for text in offered if text.startswith("X-")]
        assert codes
        assert typist.offers(f"cd {codes[0][:6]}")[0].startswith(codes[0][:6])
        names = typist.offers("find patient name=")
        assert seen("".join(names)) == []
        assert any("^" in name for name in names)


@pytest.mark.parametrize(
    "text",
    [
        "find patient | each { let A = b; find study id=0555643F; ls number=x }",
        "find patient | each find study id=0555643F number=x",
        "find patient | each { find patient JODOGNE^SEBASTIEN; fnd }",
        "alias a = { find study id=$1; print x }; a 0555643F; fnd",
        "find patient id=0555643F; alias a = { find study id=$1; fnd }; a 0555643F",
    ],
)
def test_an_error_shows_no_value_of_a_stage_or_in_braces(text: str) -> None:
    done = run(f"use pacs; set mask on; {text}", output="json")
    assert done.status == 2
    assert "0555643F" not in done.err
    assert "JODOGNE" not in done.err
    assert "id=$1" in done.err or "alias" not in text
