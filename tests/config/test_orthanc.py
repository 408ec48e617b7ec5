"""Orthanc configurations as they are."""

import json
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.config.config import Config
from dicomsh.config.jsontext import compose, looks_like_json
from dicomsh.config.orthanc import parse
from dicomsh.errors import ConfigError
from dicomsh.model.modality import DicomAddress, Modality, Timeouts, Tls

BOOK = """
    /* An Orthanc configuration, with a comment
       over two lines and a "quote */
    {
    \t"Name" : "http://not/a//comment /* nor this */",  // but this is
    \t"DicomAet" : "MINE",
      "DicomScuTimeout" : 20,
      "DicomModalities" : {
        // "off" : [ "OFF", "127.0.0.1", 2000 ],
        "sample" : [ "STORESCP", "127.0.0.1", 2000 ],
        "text" : [ "TEXT", "localhost", "104" ],
        "ge" : [ "GE_AET", "192.168.1.1", 105, "GE" ],
        "old" : [ "OLD", "192.168.1.2", 106, "ClearCanvas" ],
        "full"
        : {
          "AET" : "FULL", "Host" : "::1", "Port" : 107,
          "Manufacturer" : "GenericNoUniversalWildcard",
          "AllowEcho" : false, "RetrieveMethod" : "C-GET", "Unheard" : [1, {}, null, -1.5e3],
          "LocalAet" : "OTHER", "Timeout" : 60
        },
        "zero" : { "AET" : "Z", "Host" : "h", "Port" : "1", "LocalAet" : "", "Timeout" : 0, },
      },
      "HttpPort" : 8042
    }
"""


def read(modalities: str, more: str = "") -> Config:
    return parse(f'{{"DicomModalities": {{{modalities}}}{more}}}')


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        raise next(iter(parse(text).broken.values()))
    return caught.value.message


def test_both_forms_among_comments() -> None:
    config = parse(dedent(BOOK))
    limits = Timeouts(20, 20, 20)
    assert (config.aet, config.timeouts) == ("MINE", limits)
    expected = [
        Modality("sample", DicomAddress("STORESCP", "127.0.0.1", 2000), "MINE", limits),
        Modality("text", DicomAddress("TEXT", "localhost", 104), "MINE", limits),
        Modality("ge", DicomAddress("GE_AET", "192.168.1.1", 105), "MINE", limits, universal="*"),
        Modality("old", DicomAddress("OLD", "192.168.1.2", 106), "MINE", limits),
        Modality("full", DicomAddress("FULL", "::1", 107), "OTHER", Timeouts(60, 60, 60)),
        Modality("zero", DicomAddress("Z", "h", 1), "MINE", limits),
    ]
    assert list(config.modalities.values()) == expected


def test_line_breaks_inside_a_string_are_left_to_orthanc() -> None:
    assert list(read('"a": ["A", "h", 1]', more=', "Lua": "a\n\tb"').modalities) == ["a"]


def test_our_title_is_that_of_orthanc_when_none_is_given() -> None:
    assert read("").aet == "ORTHANC"
    assert read("").timeouts == Timeouts()


def test_tls_takes_the_files_of_orthanc(tmp_path: Path) -> None:
    (tmp_path / "trusted.crt").touch()
    text = """{"DicomTlsTrustedCertificates": "trusted.crt", "DicomModalities": {
        "t": {"AET": "T", "Host": "h", "Port": 1, "UseDicomTls": true},
        "p": {"AET": "P", "Host": "h", "Port": 1, "UseDicomTls": false}}}"""
    modalities = parse(text, path=tmp_path / "orthanc.json").modalities
    assert modalities["t"].entity.tls == Tls(ca=tmp_path / "trusted.crt")
    assert modalities["p"].entity.tls is None
    with pytest.raises(ConfigError, match="DicomTlsTrustedCertificates: expected an existing file"):
        parse(text, path=tmp_path / "elsewhere" / "orthanc.json").find("t")
    assert parse(text, path=tmp_path / "elsewhere" / "orthanc.json").find("p").name == "p"


def test_variables_are_replaced_as_orthanc_does() -> None:
    text = """{"DicomAet": "${AET}", "DicomModalities": {
        "${NAME:-pacs}": ["${NONE:-X}", "h", ${PORT}]}}"""
    config = parse(text, environ={"AET": "ME", "PORT": "11112"})
    assert config.aet == "ME"
    assert config.modalities["pacs"].address == DicomAddress("X", "h", 11112)


