"""use: one goes where there is an association, and stays where one was otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.errors import ExitStatus
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, VERIFICATION, Model
from tests.dimse.peers import answering, scp
from tests.harness import dicomsh, run
from tests.processes import free_ports


def test_without_an_association_one_stays_where_one_was() -> None:
    (port,) = free_ports(1)
    done = run(f"use pacs; cd 0555643F; use NOBODY@127.0.0.1:{port}; pwd", keep_going=True)
    assert done.status == ExitStatus.NO_ASSOCIATION
    assert done.out.strip().endswith("/pacs/0555643F")


def test_with_an_association_one_is_there() -> None:
    assert run("use pacs; pwd").out.strip() == "/pacs"


def test_a_query_is_tried_where_verification_is_not_accepted() -> None:
    with scp(answering(), abstract_syntaxes=[Model.STUDY_ROOT.value]) as peer:
        done = run(f"echo {peer.address} --find", output="json")
        (record,) = done.json
        assert (done.status, record["echo_ms"]) == (0, None), done.err
        assert record["find_ms"] >= 0
        alone = run(f"echo {peer.address}")
        assert (alone.status, alone.out) == (ExitStatus.NO_ASSOCIATION, "")
        assert f"{peer.address} does not accept Verification" in alone.err
        assert "echo --find tries one" in alone.err


def test_a_worklist_is_named_as_what_it_is() -> None:
    with scp(answering(), abstract_syntaxes=[VERIFICATION, MODALITY_WORKLIST_FIND]) as peer:
        assert "only Modality Worklist: no studies here" in run(f"use {peer.address}").err
        for text in ("find study", "find patient", "echo --find", "tree"):
            done = run(text, modality=str(peer.address))
            assert done.status == ExitStatus.NO_ASSOCIATION
            assert f"{peer.address} accepted no presentation context" in done.err
            assert "this is a worklist" in done.err


@pytest.fixture
def partly_broken(tmp_path: Path) -> Path:
    """A good modality between two that cannot be used."""
    path = tmp_path / "modalities.yaml"
    path.write_text(
        "modalities:\n"
        "  secure: {aet: A, host: h, port: 1, tls: {ca: missing.pem}}\n"
        "  good: {practice: true}\n"
        "  typo: {aet: A, host: h, port: abc}\n"
    )
    return path


def test_a_modality_that_cannot_be_used_does_not_stop_the_others(partly_broken: Path) -> None:
    done = dicomsh("-f", str(partly_broken), "-m", "good", "-c", "find patient JOD*")
    assert done.status == 0, done.err
    assert "modalities.secure.tls.ca: expected an existing file" in done.err
    assert "modalities.typo.port: expected a number from 1 to 65535, found 'abc'" in done.err
    bad = dicomsh("-f", str(partly_broken), "-m", "typo", "-c", "find patient JOD*")
    assert (bad.status, bad.out) == (ExitStatus.USAGE, "")


def test_why_it_cannot_be_used_is_said_when_it_is_wanted(partly_broken: Path) -> None:
    done = run("use secure", config=partly_broken)
    assert done.status == ExitStatus.USAGE
    assert "modalities.secure.tls.ca: expected an existing file" in done.err
    listed = run("modalities", config=partly_broken, output="json").json
    assert [row["name"] for row in listed] == ["good", "secure", "typo"]
    assert "cannot be used" in listed[1]["association"]


def test_modalities_are_added_and_removed_beside_it(partly_broken: Path) -> None:
    text = "modality add more A@h:104; modality remove typo; modalities"
    done = run(text, config=partly_broken, output="json")
    assert done.status == 0, done.err
    assert [row["name"] for row in done.json] == ["good", "more", "secure"]
    taken = run("modality add secure A@h:104", config=partly_broken)
    assert "the name 'secure' is taken" in taken.err
