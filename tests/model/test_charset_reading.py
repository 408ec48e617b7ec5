"""How answers are read whose character set is declared wrongly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.charset import READABLE
from dicomsh.model.charset_reading import (
    Fault,
    answer_decoder,
    lacks_escape,
    looks_like,
    meant,
    undeclared_escape,
)


@pytest.mark.parametrize(
    ("declared", "terms", "fault"),
    [
        ("ISO_IR 100", "ISO_IR 100", None),
        (r"\ISO 2022 IR 87", r"\ISO 2022 IR 87", None),
        (r"ISO_IR 6\ISO 2022 IR 87", r"ISO_IR 6\ISO 2022 IR 87", None),
        ("ISO IR 192", "ISO_IR 192", Fault.MISSPELT),
        ("ISO-IR 192", "ISO_IR 192", Fault.MISSPELT),
        ("iso_ir_192", "ISO_IR 192", Fault.MISSPELT),
        ("UTF-8", "ISO_IR 192", Fault.MISSPELT),
        ("ISO 2022-IR 100", "ISO 2022 IR 100", Fault.MISSPELT),
        (r"\ISO_IR 192", "ISO_IR 192", Fault.NOT_COMBINABLE),
        (r"ISO_IR 100\ISO_IR 192", "ISO_IR 192", Fault.NOT_COMBINABLE),
        (r"ISO_IR 100\GB18030", "GB18030", Fault.NOT_COMBINABLE),
        (r"\ISO_IR 13", r"\ISO 2022 IR 13", Fault.NOT_COMBINABLE),
        (r"ISO_IR 100\ISO_IR 144", r"ISO 2022 IR 100\ISO 2022 IR 144", Fault.NOT_COMBINABLE),
        ("KLINGON", "KLINGON", None),
    ],
)
def test_what_a_declaration_means(declared: str, terms: str, fault: Fault | None) -> None:
    assert meant(declared) == (terms, fault)


@pytest.mark.parametrize(
    ("declared", "fallback", "raw", "text"),
    [
        ("ISO_IR 100", "", "Müller".encode(), "MÃ¼ller"),
        ("ISO_IR 100", "ISO_IR 192", "Müller".encode(), "Müller"),
        ("ISO_IR 100", "ISO_IR 192", "Müller".encode("latin-1"), "Müller"),
        ("ISO_IR 100", "windows-1252", b"Ko\x9e", "Kož"),
        ("ISO_IR 100", "windows-1252", "Müller".encode(), "MÃ¼ller"),
        ("ISO_IR 192", "ISO_IR 100", b"M\xfcller", "Müller"),
        ("ISO_IR 192", "", b"M\xfcller", "M\ufffdller"),
        ("", "windows-1252", b"\x80 5", "€ 5"),
        ("KLINGON", "ISO_IR 144", "Чайка".encode("iso8859-5"), "Чайка"),
        ("ISO_IR 203", "", b"\xa4", "€"),
        (r"\ISO 2022 IR 149", "", b"\xfb\xf3", "洪"),
    ],
)
def test_text_is_read(declared: str, fallback: str, raw: bytes, text: str) -> None:
    assert answer_decoder(declared.encode(), fallback)(raw) == text


def test_latin_1_is_not_taken_for_anything_else() -> None:
    for letter in map(chr, range(0xA0, 0x100)):
        assert looks_like(f"A{letter}bc".encode("latin-1"), "ISO_IR 100") == ""


@given(
    declared=st.sampled_from([*READABLE, r"\ISO_IR 192", r"\ISO 2022 IR 149", "KLINGON"]),
    fallback=st.sampled_from(["", "ISO_IR 192", "windows-1252", "GB18030"]),
    raw=st.binary(max_size=40),
)
def test_any_bytes_have_a_text(declared: str, fallback: str, raw: bytes) -> None:
    assert isinstance(answer_decoder(declared.encode(), fallback)(raw), str)
    terms, _ = meant(declared)
    assert isinstance(looks_like(raw, terms), str)
    assert undeclared_escape(raw, terms) in (True, False)
    assert lacks_escape(raw, terms) in (True, False)
