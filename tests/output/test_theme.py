from dataclasses import astuple

import pytest

from dicomsh.output.theme import SEQUENCE, Theme, paint, wants_colour


def test_every_role_paints_with_an_allowed_sequence() -> None:
    for role in astuple(Theme.ansi()):
        painted = paint(role, "x")
        assert painted != "x"
        assert SEQUENCE.sub("", painted) == "x"


def test_the_plain_theme_paints_nothing() -> None:
    assert {paint(role, "x") for role in astuple(Theme.plain())} == {"x"}


def test_nothing_is_painted_without_text() -> None:
    assert paint(Theme.ansi().error, "") == ""


@pytest.mark.parametrize(
    ("tty", "environ", "flag", "wanted"),
    [
        (True, {"TERM": "xterm"}, False, True),
        (True, {}, False, True),
        (False, {"TERM": "xterm"}, False, False),
        (True, {"TERM": "dumb"}, False, False),
        (True, {"NO_COLOR": "1"}, False, False),
        (True, {"NO_COLOR": ""}, False, True),
        (True, {}, True, False),
    ],
)
def test_colour_only_where_nobody_objects(
    tty: bool, environ: dict[str, str], flag: bool, wanted: bool
) -> None:
    assert wants_colour(tty, environ, flag) is wanted
