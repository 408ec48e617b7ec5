"""Every block of README and docs is tried; the sessions among them in `test_examples.py`."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dicomsh.config import load
from dicomsh.lessons.read import read_course
from dicomsh.model.levels import Level
from dicomsh.model.modality import DicomAddress, PracticeAddress
from dicomsh.practice.server import PracticeServer, start
from dicomsh.settings.file import read_settings
from tests import servers
from tests.benchmarks.__main__ import arguments
from tests.conftest import Start
from tests.docs.blocks import Block, Outer, blocks, indented, prepared
from tests.docs.sessions import PAGES
from tests.harness import ROOT, interrupted, practice, run
from tests.lessons.test_course import Classroom, attend
from tests.processes import find_program
from tests.settings.test_file import SCOPE

if sys.platform == "win32":
    pytest.skip("the commands are those of a POSIX shell", allow_module_level=True)

PLAYED = ("dicomsh-session", "console")
"""Kinds that `sessions.py` plays."""

SHAPES = ("docs/architecture.md",)
"""Pages whose blocks of text are drawings."""

TYPED = {
    "dicomsh -m ORTHANC": "echo\n",
    "dicomsh -f /etc/orthanc/orthanc.json": "modalities\n",
    ".venv/bin/dicomsh": "use pacs\n",
}
"""What a reader types at the prompt that a line begins."""


@pytest.fixture(scope="module")
def archive() -> Iterator[PracticeServer]:
    with start(PracticeAddress("PRACTICE")) as server:
        yield server


@pytest.fixture
def outer(tmp_path: Path, archive: PracticeServer) -> Outer:
    (part,) = blocks("json")
    return prepared(tmp_path, archive.port, part.text)


def test_every_block_says_what_it_is_and_no_kind_is_left_untried() -> None:
    tried = {"dsh", "python", "sh", "yaml", "json", "text", *PLAYED, "{toctree}"}
    assert {block.kind for block in blocks()} <= tried
    assert [found for page in PAGES for found in indented(page)] == []


def test_every_block_of_text_has_its_test() -> None:
    pages = {block.page for block in blocks("text")} - set(SHAPES)
    assert pages == {
        "README.md",
        "docs/connecting.md",
        "docs/guide/incomplete.md",
        "docs/teaching.md",
    }


# Commands


@pytest.mark.parametrize("block", blocks("dsh"), ids=str)
def test_commands_of_dicomsh_end_well(
    block: Block, outer: Outer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(outer.folder)
    config = outer.folder / "modalities.yaml"
    text = outer.meant(block.text)
    if "modality add archive" in text:
        config.write_text("modalities:\n  pacs: {practice: true}\n")
    done = run(text, modality="pacs", config=config)
    placeholder = "wado" in text  # its URLs lack a base: nobody configured one
    assert done.status == (5 if placeholder else 0), f"{block}: {done.err}"


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_runs_on_the_files_that_its_page_writes(
    block: Block, outer: Outer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(outer.folder)
    written = [part.text for part in blocks("dsh") if part.page == block.page]
    if written:
        assert run(*written, modality="pacs").status == 0
    exec(compile(block.text, block.page, "exec"), {})
    printed = capsys.readouterr().out
    assert re.search(r"2009-04|1\.2\.840\.113704" if written else r"\S", printed)


LINES = [
    (block.page, line) for block in blocks("sh") for line in block.lines if not line.startswith("#")
]
INSTALLING = [line for _, line in LINES if line.startswith("python3 -m venv")]
MEASURING = [line for _, line in LINES if "tests.benchmarks" in line]
SURVEYING = [line for _, line in LINES if "oracle" in line]
SERVING = [line for _, line in LINES if line.startswith("dicomsh practice")]
GATEWAY = [line for _, line in LINES if line.startswith(("dicomsh gateway", "curl "))]
"""Tried in tests/gateway."""
EXAMPLES = [line for page, line in LINES if page == "docs/examples/README.md"]
"""Tried in `test_example_files.py`."""
ELSEWHERE = (*INSTALLING, *MEASURING, *SURVEYING, *SERVING, *GATEWAY, *EXAMPLES)
RUNNING = [line for line in LINES if line[1] not in ELSEWHERE]


@pytest.mark.parametrize(("page", "line"), RUNNING)
def test_commands_of_a_shell_end_well(page: str, line: str, outer: Outer) -> None:
    if "jq" in line:
        find_program("jq")
    typed = next((keys for begin, keys in TYPED.items() if line.startswith(begin)), "")
    done = outer.run(line, typed)
    assert done.status == 0, f"{page}: {line}\n{done.err}"
    quiet = "today" in line or " && mv " in line or typed.startswith("use")
    assert done.out or quiet, f"{page}: {line}\n{done.err}"


@pytest.mark.parametrize("line", INSTALLING)
def test_installing_is_what_the_check_does(line: str) -> None:
    """A check of a clean checkout runs these lines, word for word: they need a package index."""
    assert line in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize("line", MEASURING)
def test_benchmarks_that_can_be_asked_for(line: str) -> None:
    """They are not run: that takes minutes, and an idle machine."""
    words = line.split("#", maxsplit=1)[0].split()
    assert words[:3] == ["python", "-m", "tests.benchmarks"]
    assert arguments(words[3:]).rounds > 0


@pytest.mark.parametrize("line", SURVEYING)
def test_surveys_that_can_be_asked_for(line: str) -> None:
    """They are not run: one of them is a part of the tests, and the other writes a page."""
    program = line.split("#", maxsplit=1)[0].rsplit(maxsplit=1)[-1]
    assert (ROOT / program.replace(".", "/")).is_dir()


_FETCHED = "find series id=0555643F desc=FLAIR* | get"
_STORED = f"{_FETCHED} --to there; store there --retries 0"
FAULTS = {
    "": ("find study mod=CT", "34 studies, complete"),
    "cut_off=20": ("find study", "20 studies, CUT OFF by the server"),
    "fail.series=0xC000": ("find series", "0xC000"),
    "refuse_patient_root": ("find patient JOD*", "the peer has no Patient Root"),
    "row_delay=0.2": ("find patient JOD*", "1 patient, complete"),
    "stall_after=20": ("find study --limit 19", "19 studies, stopped at --limit 19"),
    "skip_every=40": (f"{_FETCHED} --to there", "55 of 56 instances"),
    "fail_every=40": (f"{_FETCHED} --to there", "the server reports that it failed"),
    "no_get": (f"{_FETCHED} --via get --to there", "does not accept Study Root GET"),
    "refuse_every=10": (_STORED, "5 failed: 0xA700, out of resources"),
    "no_charset": ("find patient MUC-0002", "without a character set"),
}
"""What is seen of a fault: a query, and a part of what is said."""


@pytest.mark.parametrize("line", SERVING)
def test_practice_serves_as_the_page_says(line: str, outer: Outer) -> None:
    fault = re.sub(r"^.*--fault (\S+).*$|^.*$", r"\1", line)
    query, said = FAULTS[fault]
    with outer.serving(line) as address:
        done = outer.run(f"dicomsh -m {address} -c '{query}'")
        assert said in done.err


# Files of other programs


def test_orthanc_takes_the_entry_and_answers(start_server: Start[servers.Orthanc]) -> None:
    (part,) = blocks("json")
    settings = json.loads(f"{{{part.text}}}")
    server = start_server(servers.orthanc(known=(), settings=settings))
    assert run("find study", modality=server.address).status == 0
    unknown = start_server(servers.orthanc(known=()))
    assert run("find study", modality=unknown.address).status != 0


def test_our_reader_takes_the_entry(outer: Outer) -> None:
    config = load(outer.folder / "orthanc.json", environ={}, cwd=outer.folder)
    assert config.modalities["dicomsh"].address == DicomAddress("DICOMSH", "192.0.2.55", 104)


def test_dcmqrscp_takes_the_tables_and_answers(
    sample_files: list[Path], start_server: Start[servers.Server]
) -> None:
    (part,) = [block for block in blocks("text") if "HostTable" in block.text]
    server = start_server(servers.dcmqrscp(sample_files[:3], tables=part.text))
    assert run("find study", modality=server.address).status == 0
    query = {"StudyInstanceUID": ""}
    assert servers.findscu(server, Level.STUDY, query)


def test_aliases_in_settings_work_as_the_page_says(outer: Outer) -> None:
    (part,) = [block for block in blocks("yaml") if "language" in block.page]
    settings = outer.folder / "settings.yaml"
    settings.write_text(part.text)
    saved = read_settings(settings, SCOPE)
    assert not saved.problems
    given = [f"alias {name} = '{text}'" for name, text in saved.aliases.items()]
    done = run(*given, "newest CT; both A091000", modality="pacs")
    assert done.status == 0, done.err
    assert "CT THORAX" in done.out


# Lessons


def course(folder: Path, text: str) -> Path:
    made = folder / "course"
    made.mkdir()
    (made / "01-first.yaml").write_text(text)
    return made


def lesson_sample() -> Block:
    (sample,) = [block for block in blocks("yaml") if "teaching" in block.page]
    return sample


def test_the_sample_of_a_lesson_is_one(tmp_path: Path) -> None:
    sample = lesson_sample()
    (lesson,) = read_course(course(tmp_path, sample.text)).lessons
    assert lesson.name == "first"
    asyncio.run(attend(Classroom(tmp_path, lesson)))


def test_a_mistake_in_a_lesson_is_told_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, (shown,) = lesson_sample(), [b for b in blocks("text") if "teaching" in b.page]
    course(tmp_path, sample.text.replace("level: patient", "level: patients"))
    monkeypatch.chdir(tmp_path)
    told = run("lesson", lessons=Path("course")).err
    for line in shown.lines:
        assert line in told


# What is said of an answer


def alike(line: str) -> str:
    """A line without its numbers, as if all of them were more than one."""
    return re.sub(r"\d[\d,.]*", "N", line).replace("N study", "N studies")


ANSWERS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "find study; find study --limit 10; find patient JOD"),
    ({}, "find study date=2020..; find study date=..2015-07"),
    ({"cut_off": 20}, "find study"),
    ({"close_after": 17}, "find study"),
    ({"ignore_keys": ["ModalitiesInStudy"]}, "probe; find study mod=MR"),
)
"""Faults of an archive, and what is asked of it."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is said of answers of all kinds, without the numbers."""
    told = ""
    for faults, text in ANSWERS:
        folder = tmp_path_factory.mktemp("answers")
        config = practice(folder, **faults)
        told += run(f"use faulty; {text}", config=config, state=folder, keep_going=True).err
    folder = tmp_path_factory.mktemp("cancelled")
    config = practice(folder, row_delay=0.01, ignore_cancel=True)
    config.write_text(config.read_text().replace("cancel_grace: 0.3", "cancel_grace: 30"))
    told += interrupted(config, "-c", "use faulty; find study").err
    return [alike(line) for line in told.splitlines()]


SHOWN = [
    line for block in blocks("text") if re.match(r"\d|no ", block.text) for line in block.lines
]


@pytest.mark.parametrize("line", SHOWN)
def test_what_is_said_of_an_answer_is_said_so(line: str, said: list[str]) -> None:
    """A page may leave out the last of what is said."""
    shown = f"{alike(line)} · "
    assert any(f"{told} · ".startswith(shown) for told in said), said