WRONG = {
    '{"a": [1, b]}': "orthanc.json:1: JSON: expected a value, found 'b]}'",
    '{"a" 1}': "orthanc.json:1: JSON: expected ':', found '1}'",
    '{"a": 1\n"b": 2}': """orthanc.json:2: JSON: expected ',' or '}', found '"b": 2}'""",
    "{a: 1}": "orthanc.json:1: JSON: expected a name in double quotes or '}', found 'a: 1}'",
    '{"a": 1}\n\nx': "orthanc.json:3: JSON: expected the end of the file, found 'x'",
    '{"a": "\\x"}': "orthanc.json:1: JSON: expected a string with JSON escapes only, "
    "found '\"\\\\x\"}'",
    '{"a": "': "orthanc.json:1: JSON: expected a string with a closing quote, found '\"'",
    "{\n/* a": "orthanc.json:2: JSON: expected a name in double quotes or '}', found '/* a'",
    "{": "orthanc.json:1: JSON: expected a name in double quotes or '}', found the end of the file",
    "": "orthanc.json:1: JSON: expected a value, found the end of the file",
    "[" * 5000: f"orthanc.json:1: JSON: expected at most 50 levels of nesting, found '{'[' * 20}'",
    "[]": "orthanc.json:1: top level: expected an Orthanc configuration, found a list",
    "\n{}": "orthanc.json:2: top level: expected the setting 'DicomModalities', found none",
    '{"DicomModalities": []}': "orthanc.json:1: DicomModalities: expected a mapping from names "
    "to modalities, found a list",
    '{"DicomModalities": {}, "DicomAet": null}': "orthanc.json:1: DicomAet: expected an AE title "
    "(1 to 16 ASCII characters, no backslash), found nothing",
    '{"DicomModalities": {}, "DicomScuTimeout": -1}': "orthanc.json:1: DicomScuTimeout: expected "
    "a number of seconds from 0 to 86400, found '-1'",
    '{"DicomAet": "A",\n"DicomAet": "B"}': "orthanc.json:2: top level: expected each key once, "
    "found 'DicomAet' again (first on line 1)",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_wrong_file(text: str, message: str) -> None:
    assert refused(text) == message


WRONG_MODALITIES = {
    '"a": ["A", "h"]': "a: expected [AET, host, port] or [AET, host, port, manufacturer], "
    "found a list of 2",
    '"a": "A"': "a: expected [AET, host, port] or a mapping, found 'A'",
    '"a": ["A", "h", 0]': "a.Port: expected a number from 1 to 65535, found '0'",
    '"a": ["A", "h", 1.5]': "a.Port: expected a number from 1 to 65535, found '1.5'",
    '"a": ["A", "h", 1, "ge"]': "a.Manufacturer: expected a manufacturer that Orthanc knows, "
    "found 'ge'",
    '"a": {"AET": "A", "Port": 1}': "a: expected the setting 'Host', found none",
    '"a": {"UseDicomTls": 3}': "a.UseDicomTls: expected true or false, found '3'",
    '"a b": ["A", "h", 1]': "a b: expected a name of 1 to 64 letters, digits, '_', '.' and '-', "
    "not beginning with '.' or '-', found 'a b'",
}


@pytest.mark.parametrize(("text", "words"), WRONG_MODALITIES.items())
def test_wrong_modality(text: str, words: str) -> None:
    message = refused(f'{{\n  "DicomModalities": {{\n {text}}}}}')
    assert message == f"orthanc.json:3: DicomModalities.{words}"


def test_unknown_manufacturer_has_a_suggestion() -> None:
    with pytest.raises(ConfigError) as caught:
        raise next(iter(read('"a": ["A", "h", 1, "Genric"]').broken.values()))
    assert caught.value.hint == "did you mean 'Generic'?"


@pytest.mark.parametrize(
    ("text", "json_like"),
    [("{", True), (" \n// x\n/* { */{}", True), ("", False), ("a: {", False), ("# {\n{", False)],
)
def test_looks_like_json(text: str, json_like: bool) -> None:
    assert looks_like_json(text) is json_like


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
TOKENS = st.lists(
    st.sampled_from(
        [*'{}[]:,"\\/ \n\t*10ea-', "//", "/*", "*/", "null", '"DicomModalities":', "${"]
    )
).map("".join)


def never_anything_else(text: str) -> None:
    try:
        message = None if parse(text) else "no configuration"
    except ConfigError as error:
        message = error.message
    assert message is None or (message.isprintable() and message.startswith("orthanc.json:"))


@given(st.text() | TOKENS)
def test_any_text_is_read_or_refused(text: str) -> None:
    never_anything_else(text)


@given(TREES)
def test_any_modalities_are_read_or_refused(tree: object) -> None:
    never_anything_else(json.dumps({"DicomModalities": {"a": tree}, "DicomAet": tree}))


@given(TREES)
def test_all_of_json_is_understood(tree: object) -> None:
    for indent, ascii_only in ((None, True), (1, False)):
        compose(json.dumps(tree, indent=indent, ensure_ascii=ascii_only), "x.json")
