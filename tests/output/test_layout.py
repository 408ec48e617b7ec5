"""Tables of any texts in any terminal: nothing drifts, and what is not shown is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from dicomsh.frozen import replace
from dicomsh.model.columns import AttributeColumn, Column, FieldColumn
from dicomsh.model.levels import Level
from dicomsh.model.safe import is_unsafe, visible, width
from dicomsh.output.cells import CellKind, view
from dicomsh.output.formats import renderer
from dicomsh.output.plain import AnyRow
from dicomsh.output.prose import folded
from dicomsh.output.theme import Theme
from tests.output.rows import answer, column, rendered

FENCE = "‡"
"""Stands between cells; no text of a test holds it."""

WIDTHS = st.integers(20, 160)

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="…‡\\"), max_size=12),
    st.text("ab ^.山田\u0301\u0327👍🏽❤\ufe0fمث홍ｱ", max_size=90),
    st.text("x", min_size=100, max_size=300),
)
UIDS = st.from_regex(r"\A[12](\.[1-9][0-9]{0,11}){0,5}\Z") | st.just("")


def fence(number: int) -> AttributeColumn:
    """A column as wide as the fence, which is never cut."""
    keywords = ("SeriesNumber", "InstanceNumber", "AcquisitionNumber", "NumberOfFrames")
    return column(keywords[number], FENCE)


SHOWN = (
    column("PatientName"),
    fence(0),
    column("StudyInstanceUID", "Study UID"),
    fence(1),
    column("StudyDescription", "Description"),
    fence(2),
    column("SOPInstanceUID", "SOP Instance UID"),
    fence(3),
    column("NumberOfStudyRelatedInstances", "Instances"),
)
FENCES = [shown.keyword for shown in SHOWN if shown.heading == FENCE]

STUDIES = st.fixed_dictionaries(
    {
        "PatientName": TEXTS,
        "StudyInstanceUID": UIDS,
        "StudyDescription": TEXTS,
        "SOPInstanceUID": UIDS,
        "NumberOfStudyRelatedInstances": st.integers(0, 10**6).map(str),
    }
)


def cells(line: str) -> list[str]:
    """The cells between the fences, without the spaces that fill them."""
    return [part.strip(" ") for part in line[len(" #  ") :].split(FENCE)]


def places(line: str) -> list[int]:
    """How many terminal cells are before each fence."""
    parts = line.split(FENCE)
    return [width(FENCE.join(parts[:count])) for count in range(1, len(parts))]


def said_of(columns: Sequence[Column], lines: Sequence[str], rows: Sequence[AnyRow]) -> list[str]:
    """What has to be said of a table, seen from its lines."""
    views = [view(shown) for shown in columns if shown.heading != FENCE]
    table = list(zip(*map(cells, lines), strict=True))
    left_out, cut = [], 0
    for seen, (heading, *texts) in zip(views, table, strict=True):
        if not heading:
            assert seen.kind is CellKind.UID
            assert not any(texts)
            left_out.append(seen.label)
            continue
        whole = [(seen.read(row) or "").strip(" ") for row in rows]
        assert all(map(is_of, texts, whole))
        assert heading == seen.brief or is_of(heading, seen.heading) or is_of(heading, seen.brief)
        cut_ones = {pair for pair in zip(texts, whole, strict=True) if pair[0] != pair[1]}
        cut += len({text for text, _ in cut_ones}) < len(cut_ones) or (
            seen.kind is CellKind.EXACT and bool(cut_ones)
        )
    names = re.sub(r", (?!.*, )", " and ", ", ".join(left_out))
    parts = [f"{names} not shown"] if left_out else []
    return parts + ([f"{cut} column{'s' * (cut > 1)} shortened"] if cut else [])


def is_of(shown: str, whole: str) -> bool:
    """Whether a cell shows a text, or its beginning and perhaps its end."""
    start, mark, end = shown.partition("…")
    return whole.startswith(start) and whole.endswith(end) and bool(mark or start == whole)


@given(studies=st.lists(STUDIES, min_size=1, max_size=4), available=WIDTHS, asked=st.booleans())
def test_entities(studies: list[dict[str, str]], available: int, asked: bool) -> None:
    rows = [answer({**study, **dict.fromkeys(FENCES, FENCE)}) for study in studies]
    shown = tuple(replace(each, asked=asked) for each in SHOWN)
    text, done = rendered("table", shown, rows, width=available)
    lines = text.splitlines()
    assume(not any("vertically" in statement for statement in done.hidden))
    assert len(lines) == 1 + len(rows)
    assert all(width(line) <= available for line in lines)
    assert len({tuple(places(line)) for line in lines}) == 1
    assert not any(map(is_unsafe, "".join(lines)))
    said = said_of(shown, lines, rows)
    assert not asked or "not shown" not in "".join(said)
    assert [statement.partition(":")[0] for statement in done.hidden] == (
        [", ".join(said)] if said else []
    )


RECORD_COLUMNS = (
    FieldColumn("name", "Name"),
    FieldColumn("fence", FENCE, whole=True),
    FieldColumn("text", "What is said of it"),
    FieldColumn("size", "Size", number=True),
)
RECORDS = st.fixed_dictionaries(
    {"name": TEXTS, "fence": st.just(FENCE), "text": TEXTS, "size": st.integers(0, 10**6)}
)


@given(records=st.lists(RECORDS, min_size=1, max_size=4), available=WIDTHS)
def test_records_lose_nothing(records: list[dict[str, Any]], available: int) -> None:
    text, done = rendered("table", RECORD_COLUMNS, records, level=None, width=available)
    assume(not done.hidden)
    lines = text.splitlines()
    assert all(width(line) <= available for line in lines)
    (place,) = {tuple(places(line)) for line in lines if FENCE in line}
    names = [line.partition(FENCE)[0] if FENCE in line else cut(line, *place)[0] for line in lines]
    shown = "".join(name[len(" 1  ") :] for name in names)
    whole = "Name" + "".join(view(RECORD_COLUMNS[0]).read(record) or "" for record in records)
    assert shown.replace(" ", "") == whole.replace(" ", "")


def cut(line: str, place: int) -> tuple[str, str]:
    """The parts of a line before and behind a cell, which is a boundary of characters."""
    for index in range(len(line) + 1):
        if width(line[:index]) >= place:
            assert width(line[:index]) == place
            return line[:index], line[index:]
    return line, ""


@given(batches=st.lists(st.lists(RECORDS, max_size=3), max_size=4), available=WIDTHS)
def test_no_later_record_is_wider_than_the_terminal(
    batches: list[list[dict[str, Any]]], available: int
) -> None:
    made = renderer("table", RECORD_COLUMNS, level=None, width=available, theme=Theme.plain())
    lines = "".join(made.rows(batch) + made.flush() for batch in batches).splitlines()
    assume(not any("vertically" in statement for statement in made.hidden))
    assert all(width(line) <= available for line in lines)
    assert ("…" in "".join(lines)) == bool(made.hidden)


@given(batches=st.lists(st.lists(STUDIES, max_size=3), max_size=4), available=WIDTHS)
def test_no_later_entity_is_wider_than_the_terminal(
    batches: list[list[dict[str, str]]], available: int
) -> None:
    made = renderer("table", SHOWN, level=Level.STUDY, width=available, theme=Theme.plain())
    rows = [[answer({**study, **dict.fromkeys(FENCES, FENCE)}) for study in b] for b in batches]
    lines = "".join(made.rows(batch) + made.flush() for batch in rows).splitlines()
    assume(not any("vertically" in statement for statement in made.hidden))
    assert all(width(line) <= available for line in lines)
    assert len(lines) == sum(map(len, rows)) + bool(lines)


@given(text=TEXTS, size=st.integers(2, 40))
def test_folding_loses_nothing_but_spaces(text: str, size: int) -> None:
    text = visible(text)
    lines = folded(text, size)
    assert lines
    assert all(width(line) <= size for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_long_words_are_folded_where_they_have_a_joint() -> None:
    assert folded("NumberOfPatientRelatedInstances", 18) == ["NumberOfPatient", "RelatedInstances"]
    assert folded("1.2.840.113704.1.111", 8) == ["1.2.840.", "113704.", "1.111"]
    assert folded("JODOGNE^SEBASTIEN", 10) == ["JODOGNE^", "SEBASTIEN"]
