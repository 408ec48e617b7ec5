"""help: a page for all there is, and what it says is so."""

from __future__ import annotations

import re
from datetime import date

import pytest
import yaml

from dicomsh.commands import registry
from dicomsh.commands.guide import PAGES
from dicomsh.commands.guide.attributes import VR_NAMES, attribute_page
from dicomsh.config.modalities import parse
from dicomsh.errors import ExitStatus, UsageError
from dicomsh.frozen import names_of
from dicomsh.language.scan import scan
from dicomsh.language.terms import read_term
from dicomsh.language.topics import TOPICS
from dicomsh.model.keys import ALIASES, by_keyword, keywords
from dicomsh.model.level_keys import LEVEL_KEYS, key_type
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.modality import Tls
from dicomsh.model.query import Matching
from dicomsh.model.results import FILE_FORMATS, FORMATS
from dicomsh.output.formats import SUFFIXES
from dicomsh.settings import SETTINGS
from tests.harness import run

COMMANDS = [*registry(), *registry().stages]


def test_every_command_and_topic_is_listed() -> None:
    lines = run("help").out.splitlines()
    first = {line.split("  ")[1] for line in lines if line.startswith("  ")}
    assert first >= {command.name for command in COMMANDS} | set(TOPICS)


@pytest.mark.parametrize("made", COMMANDS, ids=lambda made: made.name)
def test_every_command_has_a_page_with_its_usage_options_and_examples(made: object) -> None:
    from dicomsh.language.command import Command

    assert isinstance(made, Command)
    page = run(f"help {made.name}").out
    assert f"usage: {made.usage}" in page
    assert all(option.flag in page for option in made.parameters if option.option)
    assert all(f"\n  {example}" in page for example in made.examples)


def test_a_command_names_those_that_begin_as_it_does() -> None:
    page = run("help lesson").out
    for word in ("answer", "hint", "list", "reset", "skip", "start", "stop"):
        assert f"  lesson {word} " in page
    assert "Leave the lesson, and go back" in page
    assert "trace pdu" in run("help trace").out
    assert "see also" not in run("help find").out


def test_every_topic_has_a_page() -> None:
    assert list(PAGES) == list(TOPICS)
    pages = [run(f"help {topic}").out for topic in TOPICS]
    assert len(set(pages)) == len(TOPICS)


def test_no_page_is_wider_than_a_hundred_columns() -> None:
    names = [*TOPICS, "patient", "study", "series", "instance", "Modality", "ImageType"]
    for name in names:
        for line in run(f"help {name}").out.splitlines():
            assert len(line) <= 100, line


def test_the_page_on_settings_tells_all_of_them_with_their_values() -> None:
    page = run("set limit 77; help settings").out
    assert all(f"\n  {name} " in page for name in SETTINGS)
    assert "limit N                77" in page
    assert "Scripts neither read nor write it" in page


@pytest.mark.parametrize(
    ("level", "told"),
    [
        (
            "patient",
            ["PATIENT (PS3.4 C.6.1.1.2)", "unique      PatientID", "required    PatientName"],
        ),
        (
            "studies",
            ["C.6.1.1.3", "StudyDate, StudyTime, AccessionNumber, StudyID", "(Study Root)"],
        ),
        ("series", ["C.6.1.1.4", "required    Modality, SeriesNumber"]),
        ("image", ["IMAGE (PS3.4 C.6.1.1.5)", "unique      SOPInstanceUID", "InstanceNumber"]),
        ("mwl", ["PS3.4 K.6.1.2.2", "station     ScheduledStationAETitle", "required    Sched"]),
    ],
)
def test_a_level_has_its_unique_required_and_optional_keys(level: str, told: list[str]) -> None:
    page = run(f"help {level}").out
    assert all(text in page for text in told)


def test_every_key_has_one_type_and_its_level() -> None:
    for level in HIERARCHY:
        types = LEVEL_KEYS[level]
        named = (level.unique_keyword, *types.required, *types.optional)
        assert len(set(named)) == len(named)
        for keyword in (*named, *types.default, *types.more):
            assert by_keyword(keyword).keyword == keyword
        assert [key_type(keyword) for keyword in types.required] == [(level, "required")] * len(
            types.required
        )
    assert key_type("PatientID") == (Level.PATIENT, "unique")
    assert key_type("SeriesDescription") == (Level.SERIES, "optional")
    assert key_type("PixelData") is None


