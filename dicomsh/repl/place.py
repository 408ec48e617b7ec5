"""The text of the prompt: the modality, and the place in readable segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.formatted_text import StyleAndTextTuples

if TYPE_CHECKING:
    from dicomsh.session.state import Session

START: StyleAndTextTuples = [("class:prompt.modality", "dicomsh"), ("", "> ")]
"""The prompt while no modality is in use."""

_MORE = "…"


def prompt_text(session: Session, columns: int) -> StyleAndTextTuples:
    """`pacs:/0555643F/2009-04-12 CT THORAX> `, in at most half of the columns.

    If it does not fit, segments after the modality are left out: `pacs:…/2009-04-12 CT THORAX> `. A
    single segment that is too long loses its middle: a study begins with its date.
    """
    from dicomsh.model.safe import fit, visible, width

    if not session.modalities:
        return START
    room = max(columns // 2, 8)
    name = fit(visible(session.names_in_use), room // 2)
    room -= width(name) + len(":> ")
    place = _segments(session)
    head: StyleAndTextTuples = [("class:prompt.modality", name), ("class:prompt.separator", ":")]
    return [*head, *_fitted(place, room), ("", "> ")]


def _segments(session: Session) -> StyleAndTextTuples:
    """The segments from the patient down, each with its style."""
    from dicomsh.model.safe import visible

    place = session.shown_place
    steps = zip(place.steps, place.labels, strict=True)
    return [(f"class:prompt.{step.level.word}", visible(label)) for step, label in steps]


def _fitted(segments: StyleAndTextTuples, room: int) -> StyleAndTextTuples:
    """The segments with their separators, as many from the end as fit; both ends of the last."""
    from dicomsh.model.safe import shorten_middle, width

    separator = ("class:prompt.separator", "/")
    if not segments:
        return [separator]
    for first in range(len(segments)):
        shown = [part for segment in segments[first:] for part in (separator, segment)]
        text = "".join(part[1] for part in shown)
        if width(text) + bool(first) <= room:
            return [*([("class:prompt.more", _MORE)] if first else []), *shown]
    more: StyleAndTextTuples = [("class:prompt.more", _MORE)] if segments[1:] else []
    style, text, *_ = segments[-1]
    return [*more, separator, (style, shorten_middle(text, room - len(more) - 1))]
