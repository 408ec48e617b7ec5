"""use: one goes where there is an association, and stays where one was otherwise."""

from __future__ import annotations

from dicomsh.errors import ExitStatus
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, VERIFICATION, Model
from tests.dimse.peers import answering, scp
from tests.harness import run
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
