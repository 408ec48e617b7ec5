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
        ("ISO-8859-1", "ISO_IR 100", Fault.MISSPELT),
        ("latin1", "ISO_IR 100", Fault.MISSPELT),
        ("", "", None),
        ("\\", "\\", None),
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
        (r"\ISO 2022 IR 149", "", b"\x1b$)C\xfb\xf3", "洪"),
        (r"\ISO 2022 IR 149", "", b"M\xfc", "Mü"),
        ("ISO 2022 IR 100", "", b"M\xfcller", "Müller"),
        # the other set must be a single one, and known, and have the text without controls
        ("ISO_IR 192", r"\ISO 2022 IR 149", b"M\xfcller", "M\ufffdller"),
        ("ISO_IR 192", "KLINGON", b"M\xfcller", "M\ufffdller"),
        ("ISO_IR 192", "iso ir 100", b"M\xfcller", "Müller"),
        ("ISO_IR 192", "ISO_IR 100", b"M\xfcl\x85er", "M\ufffdl\ufffder"),
    ],
)
def test_text_is_read(declared: str, fallback: str, raw: bytes, text: str) -> None:
    assert answer_decoder(declared.encode(), fallback)(raw) == text


def test_latin_1_is_not_taken_for_anything_else() -> None:
    for letter in map(chr, range(0xA0, 0x100)):
        assert looks_like(f"A{letter}bc".encode("latin-1"), "ISO_IR 100") == ""


@pytest.mark.parametrize(
    ("value", "terms", "like"),
    [
        ("Müller".encode(), "ISO_IR 100", "ISO_IR 192"),
        ("Müller".encode(), " ISO_IR 144 ", "ISO_IR 192"),
        ("Müller".encode(), "ISO_IR 203", "ISO_IR 192"),
        ("Müller".encode(), "ISO_IR 166", "ISO_IR 192"),
        ("Müller".encode(), "", "ISO_IR 192"),
        ("Müller".encode(), "GB18030", ""),
        ("Müller".encode(), r"ISO 2022 IR 100\ISO 2022 IR 144", ""),
        (b"M\xfcller", "ISO_IR 100", ""),
        (b"5 \x80", "ISO_IR 100", "windows-1252"),
        (b"Ko\x9e", "ISO_IR 100", "windows-1252"),
        (b"A\x81", "ISO_IR 100", ""),  # neither has it
        (b"\xc3\xa9\xff", "ISO_IR 100", ""),
        (b"\xc3\xa0\xff", "ISO_IR 100", ""),
    ],
)
def test_what_a_text_plainly_is(value: bytes, terms: str, like: str) -> None:
    assert looks_like(value, terms) == like


KOREAN, CHINESE = r"\ISO 2022 IR 149", r"\ISO 2022 IR 58"


@pytest.mark.parametrize(
    ("value", "terms", "undeclared"),
    [
        (b"\x1b$)C\xfb\xf3", KOREAN, False),
        (b"\x1b$)C\xfb\xf3\x1b(BA", KOREAN, False),
        (b"\x1b$)C\xfb\xf3", CHINESE, True),
        (b"\x1b(BA\x1b(JB", "ISO 2022 IR 6", False),
        (b"\x1b$BA\x1b(JB", "ISO 2022 IR 6", True),
        (b"\x1b$)CA", "ISO_IR 100", True),
        (b"\x1b(BA", "ISO_IR 100", True),
        (b"A", "ISO_IR 100", False),
        (b"A", KOREAN, False),
        (b"A\x1b", KOREAN, False),
    ],
)
def test_escape_sequences_that_are_not_declared(value: bytes, terms: str, undeclared: bool) -> None:
    assert undeclared_escape(value, terms) is undeclared


@pytest.mark.parametrize(
    ("value", "terms", "lacks"),
    [
        (b"\xfb\xf3", KOREAN, True),
        (b"\xd5\xc5", CHINESE, True),
        (b"Hong", KOREAN, False),
        (b"\x1b$)C\xfb\xf3", KOREAN, False),
        (b"M\xfc", KOREAN, False),
        (b"M\xfcller", "ISO 2022 IR 100", False),
        (b"\xfb\xf3", "ISO_IR 100", False),
    ],
)
def test_text_without_its_escape_sequence(value: bytes, terms: str, lacks: bool) -> None:
    assert lacks_escape(value, terms) is lacks


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
