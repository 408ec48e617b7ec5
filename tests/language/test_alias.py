"""Aliases: what is put in their place, and where messages and colours stand then."""

from __future__ import annotations

from typing import Any

import pytest

from dicomsh.language.alias import Aliases, expansions
from dicomsh.language.analyse import analyse_text
from dicomsh.language.expect import candidates, expect
from dicomsh.language.scan import SystemCommand, scan
from tests.language.knowledge import REGISTRY, Known

ALIASES = {
    "chest": "find study desc=*CHEST*",
    "of": "find study id=$1 date=${2}",
    "top": "find study mod=$1 | sort date -r | head",
    "ct": "top CT",
    "save": "find study > $1.csv",
    "page": "ls | !less -S",
    "loop": "pool",
    "pool": "loop",
    "find": "ls",
    "day": "find study date=$DAY",
    "sx": "find study sx=$1",
    "two": "find study mod=$1; print $2",
}
KNOWN = Known(aliases=ALIASES)


def stands_for(text: str) -> list[list[str] | str]:
    (statement,) = scan(text, KNOWN.variables)
    (whole,) = expansions(statement, Aliases(REGISTRY, ALIASES, {"DAY": "2024", "1": "no"}))
    parts: list[list[str] | str] = []
    for part in (whole.first, *whole.stages):
        system = isinstance(part, SystemCommand)
        parts.append(part.text if system else [w.text for w in part])  # type: ignore[union-attr]
    return parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("chest", [["find", "study", "desc=*CHEST*"]]),
        ("chest mod=CT -x", [["find", "study", "desc=*CHEST*", "mod=CT", "-x"]]),
        ("chest | head 3", [["find", "study", "desc=*CHEST*"], ["head", "3"]]),
        ("of 'A B' 2009 +acc", [["find", "study", "id=A B", "date=2009", "+acc"]]),
        ("top CT 3", [["find", "study", "mod=CT"], ["sort", "date", "-r"], ["head", "3"]]),
        ("ct 3", [["find", "study", "mod=CT"], ["sort", "date", "-r"], ["head", "3"]]),
        ("page", [["ls"], "less -S"]),
        ("day", [["find", "study", "date=2024"]]),
        ("'chest' x", [["chest", "x"]]),
        ("find study", [["find", "study"]]),
        ("ls chest", [["ls", "chest"]]),
        ("loop", [["loop"]]),
        ("of", [["find", "study", "id=", "date="]]),
    ],
)
def test_what_stands_for_it(text: str, parts: list[Any]) -> None:
    assert stands_for(text) == parts


def test_a_redirection_takes_arguments_too() -> None:
    (statement,) = scan("save mine", {})
    (whole,) = expansions(statement, Aliases(REGISTRY, ALIASES, {}))
    assert whole.redirect is not None
    assert whole.redirect.target is not None
    assert whole.redirect.target.text == "mine.csv"
    assert [word.text for word in whole.words] == ["find", "study"]


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("of 1", "no variable '2', in the alias 'of'", "of"),
        ("of 1 2009-13", "there is no month 13", "2009-13"),
        ("chest sx=M", "no attribute 'sx'", "sx"),
        ("sx M", "no attribute 'sx', in the alias 'sx'", "sx"),
        ("page x", "nothing can follow an alias", "x"),
        ("loop", "refers to itself", "loop"),
        ("chest | wher", "no stage 'wher'", "wher"),
        ("ls; chest --limt 3", "no option '--limt'", "--limt"),
        ("explain top CT", "the alias 'top' has stages", "top"),
        ("ls | each sx M", "no attribute 'sx'", None),
        ("two CT 3 4", "the alias 'two' runs 2 commands: no further words fit", "4"),
        ("two CT 3 | head", "the alias 'two' runs 2 commands: nothing can follow them", "head"),
        ("two CT 3 > a.csv", "the alias 'two' runs 2 commands: nothing can follow them", ">"),
        ("explain two CT", "the alias 'two' has stages, has several commands", "two"),
        ("ls | each { ls; chest sx=M }", "no attribute 'sx'", "sx"),
    ],
)
def test_problems_stand_where_they_were_typed(text: str, message: str, marked: str | None) -> None:
    problem = analyse_text(text, REGISTRY, KNOWN)[0][-1].problem
    assert problem is not None
    assert message in problem.message
    assert problem.span is not None
    assert marked in (None, text[problem.span.start : problem.span.end])


def test_colours() -> None:
    text = "of 1 2009 sex=M | head 3"
    (analysis,), _ = analyse_text(text, REGISTRY, KNOWN)
    assert [(text[s.start : s.end], role) for s, role in analysis.tokens] == [
        ("of", "alias"),
        ("1", "value"),
        ("2009", "value"),
        ("sex", "keyword"),
        ("=", "operator"),
        ("M", "value"),
        ("head", "command"),
        ("3", "value"),
    ]


@pytest.mark.parametrize(
    ("text", "some"),
    [
        ("che", {"chest", "find"}),
        ("chest ", {"sex=", "--limit"}),
        ("chest se", {"sex="}),
        ("chest | ", {"where"}),
        ("explain chest ", {"sex="}),
        ("of 1 2009 ", {"mod="}),
        ("alias ", {"chest", "top"}),
        ("alias x ", {"="}),
        ("alias x = ", {"find", "chest"}),
        ("alias x = find ", {"study"}),
        ("ls | each ch", {"chest"}),
        ("ls | each { ", {"find", "chest"}),
        ("ls | each { ls; ", {"find", "chest"}),
        ("ls | each { ls; find ", {"study"}),
        ("ls | each { find study se", {"sex="}),
        ("ls | each { ls | ", {"where"}),
        ("ls | each { ls } --k", {"--keep-going"}),
        ("alias x = { ls; find ", {"study"}),
    ],
)
def test_completion(text: str, some: set[str]) -> None:
    expected = expect(text, len(text), REGISTRY, KNOWN)
    assert expected is not None
    assert some <= {candidate.text for candidate in candidates(expected, REGISTRY)}


def test_an_alias_without_stages_works_inside_a_command() -> None:
    (analysis,), _ = analyse_text("explain chest mod=CT", REGISTRY, KNOWN)
    assert analysis.call is not None
    call = analysis.call.arguments[0]
    assert call.command.name == "find"
    assert [word.text for word in call.words] == ["chest", "mod=CT"]
