"""modalities.yaml: what it means, and what is refused with which words."""

import re
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.config.config import Config
from dicomsh.config.locate import BUILTIN
from dicomsh.config.modalities import parse
from dicomsh.errors import ConfigError, ExitStatus, UsageError
from dicomsh.frozen import names_of
from dicomsh.model.capability import Support
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import (
    Device,
    DicomAddress,
    Faults,
    Modality,
    PracticeAddress,
    Timeouts,
    Tls,
)
from dicomsh.practice.protocols import JPEG_BASELINE


def config(text: str, path: Path | None = None) -> Config:
    return parse(dedent(text), path=path)


def refused(text: str) -> tuple[str, str | None]:
    """Why a text cannot be used, as a whole or its only modality."""
    with pytest.raises(ConfigError) as caught:
        raise next(iter(config(text).broken.values()))
    assert caught.value.status is ExitStatus.USAGE
    return caught.value.message, caught.value.hint


def test_one_modality_that_cannot_be_used_does_not_stop_the_others() -> None:
    text = """
        modalities:
          good: {aet: A, host: h, port: 1}
          no_ca: {aet: B, host: h, port: 1, tls: {ca: missing.pem}}
          no_port: {aet: C, host: h, port: abc}
          typo: {aet: D, host: h, prt: 1}
          last: {aet: E, host: h, port: 5}
        """
    read = config(text)
    assert list(read.modalities) == ["good", "last"]
    assert list(read.broken) == ["no_ca", "no_port", "typo"]
    assert read.find("good").name == "good"
    for name, told in (("no_ca", "missing.pem"), ("no_port", "'abc'"), ("typo", "'prt'")):
        with pytest.raises(ConfigError, match=f"modalities.{name}") as caught:
            read.find(name)
        assert told in caught.value.message


def entry(settings: str) -> str:
    """A configuration of one complete modality `pacs` with some settings in line 2."""
    return f"modalities:\n  pacs: {{aet: A, host: h, port: 1, {settings}}}\n"


def pacs(settings: str) -> Modality:
    return config(entry(settings)).modalities["pacs"]


def test_default_holds_the_practice_archive() -> None:
    default = parse(BUILTIN.read_text("utf-8"))
    pacs, devices = Modality("pacs", PracticeAddress()), default.devices
    assert default == Config(modalities={"pacs": pacs}, devices=devices)
    assert devices == {"CT1": Device("CT1", "CT"), "MR1": Device("MR1", "MR")}


def test_default_of_the_package_is_the_sample_of_the_repository() -> None:
    sample = Path(__file__).parents[2] / "modalities.yaml"
    assert sample.read_bytes() == BUILTIN.read_bytes()


def test_commented_examples_are_right(tmp_path: Path) -> None:
    """Uncommenting every example gives a configuration that can be used."""
    for name in ("ca.pem", "dicomsh.pem", "dicomsh.key"):
        (tmp_path / name).touch()
    head, examples = BUILTIN.read_text("utf-8").split("modalities:\n")
    settings = re.sub("^  # (?=[a-z ])", "  ", examples, flags=re.M)
    path = tmp_path / "modalities.yaml"
    read = parse(f"{head}modalities:\n{settings}", path=path).modalities
    assert list(read) == ["pacs", "orthanc", "dcm4chee", "old", "secure", "faulty"]
    assert read["old"].model is Model.STUDY_ROOT
    assert read["secure"].entity.tls == Tls(
        tmp_path / "ca.pem", tmp_path / "dicomsh.pem", tmp_path / "dicomsh.key"
    )
    faulty = read["faulty"].address
    assert isinstance(faulty, PracticeAddress)
    assert faulty.faults.cut_off_status == 0xA700
    assert None not in (faulty.faults.abort_after, faulty.faults.close_after)
    assert all(f"  #     {name}: " in examples for name in names_of(Faults))


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "modalities:\n"])
def test_empty_file(text: str) -> None:
    assert config(text) == Config()


