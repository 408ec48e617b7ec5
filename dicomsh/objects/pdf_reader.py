"""A program that writes the text of the PDF file on its standard input.

It is run as a file, and imports nothing of ours.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from io import BytesIO

_MEMORY = 2 << 30
"""Bytes of address space, where a process can be given a limit."""
_MOST_PAGES = 200
_MOST_CHARACTERS = 1_000_000


def main() -> None:
    """Read a PDF file from standard input, and write its text to standard output."""
    _limit_memory()
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    for line in _lines(sys.stdin.buffer.read()):
        sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "replace"))


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _MEMORY if most == resource.RLIM_INFINITY else min(_MEMORY, most)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


def _lines(data: bytes) -> Iterator[str]:
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        yield "(the PDF document is protected by a password)"
        return
    size = 0
    for number, page in enumerate(reader.pages, 1):
        if number > _MOST_PAGES or size > _MOST_CHARACTERS:
            yield f"… and more pages, {len(reader.pages):,} in all"
            return
        text = page.extract_text()
        size += len(text)
        if number > 1:
            yield ""
        yield from (line.rstrip() for line in text.splitlines())
    if not size:
        yield "(no text in the PDF document: its pages may be pictures)"


if __name__ == "__main__":
    main()
