"""Several archives at once: side by side, each with its own outcome, and rows that know theirs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from dicomsh.errors import ExitStatus
from tests.harness import Done, interrupted, practice, run
from tests.processes import free_ports

STUDIES = 2
"""Studies of the patient JOD* in the practice archive."""


def grouped(folder: Path, **faults: object) -> Path:
    """`pacs`, `faulty`, `dead`, where nobody listens, and the group `site` of the first two."""
    path = practice(folder, **faults)
    held = yaml.safe_load(path.read_text("utf-8"))
    (port,) = free_ports(1)
    held["modalities"]["dead"] = {"aet": "DEAD", "host": "127.0.0.1", "port": port}
    held["modalities"] = {name: held["modalities"][name] for name in ("pacs", "faulty", "dead")}
    held["groups"] = {"site": ["pacs", "faulty"]}
    path.write_text(yaml.safe_dump(held, sort_keys=False), "utf-8")
    return path


def test_one_table_names_the_archive_of_each_row(tmp_path: Path) -> None:
    done = run("find study JOD* --on pacs,faulty", config=grouped(tmp_path))
    assert done.status == 0
    assert done.out.split("\n", 1)[0].split()[:3] == ["#", "Archive", "PatientID"]
    names = [line.split()[1] for line in done.out.splitlines()[1:]]
    assert sorted(names) == ["faulty", "faulty", "pacs", "pacs"]
    whole, *each = done.err.splitlines()
    assert whole.startswith("4 studies, complete · ")
    assert each[0].startswith("  pacs    2 studies, complete · ")
    assert each[1].startswith("  faulty  2 studies, complete · ")


@pytest.mark.parametrize("names", ["site", "pacs,faulty", "pacs,site"])
@pytest.mark.parametrize("way", ["-m", "use", "--on"])
def test_several_are_named_in_three_ways(tmp_path: Path, names: str, way: str) -> None:
    before = {"-m": "", "use": f"use {names.replace(',', ' ')}; ", "--on": ""}[way]
    text = f"{before}find study JOD*" + (f" --on {names}" if way == "--on" else "")
    config = grouped(tmp_path)
    done = run(text, config=config, output="json", modality=names if way == "-m" else None)
    assert done.status == 0
    assert {row["modality"] for row in done.json} == {"pacs", "faulty"}
    assert len(done.json) == 2 * STUDIES


def test_one_that_is_down_hides_no_other_and_its_status_counts(tmp_path: Path) -> None:
    done = run("find study JOD* --on all", config=grouped(tmp_path), output="json")
    assert done.status == ExitStatus.NO_ASSOCIATION
    assert len(done.json) == 2 * STUDIES
    whole, *each = done.err.splitlines()
    assert whole.startswith("4 studies, INCOMPLETE · ")
    assert each[2].startswith("  dead    no answer · DEAD@127.0.0.1:")
    assert "connection refused" in each[2]


def test_the_worst_of_all_counts(tmp_path: Path) -> None:
    done = run("find study --on site", config=grouped(tmp_path, cut_off=3), output="json")
    assert done.status == ExitStatus.INCOMPLETE
    _, pacs, faulty = done.err.splitlines()
    assert ", complete · " in pacs
    assert faulty.startswith("  faulty  3 studies, CUT OFF by the server (0xFE00")


def test_doubts_are_those_of_the_archive(tmp_path: Path) -> None:
    config = grouped(tmp_path, ignore_keys=["PatientSex"])
    done = run("find patient JOD* sex=F --on site", config=config, output="json")
    whole, pacs, faulty = done.err.splitlines()
    assert whole.startswith("1 patient, IN DOUBT")
    assert pacs.startswith("  pacs    no patients, complete")
    assert "PatientSex" in faulty
    assert "IN DOUBT" in faulty
    assert done.status == ExitStatus.INCOMPLETE


def test_a_limit_is_that_of_each(tmp_path: Path) -> None:
    done = run("find study --on site --limit 2", config=grouped(tmp_path), output="json")
    assert len(done.json) == 4
    whole, pacs, _ = done.err.splitlines()
    assert whole.startswith("4 studies, stopped at --limit 2 of each archive · there are more")
    assert pacs.startswith("  pacs    2 studies, stopped at --limit 2 · the server has more")


def test_rows_are_there_before_the_last_archive_answers(tmp_path: Path) -> None:
    """One archive never answers: what the other has found is enough for `head`."""
    config = grouped(tmp_path, stall_after=0)
    done = run("find study JOD* --on faulty,pacs | head 2", config=config, output="json")
    assert [row["modality"] for row in done.json] == ["pacs", "pacs"]
    assert done.err.startswith("2 studies, stopped at head 2")


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for a single process")
def test_ctrl_c_ends_all_of_them(tmp_path: Path) -> None:
    config = grouped(tmp_path, stall_after=0)
    done = interrupted(config, "-c", "find study JOD* --on pacs,faulty")
    assert len(done.out.splitlines()) == STUDIES
    assert "2 studies, cancelled by you" in done.err
    assert "  faulty  no studies so far, cancelled by you" in done.err
    assert "  pacs    2 studies, complete" in done.err


@pytest.mark.parametrize("typed", ["{}", "%{}", "{}/.."])
def test_a_row_is_a_target(tmp_path: Path, typed: str) -> None:
    text = f"find study JOD* --on faulty; explain ls {typed.format(1)}; cd {typed.format(1)}; pwd"
    done = run(text, config=grouped(tmp_path))
    assert done.status == 0, done.err
    assert done.out.splitlines()[-1].startswith("/faulty/0555643F")
    assert "faulty" not in run("use pacs; find study JOD*; cd 1; pwd", config=grouped(tmp_path)).out


def test_rows_lead_to_their_own_archive_and_no_other(tmp_path: Path) -> None:
    """The order of arrival may differ: rows and places are compared in one session."""
    numbers = range(1, 2 * STUDIES + 1)
    text = "find study JOD* --on site; " + "; ".join(f"cd {n}; pwd; use all" for n in numbers)
    done = run(text, config=grouped(tmp_path), keep_going=True)
    rows = [line.split()[1] for line in done.out.splitlines()[1 : 2 * STUDIES + 1]]
    places = [line.split("/")[1] for line in done.out.splitlines()[2 * STUDIES + 1 :]]
    assert sorted(rows) == ["faulty"] * STUDIES + ["pacs"] * STUDIES
    assert places == rows


def test_a_row_without_a_modality_in_use(tmp_path: Path) -> None:
    done = run("find patient JOD* --on faulty; show 1", config=grouped(tmp_path), output="ndjson")
    assert done.status == 0
    assert '"keyword": "PatientID", "value": "0555643F"' in done.out


def test_stages_know_the_archive(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    ask = "find study JOD* --on site"
    kept = run(f"{ask} | where modality=faulty", config=config, output="json").json
    assert [row["modality"] for row in kept] == ["faulty", "faulty"]
    counts = run(f"{ask} | count by modality", config=config, output="json").json
    assert counts == [{"modality": name, "count": 2} for name in (c["modality"] for c in counts)]
    chosen = run(f"{ask} | sort archive | select archive date", config=config, output="csv")
    head, *lines = chosen.out.splitlines()
    assert head == "modality,StudyDate"
    assert [line.split(",")[0] for line in lines] == ["faulty", "faulty", "pacs", "pacs"]
    assert len(run(f"{ask} | uniq StudyInstanceUID", config=config, output="json").json) == 2


def test_the_attribute_modality_is_not_the_archive(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    ask = "find series StudyInstanceUID=1.2.840.113704.1.111.2768.1239195678.91 --on site"
    for key in ("Modality", "mod"):
        found = run(f"{ask} | where {key}=SR", config=config, output="json").json
        assert [row["Modality"] for row in found] == ["SR", "SR"]
    meant = run(f"{ask} | where modality=SR", config=config)
    assert meant.status == ExitStatus.USAGE
    assert "'SR' is not an archive that was asked: pacs, faulty" in meant.err
    assert "write Modality=" in meant.err


def test_each_runs_where_the_row_came_from(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    printed = run("find study JOD* --on site | each print $modality", config=config)
    assert sorted(printed.out.split()) == ["faulty", "faulty", "pacs", "pacs"]
    listed = run("find study JOD* --on site | each ls; last", config=config, output="json")
    rows = [row for row in listed.out.splitlines() if '"modality": "faulty"' in row]
    assert len(rows) == 2 * 8
    assert listed.status == 0


def test_last_shows_the_archives_again(tmp_path: Path) -> None:
    done = run("find study JOD* --on site; last", config=grouped(tmp_path), output="ndjson")
    lines = done.out.splitlines()
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 :]
    assert done.err.count("  faulty  2 studies, complete") == 2


def test_a_key_that_one_of_them_has_is_a_target(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    both = run("use site; cd 0555643F", config=config)
    assert both.status == ExitStatus.USAGE
    assert "'0555643F' is in 2 of the archives" in both.err
    assert "one of /pacs/0555643F, /faulty/0555643F" in both.err
    assert run("use site; cd /faulty/0555643F; pwd", config=config).out == "/faulty/0555643F\n"
    back = run("use site; cd /faulty/0555643F; cd -; pwd", config=config)
    assert back.out == "/pacs,faulty\n"
    nowhere = run("use site; cd NOBODY7", config=config)
    assert nowhere.status == ExitStatus.FAILED
    assert "no patient 'NOBODY7' here" in nowhere.err
    down = run("use pacs dead; cd 0555643F; pwd", config=config, keep_going=True)
    assert down.out == "/pacs/0555643F\n"


def test_what_needs_one_archive_says_so(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    done = run("use site; show", config=config)
    assert done.status == ExitStatus.USAGE
    assert "this needs one modality, and pacs and faulty are in use" in done.err
    other = run("use pacs; compare --with site find study", config=config)
    assert "'site' means several modalities, and this needs one" in other.err
    assert "one of pacs, faulty" in other.err
    several = run("find series mod=NM --on site | get --dry-run", config=config)
    assert several.status == ExitStatus.USAGE
    assert "these are in several archives: " in several.err
    one = run("find series mod=NM --on site | where modality=faulty | get --dry-run", config=config)
    assert one.err.startswith("20 instances, complete")


def test_an_unknown_name_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    done = run("find study --on pacs,fauly", config=grouped(tmp_path))
    assert done.status == ExitStatus.USAGE
    assert "no modality 'fauly'" in done.err
    assert "did you mean 'faulty'?" in done.err


def test_a_request_that_nobody_can_be_asked_is_an_error(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    done = run("cd /pacs/0555643F; find study id=1 --on site", config=config)
    assert (done.status, done.out) == (ExitStatus.USAGE, "")
    assert "PatientID is 0555643F here" in done.err


def test_the_place_is_asked_for_in_each(tmp_path: Path) -> None:
    done = run("cd /pacs/0555643F; ls --on site", config=grouped(tmp_path), output="json")
    assert len(done.json) == 2 * STUDIES


def test_echo_and_use_tell_of_each(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    tried = run("echo all --find", config=config, output="json")
    assert [row["modality"] for row in tried.json] == ["pacs", "faulty", "dead"]
    assert ["error" in row for row in tried.json] == [False, False, True]
    assert tried.status == ExitStatus.NO_ASSOCIATION
    used = run("use pacs dead; pwd", config=config, keep_going=True)
    assert used.out == "/pacs,dead\n"
    assert used.status == ExitStatus.NO_ASSOCIATION
    assert [line.split()[0] for line in used.err.splitlines()] == ["pacs", "dead"]


def test_modalities_lists_groups(tmp_path: Path) -> None:
    listed = run("modalities", config=grouped(tmp_path), output="json").json
    assert listed[-1] == {"name": "site", "association": "group of pacs, faulty"}


def test_the_mask_is_on_every_archive(tmp_path: Path) -> None:
    done = run("set mask on; find patient JOD* --on site", config=grouped(tmp_path), output="json")
    text = done.out + done.err
    assert "JODOGNE" not in text
    assert "0555643F" not in text
    assert {row["modality"] for row in done.json} == {"pacs", "faulty"}


def test_explain_shows_what_goes_to_each(tmp_path: Path) -> None:
    done: Done = run("explain find study JOD* --on site", config=grouped(tmp_path))
    assert done.status == 0
    assert "query 1" in done.out
    assert "query 2" in done.out


@pytest.mark.parametrize("form", ["yaml", "vertical", "tsv", "ndjson"])
def test_every_format_names_the_archive(tmp_path: Path, form: str) -> None:
    done = run("find patient JOD* --on site", config=grouped(tmp_path), output=form)
    assert done.out.count("pacs") == 1
    assert done.out.count("faulty") == 1
    assert "modality" in done.out


def test_a_lesson_leads_back_to_all_of_them(tmp_path: Path) -> None:
    text = "use site; lesson start 1; lesson stop; find study JOD*"
    done = run(text, config=grouped(tmp_path), output="json")
    assert {row["modality"] for row in done.json} == {"pacs", "faulty"}
    assert "You are back at" in done.out + done.err


def test_tree_shows_that_of_each(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    done = run("tree --depth 1", config=config, modality="pacs,dead,faulty")
    assert done.status == ExitStatus.NO_ASSOCIATION
    heads = [line for line in done.out.splitlines() if line[0] not in "├└"]
    assert heads == ["pacs", "faulty"], "one that is down hides no other"
    whole, *each = done.err.splitlines()[-4:]
    assert whole.startswith("80 entities, INCOMPLETE")
    assert [line.split()[0] for line in each] == ["pacs", "dead", "faulty"]
    rows = run("use pacs faulty; tree --depth 1", config=config, output="json").json
    assert {row["modality"] for row in rows} == {"pacs", "faulty"}
    assert {row["level"] for row in rows} == {"patient"}


def test_probe_probes_each(tmp_path: Path) -> None:
    config = grouped(tmp_path, cut_off=20)
    done = run("use pacs faulty; probe", config=config, state=tmp_path, output="json")
    assert done.status == 0, done.err
    assert {row["modality"] for row in done.json} == {"pacs", "faulty"}
    told = [line.split()[:3] for line in done.err.splitlines() if line.startswith("  ")]
    assert told == [["pacs", "25", "findings,"], ["faulty", "25", "findings,"]]
    forgotten = run("use pacs faulty; probe --forget", config=config, state=tmp_path).err
    assert "pacs: forgotten\nfaulty: forgotten" in forgotten


def test_explain_last_explains_the_answer_of_each(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    done = run(
        "find study JOD* --on all | !cat >&2", "explain last", config=config, keep_going=True
    )
    assert "2 studies from pacs\n" in done.out
    assert "no studies from dead\n" in done.out
    assert "it gave no answer: everything is missing" in done.out
    assert done.out.count("PatientName = JOD*") >= 3
    copied = run("use site; find study JOD*; explain last --as findscu", config=config)
    assert copied.status == 0, copied.err
    assert copied.out.count("findscu -S") == 2


def test_an_answer_to_a_list_of_values_is_not_explained_as_a_query(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("A091000\n", "utf-8")
    text = f"use site; find study acc=@'{tmp_path / 'list.txt'}'; explain last"
    done = run(text, config=grouped(tmp_path))
    assert done.status == 2
    assert "the last answer is not from a single query" in done.err


def test_why_gives_the_reasons_of_each(tmp_path: Path) -> None:
    config = grouped(tmp_path)
    done = run("use site; find study xyz mod=CT; why", config=config)
    assert done.status == 0, done.err
    heads = [line for line in done.out.splitlines() if "match" not in line]
    assert heads == ["pacs", "faulty"]
    rows = run("use site; find study xyz mod=CT; why", config=config, output="ndjson").out
    found = [json.loads(line) for line in rows.splitlines()]
    assert [(row["modality"], row["without"]) for row in found] == [
        ("pacs", "xyz"),
        ("faulty", "xyz"),
    ]


def test_an_item_of_a_worklist_is_that_of_its_archive(tmp_path: Path) -> None:
    done = run("use site; find worklist; show 1", config=grouped(tmp_path), output="ndjson")
    assert done.status == 0, done.err
    assert '"keyword": "AccessionNumber"' in done.out


@pytest.mark.parametrize("up", ["cd ..", "cd /", "cd"])
def test_the_root_of_several_is_above_them(tmp_path: Path, up: str) -> None:
    done = run(f"use site; {up}; pwd; cd /pacs; {up}; pwd", config=grouped(tmp_path))
    assert done.out == "/pacs,faulty\n/pacs\n"


def test_store_to_several_says_how_to_name_one(tmp_path: Path) -> None:
    done = run("use site; store x.dcm", config=grouped(tmp_path))
    assert done.status == 2
    assert "store PATH… --to pacs" in done.err


@pytest.mark.parametrize("text", ["find study --on site | head 1", "use site; tree | head 1"])
def test_head_stops_every_archive_as_was_wanted(tmp_path: Path, text: str) -> None:
    done = run(text, config=grouped(tmp_path))
    assert done.status == 0
    assert "cancelled by you" not in done.err
    assert "stopped at head 1" in done.err


@pytest.mark.parametrize(
    ("text", "tried"),
    [
        ("find study A4713 --on site", "find study acc=A4713 --on site"),
        ("use pacs; find study A4713 --on faulty", "find study acc=A4713 --on faulty"),
        ("use site; find study A4713", "find study acc=A4713"),
        ("use site; find worklist id=NOBODY", "why"),
    ],
)
def test_if_none_of_them_has_anything_another_question_is_suggested(
    text: str, tried: str, tmp_path: Path
) -> None:
    done = run(text, config=grouped(tmp_path))
    (line,) = [line for line in done.err.splitlines() if "try: " in line]
    assert line.startswith("no ")
    assert line.endswith(f"try: {tried}")


def test_that_one_of_them_has_nothing_suggests_no_other_question(tmp_path: Path) -> None:
    done = run("use faulty; find patient JOD* --on site", config=grouped(tmp_path, empty=True))
    assert "  faulty  no patients, complete" in done.err
    assert "try: " not in done.err
