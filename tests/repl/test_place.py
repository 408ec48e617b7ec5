"""The text of the prompt: readable, safe, and never more than half of the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.config import Config
from dicomsh.model.levels import Level
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.safe import width
from dicomsh.repl.place import prompt_text
from dicomsh.session.state import Session

LABELS = ("0555643F", "2009-04-12 CT THORAX", "1 CT", "17")


def at(*labels: str, modality: str = "pacs") -> Session:
    """A session at a place with these labels, from the patient down."""
    config = Config()
    session = Session(config)
    session.choose(config.adhoc("AET@localhost:104"))
    steps = (PlaceStep(level, "1.2.3", label) for level, label in zip(Level, labels, strict=False))
    from dicomsh.frozen import replace

    session.move((replace(session.current(), name=modality),), Place(tuple(steps)))
    return session


def shown(session: Session, columns: int = 200) -> str:
    return "".join(fragment[1] for fragment in prompt_text(session, columns))


def test_without_a_modality_it_is_the_program() -> None:
    assert shown(Session(Config())) == "dicomsh> "


@pytest.mark.parametrize("depth", range(5))
def test_each_level_has_its_segment(depth: int) -> None:
    assert shown(at(*LABELS[:depth])) == f"pacs:/{'/'.join(LABELS[:depth])}> "


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (100, "pacs:/0555643F/2009-04-12 CT THORAX/1 CT/17> "),
        (80, "pacs:…/2009-04-12 CT THORAX/1 CT/17> "),
        (70, "pacs:…/1 CT/17> "),
        (24, "pacs:…/17> "),
    ],
)
def test_what_does_not_fit_goes_from_the_left(columns: int, text: str) -> None:
    assert shown(at(*LABELS), columns) == text


def test_a_segment_that_is_too_long_is_cut_in_its_middle() -> None:
    session = at("P1", "2009-04-12 CT THORAX WITH CONTRAST")
    assert shown(session, 50) == "pacs:…/2009-04-12 …RAST> "
    assert shown(at("1234567890" * 3), 30) == "pacs:/12345…0> "


@given(st.lists(st.text(max_size=80), max_size=4), st.text(min_size=1, max_size=80))
def test_half_of_the_line_is_left_to_type_and_nothing_acts_on_the_terminal(
    labels: list[str], modality: str
) -> None:
    for columns in (24, 80, 140):
        text = shown(at(*labels, modality=modality), columns)
        assert width(text) <= columns // 2
        assert text.isprintable() or all(
            ord(char) > 0x9F for char in text if not char.isprintable()
        )
        assert text.endswith("> ")


def test_every_level_has_a_style_of_its_own() -> None:
    styles = [fragment[0] for fragment in prompt_text(at(*LABELS), 200)]
    for name in ("modality", "patient", "study", "series", "instance"):
        assert f"class:prompt.{name}" in styles
