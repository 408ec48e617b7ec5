"""The explanation of a query as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dicomsh.explain.equivalent import Equivalent
from dicomsh.explain.identifier import Element, elements
from dicomsh.explain.reasons import (
    Sent,
    acceptance,
    asked_again,
    charset_reason,
    doubts,
    level_reason,
    model_reason,
)

_LABEL = 9


def query_lines(sent: Sent, missing: Sequence[str]) -> list[str]:
    """Model, level, character set, the identifier, and possible problems."""
    query, peer = sent.query, sent.peer
    where = peer.address.title
    lines = [f"C-FIND to {peer.name}, {where}, as {peer.local_aet}"]
    lines += told("model", [f"{query.model.title}: {model_reason(sent)}", acceptance(sent)])
    if query.level is not None:
        lines += told("level", [f"{query.level.dicom}: {level_reason(query, query.level)}"])
    lines += told("charset", [charset_reason(query, peer.charset), *asked_again(sent)])
    if sent.limit is not None:
        lines += told("limit", [f"C-CANCEL is sent after {sent.limit} rows"])
    lines += told("mind", doubts(sent, missing))
    lines.append("the identifier, in tag order:")
    return lines + [line for element in elements(query, peer) for line in element_lines(element)]


def told(label: str, statements: Iterable[str]) -> list[str]:
    """Lines with a label, which the first of them shows."""
    labels = (label, *[""] * 99)
    return [f"  {name:<{_LABEL}}{text}" for name, text in zip(labels, statements, strict=False)]


def element_lines(element: Element) -> list[str]:
    """Two lines about an element: tag, VR and value; kind of matching, paragraph and origin."""
    attribute, indent = element.attribute, ">" * element.depth
    value = f" = {element.value}" if element.value else ""
    first = f"  {indent}{attribute.tag_text} {attribute.vr}  {attribute.keyword}{value}"
    kind = f"{element.matching} ({element.paragraph})" if element.matching else element.paragraph
    return [first, f"  {' ' * len(indent)}                {kind} · {element.origin}"]


def tool_lines(equivalent: Equivalent) -> list[str]:
    """The text to copy below its title; everything else is a comment, so that all can be copied."""
    lines = [f"# {equivalent.title}", *(f"# {note}" for note in equivalent.notes)]
    return [*lines, equivalent.text] if equivalent.text else lines