def test_global_settings_reach_every_modality() -> None:
    read = config(
        """
        aet: ' ME '
        timeout: 5
        cancel_grace: 0
        idle_release: 1.5
        modalities:
          b: {aet: B, host: b.example.org, port: 104}
          a: {aet: '1234', host: '::1', port: '4242', local_aet: OTHER, timeout: {response: 90}}
        """
    )
    limits = Timeouts(5, 5, 5, 0, 1.5)
    assert list(read.modalities) == ["b", "a"]
    assert read.modalities["b"] == Modality(
        "b", DicomAddress("B", "b.example.org", 104), local_aet="ME", timeouts=limits
    )
    assert read.modalities["a"] == Modality(
        "a",
        DicomAddress("1234", "::1", 4242),
        local_aet="OTHER",
        timeouts=Timeouts(5, 5, 90, 0, 1.5),
    )


def test_timeout_of_a_modality_leaves_what_is_global() -> None:
    read = config(
        """
        cancel_grace: 0
        idle_release: 1
        modalities:
          a: {aet: A, host: h, port: 1, timeout: 90}
        """
    )
    assert read.modalities["a"].timeouts == Timeouts(90, 90, 90, 0, 1)


def test_timeout_can_be_given_one_by_one() -> None:
    assert config("timeout: {connect: 1, association: 2}").timeouts == Timeouts(1, 2)


def test_settings_of_a_modality() -> None:
    read = pacs(
        r"model: patient, charset: '\ISO 2022 IR 87', limit: 9, universal: '*',"
        " wado: 'https://[::1]:8042/wado/', wado_rs: 'http://h/rs'"
    )
    assert read == Modality(
        "pacs",
        DicomAddress("A", "h", 1),
        model=Model.PATIENT_ROOT,
        charset="\\ISO 2022 IR 87",
        limit=9,
        universal="*",
        wado="https://[::1]:8042/wado",
        wado_rs="http://h/rs",
    )


@pytest.mark.parametrize(
    ("words", "model"),
    [("auto", None), ("patient", Model.PATIENT_ROOT), ("study", Model.STUDY_ROOT)],
)
def test_model(words: str, model: Model | None) -> None:
    assert pacs(f"model: {words}").model is model


def test_charset_of_answers() -> None:
    read = pacs("charset: {fallback: ISO_IR 100}")
    assert (read.charset, read.fallback_charset) == ("", "ISO_IR 100")


def test_tls_by_a_word() -> None:
    assert pacs("tls: true").entity.tls == Tls()
    assert pacs("tls: false").entity.tls is None


def test_a_tls_file_of_a_user_who_does_not_exist_is_a_missing_file() -> None:
    for key in ("ca", "cert"):
        with pytest.raises(ConfigError, match=rf"tls\.{key}: expected an existing file"):
            parse(entry(f"tls: {{{key}: '~nosuchuser/x'}}")).find("pacs")


def test_tls_files_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    text = entry("tls: {ca: ca.pem, verify: no}")
    assert parse(text, path=tmp_path / "x.yaml").modalities["pacs"].entity.tls == Tls(
        ca=tmp_path / "ca.pem", verify=False
    )
    with pytest.raises(ConfigError, match=r"^modalities.yaml:2: modalities.pacs.tls.ca: expected"):
        parse(text, path=tmp_path / "elsewhere" / "x.yaml").find("pacs")


