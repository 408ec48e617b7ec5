"""set: what it shows, changes and saves; the limit of a prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.config import Config
from dicomsh.language.knowledge import Scope
from dicomsh.lessons.read import read_course
from dicomsh.lessons.tutor import LESSONS
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from dicomsh.settings.file import read_settings
from tests.harness import dicomsh, practice, run

LESSON_COUNT = len(read_course(LESSONS).lessons)


def test_set_lists_every_setting_with_its_default() -> None:
    done = run("set limit 5; set -- limit; set", output="json")
    rows = {row["name"]: row for row in json_rows(done.out)}
    assert rows["limit"]["value"] == "5"
    assert rows["limit"]["default"] == "none"
    assert rows["editing"]["value"] == "emacs"


@pytest.mark.parametrize(
    ("text", "said"),
    [("modalities", "1 modality\n"), ("lesson list", f"{LESSON_COUNT} lessons\n"), ("set", "")],
)
def test_lists_that_asked_nobody_have_a_count_alone(text: str, said: str) -> None:
    assert run(text).err == said


def test_a_change_leaves_the_data_alone() -> None:
    done = run("set limit 5; set fuzzy default; print a", output="json")
    assert done.out == "a\n"
    assert done.err.splitlines() == ["limit is 5", "fuzzy is off"]


@pytest.mark.parametrize("text", ["modalities", "lesson list", "set output default; set", "tree"])
def test_blocks_are_for_entities(text: str) -> None:
    before = "use pacs; cd 0555643F; "
    assert run(before + text, output="vertical").out == run(before + text).out


@pytest.mark.parametrize("text", ["find study", "wado 0555643F", "tree | to vertical", "ls"])
def test_entities_become_blocks(text: str) -> None:
    lines = run(f"use pacs; {text}", output="vertical").out.splitlines()
    assert lines[0] in ("study 1", "patient 1", "row 1")
    assert lines[1].startswith("  ")


@pytest.mark.parametrize("output", ["json", "csv", "yaml"])
def test_every_list_has_the_formats_for_machines(output: str) -> None:
    for text in ("set", "modalities", "lesson list", "tree"):
        assert run(f"use pacs; cd 0555643F; {text}", output=output).out[0] not in " ├"


def json_rows(text: str) -> list[dict[str, str]]:
    """The rows of the last of several arrays."""
    import json

    rows: list[dict[str, str]] = json.loads(text[text.rindex("\n[") :])
    return rows


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("set limt 5", "no setting 'limt'", "did you mean 'limit'?"),
        ("set limit many", "expected a whole number from 1, found 'many'", ""),
        ("set editing vim", "expected emacs, vi, found 'vim'", "did you mean 'vi'?"),
    ],
)
def test_what_no_setting_can_be_is_refused_where_it_stands(
    text: str, problem: str, hint: str
) -> None:
    done = run(text)
    assert done.status == 2
    assert problem in done.err
    assert hint in done.err


def test_settings_are_saved_and_read_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    done = run("set fuzzy on; set limit 50; set color off --save", settings_file=path)
    assert done.err.splitlines()[-1] == f"saved in {path}: limit, color, fuzzy"
    saved = read_settings(path, Scope(SessionKnowledge(Session(Config())), None))
    assert saved.settings == {"limit": 50, "color": "off", "fuzzy": True}


def test_an_option_of_the_command_line_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    done = run("set; set fuzzy on --save", settings_file=path, output="csv")
    assert "output,csv,none" in done.out
    assert done.err.splitlines()[-1] == f"saved in {path}: fuzzy"


def test_a_script_saves_nothing() -> None:
    done = run("set fuzzy on --save")
    assert done.status == 2
    assert "scripts neither read nor write settings" in done.err


def test_a_script_does_not_read_the_users_settings(tmp_path: Path) -> None:
    folder = tmp_path / "dicomsh"
    folder.mkdir()
    (folder / "settings.yaml").write_text("output: json\nlimit: 1\nwrong\n", "utf-8")
    done = dicomsh("-c", "set limit", environ={"XDG_CONFIG_HOME": str(tmp_path)})
    assert "none" in done.out
    assert not done.out.startswith("[")
    assert done.err == ""


def test_a_query_at_a_prompt_stops_at_a_thousand_and_says_how_to_go_on(tmp_path: Path) -> None:
    done = run(
        "use pacs; find instance",
        "set limit none; find instance",
        settings_file=tmp_path / "settings.yaml",
        output="ndjson",
    )
    limited, change, everything = done.err.splitlines()[-3:]
    assert change == "limit is none"
    assert limited.startswith("1,000 instances, stopped at --limit 1000 · the server has more")
    assert limited.endswith("--limit N takes N rows, 'set limit none' all")
    assert everything.startswith("12,313 instances, complete")


def test_a_script_has_no_limit_and_a_limit_typed_needs_no_advice() -> None:
    done = run("use pacs; find instance; find instance --limit 5", output="ndjson")
    everything, typed = done.err.splitlines()[-2:]
    assert everything.startswith("12,313 instances, complete")
    assert "set limit" not in typed


@pytest.mark.parametrize(
    ("text", "limit"),
    [("", 7), ("set limit 3;", 3), ("set limit none;", 7)],
    ids=["the modality's", "set", "none"],
)
def test_the_limit_of_a_modality_goes_before_the_one_of_every_prompt(
    text: str, limit: int, tmp_path: Path
) -> None:
    config = practice(tmp_path)
    config.write_text("modalities: {pacs: {practice: true, limit: 7}}", "utf-8")
    done = run(f"use pacs; {text} find study", config=config, settings_file=tmp_path / "s.yaml")
    assert f"{limit} studies, stopped at --limit {limit}" in done.err


def test_several_queries_that_stop_tell_the_limit_of_each(tmp_path: Path) -> None:
    done = run("use pacs; set limit 2; tree --depth 2")
    assert "6 entities, stopped at --limit 2" in done.err
