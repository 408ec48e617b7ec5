"""The text of reports and documents: nothing that DCMTK's dsrdump finds is left out."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from dicomsh.errors import DicomshError
from dicomsh.objects.document import text_of
from dicomsh.objects.header import UnreadableObjectError
from tests.processes import find_program
from tests.retrieve.giving import image

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"

_SAID = re.compile(r'(?<!TIME:\(,,"Time"\))="(.*)"[> ]|,"([^"]*)"\)')
"""A value at the end of a line, and the meaning of a code, as dsrdump writes them."""


@pytest.mark.parametrize("name", ["test-SR", "reportsi"])
def test_what_dsrdump_shows_is_there(name: str) -> None:
    path = SAMPLES / f"{name}.dcm"
    command: list[str | Path] = [find_program("dsrdump"), "-Ee", "-Ph", "+U8", "+Pl", path]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    found = _SAID.findall(done.stdout.decode())
    assert found
    shown = text_of(path)
    for value, meaning in found:
        for line in re.sub(r"\\[rn]", "\n", value or meaning).splitlines():
            assert re.sub(r"^(\d{4})(\d\d)(\d\d)", r"\1-\2-\3", line.strip())[:10] in shown


def coded(value: str, meaning: str, scheme: str = "DCM") -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return made


def item(kind: str, name: str, **values: Any) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = "CONTAINS", kind
    made.ConceptNameCodeSequence = [coded("1", name)]
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def measured(value: str, unit: Dataset) -> list[Dataset]:
    made = Dataset()
    made.NumericValue, made.MeasurementUnitsCodeSequence = value, [unit]
    return [made]


def reference(uid: str) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", uid
    made.ReferencedFrameNumber = [2, 5]
    return made


def pointer(*places: int) -> Dataset:
    made = Dataset()
    made.RelationshipType = "INFERRED FROM"
    made.ReferencedContentItemIdentifier = list(places)
    return made


ITEMS = [
    (item("TEXT", "Findings", TextValue="First.\nSecond."), "Findings: First.\n  Second."),
    (item("CODE", "Site", ConceptCodeSequence=[coded("T-1", "Lung")]), "Site: Lung"),
    (
        item("NUM", "Length", MeasuredValueSequence=measured("3.5", coded("mm", "mm", "UCUM"))),
        "Length: 3.5 mm",
    ),
    (
        item("NUM", "Ratio", MeasuredValueSequence=measured("2", coded("1", "no units", "UCUM"))),
        "Ratio: 2",
    ),
    (
        item("NUM", "Depth", NumericValueQualifierCodeSequence=[coded("1", "Not measured")]),
        "Depth: no value (Not measured)",
    ),
    (item("PNAME", "Observer", PersonName="Doe^Jane"), "Observer: Doe^Jane"),
    (item("DATE", "Day", Date="20240305"), "Day: 2024-03-05"),
    (item("DATETIME", "Moment", DateTime="20240305101500"), "Moment: 2024-03-05 10:15:00"),
    (item("UIDREF", "Study", UID="1.2.3"), "Study: 1.2.3"),
    (
        item("IMAGE", "Source", ReferencedSOPSequence=[reference("1.2.9")]),
        "CT Image 1.2.9 frame 2, 5",
    ),
    (item("CONTAINER", "Part"), "Part"),
    (pointer(1, 2), "see: Site: Lung"),
    (pointer(1, 77), "see: an item that is not there"),
]


def report(folder: Path, **values: Any) -> Path:
    made = image(1)
    del made.PixelData
    made.SOPClassUID, made.Modality = "1.2.840.10008.5.1.4.1.1.88.22", "SR"
    made.ValueType, made.CompletionFlag, made.VerificationFlag = "CONTAINER", "COMPLETE", "VERIFIED"
    made.ConceptNameCodeSequence = [coded("1", "Radiology Report")]
    for keyword, value in values.items():
        setattr(made, keyword, value)
    path = folder / "report.dcm"
    made.save_as(path, enforce_file_format=True)
    return path


def test_every_type_of_value_is_shown(tmp_path: Path) -> None:
    shown = text_of(report(tmp_path, ContentSequence=[one for one, _ in ITEMS]))
    assert shown.startswith("SR #1 · Radiology Report · complete, verified\nDoe^Jane · P1\n\n")
    for _, said in ITEMS:
        assert said in shown


def test_items_below_an_item_are_indented(tmp_path: Path) -> None:
    outer = item("CONTAINER", "Outer")
    outer.ContentSequence = [item("TEXT", "Inner", TextValue="x")]
    assert text_of(report(tmp_path, ContentSequence=[outer])).endswith("\nOuter\n  Inner: x")


def test_a_deep_tree_is_cut(tmp_path: Path) -> None:
    tree = item("TEXT", "Innermost", TextValue="x")
    for _ in range(70):
        outer = item("CONTAINER", "Level")
        outer.ContentSequence = [tree]
        tree = outer
    assert text_of(report(tmp_path, ContentSequence=[tree])).endswith("… nested too deeply")


CDA = """<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Discharge</title>
<component><structuredBody><component><section><title>Plan</title><text><paragraph>Rest, and
<content>water</content>.</paragraph><list><item>One</item><item>Two</item></list></text>
</section></component></structuredBody></component></ClinicalDocument>"""

DOCUMENTS = {
    "text/XML": (CDA.encode(), "Discharge\n\nPlan\n  Rest, and\n  water.\n  One\n  Two"),
    "text/plain": ("Grüße\nzwei".encode(), "Grüße\nzwei"),
}


@pytest.mark.parametrize(("kind", "content", "said"), [(k, *v) for k, v in DOCUMENTS.items()])
def test_encapsulated_documents(kind: str, content: bytes, said: str, tmp_path: Path) -> None:
    document = {"MIMETypeOfEncapsulatedDocument": kind, "EncapsulatedDocument": content}
    assert text_of(report(tmp_path, **document)).endswith(f"\n\n{said}")


BAD: list[tuple[dict[str, Any], str]] = [
    ({"MIMETypeOfEncapsulatedDocument": "model/stl", "EncapsulatedDocument": b"x "}, "model/stl"),
    ({"MIMETypeOfEncapsulatedDocument": "text/xml", "EncapsulatedDocument": b"<a>"}, "damaged"),
    (
        {"MIMETypeOfEncapsulatedDocument": "application/pdf", "EncapsulatedDocument": b"%PDF-1.4"},
        "damaged",
    ),
]


@pytest.mark.parametrize(("values", "said"), BAD)
def test_what_has_no_text_is_said(values: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableObjectError, match=said):
        text_of(report(tmp_path, **values))


def test_a_pdf_document_that_takes_too_long_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("dicomsh.objects.pdf._SECONDS", 0.001)
    document = {"MIMETypeOfEncapsulatedDocument": "application/pdf", "EncapsulatedDocument": b"%P"}
    with pytest.raises(UnreadableObjectError, match=r"within 0\.001 s"):
        text_of(report(tmp_path, **document))


def test_an_image_has_no_text() -> None:
    with pytest.raises(UnreadableObjectError, match=r"no text in it \(CT Image Storage\)"):
        text_of(SAMPLES / "CT_small.dcm")


def test_without_the_extra_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("dicomsh.objects.libraries.find_spec", lambda _: None)
    pdf = {"MIMETypeOfEncapsulatedDocument": "application/pdf", "EncapsulatedDocument": b"%PDF"}
    with pytest.raises(DicomshError, match="pypdf must be installed") as refused:
        text_of(report(tmp_path, **pdf))
    assert refused.value.hint == "pip install 'dicomsh[view]'"
    assert "Findings: First." in text_of(report(tmp_path, ContentSequence=[ITEMS[0][0]]))


@pytest.mark.parametrize("seed", range(40))
def test_damaged_reports_are_refused_or_shown(seed: int, tmp_path: Path) -> None:
    chosen = random.Random(seed)
    data = bytearray((SAMPLES / "test-SR.dcm").read_bytes())
    for _ in range(6):
        data[chosen.randrange(132, len(data))] = chosen.randrange(256)
    path = tmp_path / "damaged.dcm"
    path.write_bytes(data)
    try:
        text_of(path)
    except DicomshError as error:
        assert error.message  # noqa: PT017 - it may be shown as well
