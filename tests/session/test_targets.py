"""TARGETs from what was listed: where they lead and what completes them, without asking."""

from __future__ import annotations

import asyncio
import io
import socket
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.config import Config, load
from dicomsh.errors import UsageError
from dicomsh.language.analyse import analyse_text
from dicomsh.language.offer import offers
from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.output.error_text import TextOrigin
from dicomsh.output.sink import Sink
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from dicomsh.session.targets import known_place, known_step
from dicomsh.shell.shell import Shell, ShellOptions
from tests.harness import ROOT
from tests.language.knowledge import REGISTRY
from tests.language.test_offer import no_files
from tests.session.test_entity_index import row

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"
OTHER_STUDY = "1.2.840.113704.1.111.2768.1239195678.91"


CONFIG = load(ROOT / "modalities.yaml", environ={}, cwd=ROOT)


def shell_after(*lines: str, config: Config = CONFIG) -> Shell:
    """A shell in which lines have been run; the archive they asked is gone."""
    sink = Sink(io.StringIO(), io.StringIO())
    shell = Shell(Session(config), sink, ShellOptions(), {"DICOMSH_TRACEBACK": "1"})

    async def run() -> None:
        for line in lines:
            await shell.run(line, TextOrigin())
        await shell.close()

    asyncio.run(run())
    return shell