def test_faults() -> None:
    read = config(
        """
        modalities:
          p:
            practice: true
            aet: FAULTY
            faults:
              cut_off: 0
              cut_off_status: '0xB001'
              fail: {study: 0xC000, instance: 42752}
              refuse_patient_root: true
              no_counts: true
              row_delay: 0.25
              stall_after: 2
              abort_after: 3
              close_after: 4
              ignore_cancel: true
              no_charset: true
              abort_on_find: true
              ignore_keys: PatientSex
              reject_keys: [studydate, ModalitiesInStudy]
              no_modalities_in_study: true
              refuse_extended: true
              hierarchical: true
              no_get: true
              no_scp_role: true
              storage_syntax: jpeg
              fail_every: 5
              skip_every: 6
              nothing_sent: true
              no_suboperations: true
              no_failed_list: true
              unknown_destination: true
              empty_key_sends_all: true
              abort_after_objects: 7
              object_delay: 0.5
              padding: 8
        """
    ).modalities["p"]
    fail = {Level.STUDY: 0xC000, Level.INSTANCE: 0xA700}
    keys = frozenset(("PatientSex",)), frozenset(("StudyDate", "ModalitiesInStudy"))
    find = 0, 0xB001, fail, True, True, 0.25, 2, 3, 4, True, True, True, *keys, True, True, True
    get = True, True, JPEG_BASELINE, 5, 6, True, True, True, True, True, 7, 0.5, 8
    faults = Faults(*find, *get)
    assert read == Modality("p", PracticeAddress("FAULTY", faults))


def test_what_a_server_cannot_do_is_declared() -> None:
    settings = "extended: [relational, fuzzy], ignores: ModalitiesInStudy, rejects: [PatientSex]"
    read = config(f"modalities: {{a: {{aet: A, host: h, port: 1, {settings}}}}}").modalities["a"]
    assert read.extended == {Extension.RELATIONAL, Extension.FUZZY}
    assert read.capabilities.support("ModalitiesInStudy") is Support.IGNORED
    assert read.capabilities.rejected == {"PatientSex"}


def test_an_alias_is_what_its_anchor_is() -> None:
    read = config(
        """
        modalities:
          a: {aet: A, host: h, port: 1, timeout: &slow {connect: 60}}
          b: {aet: B, host: h, port: 2, timeout: *slow}
        """
    )
    assert read.modalities["b"].timeouts.connect == 60