@pytest.mark.parametrize("name", ["PatientName", "patientname", "name", "0010,0010", "00100010"])
def test_an_attribute_is_found_by_each_of_its_names(name: str) -> None:
    page = run(f"help {name}").out
    assert page.startswith("PatientName  (0010,0010)  Patient's Name, alias name\nVR PN (Person")
    assert "required key at patient level (PS3.4 C.6.1.1.2)" in page


def test_an_attribute_tells_its_values() -> None:
    assert "values      F, M, O" in run("help sex").out
    assert "retired by the standard" in run("help OtherPatientIDs").out


def examples(page: str) -> list[tuple[Matching, str]]:
    """The kinds of matching of a page with their examples."""
    by_title = {kind.title: kind for kind in Matching}
    lines = [line for line in page.splitlines() if line.startswith("  C.2.2.2.")]
    return [(by_title[line[13:36].strip()], line[36:]) for line in lines]


def test_the_examples_of_every_attribute_are_what_they_say() -> None:
    today = date(2024, 3, 5)
    count = 0
    for keyword in keywords():
        if by_keyword(keyword).tag >> 16 in (0, 2, 0xFFFE) or keyword.lower() in ALIASES:
            continue
        found = examples(attribute_page(keyword))
        assert Matching.UNIVERSAL in dict(found)
        for kind, text in found:
            (statement,) = scan(text, {})
            level = (key_type(keyword) or (Level.STUDY,))[0]
            if kind is not Matching.SEQUENCE:
                key = read_term(statement.words[0]).query_key(level, today)
                assert (key.keyword, key.matching) == (keyword, kind), text
                count += 1
    assert count > 8000


def test_every_vr_has_a_name() -> None:
    assert {by_keyword(keyword).vr for keyword in keywords()} <= {*VR_NAMES, "NONE"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("fnd", "did you mean 'find'?"),
        ("setings", "did you mean 'settings'?"),
        ("serie", "did you mean 'series'?"),
        ("PatientNam", "did you mean 'PatientName'?"),
        ("qqqqqq", "'help' lists all topics"),
    ],
)
def test_what_is_misspelt_gets_a_suggestion(name: str, hint: str) -> None:
    done = run(f"help {name}")
    assert done.status == 2
    assert f"no help on '{name}'" in done.err
    assert hint in done.err


def test_a_path_that_leads_nowhere_is_no_topic() -> None:
    with pytest.raises(UsageError):
        attribute_page("PatientName.Modality")
    assert run("help PatientName.Modality").status == 2


def test_what_a_long_option_is_for_stands_below_it() -> None:
    lines = run("help find").out.splitlines()
    index = lines.index("  --split auto|day|week|month")
    above = next(line for line in lines if line.startswith("  --limit"))
    assert lines[index + 1].index("ask for studies") == above.index("stop after")


def test_the_page_on_formats_has_every_format_and_suffix() -> None:
    words = run("help formats").out.replace(",", " ").replace("'", " ").split()
    assert {*FORMATS, *FILE_FORMATS, *SUFFIXES} <= set(words)


def test_the_page_on_exit_statuses_has_all_of_them() -> None:
    page = run("help statuses").out
    numbers = {int(word) for word in page.replace(",", " ").split() if word.isdecimal()}
    assert numbers == {*map(int, ExitStatus), 129, 143}


def test_the_pages_on_files_and_tls_name_what_the_configuration_has() -> None:
    files = run("help files").out
    assert all(name in files for name in ("settings.yaml", "peers.json", "lessons.json", "history"))
    settings = yaml.safe_load(TLS_PAGE.search(run("help tls").out)[0])  # type: ignore[index]
    entry = {"aet": "A", "host": "h", "port": 1, "tls": {"verify": settings["tls"]["verify"]}}
    parsed = parse(yaml.safe_dump({"modalities": {"a": entry}}))
    assert parsed.modalities["a"].entity.tls == Tls(verify=False)
    assert set(settings["tls"]) == set(names_of(Tls))


TLS_PAGE = re.compile(r"  tls:\n(    .*\n)+")
