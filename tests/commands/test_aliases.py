"""alias, as it is used."""

from __future__ import annotations

from pathlib import Path

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
        ("alias x = '!ls -l'", "an alias cannot run a system command"),
        ("alias x = { ls; !ls -l }", "an alias cannot run a system command"),
        ("alias x = { ls; fnd }", "no command 'fnd'"),
        ("alias x = { ls; ls } y", "unexpected 'y' after the closing brace"),
        ("alias x = { ls; ls", "the brace { is not closed"),
        ("alias x = ls; alias x = { ls; x }", "the alias 'x' refers to itself"),
        ("alias x = 'ls; x'", "the alias 'x' refers to itself"),
        ("alias x = 'ls | each x'; x", "the alias 'x' refers to itself"),
        ("alias x = 'print a; print b'; x c", "runs 2 commands: no further words fit"),
        ("alias x = 'ls; ls'; x | head", "runs 2 commands: nothing can follow them"),
        ("alias x = 'ls; ls'; x > a.csv", "runs 2 commands: nothing can follow them"),
        ("alias x = 'ls; fnd'; x", "no modality"),
        ("alias x = 'print a; fnd'; x", "no command 'fnd', in the alias 'x'"),
        ("alias x = { ls; ls }; explain x", "has several commands"),
        ("alias x = '   #'", "a command is missing"),
        ("alias x = 'ls > '", "a file name is missing"),
        ("alias x = y; alias y = x; x", "no command 'y'"),
        ("alias y = ls; alias x = y; alias y = x", "the alias 'y' refers to itself"),
    ],
)
def test_what_is_no_alias(text: str, message: str) -> None:
    done = run(text)
    assert done.status == 2
    assert message in done.err


def test_an_alias_of_several_commands() -> None:
    done = run(
        "use pacs; alias both = { find study mod=$1 | count; find series mod=$1 | count };"
        " both XA; find study mod=XA | count; find series mod=XA | count; alias both",
        output="ndjson",
    )
    assert done.status == 0, done.err
    *numbers, told = done.out.splitlines()
    assert numbers[:2] == numbers[2:4]
    text = "find study mod=$1 | count; find series mod=$1 | count"
    assert f'"name": "both", "text": "{text}"' in told


def test_its_commands_run_one_after_another() -> None:
    text = "alias day = 'let D = $1; print the $D; print and $E'; let E = x; day 2009; day 2010"
    assert run(text).out.splitlines() == ["the 2009", "and x", "the 2010", "and x"]


def test_it_stops_at_the_first_that_fails() -> None:
    done = run("alias x = { print a; use nothing; print b }; x; print c")
    assert (done.status, done.out) == (2, "a\n")
    done = run("alias x = { print a; use nothing; print b }; x; print c", keep_going=True)
    assert done.out.splitlines() == ["a", "b", "c"]


def test_it_writes_files_and_uses_other_aliases(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    done = run(
        "use pacs; alias newest = 'find study mod=$1 | sort date -r | head';"
        f" alias night = {{ newest XA 2 > '{file}'; print done }}; night"
    )
    assert (done.status, done.out) == (0, "done\n"), done.err
    assert len(file.read_text("utf-8").splitlines()) == 3


def test_it_runs_for_each_row() -> None:
    alias = "alias both = { find series mod=$1 | head 1; find series mod=$2 }"
    for text in ("each both CT SR --keep-going", "each { both CT SR }"):
        done = run(f"use pacs; {alias}; find patient id=0555643F | {text}", output="json")
        assert done.status == 0, done.err
        assert [row["Modality"] for row in done.json] == ["CT", "SR"]


def test_no_chain_of_aliases_runs_for_ever() -> None:
    chain = "; ".join(f"alias a{n} = {{ a{n - 1}; a{n - 1} }}" for n in range(1, 12))
    done = run(f"alias a0 = print x; {chain}; a11")
    assert done.status == 2
    assert "runs more than 100 commands" in done.err


def test_help_describes_an_alias() -> None:
    alias = "alias both = { find study mod=$1; find series mod=$2 }"
    page = run(f"{alias}; help both").out
    assert page.startswith("usage: both $1 $2\n")
    assert "no further words fit" in page
    assert page.endswith("  find study mod=$1; find series mod=$2\n")
    assert "further words are appended" in run("alias x = ls; help x").out
    assert "did you mean 'both'?" in run(f"{alias}; help boht").err
