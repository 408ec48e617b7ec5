"""The text of an object: of a structured report, or of an encapsulated document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from dicomsh.model.standard import uid_name
from dicomsh.objects import report
from dicomsh.objects.header import UnreadableObjectError, read_header, reading
from dicomsh.objects.libraries import need_documents
from dicomsh.objects.pdf import pdf_text
from dicomsh.output.cells import iso_date

if TYPE_CHECKING:
    from pydicom import Dataset

_MOST_BYTES = 64 << 20
"""Bytes of a file with a text; images may be larger, and are not read."""
_MOST_CHARACTERS = 1_000_000

_ABOUT = (
    "PatientName PatientID Modality InstanceNumber DocumentTitle ContentDate CompletionFlag"
    " VerificationFlag"
).split()
_KEYWORDS = f"""
    SOPClassUID SpecificCharacterSet {" ".join(_ABOUT)}
    MIMETypeOfEncapsulatedDocument EncapsulatedDocument EncapsulatedDocumentLength
    {report.KEYWORDS}
"""


def text_of(path: Path) -> str:
    """The text of an object, below a line that says what it is.

    Args:
        path: a DICOM file.

    Raises:
        UnreadableObjectError: it has no text, or is damaged.
        DicomshError: a library is missing.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise UnreadableObjectError(f"it is larger than {_MOST_BYTES >> 20} MiB")
    header = read_header(path, _KEYWORDS)
    with reading(path):
        lines = [*_heading(header), "", *_lines(header)]
    text = "\n".join(lines)
    if len(text) > _MOST_CHARACTERS:
        return (
            f"{text[:_MOST_CHARACTERS]}\n… and more: only {_MOST_CHARACTERS:,} characters are shown"
        )
    return text


def _heading(header: Dataset) -> list[str]:
    """What it is, and whose."""
    about = {word: str(header.get(word) or "") for word in _ABOUT}
    flags = (about["CompletionFlag"].lower(), about["VerificationFlag"].lower())
    number = f"#{about['InstanceNumber']}" if about["InstanceNumber"] else ""
    what = (
        f"{about['Modality']} {number}".strip(),
        about["DocumentTitle"] or report.title_of(header),
        iso_date(about["ContentDate"]),
        ", ".join(filter(None, flags)),
    )
    whose = (about["PatientName"], about["PatientID"])
    return [line for parts in (what, whose) if (line := " · ".join(filter(None, parts)))]


def _lines(header: Dataset) -> Iterator[str]:
    if header.get("EncapsulatedDocument") is not None:
        return _document(header)
    if header.get("ContentSequence") is not None or header.get("ValueType"):
        return report.report_lines(header)
    name = uid_name(str(header.get("SOPClassUID", ""))) or "this object"
    hint = "'view' shows images"
    raise UnreadableObjectError(f"there is no text in it ({name})", hint=hint)


def _document(header: Dataset) -> Iterator[str]:
    kind = str(header.get("MIMETypeOfEncapsulatedDocument") or "").lower()
    data = bytes(header.EncapsulatedDocument)
    length = header.get("EncapsulatedDocumentLength")
    data = data[:length] if isinstance(length, int) and 0 < length < len(data) else data
    if kind == "application/pdf" or (not kind and data.startswith(b"%PDF")):
        need_documents()
        return iter(pdf_text(data).splitlines())
    if kind in ("text/xml", "application/xml"):
        return _clinical_document(data)
    if kind.startswith("text/"):
        return iter(data.decode("utf-8", "replace").rstrip("\0 ").splitlines())
    raise UnreadableObjectError(f"there is no text in a document of type {kind or 'unknown'}")


_HL7 = "{urn:hl7-org:v3}"
_BREAKS = frozenset("paragraph item tr br caption title list table section text".split())
"""Elements of a narrative block that begin a line (HL7 CDA R2 4.3.5)."""


def _clinical_document(data: bytes) -> Iterator[str]:
    """The title, and the titles and narratives of the sections of an HL7 CDA document.

    Raises:
        UnreadableObjectError: it is not XML.
    """
    try:
        root = ElementTree.fromstring(data.rstrip(b"\0 "))  # noqa: S314 - expat bounds entities
    except ElementTree.ParseError as error:
        raise UnreadableObjectError(f"the XML document is damaged: {error}") from None
    title = root.findtext(f"{_HL7}title")
    if title:
        yield from (title.strip(), "")
    for section in root.iter(f"{_HL7}section"):
        heading = section.findtext(f"{_HL7}title")
        if heading:
            yield heading.strip()
        for narrative in section.findall(f"{_HL7}text"):
            text = "".join(_narrative(narrative))
            yield from (f"  {line.strip()}" for line in text.splitlines() if line.strip())


def _narrative(element: ElementTree.Element) -> Iterator[str]:
    """The text of an element and those in it; cells of a row are apart, other parts in lines."""
    name = element.tag.removeprefix(_HL7)
    if name in _BREAKS:
        yield "\n"
    yield element.text or ""
    for child in element:
        yield from _narrative(child)
        yield child.tail or ""
    if name in ("td", "th"):
        yield "  "
