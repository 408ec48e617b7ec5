"""The pictures: true to the screen, and of sessions that still run."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.pictures.svg import HEIGHT, PADDING, WIDTH, picture, runs_of

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Cell:
    data: str
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italics: bool = False
    underscore: bool = False
    reverse: bool = False


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_text_and_markup() -> None:
    row = [Cell(char) for char in "a<&b"]
    svg = picture([row, [Cell("x", fg="red", bold=True)]])
    assert texts(svg) == ["a<&b", "x"]
    assert 'font-weight="bold"' in svg
    assert svg.count("#e5686f") == 1


def test_what_may_be_wider_in_another_font_stands_by_itself() -> None:
    row = [Cell(char) for char in ("a", "b", "山", "", "é", "c")]
    assert [(run.start, run.text) for run in runs_of(row)] == [
        (0, "ab"),
        (2, "山"),
        (3, ""),
        (4, "é"),
        (5, "c"),
    ]
    assert texts(picture([row])) == ["ab", "山", "é", "c"]


def test_reverse_video_and_the_cursor_are_boxes() -> None:
    svg = picture([[Cell("a"), Cell("b", reverse=True), Cell("c", bg="0000ff")]], (0, 2))
    _, cursor, reverse, blue = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    assert float(cursor.attrib["x"]) == pytest.approx(PADDING + 2 * WIDTH, abs=0.01)
    assert float(reverse.attrib["height"]) == HEIGHT
    assert blue.attrib["fill"] == "#0000ff"


def test_half_blocks_are_two_boxes() -> None:
    half = Cell("▀", fg="ff0000", bg="0000ff")
    svg = picture([[half, half, Cell("a")]])
    _, lower, upper = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    assert (lower.attrib["fill"], float(lower.attrib["height"])) == ("#0000ff", HEIGHT)
    assert (upper.attrib["fill"], float(upper.attrib["height"])) == ("#ff0000", HEIGHT / 2)
    assert texts(svg) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is needed")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("walk", "3 series, complete"),
        ("completion", "Computed Tomography"),
        ("error", "^^^^^^^^^^"),
        ("cut-off", "--split"),
        ("tree", "[328 instances]"),
        ("get", "177 of 180 instances"),
        ("view", "not for diagnosis"),
    ],
)
def test_the_scenes_still_run(name: str, text: str) -> None:
    from tests.pictures.__main__ import draw

    assert text in " ".join(texts(draw(name)))


def test_every_picture_has_a_scene_and_a_place() -> None:
    from tests.pictures.__main__ import SCENES

    files = {path.stem for path in (ROOT / "docs" / "pictures").glob("*.svg")}
    assert files == set(SCENES)
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = {
        name
        for page in pages
        for name in re.findall(r"pictures/([\w-]+)\.svg", page.read_text("utf-8"))
    }
    assert shown == files
