"""The output formats by name, and what each needs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from dicomsh.errors import UsageError
from dicomsh.model.columns import Column, DerivedColumn
from dicomsh.model.levels import Level
from dicomsh.model.results import FORMATS, Delimiting
from dicomsh.output.extras import need_library
from dicomsh.output.plain import are_answers, members
from dicomsh.output.renderer import Renderer
from dicomsh.output.theme import Theme

if TYPE_CHECKING:
    from dicomsh.output.excel import WriteBytes
    from dicomsh.output.folder import NewPart

FOR_PEOPLE = ("table", "vertical")
"""The formats for people."""

SUFFIXES: Mapping[str, str] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".md": "markdown",
    ".txt": "table",
    ".xlsx": "excel",
    ".parquet": "parquet",
}
"""The format of each file suffix."""


def suffix_of(name: str) -> str:
    """The first suffix of a format; empty if it has none."""
    return next((suffix for suffix, format_name in SUFFIXES.items() if format_name == name), "")


def is_folder(path: str) -> bool:
    """Whether a name, as typed, is that of a folder: it ends with a slash."""
    return path.endswith(("/", os.sep))


def format_of(path: str) -> str | None:
    """The format of a file name, or None if its suffix has no format; a folder is of Parquet."""
    if is_folder(path):
        return "parquet"
    return SUFFIXES.get(PurePath(path).suffix.lower())


def unknown_suffix(path: str) -> list[str]:
    """The note on a file written as a table because its suffix has no format."""
    suffix = PurePath(path).suffix
    if not suffix or format_of(path):
        return []
    known = ", ".join(SUFFIXES)
    told = f"no format for suffix {suffix}; '{path}' was written as a text table"
    return [f"{told} · known: {known}; or choose one with '| to FORMAT' or -o"]


def renderer(
    name: str,
    columns: Sequence[Column],
    *,
    level: Level | None,
    width: int | None,
    theme: Theme,
    delimiting: Delimiting | None = None,
) -> Renderer:
    """The renderer of a format that is text.

    Args:
        name: one of `FORMATS`.
        columns: what to show, all of attributes or all of fields.
        level: the level of the rows; None if they are not entities.
        width: terminal cells of a line; None if nothing may be shortened, as in a file.
        theme: the colours, for the formats for people.
        delimiting: how csv and tsv are written.

    Raises:
        UsageError: no such format, or one that cannot show these rows.
    """
    if name in FOR_PEOPLE:
        return _for_people(name, columns, level, width, theme)
    if name in ("csv", "tsv"):
        from dicomsh.output.delimited import Delimited

        delimiter = "," if name == "csv" else "\t"
        return Delimited(
            columns, delimiter, seen=width is not None, form=delimiting or Delimiting()
        )
    if name == "markdown":
        from dicomsh.output.markdown import Markdown

        return Markdown(columns)
    if name in ("json", "ndjson", "yaml", "dicom-json"):
        return _objects(name, columns)
    raise UsageError(f"no format '{name}'", hint=f"formats: {', '.join(FORMATS)}")


def file_renderer(
    name: str, columns: Sequence[Column], level: Level | None, write: WriteBytes
) -> Renderer:
    """The renderer of a format that is not text, which writes by itself.

    Args:
        name: one of `FILE_FORMATS`.
        columns: what to show, all of attributes or all of fields.
        level: the level of the rows; None if they are not entities.
        write: takes the bytes of the file.

    Raises:
        DicomshError: its library is not installed.
    """
    need_library(name)
    if name == "excel":
        from dicomsh.output.excel import Excel

        return Excel(columns, level, write)
    from dicomsh.output.parquet import Parquet

    return Parquet(columns, write)


def folder_renderer(
    name: str, columns: Sequence[Column], level: Level | None, new: NewPart
) -> Renderer:
    """The renderer of a folder of files; arguments as those of `file_renderer`.

    Raises:
        UsageError: the format is not one of folders, or the rows have no date.
        DicomshError: its library is not installed.
    """
    if name != "parquet":
        raise UsageError("a folder takes parquet only", hint="for one file: … > FILE")
    need_library(name)
    from dicomsh.output.monthly import MonthlyParquet

    return MonthlyParquet(columns, level, new)


def _for_people(
    name: str, columns: Sequence[Column], level: Level | None, width: int | None, theme: Theme
) -> Renderer:
    from dicomsh.output.table import Table
    from dicomsh.output.vertical import Vertical

    if name == "table":
        return Table(columns, level, width, theme)
    return Vertical(columns, level, width, theme)


def _objects(name: str, columns: Sequence[Column]) -> Renderer:
    from dicomsh.output.dicom_json import dicom_members
    from dicomsh.output.json_format import JsonArray, JsonLines
    from dicomsh.output.json_rows import object_lines, one_by_one
    from dicomsh.output.yaml_format import Yaml

    if name == "dicom-json":
        if not are_answers(columns):
            raise UsageError("dicom-json shows DICOM answers only", hint="use -o json here")
        if any(isinstance(column, DerivedColumn) for column in columns):
            raise UsageError("dicom-json shows attributes only", hint="use -o json here")
        return JsonArray(one_by_one(dicom_members), dicom_members)
    found = members(columns)
    if name == "yaml":
        return Yaml(found)
    kind = JsonArray if name == "json" else JsonLines
    return kind(object_lines(columns), found)
