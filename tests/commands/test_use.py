"""use: one goes where there is an association, and stays where one was otherwise."""

from __future__ import annotations

from dicomsh.errors import ExitStatus
from tests.harness import run
from tests.processes import free_ports


def test_without_an_association_one_stays_where_one_was() -> None:
    (port,) = free_ports(1)
    done = run(f"use pacs; cd 0555643F; use NOBODY@127.0.0.1:{port}; pwd", keep_going=True)
    assert done.status == ExitStatus.NO_ASSOCIATION
    assert done.out.strip().endswith("/pacs/0555643F")


def test_with_an_association_one_is_there() -> None:
    assert run("use pacs; pwd").out.strip() == "/pacs"
