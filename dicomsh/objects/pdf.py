"""The text of a PDF file, read in a process of its own.

A PDF file can be made to keep its reader busy for ever, or to fill the memory; a process can be
given limits, and ended.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dicomsh.objects import pdf_reader
from dicomsh.objects.header import UnreadableObjectError

_SECONDS = 30
"""How long it may take: the text of a report takes less than one."""


def pdf_text(data: bytes) -> str:
    """The text of the pages of a PDF file.

    Raises:
        UnreadableObjectError: it is damaged, or takes too long.
        OSError: no process can be started.
    """
    # -P: no module is taken from the current folder
    command = [sys.executable, "-P", str(Path(pdf_reader.__file__))]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=data, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        what = f"the text of the PDF document cannot be read within {_SECONDS} s"
        raise UnreadableObjectError(what) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1][:200] if said else "its reader failed"
        raise UnreadableObjectError(f"the PDF document is damaged: {why}")
    return done.stdout.decode("utf-8", "replace")
