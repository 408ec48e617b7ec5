r"""Character sets: a query is written without loss or refused; wrong bytes of an answer are shown.

Rivals send `*山田*` as `*??*`, or as bytes without a label.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pydicom
import pydicom.config
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import python_encoding

from dicomsh.errors import UsageError
from dicomsh.model.charset import (
    UTF8,
    alternatives,
    choose,
    composed,
    declared_term,
    decoder,
    encode,
    has_letters,
    inside_words,
    known,
)
from tests.samples import bundled


class Sample(NamedTuple):
    """A Specific Character Set, bytes, and the text that they are."""

    charset: str
    raw: bytes
    text: str


JAPANESE = Sample(
    "\\ISO 2022 IR 87",
    b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
)
KATAKANA = Sample(
    "ISO 2022 IR 13\\ISO 2022 IR 87",
    b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
    "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
)
KOREAN = Sample(
    "\\ISO 2022 IR 149",
    b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    "Hong^Gildong=洪^吉洞=홍^길동",
)
CHINESE = Sample(
    "\\ISO 2022 IR 58",
    b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
    "Zhang^XiaoDong=张^小东=",
)
MIXED = Sample(
    "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126",
    b"Buc^J\xe9r\xf4me=\x1b-L\xbb\xee\xda=\x1b-F\xc4\xe9\xef",
    "Buc^Jérôme=Люк=Διο",
)
PLAIN = [
    Sample("ISO_IR 100", b"\xc4neas^R\xfcdiger", "Äneas^Rüdiger"),
    Sample("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
    Sample("ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار"),
    Sample("ISO_IR 138", b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה"),
    Sample("ISO_IR 144", b"\xbb\xee\xdace\xdc\xd1yp\xd3", "Люкceмбypг"),
    Sample("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "Wang^XiaoDong=王^小东"),
    Sample(UTF8, "王^小東".encode(), "王^小東"),
]
SAMPLES = [JAPANESE, KATAKANA, KOREAN, CHINESE, MIXED, *PLAIN]


def names(sample: Sample) -> str:
    return sample.charset


@pytest.mark.parametrize("sample", SAMPLES, ids=names)
def test_bytes_are_read_in_their_character_set(sample: Sample) -> None:
    assert decoder(sample.charset.encode(), "")(sample.raw) == sample.text


@pytest.mark.parametrize("sample", SAMPLES, ids=names)
def test_the_declared_fallback_reads_what_has_no_label(sample: Sample) -> None:
    assert decoder(b"", sample.charset)(sample.raw) == sample.text


@pytest.mark.parametrize("sample", [JAPANESE, KATAKANA, KOREAN, CHINESE, *PLAIN], ids=names)
def test_a_query_is_written_in_the_declared_set(sample: Sample) -> None:
    """As the standard's own examples write it, each component with its escape sequences."""
    assert choose(sample.text, sample.charset) == sample.charset
    assert encode(sample.text, sample.charset) == sample.raw


@pytest.mark.parametrize(
    ("declared", "text", "raw"),
    [
        ("ISO_IR 13", "ﾔﾏﾀﾞ*", b"\xd4\xcf\xc0\xde*"),
        ("ISO_IR 13", "*ﾔﾏ?ﾞ^ﾀﾛｳ*", b"*\xd4\xcf?\xde^\xc0\xdb\xb3*"),
        ("ISO_IR 13", "~ﾔ", b"~\xd4"),
        (KATAKANA.charset, "ﾔﾏ*=山*", b"\xd4\xcf*=\x1b$B;3\x1b(J*"),
        (CHINESE.charset, "*小东*", b"*\x1b$)A\xd0\xa1\xb6\xab*"),
        (CHINESE.charset, "Zhang*=张^?东", b"Zhang*=\x1b$)A\xd5\xc5^?\x1b$)A\xb6\xab"),
        (KOREAN.charset, "*길동*", b"*\x1b$)C\xb1\xe6\xb5\xbf*"),
        (JAPANESE.charset, "*山田*", b"*\x1b$B;3ED\x1b(B*"),
        (CHINESE.charset, "Mü", b"M\x1b$)A\xa8\xb9"),
        (CHINESE.charset + KOREAN.charset, "张=홍", b"\x1b$)A\xd5\xc5=\x1b$)C\xc8\xab"),
    ],
)
def test_a_pattern_is_written_with_the_bytes_of_what_it_is_to_match(
    declared: str, text: str, raw: bytes
) -> None:
    """A server that compares bytes must find them: no escape sequence goes before a wildcard."""
    assert choose(text, declared) == declared
    assert encode(text, declared) == raw


