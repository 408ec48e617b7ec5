"""What is to be moved, and the work: C-MOVE to another archive, or C-GET to a folder."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from dicomsh.frozen import frozen
from dicomsh.gateway.errors import aet_of
from dicomsh.gateway.forms import Form, key_of, value_object
from dicomsh.gateway.keys import unique_tags
from dicomsh.gateway.styled import Json
from dicomsh.model.answer import Outcome
from dicomsh.model.claim import Claim
from dicomsh.model.columns import Record
from dicomsh.model.keys import QUERY_RETRIEVE_LEVEL, by_keyword
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.query.context import QueryContext
from dicomsh.retrieve.contract import Wanted
from dicomsh.retrieve.fetch import FetchOptions
from dicomsh.retrieve.job import Folder, JobOptions, RetrieveJob
from dicomsh.retrieve.layout import DEFAULT, read_layout
from dicomsh.retrieve.move_job import Destination, MoveJob

_ACCESSION = by_keyword("AccessionNumber").tag


class Work(Protocol):
    """A retrieval under way."""

    def records(self) -> AsyncGenerator[list[Record], None]:
        """What has come to rest, as it does."""
        ...

    @property
    def outcome(self) -> Outcome:
        """How far it is, and how it ended."""
        ...


@frozen
class Resource:
    """One thing to move.

    Args:
        place: a patient, study, series or instance.
        accession: the accession number of its study, as far as it is known.
    """

    place: Place
    accession: str = ""

    @property
    def level(self) -> Level:
        """The level of it."""
        return self.place.steps[-1].level

    def query(self, form: Form) -> dict[str, Json]:
        """Its unique keys, as Orthanc shows them."""
        values = {QUERY_RETRIEVE_LEVEL: self.level.dicom}
        if self.level is not Level.PATIENT:
            values[_ACCESSION] = self.accession
        for tag, level in zip(unique_tags(self.level), HIERARCHY, strict=False):
            step = self.place.step(level)
            values[tag] = step.key if step else ""
        return {
            key_of(tag, form): value_object(tag, "String", text, form)
            for tag, text in values.items()
        }


@frozen
class Order:
    """What is to be done.

    Args:
        source: the archive that has the objects.
        resources: what to move.
        target: AE title of the destination of a C-MOVE; empty for a C-GET.
        destination: the same, as an archive that can be asked what has arrived; None if it is none.
        folder: where the files of a C-GET go.
        form: how keys are shown.
        permissive: whether it goes on, and counts as a success, if something fails.
        priority: what the client set.
        user_data: the same.
    """

    source: Modality
    resources: Sequence[Resource]
    target: str = ""
    destination: Modality | None = None
    folder: Path | None = None
    form: Form = Form.SHORT
    permissive: bool = False
    priority: int = 0
    user_data: Json = None

    @property
    def service(self) -> str:
        """C-MOVE or C-GET."""
        return "C-MOVE" if self.folder is None else "C-GET"

    @property
    def kind(self) -> str:
        """The type of its job in Orthanc."""
        return "DicomMoveScu" if self.folder is None else "DicomGetScu"

    @property
    def line(self) -> str:
        """What one order after the other uses: an archive, or the folder."""
        return f"move from {self.source.name}" if self.folder is None else "get"

    def content(self) -> Mapping[str, Json]:
        """What is known about it beforehand."""
        target = {"TargetAet": self.target} if self.folder is None else {}
        return {
            "Description": "REST API",
            "LocalAet": self.source.local_aet,
            "RemoteAet": aet_of(self.source),
            "Query": [resource.query(self.form) for resource in self.resources],
            **target,
        }

    def work(self, context: QueryContext, resource: Resource) -> Work:
        """The work for one of the resources; it begins when its records are taken."""
        wanted = Wanted(self.source, [resource.place])
        if self.folder is None:
            return MoveJob(context, wanted, Destination(self.target, self.destination))
        folder = Folder(self.folder, read_layout(DEFAULT))
        return RetrieveJob(context, wanted, folder, JobOptions((FetchOptions(),)))


def claimed(work: Work) -> Claim | None:
    """What the archive said about a C-MOVE; None for other work."""
    return work.claim if isinstance(work, MoveJob) else None
