"""Adding and removing modalities leaves all else in the file as it is."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.config import Config, load
from dicomsh.config.edit import Settings, add, add_modality, put_modality, remove, remove_modality
from dicomsh.config.locate import BUILTIN
from dicomsh.config.modalities import parse
from dicomsh.errors import ConfigError, UsageError
from dicomsh.model.modality import DicomAddress, Tls

NEW = DicomAddress("NEW", "127.0.0.1", 104)
BLOCK = """\
# head
modalities:   # mine

    # about a
    a:
        aet: A   # its title
        host: h

        port: 1
        # end of a

    # about b
    b: {aet: B, host: h, port: 2}  # behind b
    # behind all

idle_release: 1  # after
"""


def test_block_entry_goes_behind_the_last() -> None:
    entry = "    new:\n        aet: NEW\n        host: 127.0.0.1\n        port: 104\n"
    behind_b = "  # behind b\n"
    assert add_modality(BLOCK, "new", NEW) == BLOCK.replace(behind_b, behind_b + entry)


def test_block_entry_is_removed_with_the_comments_inside() -> None:
    start, end = BLOCK.index("    a:\n"), BLOCK.index("\n    # about b")
    assert remove_modality(BLOCK, "a") == BLOCK[:start] + BLOCK[end:]
    line = "    b: {aet: B, host: h, port: 2}  # behind b\n"
    assert remove_modality(BLOCK, "b") == BLOCK.replace(line, "")


def test_last_entry_leaves_an_empty_section() -> None:
    text = "modalities:\n  a: {aet: A, host: h, port: 1}\n# end\n"
    assert remove_modality(text, "a") == "modalities:\n# end\n"


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("modalities: {}\n", "modalities: {NEW}\n"),
        ("modalities: { }  # x\n", "modalities: { NEW}  # x\n"),
        (
            "{modalities: {a: {aet: A, host: h, port: 1}, # x\n}}",
            "{modalities: {a: {aet: A, host: h, port: 1}, NEW, # x\n}}",
        ),
    ],
)
def test_entry_in_braces(text: str, added: str) -> None:
    entry = "new: {aet: NEW, host: 127.0.0.1, port: 104}"
    assert add_modality(text, "new", NEW) == added.replace("NEW", entry, 1)


def test_removal_in_braces() -> None:
    entry = "{aet: A, host: h, port: 1}"
    text = f"modalities: {{a: {entry}, b: {entry},\n  c: {entry},}}  # x"
    assert remove_modality(text, "a") == f"modalities: {{b: {entry},\n  c: {entry},}}  # x"
    assert remove_modality(text, "b") == f"modalities: {{a: {entry},\n  c: {entry},}}  # x"
    assert remove_modality(text, "c") == f"modalities: {{a: {entry}, b: {entry},}}  # x"
    assert remove_modality(f"modalities: {{a: {entry} , }}", "a") == "modalities: { }"


def test_missing_section_is_put_at_the_end() -> None:
    entry = "modalities:\n  new:\n    aet: NEW\n    host: 127.0.0.1\n    port: 104"
    assert add_modality("aet: ME", "new", NEW) == f"aet: ME\n{entry}"
    assert add_modality("", "new", NEW) == f"{entry}\n"
    assert add_modality("# x\r\n", "new", NEW) == "# x\r\n" + (entry + "\n").replace("\n", "\r\n")


@pytest.mark.parametrize("name", ["on", "1", "2024-13-99", "null", "_", "Ünï", "a.b-c_d", "0x1F"])
def test_name_that_yaml_would_read_otherwise(name: str) -> None:
    place = DicomAddress("no", "::1", 104)
    text = add_modality(BLOCK, name, place)
    assert remove_modality(text, name) == BLOCK


@pytest.mark.parametrize(
    "text",
    [
        "modalities:\n  a: &x {aet: A, host: h, port: 1}\n  b: *x\n",
        "modalities: null\n",
        "modalities:\n  ? a\n  : {aet: A, host: h, port: 1}\n  ? b\n  : {aet: A, host: h, port: 1}",
        "{aet: ME}",
        "aet: ME\n...\n",
    ],
)
def test_unforeseen_form_is_refused_or_right(text: str) -> None:
    """What comes back says exactly one modality more or less; nothing else comes back."""
    for edit, names in (
        (partial(add_modality, name="new", address=NEW), {"new"}),
        (partial(remove_modality, name="a"), {"a"}),
    ):
        try:
            edited = edit(text)
        except UsageError:
            continue
        assert set(parse(edited).modalities) ^ set(parse(text).modalities) == names


@pytest.mark.parametrize("name", ["", "..", "-", "-x", "a/b", "a b", "a@b", "a\n", "#", "x" * 65])
def test_wrong_name(name: str) -> None:
    with pytest.raises(UsageError, match=r"^expected a name of 1 to 64 letters"):
        add_modality(BLOCK, name, NEW)


LINES = st.sampled_from(
    ["", "# c", "  # c", "    # c", "   ", "aet: ME", "timeout: 3  # c", "cancel_grace: 1"]
)
SECTIONS = st.sampled_from(
    [
        ["modalities:"],
        ["modalities: # c"],
        ["modalities: {}"],
        ["modalities: { # c", " }"],
        ["modalities:", "  a: {aet: A, host: h, port: 1}"],
        ["modalities:", "", "   # c", "   a:", "    practice: true # c", "", "      # c", "   # c"],
        ["modalities: {a: {practice: on}, # c", "  'b': {practice: on} # c", " , }"],
        [
            "'modalities': !!map",
            " a: {practice: on}",
            "",
            ' "b":',
            "  aet: >-",
            "   X",
            "  practice: on",
        ],
    ]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    around = draw(st.lists(LINES, unique_by=lambda line: line if ":" in line else object()))
    cut = draw(st.integers(0, len(around)))
    lines = [*around[:cut], *draw(SECTIONS), *around[cut:]]
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return mark + line_end.join(lines) + draw(st.sampled_from(["", line_end]))


NAMES = st.from_regex(r"\w[\w.-]{0,63}", fullmatch=True).filter(lambda name: name not in {"a", "b"})
ADDRESSES = st.builds(
    DicomAddress,
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\")).map(
        lambda text: f"A{text[:14]}Z"
    ),
    st.sampled_from(["h", "1", "10.0.0.1", "::1", "no", "é.example.org", "fe80::1%eth0"]),
    st.integers(1, 65535),
)


@given(texts(), NAMES, ADDRESSES)
def test_add_then_remove_gives_the_text_back(text: str, name: str, address: DicomAddress) -> None:
    added = add_modality(text, name, address)
    assert len(added) > len(text)
    assert remove_modality(added, name) == text


STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "canonical": st.booleans(),
        "indent": st.integers(2, 9),
        "width": st.integers(20, 90),
        "explicit_start": st.booleans(),
        "explicit_end": st.booleans(),
        "line_break": st.sampled_from(["\r", "\n", "\r\n"]),
    }
)


# A new mapping each time: PyYAML writes an alias for one that it has met before.
PRACTICE = st.booleans().map(lambda _: {"practice": True})


@given(st.dictionaries(NAMES, PRACTICE, max_size=3), STYLES)
def test_any_style_of_yaml_is_edited_or_refused(
    modalities: dict[str, object], style: dict[str, Any]
) -> None:
    """Either the text can be had back, or it is in PyYAML's canonical style, `? key` and all."""
    text = yaml.safe_dump({"aet": "ME", "modalities": modalities}, **style)
    try:
        added = add_modality(text, "a", NEW)
    except UsageError:
        assert style["canonical"]
        return
    assert remove_modality(added, "a") == text


