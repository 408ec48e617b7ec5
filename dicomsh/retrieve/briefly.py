"""Objects for a moment: fetched as `get` does, into a private folder that is removed again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dicomsh.errors import DicomshError
from dicomsh.model.columns import Record
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.query.context import QueryContext
from dicomsh.retrieve.contract import Wanted
from dicomsh.retrieve.job import Folder, JobOptions, RetrieveJob
from dicomsh.retrieve.layout import read_layout

LAYOUT = read_layout("{SOPInstanceUID}.dcm")
"""What the files are called."""


@asynccontextmanager
async def fetched(
    context: QueryContext, modality: Modality, places: Sequence[Place], options: JobOptions
) -> AsyncIterator[list[Path]]:
    """Inside the `async with`, files of all objects at some places, in the order of the places.

    There are none if nothing is sent, as for `explain`.

    Args:
        context: where the command runs.
        modality: the archive.
        places: instances in it.
        options: how to fetch.

    Raises:
        DicomshError: an object did not come, or the archive could not be asked.
    """
    # mode 0700; after Ctrl-C, a thread may still be reading, which Windows minds
    with TemporaryDirectory(prefix="dicomsh-", ignore_cleanup_errors=True) as folder:
        job = RetrieveJob(context, Wanted(modality, places), Folder(Path(folder), LAYOUT), options)
        files: dict[str, Path] = {}
        async with aclosing(job.records()) as batches:
            async for batch in batches:
                for record in batch if context.archives.sends else ():
                    files[str(record["SOPInstanceUID"])] = Path(folder, _arrived(record))
        yield [files[key] for place in places if (key := place.steps[-1].key) in files]


def _arrived(record: Record) -> str:
    """The name of an object's file; raises DicomshError if it did not come."""
    if record["state"] not in ("arrived", "here"):
        said = f": {record['reason']}" if record["reason"] else ""
        raise DicomshError(f"the object did not come{said}")
    return str(record["file"])
