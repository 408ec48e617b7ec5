"""Rows for the tests of the model: keyword → text, in implicit VR."""

from __future__ import annotations

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.keys import by_keyword
from dicomsh.model.row import Row, Source


def answer(**elements: str) -> Row:
    raw = {by_keyword(word).tag: text.encode() for word, text in elements.items()}
    return Row(b"", Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN], "ISO_IR 192"), raw)