@pytest.mark.parametrize("text", ["", "JODOGNE^S", "*?", "a\\b", "~"])
@pytest.mark.parametrize("declared", ["", "ISO_IR 100", "ISO_IR 13", UTF8])
def test_ascii_needs_no_character_set(text: str, declared: str) -> None:
    assert choose(text, declared) == ""
    assert encode(text, declared) == text.encode("ascii")


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("*山田*", ""),
        ("*山田*", "ISO_IR 100"),
        ("*山田*", "ISO_IR 13"),
        ("Müller", "ISO_IR 144"),
        ("Müller", "ISO_IR 6"),
        ("Müller", "\\ISO 2022 IR 87"),
        ("山é田", "\\ISO 2022 IR 87"),
        ("홍^길동 é", "\\ISO 2022 IR 149"),
        ("€", "ISO_IR 100"),
        ("¥", "ISO_IR 13"),
        ("😀", "ISO 2022 IR 13\\ISO 2022 IR 87"),
        ("é", "no such set"),
    ],
)
def test_what_the_declared_set_lacks_goes_out_in_utf8(text: str, declared: str) -> None:
    assert choose(text, declared) == UTF8
    assert encode(text, UTF8) == text.encode("utf-8")
    with pytest.raises(UsageError, match="cannot be encoded in"):
        encode(text, declared)


def test_a_refusal_names_the_set_and_what_to_declare() -> None:
    with pytest.raises(UsageError) as caught:
        encode("山田", "ISO_IR 100")
    assert caught.value.message == "'山田' cannot be encoded in ISO_IR 100"
    assert caught.value.hint is not None
    assert UTF8 in caught.value.hint


terms = st.sampled_from(sorted(term for term in python_encoding if term))
declarations = st.one_of(
    terms,
    st.lists(st.sampled_from(["", *(t for t in python_encoding if "2022" in t)]), max_size=4).map(
        "\\".join
    ),
)
letters = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.text(alphabet="Yamadéß山田やﾔﾏ홍길Люк^=\\*?~¥ ", max_size=12),
)


@given(letters, declarations)
def test_a_query_survives_its_own_character_set(text: str, declared: str) -> None:
    charset = choose(text, declared)
    assert charset in ("", declared, UTF8)
    raw = encode(text, charset)
    assert decoder(charset.encode("ascii"), "")(raw) == text
    assert raw.count(b"?") == text.count("?") or charset not in ("", UTF8)


@given(letters, declarations)
def test_encode_is_exact_or_refuses(text: str, charset: str) -> None:
    try:
        raw = encode(text, charset)
    except UsageError:
        return
    assert decoder(charset.encode("ascii"), "")(raw) == text


@given(
    st.one_of(st.binary(max_size=40), declarations.map(str.encode)),
    st.one_of(st.just(""), declarations, st.text(max_size=8)),
    st.one_of(
        st.binary(max_size=60),
        st.lists(
            st.sampled_from(
                [b"\x1b$B", b"\x1b(J", b"\x1b$)C", b"\x1b", b"\xff", b";3", b"^", b"\\"]
            )
        ).map(b"".join),
    ),
)
def test_wrong_bytes_are_shown_and_never_raise(declared: bytes, fallback: str, raw: bytes) -> None:
    """Not even a warning: pytest turns one into an error, and the shell would print it."""
    assert isinstance(decoder(declared, fallback)(raw), str)


