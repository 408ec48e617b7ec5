"""The content of reports: a tree of text (PS3.3 A.35.2), and a PDF file (A.45.1)."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.model.keys import by_keyword
from dicomsh.practice.archive import Attributes
from dicomsh.practice.modules import coded, tagged

_SECTIONS = (
    ("121060", "History", "This patient is made up, and so is everything below."),
    ("121070", "Findings", "An ellipse in an ellipse, as expected."),
    ("121076", "Conclusions", "No abnormality in {}. Routine practice recommended."),
)


def sections(description: str) -> tuple[Attributes, ...]:
    """The items of Content Sequence (0040,A730): one text for each heading.

    Args:
        description: of the study.
    """
    return tuple(
        _text(code, meaning, text.format(description or "this study"))
        for code, meaning, text in _SECTIONS
    )


def _text(code: str, meaning: str, text: str) -> Attributes:
    name = {by_keyword("ConceptNameCodeSequence").tag: (coded(code, "DCM", meaning),)}
    return tagged(f"RelationshipType CONTAINS\nValueType TEXT\nTextValue {text}") | name


def pdf(lines: Sequence[str]) -> bytes:
    """A PDF file of one page; characters beyond Latin-1 become question marks."""
    shown = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
    page = f"BT /F1 14 Tf 18 TL 72 720 Td {shown} ET".encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    return _file(objects)


def _escaped(line: str) -> str:
    return "".join(f"\\{character}" if character in "()\\" else character for character in line)


def _file(objects: Sequence[bytes]) -> bytes:
    """The objects with the table that says where each begins (ISO 32000-1 7.5.4)."""
    made = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return (
        made
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(made))
    )
