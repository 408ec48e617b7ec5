"""The attributes of a file that say how to show what is in it."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dicomsh.errors import DicomshError
from dicomsh.model.transfer_syntaxes import DEFLATED
from dicomsh.retrieve.part10 import NotDicomError, read_head

if TYPE_CHECKING:
    from pydicom import Dataset

_MOST_INFLATED = 256 << 20
"""Bytes of a deflated data set (PS3.5 A.5); a few kilobytes can hold any number."""
_CHUNK = 1 << 16


class UnreadableObjectError(DicomshError):
    """An object whose content cannot be shown."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Inside the `with`, what pydicom and decoders complain about is an UnreadableObjectError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DicomshError:
        raise
    except OSError as error:
        raise UnreadableObjectError(f"cannot read '{path.name}': {_why(error)}") from None
    except MemoryError:
        raise UnreadableObjectError("not enough memory for it") from None
    except Exception as error:  # a decoder can raise anything
        raise UnreadableObjectError(f"its content is damaged: {_why(error)}") from None


def _why(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return said.splitlines()[0][:200] if said else type(error).__name__


def read_header(path: Path, keywords: str) -> Dataset:
    """Attributes of a DICOM file, and its file meta information.

    Args:
        path: the file.
        keywords: attributes of the top level, separated by blanks.

    Raises:
        UnreadableObjectError: it is not a DICOM file, or is damaged.
    """
    with reading(path):
        with path.open("rb") as file:
            try:
                head = read_head(file)
            except NotDicomError as error:
                raise UnreadableObjectError(f"'{path.name}': {error.message}") from None
            if head.transfer_syntax == DEFLATED:
                file.seek(head.offset)
                _check_inflated(file)
        from pydicom import dcmread

        tags: list[Any] = keywords.split()
        return dcmread(path, stop_before_pixels=True, specific_tags=tags)


def _check_inflated(file: BinaryIO) -> None:
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while not inflater.eof and (block := inflater.unconsumed_tail or file.read(_CHUNK)):
        size += len(inflater.decompress(block, _CHUNK))
        if size > _MOST_INFLATED:
            limit = f"{_MOST_INFLATED >> 20} MiB"
            raise UnreadableObjectError(f"its deflated data set is longer than {limit}")