def load_file(path: Path) -> Config:
    return load(path, environ={}, cwd=path.parent)


def test_file_is_edited_in_place(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(BLOCK.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    before = path.stat().st_mode
    assert add(load_file(path), "new", "NEW@[::1]:104", environ={}) == path
    assert load_file(path).modalities["new"].entity.host == "::1"
    assert path.stat().st_mode == before
    assert remove(load_file(path), "new", environ={}) == path
    assert path.read_bytes() == BLOCK.replace("\n", "\r\n").encode()
    assert list(tmp_path.iterdir()) == [path]


def test_default_is_copied_to_the_user(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    config = load(None, environ=environ, cwd=tmp_path)
    path = add(config, "new", "NEW@h:104", environ=environ)
    assert path == tmp_path / "dicomsh" / "modalities.yaml"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    again = load(None, environ=environ, cwd=tmp_path)
    assert (again.path, list(again.modalities)) == (path, ["pacs", "new"])
    add(config, "other", "OTHER@h:104", environ=environ)
    assert list(load_file(path).modalities) == ["pacs", "new", "other"]
    for name in ("new", "other"):
        remove(again, name, environ=environ)
    assert path.read_bytes() == BUILTIN.read_bytes()


def test_default_without_a_home() -> None:
    with pytest.raises(UsageError, match="no folder to save modalities in"):
        add(Config(), "new", "NEW@h:104", environ={})


def test_name_that_is_taken() -> None:
    with pytest.raises(UsageError, match="the name 'a' is taken by A@h:1"):
        add_modality(BLOCK, "a", NEW)


def test_name_that_is_unknown() -> None:
    with pytest.raises(UsageError, match="no modality 'pasc'") as caught:
        remove_modality(BUILTIN.read_text("utf-8"), "pasc")
    assert caught.value.hint == "did you mean 'pacs'? known in modalities.yaml: pacs"


def test_orthanc_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "orthanc.json"
    path.write_text('{"DicomModalities": {}}', "utf-8")
    with pytest.raises(UsageError, match="is Orthanc's own configuration"):
        add(load_file(path), "new", "NEW@h:104", environ={})


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need rights on Windows")
def test_symbolic_link_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "target.yaml", tmp_path / "link.yaml"
    target.touch()
    link.symlink_to(target)
    add(load_file(link), "new", "NEW@h:104", environ={})
    assert link.is_symlink()
    assert "new" in load_file(target).modalities


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    """The place of the user's folder is taken by a file."""
    (tmp_path / "dicomsh").touch()
    with pytest.raises(ConfigError, match="cannot write file"):
        add(Config(), "new", "NEW@h:104", environ={"XDG_CONFIG_HOME": str(tmp_path)})


def test_what_else_is_set_for_a_new_modality(tmp_path: Path) -> None:
    ca = tmp_path / "ca: 1.pem"
    ca.touch()
    given = Settings("STATION 1", 20.0, "http://127.0.0.1:8042/wado", tls=True, ca=ca)
    for text in (BLOCK, "modalities: {a: {aet: A, host: h, port: 1}}"):
        made = parse(add_modality(text, "new", NEW, given)).modalities["new"]
        assert (made.local_aet, made.wado) == ("STATION 1", "http://127.0.0.1:8042/wado")
        limits = made.timeouts
        assert (limits.connect, limits.association, limits.response) == (20.0, 20.0, 20.0)
        assert made.entity.tls == Tls(ca=ca)


def test_an_entry_is_put_in_place_of_another() -> None:
    """The groups that it is in stay as they are: at no time it is missing."""
    text = f"{BLOCK}groups: {{site: [a, b]}}\n"
    put = put_modality(text, "a", NEW, Settings(universal="*"))
    parsed = parse(put)
    assert parsed.modalities["a"].entity == NEW
    assert parsed.modalities["a"].universal == "*"
    assert parsed.modalities["b"] == parse(text).modalities["b"]
    assert parsed.groups == parse(text).groups
    assert "# about a" in put
    assert put_modality(BLOCK, "new", NEW) == add_modality(BLOCK, "new", NEW)


def test_settings_are_written_in_their_usual_order() -> None:
    text = add_modality("", "new", NEW, Settings(timeout=2.5, tls=True, local_aet="ME"))
    assert text == (
        "modalities:\n  new:\n    aet: NEW\n    host: 127.0.0.1\n    port: 104\n"
        "    local_aet: ME\n    timeout: 2.5\n    tls: true\n"
    )


@pytest.mark.parametrize(("name", "what"), [("all", "every modality"), ("site", "a group")])
def test_a_name_that_means_several_is_refused(name: str, what: str) -> None:
    text = "modalities: {a: {aet: A, host: h, port: 1}}\ngroups: {site: [a]}\n"
    for change in (add_modality, put_modality):
        with pytest.raises(UsageError, match=what):
            change(text, name, NEW)


def test_a_file_for_all_users_is_copied_for_oneself(tmp_path: Path) -> None:
    environ = {name: str(tmp_path / "own") for name in ("XDG_CONFIG_HOME", "APPDATA")}
    environ |= {name: str(tmp_path / "all") for name in ("XDG_CONFIG_DIRS", "PROGRAMDATA")}
    shared = tmp_path / "all" / "dicomsh" / "modalities.yaml"
    shared.parent.mkdir(parents=True)
    shared.write_text(BLOCK, "utf-8")
    config = load(None, environ=environ, cwd=tmp_path)
    path = add(config, "new", "NEW@127.0.0.1:104", environ=environ)
    assert path == tmp_path / "own" / "dicomsh" / "modalities.yaml"
    assert list(load(None, environ=environ, cwd=tmp_path).modalities) == ["a", "b", "new"]
    assert shared.read_text("utf-8") == BLOCK
    add(config, "newer", "NEW@127.0.0.1:104", environ=environ)
    assert list(load(None, environ=environ, cwd=tmp_path).modalities)[-2:] == ["new", "newer"]


def test_an_unknown_name_tells_where_it_was_sought(tmp_path: Path) -> None:
    path = tmp_path / "modalities.yaml"
    path.write_text(BLOCK, "utf-8")
    with pytest.raises(UsageError) as caught:
        load(path, environ={}, cwd=tmp_path).find("zzzzzzzz")
    assert caught.value.hint == f"known in {path}: a, b; or use AET@HOST:PORT"
