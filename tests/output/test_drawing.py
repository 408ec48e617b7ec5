"""Pictures on a terminal, read back: by pyte, and by decoders of our own."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from io import BytesIO

import pyte
import pytest
from PIL import Image

from dicomsh.model.drawing import DrawingStyle
from dicomsh.model.picture import Picture
from dicomsh.output.drawing import Screen, drawn, png, screen_of, style_for

RED, GREEN, BLUE, WHITE = b"\xff\0\0", b"\0\xff\0", b"\0\0\xff", b"\xff\xff\xff"
FOUR = Picture(2, 2, RED + GREEN + BLUE + WHITE)
SCREEN = Screen(40, 10)


def ramp(rows: int, columns: int) -> Picture:
    """Shades from dark on the left to light on the right."""
    shades = [255 * column // (columns - 1) for column in range(columns)]
    return Picture(rows, columns, bytes(part for shade in shades for part in (shade,) * 3) * rows)


STYLES: list[tuple[dict[str, str], DrawingStyle]] = [
    ({"TERM": "xterm-kitty", "COLORTERM": "truecolor"}, DrawingStyle.KITTY),
    ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, DrawingStyle.KITTY),
    ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, DrawingStyle.KITTY),
    ({"TERM": "xterm-kitty", "TMUX": "/tmp/x", "COLORTERM": "truecolor"}, DrawingStyle.BLOCKS),
    ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, DrawingStyle.BLOCKS256),
    ({"TERM": "foot", "COLORTERM": "truecolor"}, DrawingStyle.SIXEL),
    ({"TERM": "xterm-256color", "TERM_PROGRAM": "mintty"}, DrawingStyle.SIXEL),
    ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, DrawingStyle.BLOCKS),
    ({"WT_SESSION": "1"}, DrawingStyle.BLOCKS),
    ({"TERM": "xterm-256color"}, DrawingStyle.BLOCKS256),
    ({"TERM": "xterm"}, DrawingStyle.LETTERS),
    ({"TERM": "dumb"}, DrawingStyle.LETTERS),
    ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, DrawingStyle.LETTERS),
    ({}, DrawingStyle.LETTERS),
]


@pytest.mark.parametrize(("environ", "style"), STYLES)
def test_the_environment_says_what_a_terminal_knows(
    environ: Mapping[str, str], style: DrawingStyle
) -> None:
    assert style_for(environ, "auto") is style
    assert style_for(environ, "off") is DrawingStyle.LETTERS


def on_screen(text: str, screen: Screen = SCREEN) -> list[list[tuple[str, str, str]]]:
    """Cells as a terminal shows them: character, colours of letter and ground."""
    terminal = pyte.Screen(screen.columns, screen.lines + 1)
    pyte.Stream(terminal).feed(text.replace("\n", "\r\n"))
    return [
        [
            (cell.data, cell.fg, cell.bg)
            for cell in (terminal.buffer[line][column] for column in range(screen.columns))
            if cell.data != " "
        ]
        for line in range(screen.lines + 1)
    ]


def test_half_blocks_show_two_pixels_a_cell() -> None:
    cells = on_screen(drawn(FOUR, DrawingStyle.BLOCKS, Screen(2, 1)), Screen(2, 1))
    assert cells[0] == [("▀", "ff0000", "0000ff"), ("▀", "00ff00", "ffffff")]
    assert cells[1] == []


def test_256_colours_are_the_nearest() -> None:
    text = drawn(FOUR, DrawingStyle.BLOCKS256, Screen(2, 1))
    assert re.findall(r"[34]8;5;(\d+)", text) == ["196", "21", "46", "231"]
    greys = drawn(ramp(2, 3), DrawingStyle.BLOCKS256, Screen(3, 1))
    assert re.findall(r"38;5;(\d+)", greys) == ["16", "244", "231"]


def test_letters_get_lighter() -> None:
    line = drawn(ramp(1, 40), DrawingStyle.LETTERS, Screen(40, 1)).splitlines()[0]
    assert line.lstrip() == "....::::----====++++****####%%%%@@@@"


@pytest.mark.parametrize("style", [DrawingStyle.BLOCKS, DrawingStyle.LETTERS])
@pytest.mark.parametrize(
    ("rows", "columns", "stretch", "cells"),
    [
        (100, 100, 1.0, (20, 10)),
        (100, 400, 1.0, (40, 5)),
        (400, 100, 1.0, (5, 10)),
        (100, 100, 2.0, (10, 10)),
        (1, 1000, 1.0, (40, 1)),
    ],
)
def test_a_picture_keeps_its_shape_and_fits(
    style: DrawingStyle, rows: int, columns: int, stretch: float, cells: tuple[int, int]
) -> None:
    white = Picture(rows, columns, WHITE * (rows * columns), stretch)
    lines = [line for line in on_screen(drawn(white, style, SCREEN)) if line]
    assert (len(lines[0]), len(lines)) == cells


def test_kitty_gets_the_picture_in_parts() -> None:
    picture = Picture(64, 64, bytes(range(256)) * 48)
    text = drawn(picture, DrawingStyle.KITTY, Screen(20, 10, (16, 32)))
    parts = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert parts[0][0] == "a=T,f=100,q=2,c=20,r=10,m=1"
    assert [head for head, _ in parts[1:]] == ["m=1"] * (len(parts) - 2) + ["m=0"]
    assert all(len(part) <= 4096 for _, part in parts)
    shown = Image.open(BytesIO(b64decode("".join(part for _, part in parts))))
    assert shown.size == (320, 320)
    assert text.endswith("\x1b\\\n")


def test_sixels_are_the_picture() -> None:
    picture = ramp(20, 40)
    text = drawn(picture, DrawingStyle.SIXEL, Screen(4, 1, (10, 20)))
    assert text.endswith("\x1b\\\n")
    found = unsixeled(text)
    assert found.size == (40, 20)
    wanted = Image.frombytes("RGB", (40, 20), picture.rgb)
    for place in ((0, 0), (20, 7), (39, 19)):
        pairs = zip(pixel(found, place), pixel(wanted, place), strict=True)
        assert max(abs(one - other) for one, other in pairs) <= 8


def pixel(image: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    value = image.getpixel(place)
    assert isinstance(value, tuple)
    return value


def unsixeled(text: str) -> Image.Image:
    """What a terminal would show (VT330/VT340 manual, chapter 14)."""
    body = text[text.index('"') : text.rindex("\x1b")]
    size = re.match(r'"1;1;(\d+);(\d+)', body)
    assert size
    image = Image.new("RGB", (int(size[1]), int(size[2])))
    colours: dict[str, tuple[int, int, int]] = {}
    colour, column, band = "", 0, 0
    for token in re.findall(r"#\d+(?:;2;\d+;\d+;\d+)?|!\d+.|[$-]|[?-~]", body[size.end() :]):
        if token.startswith("#") and ";" in token:
            number, _, *parts = token[1:].split(";")
            red, green, blue = (round(int(part) * 2.55) for part in parts)
            colours[number] = red, green, blue
        elif token.startswith("#"):
            colour = token[1:]
        elif token in "$-":
            column, band = 0, band + (6 if token == "-" else 0)
        else:
            count = int(token[1:-1]) if token.startswith("!") else 1
            for place in range(column, column + count):
                for bit in range(6):
                    if (ord(token[-1]) - 63) >> bit & 1:
                        image.putpixel((place, band + bit), colours[colour])
            column += count
    return image


def test_png_files() -> None:
    coloured = Image.open(BytesIO(png(FOUR)))
    assert (coloured.mode, coloured.size) == ("RGB", (2, 2))
    assert coloured.tobytes() == FOUR.rgb
    grey = Image.open(BytesIO(png(ramp(2, 3))))
    assert (grey.mode, grey.tobytes()) == ("L", bytes((0, 127, 255)) * 2)
    stretched = Image.open(BytesIO(png(Picture(2, 2, FOUR.rgb, 3.0))))
    assert stretched.size == (2, 6)


def test_a_screen_without_cell_sizes_is_the_usual_one() -> None:
    assert screen_of(None, 80, 20) == Screen(80, 20, (10, 20))