WRONG = {
    "aet: []": "modalities.yaml:1: aet: expected an AE title (1 to 16 ASCII characters, "
    "no backslash), found a list",
    "aet: ABCDEFGHIJKLMNOPQ": "modalities.yaml:1: aet: expected an AE title (1 to 16 ASCII "
    "characters, no backslash), found 'ABCDEFGHIJKLMNOPQ'",
    "timeout: 0": "modalities.yaml:1: timeout: expected a number of seconds greater than 0 and at "
    "most 86400, found '0'",
    "\n\nidle_release: -1": "modalities.yaml:3: idle_release: expected a number of seconds from 0 "
    "to 86400, found '-1'",
    "timeout: {connect: .inf}": "modalities.yaml:1: timeout.connect: expected a number of "
    "seconds greater than 0 and at most 86400, found '.inf'",
    "- a": "modalities.yaml:1: top level: expected a mapping, found a list",
    "modalities: 3": "modalities.yaml:1: modalities: expected a mapping from names to settings, "
    "found '3'",
    "modalities:\n  pacs:": "modalities.yaml:2: modalities.pacs: expected a mapping, found nothing",
    "modalities:\n  ../x: {}": "modalities.yaml:2: modalities.../x: expected a name of 1 to 64 "
    "letters, digits, '_', '.' and '-', not beginning with '.' or '-', found '../x'",
    "modalities:\n  a: {host: h}": "modalities.yaml:2: modalities.a: expected the setting 'aet', "
    "found none",
    "aet: A\naet: B": "modalities.yaml:2: top level: expected each key once, found 'aet' again "
    "(first on line 1)",
    "{? [a] : b}": "modalities.yaml:1: top level: expected a word as key, found a list",
    "aet: !!python/object/apply:os.system ['true']": "modalities.yaml:1: aet: expected an AE title "
    "(1 to 16 ASCII characters, no backslash), found a list",
    "aet: !!python/name:os.system x": "modalities.yaml:1: aet: expected an AE title (1 to 16 "
    "ASCII characters, no backslash), found a value of type "
    "'tag:yaml.org,2002:python/name:os.system'",
    "aet: A\n  b: c": "modalities.yaml:2: YAML: expected well-formed text, found an error: "
    "mapping values are not allowed here",
    "aet: A\nx\n": "modalities.yaml:3: YAML: expected well-formed text, found an error: "
    "could not find expected ':'",
    "a: *b": "modalities.yaml:1: YAML: expected well-formed text, found undefined alias 'b'",
    "--- 1\n--- 2": "modalities.yaml:2: YAML: expected well-formed text, found another document",
    'aet: "\\UFFFFFFFF"': "modalities.yaml:1: YAML: expected well-formed text, found a number out "
    "of range",
    "a: \n\0": "modalities.yaml:2: YAML: expected printable text, found the character 0",
    "[" * 2000: "modalities.yaml:1: YAML: expected a few levels, found endless nesting",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_wrong_file(text: str, message: str) -> None:
    assert refused(text)[0] == message


WRONG_SETTINGS = {
    "port: abc": ("port: expected a number from 1 to 65535", "'abc'"),
    "port: 65536": ("port: expected a number from 1 to 65535", "'65536'"),
    "host: ''": ("host: expected a host name or an IP address", "''"),
    "host: a..b": ("host: expected a host name or an IP address", "'a..b'"),
    "host: 'a b'": ("host: expected a host name or an IP address", "'a b'"),
    "host: ':::1'": ("host: expected a host name or an IP address", "':::1'"),
    "host: 'http://h/'": ("host: expected a host name or an IP address", "'http://h/'"),
    "host: é..é": ("host: expected a host name or an IP address", "'é..é'"),
    r"aet: 'A\B'": (
        "aet: expected an AE title (1 to 16 ASCII characters, no backslash)",
        r"'A\\B'",
    ),
    r'aet: "A\tB"': (
        "aet: expected an AE title (1 to 16 ASCII characters, no backslash)",
        r"'A\tB'",
    ),
    "aet: ~": ("aet: expected an AE title (1 to 16 ASCII characters, no backslash)", "nothing"),
    "local_aet: ' '": (
        "local_aet: expected an AE title (1 to 16 ASCII characters, no backslash)",
        "' '",
    ),
    "limit: 0": ("limit: expected a number from 1 to 1000000000", "'0'"),
    "limit: 1e3": ("limit: expected a number from 1 to 1000000000", "'1e3'"),
    "model: Study": ("model: expected auto, patient or study", "'Study'"),
    "charset: UTF-8": (
        "charset: expected a defined term of Specific Character Set, such as ISO_IR 192",
        "'UTF-8'",
    ),
    "charset: {declared: x}": (
        "charset.declared: expected a defined term of Specific Character Set, such as ISO_IR 192",
        "'x'",
    ),
    "universal: '**'": ("universal: expected '' or '*'", "'**'"),
    "universal: ~": ("universal: expected '' or '*'", "nothing"),
    "wado: ftp://h/": (
        "wado: expected a URL such as http://127.0.0.1:8042/wado, without ? and #",
        "'ftp://h/'",
    ),
    "practice: maybe": ("practice: expected true or false", "'maybe'"),
    "extended: [fuzy]": (
        "extended: expected one or more of relational, datetime, fuzzy, empty",
        "'fuzy'",
    ),
    "ignores: [Modalites]": (
        "ignores: expected keywords of attributes, such as ModalitiesInStudy",
        "'Modalites'",
    ),
    "rejects: {a: b}": (
        "rejects: expected keywords of attributes, such as ModalitiesInStudy",
        "a mapping",
    ),
    "tls: [1]": ("tls: expected true or false", "a list"),
    "tls: {key: k.pem}": ("tls.key: 'key' is not allowed without 'cert'",),
    "faults: {}": ("faults: 'faults' is not allowed without 'practice: true'",),
    "practice: true": ("host: 'host' is not allowed with 'practice: true'",),
}


@pytest.mark.parametrize(("settings", "words"), WRONG_SETTINGS.items())
def test_wrong_setting(settings: str, words: tuple[str, ...]) -> None:
    key = settings.partition(":")[0]
    text = entry(settings)
    for other in ("aet: A", "host: h", "port: 1"):
        if other.startswith(f"{key}:"):
            text = text.replace(f"{other}, ", "")
    said = ", found ".join(words)
    assert refused(text)[0] == f"modalities.yaml:2: modalities.pacs.{said}"


WRONG_FAULTS = {
    "cut_off: -1": "cut_off: expected a number from 0 to 1000000000, found '-1'",
    "cut_off: 1, cut_off_status: 0xC000": "cut_off_status: expected 0xFE00, 0xA700 or 0xB001, "
    "found '0xC000'",
    "cut_off_status: 0xA700": "cut_off_status: 'cut_off_status' is not allowed without 'cut_off'",
    "fail: {study: 0xFF00}": "fail.study: expected a failure status such as 0xC000 or 0xA700, "
    "found '0xFF00'",
    "fail: {studies: 0xC000}": "fail.studies: unknown setting 'studies'",
    "row_delay: soon": "row_delay: expected a number of seconds from 0 to 86400, found 'soon'",
    "storage_syntax: j2k": "storage_syntax: expected explicit, implicit or jpeg, found 'j2k'",
    "fail_every: 0": "fail_every: expected a number from 1 to 1000000000, found '0'",
    "no_counts: 1": "no_counts: expected true or false, found '1'",
}


@pytest.mark.parametrize(("settings", "words"), WRONG_FAULTS.items())
def test_wrong_fault(settings: str, words: str) -> None:
    text = f"modalities:\n  p:\n    practice: true\n    faults: {{{settings}}}\n"
    assert refused(text)[0] == f"modalities.yaml:4: modalities.p.faults.{words}"


def test_unknown_key_has_a_suggestion() -> None:
    message, hint = refused("modalities:\n  pacs:\n    prot: 104\n")
    assert message == ("modalities.yaml:3: modalities.pacs.prot: unknown setting 'prot'")
    assert hint == "did you mean 'port'?"


def test_unknown_key_unlike_any_lists_them() -> None:
    message, hint = refused("zzz: 1")
    assert message == "modalities.yaml:1: zzz: unknown setting 'zzz'"
    known = "aet, timeout, cancel_grace, idle_release, modalities, groups, devices"
    assert hint == f"known here: {known}"


def test_bomb_of_aliases_is_no_larger_than_its_text() -> None:
    levels = "\n".join(f"    - &l{n + 1} [{', '.join([f'*l{n}'] * 9)}]" for n in range(60))
    text = f"aet:\n    - &l0 [x]\n{levels}\n"
    assert "aet: expected an AE title" in refused(text)[0]


def test_alias_of_itself() -> None:
    assert "unknown setting 'a'" in refused("modalities: &m\n  a: *m\n")[0]


@pytest.mark.parametrize(
    "text", ["A@B@h:1", "A@[::1]:104", "A@127.0.0.1:65535", "A B@host.example.org:1", "A@é:1"]
)
def test_adhoc(text: str) -> None:
    base = Config(aet="ME", timeouts=Timeouts(connect=1))
    read = base.adhoc(text)
    assert (read.name, str(read.address), read.local_aet) == (text, text, "ME")
    assert read.timeouts == base.timeouts
    assert base.find(text) == read


@pytest.mark.parametrize("text", ["", "@", "A@h", "A@h:", "A@h:0", "A@::1:104", "@h:1", "A@:1"])
def test_wrong_adhoc(text: str) -> None:
    with pytest.raises(UsageError, match=r"^expected .*, found '"):
        Config().adhoc(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [("A@h:65536", "65535 as PORT"), ("A@-:1", "address as HOST"), ("@h:1", "AET")],
)
def test_a_wrong_part_of_an_address_is_named(text: str, part: str) -> None:
    with pytest.raises(UsageError, match=f"{part}, found '{text}'"):
        Config().adhoc(text)


@pytest.mark.parametrize(
    ("modalities", "name", "hint"),
    [
        ("{}", "x", "none configured yet: use 'modality add'; or use AET@HOST:PORT"),
        ("{a: {practice: true}}", "x", "known: a; or use AET@HOST:PORT"),
        (
            "{a: {practice: true}}",
            "pacs",
            "known: a; the practice archive is 'pacs: {practice: true}' in modalities.yaml",
        ),
    ],
)
def test_find_tells_what_there_is(modalities: str, name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(f"modalities: {modalities}").find(name)
    assert caught.value.hint == hint


def test_find_suggests_a_name() -> None:
    with pytest.raises(UsageError, match="no modality 'pasc'") as caught:
        parse(BUILTIN.read_text("utf-8")).find("pasc")
    assert caught.value.hint == "did you mean 'pacs'?"


KEYS = st.sampled_from(
    "aet timeout modalities pacs host port tls ca charset declared fallback faults fail study"
    " practice cut_off universal wado limit model local_aet connect row_delay".split()
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), KEYS)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=20
)
SNIPPETS = st.lists(
    st.sampled_from([*"aA1:-?&*!|>%@'\"#{}[],\\\t \n\r\0\x85", "modalities:\n  ", "<<: "])
).map("".join)
MESSAGE = re.compile(
    r"modalities\.yaml:[0-9]+: .+: "
    r"(expected .+, found .+|unknown setting .+|.+ is not allowed with(out)? .+)"
)


