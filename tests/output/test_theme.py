import pytest

from dicomsh.frozen import names_of
from dicomsh.output.theme import SEQUENCE, Theme, paint, wants_colour


def roles(theme: Theme) -> list[str]:
    return [getattr(theme, name) for name in names_of(theme)]


def test_every_role_paints_with_an_allowed_sequence() -> None:
    for role in roles(Theme.ansi()):
        painted = paint(role, "x")
        assert painted != "x"
        assert SEQUENCE.sub("", painted) == "x"


def test_the_plain_theme_paints_nothing() -> None:
    assert {paint(role, "x") for role in roles(Theme.plain())} == {"x"}


def test_nothing_is_painted_without_text() -> None:
    assert paint(Theme.ansi().error, "") == ""


@pytest.mark.parametrize(
    ("tty", "environ", "color", "wanted"),
    [
        (True, {"TERM": "xterm"}, "auto", True),
        (True, {}, "auto", True),
        (False, {"TERM": "xterm"}, "auto", False),
        (True, {"TERM": "dumb"}, "auto", False),
        (True, {"NO_COLOR": "1"}, "auto", False),
        (True, {"NO_COLOR": ""}, "auto", True),
        (True, {}, "off", False),
        (True, {"NO_COLOR": "1"}, "on", True),
        (True, {"TERM": "dumb"}, "on", True),
        (False, {}, "on", False),
    ],
)
def test_colour_only_where_nobody_objects(
    tty: bool, environ: dict[str, str], color: str, wanted: bool
) -> None:
    assert wants_colour(tty, environ, color) is wanted
