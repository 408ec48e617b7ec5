"""alias, as it is used."""

from __future__ import annotations

import pytest

from tests.harness import run


def test_an_alias_is_made_used_listed_and_removed() -> None:
    done = run(
        "use pacs; alias chest = find study desc=*CHEST* 'mod=CR'; chest date=2010;"
        " alias; alias chest; alias chest =; chest",
        output="ndjson",
    )
    lines = done.out.splitlines()
    assert '"CHEST PA/LAT"' in lines[0]
    told = '{"name": "chest", "text": "find study desc=*CHEST* mod=CR"}'
    assert lines[-2:] == [told, told]
    assert done.status == 2
    assert "no command 'chest'" in done.err


def test_arguments_and_stages() -> None:
    done = run(
        "use pacs; alias newest = 'find study mod=$1 | sort date -r | head'; newest XA 2;"
        " find study mod=XA | sort date -r | head 2",
        output="csv",
    )
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) == 6
    assert lines[:3] == lines[3:]


def test_variables_are_looked_up_when_the_alias_is_used() -> None:
    done = run("alias hi = print hello $WHO ${1}; let WHO = you; hi x; let WHO = me; hi 'y z' 5")
    assert done.out.splitlines() == ["hello you x", "hello me y z 5"]


def test_what_is_kept_means_the_same_when_it_is_typed_again() -> None:
    text = r"""print 'a  b' "c'd" '$X' \; '--x' "e${X}f" """
    done = run(f"let X = 1; {text}; alias p = {text}; p", output="ndjson")
    first, second = done.out.splitlines()
    assert first == second == "a  b c'd $X ; --x e1f"


def test_an_alias_works_in_a_script_and_for_each_row() -> None:
    done = run("use pacs; alias all = ls mod=$1; ls 0555643F | each all CT | count")
    assert (done.status, done.out) == (0, "3\n"), done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alias find = ls", "'find' is a command"),
        ("alias modality = ls", "'modality' is a command"),
        ("alias 1x = ls", "'1x' is not a valid alias name"),
        ("alias x=ls", "'x=ls' is not a valid alias name"),
        ("alias x ls", "expected = after the name"),
        ("alias x = fnd study", "no command 'fnd'"),
        ("alias x =", "no alias 'x'"),
        ("alias x", "no alias 'x'"),
        ("alias x = 'ls; ls'", "an alias must be a single command"),
        ("alias x = '!ls -l'", "an alias must be a single command"),
        ("alias x = 'ls > '", "a file name is missing"),
        ("alias x = y; alias y = x; x", "no command 'y'"),
        ("alias y = ls; alias x = y; alias y = x; x", "refers to itself"),
    ],
)
def test_what_is_no_alias(text: str, message: str) -> None:
    done = run(text)
    assert done.status == 2
    assert message in done.err
