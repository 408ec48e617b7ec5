"""The elements of a row as records, those of sequences after them."""

from __future__ import annotations

from dicomsh.model.columns import Record
from dicomsh.model.keys import by_tag
from dicomsh.model.row import Row


def element_records(row: Row, tag: int, indent: str = "") -> list[Record]:
    """The records of one element, those of its items after it, indented with `>`."""
    attribute = by_tag(tag)
    vr = row.vr(tag)
    record: Record = {
        "tag": f"{indent}{attribute.tag_text}",
        "vr": vr,
        "keyword": attribute.keyword if attribute.keyword != attribute.tag_text[1:-1] else "",
        "value": row.text(tag) if vr != "SQ" else None,
    }
    records = [record]
    if vr == "SQ":
        for item in row.values(tag) or []:
            if isinstance(item, Row):
                for inner in sorted(item.elements):
                    records += element_records(item, inner, indent + ">")
    return records