def never_anything_else(text: str) -> None:
    try:
        message = None if parse(text) else "no configuration"
    except ConfigError as error:
        message = error.message
    assert message is None or (message.isprintable() and MESSAGE.fullmatch(message))


@given(st.text() | SNIPPETS)
def test_any_text_is_read_or_refused(text: str) -> None:
    never_anything_else(text)


@given(TREES)
def test_any_yaml_is_read_or_refused(tree: object) -> None:
    never_anything_else(yaml.safe_dump(tree, allow_unicode=True))


@given(TREES)
def test_any_modality_is_read_or_refused(tree: object) -> None:
    never_anything_else(yaml.safe_dump({"modalities": {"pacs": tree}}))


def test_groups_mean_several_modalities() -> None:
    text = "modalities: {a: {practice: true}, b: {practice: true}}\ngroups: {site: [b, a, b]}"
    made = config(text)
    assert made.groups == {"site": ("b", "a")}
    assert [one.name for one in made.find_all("site")] == ["b", "a"]
    assert [one.name for one in made.find_all("a,site,X@h:1,all")] == ["a", "b", "X@h:1"]


@pytest.mark.parametrize(
    ("groups", "trouble"),
    [
        ("{site: [a, c]}", "groups.site: expected modalities of this file (a, b), found 'c'"),
        ("{site: []}", "groups.site: expected at least one modality, found an empty list"),
        ("{a: [b]}", "groups.a: 'a' is the name of a modality, too"),
        ("{all: [b]}", "groups.all: 'all' means every modality anyway"),
        ("{'x y': [b]}", "groups.x y: expected a name"),
    ],
)
def test_a_group_that_cannot_be_used_costs_nothing_else(groups: str, trouble: str) -> None:
    made = config(f"modalities: {{a: {{practice: true}}, b: {{practice: true}}}}\ngroups: {groups}")
    assert list(made.modalities) == ["a", "b"]
    assert made.groups == {}
    (error,) = made.broken.values()
    assert trouble in error.message
