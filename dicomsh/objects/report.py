"""The text of reports: a structured report as an indented tree (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dicomsh.model.standard import uid_name
from dicomsh.output.cells import iso_date, iso_date_time, iso_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom import Dataset

KEYWORDS = """
    ConceptNameCodeSequence ContentSequence ValueType CompletionFlag VerificationFlag
    VerifyingObserverSequence ContentDate ContentTime
"""
"""Attributes that the text is made of, besides those of every document."""

_DEEPEST = 64
_MOST_LINES = 20_000
_INDENT = "  "
_UCUM = "UCUM"
_NO_UNITS = "1"
"""The UCUM unit of numbers without one (PS3.16 CID 82)."""


def report_lines(report: Dataset) -> Iterator[str]:
    """The content of a structured report, a line for each item; long texts have several.

    Codes are given by their meanings, numbers with their units. What is left out is said.
    """
    yield from _observed(report)
    lines = _items(report, report, 0)
    for _, line in zip(range(_MOST_LINES), lines, strict=False):
        yield line
    if next(lines, None) is not None:
        yield f"… and more: only {_MOST_LINES:,} lines are shown"


def title_of(report: Dataset) -> str:
    """The title of a report: the meaning of its root's concept name."""
    return _meaning(report.get("ConceptNameCodeSequence"))


def _observed(report: Dataset) -> Iterator[str]:
    """Who verified it, and when."""
    for one in report.get("VerifyingObserverSequence") or ():
        when = iso_date_time(str(one.get("VerificationDateTime") or ""))
        name, place = (str(one.get(word) or "") for word in _OBSERVER)
        yield "verified by " + ", ".join(filter(None, (name, place, when)))


_OBSERVER = ("VerifyingObserverName", "VerifyingOrganization")


def _items(root: Dataset, parent: Dataset, depth: int) -> Iterator[str]:
    """The items below one, each followed by its own."""
    if depth == _DEEPEST:
        yield f"{_INDENT * depth}… nested too deeply"
        return
    for item in parent.get("ContentSequence") or ():
        target = item.get("ReferencedContentItemIdentifier")
        if target is not None:
            yield _INDENT * depth + _pointer(root, target)
            continue
        yield from _item(item, depth)
        yield from _items(root, item, depth + 1)


def _item(item: Dataset, depth: int) -> Iterator[str]:
    name, value = _meaning(item.get("ConceptNameCodeSequence")), _value(item)
    first, *more = value.splitlines() or [""]
    indent = _INDENT * depth
    yield indent + (": ".join(filter(None, (name, first))) or "-")
    for line in more:
        yield f"{indent}{_INDENT}{line}".rstrip()


def _value(item: Dataset) -> str:
    read = _VALUES.get(str(item.get("ValueType") or ""))
    return "" if read is None else read(item)


def _pointer(root: Dataset, target: Any) -> str:
    """An item that stands elsewhere in the tree, by its place: 1 is the root (C.17.3.2.5)."""
    places = [target] if isinstance(target, int) else list(target)
    item = root
    try:
        for place in places[1:]:
            item = item.ContentSequence[place - 1]
        said = next(_item(item, 0))
    except (AttributeError, IndexError, TypeError):
        said = "an item that is not there"
    return f"see: {said}"


def _plain(keyword: str, show: Callable[[str], str] = str) -> Callable[[Dataset], str]:
    def read(item: Dataset) -> str:
        value = item.get(keyword)
        return "" if value is None else show(str(value))

    return read


def _code(item: Dataset) -> str:
    return _meaning(item.get("ConceptCodeSequence"))


def _number(item: Dataset) -> str:
    measured = item.get("MeasuredValueSequence") or ()
    why = _meaning(item.get("NumericValueQualifierCodeSequence"))
    if not measured:
        return f"no value{f' ({why})' if why else ''}"
    value = measured[0].get("NumericValue")
    shown = "no value" if value is None else str(value)
    unit = _unit(measured[0].get("MeasurementUnitsCodeSequence"))
    return " ".join(filter(None, (shown, unit, why and f"({why})")))


def _unit(sequence: Any) -> str:
    """A unit as people write it: UCUM codes are the usual signs."""
    if not sequence:
        return ""
    code = str(sequence[0].get("CodeValue") or "")
    if str(sequence[0].get("CodingSchemeDesignator") or "") != _UCUM:
        return _meaning(sequence)
    return "" if code == _NO_UNITS or code.startswith("{") else code


def _meaning(sequence: Any) -> str:
    """The meaning of a code; the code itself if it has none."""
    if not sequence:
        return ""
    words = ("CodeMeaning", "CodeValue", "LongCodeValue", "URNCodeValue")
    return next((str(value) for word in words if (value := sequence[0].get(word))), "")


def _reference(item: Dataset) -> str:
    """The objects that an item refers to, by SOP class and UID, and frames."""
    shown = []
    for one in item.get("ReferencedSOPSequence") or ():
        sop_class, uid, frames = (_text(one.get(word)) for word in _REFERENCED)
        name = (uid_name(sop_class) or sop_class).removesuffix(" Storage")
        shown.append(" ".join(filter(None, (name, uid, frames and f"frame {frames}"))))
    return ", ".join(shown)


def _text(value: Any) -> str:
    several = not isinstance(value, str | int | None) and hasattr(value, "__iter__")
    return ", ".join(map(str, value)) if several else str(value or "")


_REFERENCED = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID", "ReferencedFrameNumber")


def _coordinates(item: Dataset) -> str:
    kind = str(item.get("GraphicType") or "")
    dimensions = 3 if str(item.get("ValueType")) == "SCOORD3D" else 2
    points = len(item.get("GraphicData") or ()) // dimensions
    return f"{kind.lower()} of {points} point{'s' if points != 1 else ''}"


_VALUES: Mapping[str, Callable[[Dataset], str]] = {
    "TEXT": _plain("TextValue"),
    "CODE": _code,
    "NUM": _number,
    "PNAME": _plain("PersonName"),
    "DATE": _plain("Date", iso_date),
    "TIME": _plain("Time", iso_time),
    "DATETIME": _plain("DateTime", iso_date_time),
    "UIDREF": _plain("UID"),
    "IMAGE": _reference,
    "COMPOSITE": _reference,
    "WAVEFORM": _reference,
    "SCOORD": _coordinates,
    "SCOORD3D": _coordinates,
    "TCOORD": _plain("TemporalRangeType", str.lower),
}
"""How each type of value is shown (PS3.3 table C.17.3-7); a container has none."""
