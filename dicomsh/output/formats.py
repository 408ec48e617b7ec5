"""The output formats by name, and what each needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from dicomsh.errors import UsageError
from dicomsh.model.columns import Column, DerivedColumn
from dicomsh.model.levels import Level
from dicomsh.model.results import FORMATS
from dicomsh.output.plain import are_answers, converter
from dicomsh.output.renderer import Renderer
from dicomsh.output.theme import Theme

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
    ".txt": "table",
}
"""The format of each file suffix."""


def format_of(path: str) -> str | None:
    """The format of a file name, or None if its suffix has no format."""
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
    name: str, columns: Sequence[Column], *, level: Level | None, width: int | None, theme: Theme
) -> Renderer:
    """The renderer of a format.

    Args:
        name: one of `FORMATS`.
        columns: what to show, all of attributes or all of fields.
        level: the level of the rows; None if they are not entities.
        width: terminal cells of a line; None if nothing may be shortened, as in a file.
        theme: the colours, for the formats for people.

    Raises:
        UsageError: no such format, or one that cannot show these rows.
    """
    if name in FOR_PEOPLE:
        return _for_people(name, columns, level, width, theme)
    if name in ("csv", "tsv"):
        from dicomsh.output.delimited import Delimited

        return Delimited(columns, "," if name == "csv" else "\t", seen=width is not None)
    if name in ("json", "ndjson", "yaml", "dicom-json"):
        return _objects(name, columns)
    raise UsageError(f"no format '{name}'", hint=f"formats: {', '.join(FORMATS)}")


def _for_people(
    name: str, columns: Sequence[Column], level: Level | None, width: int | None, theme: Theme
) -> Renderer:
    from dicomsh.output.table import Table
    from dicomsh.output.vertical import Vertical

    if name == "table":
        return Table(columns, level, width, theme)
    return Vertical(columns, level, width, theme)


def _objects(name: str, columns: Sequence[Column]) -> Renderer:
    from dicomsh.output.dicom_json import dicom_object
    from dicomsh.output.json_format import JsonArray, JsonLines
    from dicomsh.output.json_rows import object_lines, one_by_one
    from dicomsh.output.yaml_format import Yaml

    if name == "dicom-json":
        if not are_answers(columns):
            raise UsageError("dicom-json shows DICOM answers only", hint="use -o json here")
        if any(isinstance(column, DerivedColumn) for column in columns):
            raise UsageError("dicom-json shows attributes only", hint="use -o json here")
        return JsonArray(one_by_one(dicom_object))
    if name == "yaml":
        return Yaml(converter(columns))
    lines = object_lines(columns)
    return JsonArray(lines) if name == "json" else JsonLines(lines)