def completed(shell: Shell, text: str) -> list[str]:
    """What the lines become that Tab offers; whoever is asked for it fails the test."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("completion opened a socket")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("socket", "create_connection", "getaddrinfo"):
            patch.setattr(socket, name, refuse)
        shell.session.learn()
        found = offers(text, len(text), shell.registry, SessionKnowledge(shell.session), no_files)
    return [text[: offer.start] + offer.text for offer in found]


def told(shell: Shell, text: str) -> dict[str, str]:
    shell.session.learn()
    found = offers(text, len(text), shell.registry, SessionKnowledge(shell.session), no_files)
    return {offer.candidate.text: offer.candidate.told for offer in found}


@pytest.fixture(scope="module")
def walked() -> Shell:
    """At a patient, whose studies were listed last."""
    return shell_after("use pacs; find patient; cd 0555643F; ls", f"ls {STUDY}; ls")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("cd ", ["cd 1", "cd 2", f"cd {STUDY}", f"cd {OTHER_STUDY}", "cd .."]),
        ("cd 1", ["cd 1", f"cd {STUDY}", f"cd {OTHER_STUDY}"]),
        ("cd %", ["cd %1", "cd %2"]),
        ("cd 1.2", [f"cd {STUDY}", f"cd {OTHER_STUDY}"]),
        (f"cd {STUDY}/2", [f"cd {STUDY}/2.25.2360"]),
        ("cd 1/", ["cd 1/2.25.2360", "cd 1/2.25.2484", "cd 1/2.25.1568"]),
        ("ls ..", ["ls .."]),
        ("ls ../05", ["ls ../0555643F"]),
        ("ls ../05556", ["ls ../0555643F"]),
        ("cd /", ["cd /pacs/"]),
        ("cd /pa", ["cd /pacs/"]),
        ("cd /pacs/05556", ["cd /pacs/0555643F"]),
        ("cd /0555643F/1.2", [f"cd /0555643F/{STUDY}"]),
        ("show ", ["show 1", "show 2"]),
        ("tree ", ["tree 1", "tree 2"]),
        ("wado 2 ", ["wado 2 1", "wado 2 2"]),
    ],
)
def test_targets_that_were_seen(walked: Shell, text: str, first: list[str]) -> None:
    found = completed(walked, text)[: len(first)]
    assert len(found) == len(first)
    assert all(line.startswith(wanted) for line, wanted in zip(found, first, strict=True)), found


@pytest.mark.parametrize("text", ["cd 9", "cd 01", "cd ../NOBODY/", "cd %9/", "cd 1/2/3/", "cd x"])
def test_what_was_not_seen_is_not_offered(walked: Shell, text: str) -> None:
    assert completed(walked, text) == []


def test_targets_say_what_they_are(walked: Shell) -> None:
    assert told(walked, "cd ")["1"] == "2009-04-12  CT  CT THORAX"
    assert told(walked, "cd ")[STUDY] == "2009-04-12  CT  CT THORAX"
    patients = told(walked, "ls ../")
    assert patients["0555643F"] == "JODOGNE^SEBASTIEN  M  1975-03-14"
    assert told(walked, "use ")["pacs"] == "practice archive"


def test_studies_found_at_the_root_are_offered_by_number_and_uid() -> None:
    shell = shell_after("use pacs; find study id=0555643F")
    assert completed(shell, "cd ")[:4] == ["cd 1", "cd 2", f"cd {STUDY}", f"cd {OTHER_STUDY}"]
    assert told(shell, "cd ")["1"] == "2009-04-12  CT  CT THORAX"


def test_a_tree_tells_of_what_is_in_it() -> None:
    shell = shell_after("use pacs; find patient JOD*; tree 0555643F --depth 2")
    assert completed(shell, "cd 0555643F/1")[0] == f"cd 0555643F/{STUDY}"
    assert told(shell, f"cd 0555643F/{STUDY}/")["2.25.248423768602995441891768411845030911570"]
    assert told(shell, "cd ")["0555643F"] == "JODOGNE^SEBASTIEN  M  1975-03-14"


def test_the_answer_seen_last_comes_first() -> None:
    shell = shell_after("use pacs; find patient; find patient JOD*")
    keys = [line for line in completed(shell, "cd ") if not line[3:].isdigit()]
    assert keys[0] == "cd 0555643F"
    assert len(keys) > 5


def test_values_that_were_seen_are_offered(walked: Shell) -> None:
    assert completed(walked, "find study desc=")[:2] == [
        "find study desc='CT THORAX'",
        "find study desc='MR BRAIN'",
    ]
    assert completed(walked, "find patient name=JOD") == ["find patient name=JODOGNE^SEBASTIEN"]
    assert "find study date=2009-04-12" in completed(walked, "find study date=2009")


def test_candidates_are_counted_up_to_a_thousand() -> None:
    session = Session(CONFIG)
    session.choose(CONFIG.find("pacs"))
    session.seen.feed([row(PatientID=f"A{n}") for n in range(1001)], Level.PATIENT, Place())
    session.learn()
    with pytest.raises(UsageError, match="and more than 992 more"):
        known_step(session, session.current(), Place(), "A", first=True)


def test_what_was_seen_is_private_to_its_modality(tmp_path: Path) -> None:
    config = tmp_path / "modalities.yaml"
    text = (
        "modalities:\n  pacs: {practice: true}\n  ward: {aet: WARD, host: 192.0.2.1, port: 104}\n"
    )
    config.write_text(text, encoding="utf-8")
    shell = shell_after("use pacs; find patient", config=load(config, environ={}, cwd=ROOT))
    shell.session.choose(shell.session.config.find("ward"))
    assert completed(shell, "cd ") == []
    assert completed(shell, "cd w") == ["cd worklist"]
    assert completed(shell, "find patient name=") == []
    assert completed(shell, "cd /pacs/0555") == ["cd /pacs/0555643F"]


def test_a_modality_that_cannot_be_reached_is_completed_as_well(tmp_path: Path) -> None:
    config = tmp_path / "modalities.yaml"
    config.write_text(
        "modalities:\n  dead: {aet: DEAD, host: 192.0.2.1, port: 104}\n", encoding="utf-8"
    )
    shell = shell_after(config=load(config, environ={}, cwd=ROOT))
    shell.session.choose(shell.session.config.find("dead"))
    for text in ("use ", "find ", "find study ", "find study mod=", "set ", "help ", "ls /"):
        assert completed(shell, text), text


def test_a_row_is_offered_with_percent_where_its_number_is_a_key() -> None:
    shell = shell_after("use pacs; find patient id=0555643F")
    last = shell.session.last
    assert last is not None
    patient = row(PatientID="1", PatientName="ONE^A")
    shell.session.seen.feed([patient], Level.PATIENT, Place())
    assert completed(shell, "cd ")[:3] == ["cd %1", "cd 1", "cd 0555643F"]
    assert told(shell, "cd ")["1"] == "ONE^A"


_ids = st.lists(st.text(st.sampled_from("AB1-+=%/.~ '\"$\\;>|#!é"), min_size=1, max_size=4))


@given(_ids, st.sampled_from(("cd ", "cd /pacs/", "cd ./")))
def test_every_target_that_is_offered_leads_there(ids: list[str], before: str) -> None:
    session = Session(CONFIG)
    session.choose(CONFIG.find("pacs"))
    session.seen.feed([row(PatientID=key) for key in ids], Level.PATIENT, Place())
    session.learn()
    lines = [
        before[: offer.start] + offer.text
        for offer in offers(before, len(before), REGISTRY, SessionKnowledge(session), no_files)
    ]
    reached = []
    for line in lines:
        analysis = analyse_text(line, REGISTRY, SessionKnowledge(session))[0][0]
        assert analysis.problem is None, line
        assert analysis.call is not None
        there = known_place(session, analysis.call.arguments[0].text)
        assert there is not None, line
        reached.append(there[1].steps[-1].key)
    assert sorted(reached) == sorted({key.strip(" ") for key in ids} - {""})


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("set fu", ["set fuzzy"]),
        ("set fuzzy ", ["set fuzzy on", "set fuzzy off"]),
        ("set output ta", ["set output table"]),
        ("set model ", ["set model patient", "set model study"]),
        ("set limit n", ["set limit none"]),
    ],
)
def test_settings_and_their_values(walked: Shell, text: str, first: list[str]) -> None:
    assert completed(walked, text)[: len(first)] == first


def test_fuzzy_finds_a_part_of_a_key(walked: Shell) -> None:
    walked.session.set("fuzzy", True)
    try:
        assert completed(walked, "ls ../5643") == ["ls ../0555643F"]
    finally:
        walked.session.set("fuzzy", False)
    assert completed(walked, "ls ../5643") == []