@pytest.mark.parametrize(
    ("declared", "raw", "text"),
    [
        (b"", b"M\xfcller", "Müller"),
        (b"ISO_IR 192", b"M\xfcller", "M\ufffdller"),
        (b"no such set ", b"M\xfcller", "Müller"),
        (b"ISO_IR 192\\ISO 2022 IR 87", "é".encode(), "é"),
        (b"ISO_IR 100 ", b"M\xfcller", "Müller"),
        (b"ISO_IR 100\0", b"M\xfcller", "Müller"),
    ],
)
def test_labels_that_are_wrong_or_padded(declared: bytes, raw: bytes, text: str) -> None:
    assert decoder(declared, "")(raw) == text


def test_an_unknown_label_gives_way_to_the_fallback() -> None:
    raw = "Люк".encode("iso8859-5")
    assert decoder(b"no such set", "ISO_IR 144")(raw) == "Люк"
    assert decoder(b"ISO_IR 144", "no such set")(raw) == "Люк"


def test_which_terms_are_known() -> None:
    assert known("ISO_IR 192")
    assert known("\\ISO 2022 IR 87")
    assert not known("ISO_IR 192\\nonsense")
    assert not known("utf-8")


NAMES = {
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrFrenMulti.dcm": "Buc^Jérôme",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti.dcm": "やまだ^たろう",
    "chrJapMultiExplicitIR6.dcm": "やまだ^たろう",
    "chrKoreanMulti.dcm": "김희중",
    "chrRuss.dcm": "Люкceмбypг",
    "chrX1.dcm": "Wang^XiaoDong=王^小東=",
    "chrX2.dcm": "Wang^XiaoDong=王^小东=",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_in_the_files_of_pydicom(name: str) -> None:
    (path,) = (path for path in bundled() if path.name == name)
    raw = pydicom.dcmread(path).get_item("PatientName").value
    charset = "\\".join(_as_list(pydicom.dcmread(path).SpecificCharacterSet))
    text = decoder(charset.encode("ascii"), "")(raw).rstrip(" ")
    assert text == NAMES[name]
    chosen = choose(text, charset)
    assert chosen in ("", charset)
    assert decoder(chosen.encode("ascii"), "")(encode(text, chosen)) == text


def _as_list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize(
    ("text", "charset", "sent"),
    [
        ("*山*", r"\ISO 2022 IR 87", "*;3*"),
        ("*郎", r"\ISO 2022 IR 87", "*O:*"),
        ("Y*=山?", r"\ISO 2022 IR 87", "Y*=*;3*"),
        ("*동*", r"\ISO 2022 IR 149", "*µ¿*"),
        ("*春*", r"\ISO 2022 IR 87", "*?U*"),  # one of its bytes is that of `=`
        ("山田", r"\ISO 2022 IR 87", None),
        ("*山*", "ISO_IR 192", None),
        ("*동*", r"\ISO 2022 IR 87", None),
    ],
)
def test_letters_inside_a_word_without_escape_sequences(
    text: str, charset: str, sent: str | None
) -> None:
    assert inside_words(text, charset) == sent


@pytest.mark.parametrize(
    ("declared", "raw", "text"),
    [
        # code extensions alone have escape sequences (PS3.5 6.1.2.5)
        (b"\\ISO 2022 IR 87", b"Yamada=\x1b$B;3ED\x1b(B", "Yamada=山田"),
        (b"ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B", "山田"),
        (b"ISO_IR 100", b"A\x1b$BB", "A\x1b$BB"),
        (b"ISO_IR 192", b"A\x1b(BB", "A\x1b(BB"),
        (b"X", b"\xe4", "ä"),
        (b"ISO 2022 IR 149", b"\x1b$)C\xfb\xf3", "洪"),
        (b"ISO_IR 100\\ISO_IR 144", b"\x1b-L\xbb\xee\xda", "Люк"),
        (b"ISO_IR 192\\ISO_IR 100", b"\x1b(BA\xff", "\x1b(BA\ufffd"),
    ],
)
def test_escape_sequences_belong_to_code_extensions(declared: bytes, raw: bytes, text: str) -> None:
    assert decoder(declared, "")(raw) == text


@pytest.mark.parametrize(
    ("declared", "raw", "text"),
    [
        (b"ISO 2022 IR 149", b"\x1b$(XA\xff", "\x1b$(XA\ufffd"),
        (b"ISO 2022 IR 203\\ISO 2022 IR 87", b"\xa4\x1b$B", "€\x1b$B"),
        (b"\\ISO 2022 IR 87", b"Yamada=\x1b$B;3ED\x1b(B", "Yamada=山田"),
    ],
)
def test_text_is_read_however_strict_pydicom_is(
    declared: bytes, raw: bytes, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that imports us may have set it to raise errors."""
    settings = pydicom.config.settings
    monkeypatch.setattr(settings, "reading_validation_mode", pydicom.config.RAISE)
    assert decoder(declared)(raw) == text


@pytest.mark.parametrize(
    ("text", "together"),
    [
        ("Muller", "Muller"),
        ("Mu\u0308ller", "Müller"),
        ("ü\u0323", "\u1ee5\u0308"),
        ("\ufa19\ufa1a", "\ufa19\ufa1a"),
        ("\ufa19u\u0308\ufa1a", "\ufa19ü\ufa1a"),
        ("\u795e", "\u795e"),
    ],
)
def test_accents_and_their_letters_become_one_and_no_character_another(
    text: str, together: str
) -> None:
    assert composed(text) == together


@pytest.mark.parametrize(
    ("text", "charset", "seen", "others"),
    [
        ("ü", UTF8, [], ["ISO_IR 100", CHINESE.charset, "GB18030"]),
        # those seen come first, and each has bytes of its own
        ("ü", UTF8, ["GB18030", "ISO_IR 101"], ["GB18030", "ISO_IR 101", CHINESE.charset]),
        ("ü", "ISO_IR 100", ["ISO_IR 101", "no such set"], [UTF8, CHINESE.charset, "GB18030"]),
        ("山홍", UTF8, [], [KOREAN.charset, "GB18030"]),
        ("A", UTF8, ["ISO_IR 100"], []),
    ],
)
def test_other_sets_that_hold_a_text(
    text: str, charset: str, seen: list[str], others: list[str]
) -> None:
    assert list(alternatives(text, charset, seen)) == others


def test_a_letter_that_could_not_be_read_is_not_sent() -> None:
    with pytest.raises(UsageError, match="could not be read") as caught:
        encode("M\ufffdll\ufffdr", UTF8)
    assert caught.value.hint == "use ? in its place: 'M?ll?r'"


def test_a_label_keeps_its_letters() -> None:
    assert declared_term(b" XYZX \0") == "XYZX"


@pytest.mark.parametrize(
    ("raw", "text", "charset", "has"),
    [
        (b"M\xfcller", "M\u00fcll*", "ISO_IR 100", True),
        (b"M\xc3\xbcller", "M\u00fcll*", "ISO_IR 100", False),
        (b"M\xc3\xbcller", "M\u00fcll*", "ISO_IR 192", True),
        (b"Yamada=\x1b$B;3ED\x1b(B", "*\u7530*", "\\ISO 2022 IR 87", True),
        (b"Yamada=\x1b$B;3ED\x1b(B", "*\u738b*", "\\ISO 2022 IR 87", False),
        (b"\xfc", "\u00fc*\u5c71", "ISO_IR 100", False),  # which does not hold all of it
    ],
)
def test_letters_are_known_by_their_bytes(raw: bytes, text: str, charset: str, has: bool) -> None:
    assert has_letters(raw, text, charset) is has
