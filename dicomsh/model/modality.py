"""What we know about an archive, and about the devices that ask it: address, limits, quirks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from dicomsh.errors import UsageError
from dicomsh.frozen import field, frozen
from dicomsh.model.capability import NOTHING_KNOWN, Capabilities
from dicomsh.model.extended_negotiation import NONE, Extensions
from dicomsh.model.levels import Level, Model
from dicomsh.model.status import CANCEL


@frozen
class Timeouts:
    """Time limits in seconds.

    `connect`: TCP (and TLS) connection; `association`: from A-ASSOCIATE-RQ to its answer;
    `response`: silence between two answers of an operation; `cancel_grace`: how long the answers
    of a cancelled operation are drained before we abort; `idle_release`: how long an unused
    association is kept, which is less than the 30 s after which Orthanc closes it.
    """

    connect: float = 10.0
    association: float = 10.0
    response: float = 60.0
    cancel_grace: float = 2.0
    idle_release: float = 25.0


@frozen
class Tls:
    """TLS with a peer. `ca`, `cert` and `key` are PEM files; without `ca` the system's are used.

    `verify` off accepts any certificate and host name.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    verify: bool = True


@frozen
class Faults:
    """What a practice archive does wrong, on demand.

    Args:
        cut_off: number of rows after which a query ends with `cut_off_status`, or None.
        cut_off_status: 0xFE00, 0xA700 or 0xB001.
        fail: level → failure status for queries at that level.
        refuse_patient_root: do not accept the Patient Root presentation context.
        no_counts: leave NumberOf… attributes out of the answers.
        row_delay: seconds to wait before each row.
        stall_after: rows after which nothing more comes until C-CANCEL, or None.
        abort_after: rows after which the association is aborted, or None.
        close_after: rows after which the TCP connection is closed without a release, or None.
        ignore_cancel: ignore C-CANCEL.
        no_charset: leave (0008,0005) out of the answers.
        abort_on_find: accept the association and abort at the first C-FIND.
        ignore_keys: keywords of keys whose value is ignored.
        reject_keys: keywords of keys whose presence makes a query fail with 0xC000.
        no_modalities_in_study: neither match nor return ModalitiesInStudy.
        refuse_extended: agree to nothing in extended negotiation.
        hierarchical: refuse with 0xA900 what lacks the unique key of a level above.
        no_get: do not accept C-GET.
        no_scp_role: ignore role selection, so that no object can be sent on an association that
            was opened for C-GET.
        storage_syntax: UID of the only transfer syntax that objects are sent in, or None.
        fail_every: N, so that the sub-operation of every Nth instance of a series fails, or None.
        skip_every: N, so that every Nth instance is counted as completed and not sent, or None.
        nothing_sent: answer C-GET and C-MOVE with success, and send nothing.
        no_suboperations: leave the numbers of sub-operations out of the responses.
        no_failed_list: leave out (0008,0058) Failed SOP Instance UID List.
        unknown_destination: know no destination for C-MOVE.
        empty_key_sends_all: take an empty unique key of C-GET and C-MOVE for any.
        abort_after_objects: objects of a retrieval after which the association is aborted, or None.
        object_delay: seconds to wait before each object.
        padding: bytes of padding at the end of each object.
        refuse_every: N, so that every Nth instance of a series that is stored is refused with
            0xA700, or None.
        forget_every: N, so that every Nth instance that is stored is answered with success and
            not kept, or None.
        no_commitment_report: answer a request for storage commitment, and never report.
        separate_report: report storage commitment on an association of its own.
        empty: hold no made-up patients, only what is stored.
        sends: number of new images that it sends to us, unasked, when we begin to receive; or None.
        wrong_station: today's steps at CT1 are scheduled for an AE title that no device has.
        other_day: every step is scheduled a day late.
        missing_type_1: a third of the worklist lacks StudyInstanceUID and RequestedProcedureID.
        long_accession: a quarter of the worklist has an AccessionNumber that is too long.
        station_of_caller: every step is at the station with the AE title that asks.
        ignore_step_keys: ignore the values of keys inside the Scheduled Procedure Step Sequence.
    """

    cut_off: int | None = None
    cut_off_status: int = CANCEL
    fail: Mapping[Level, int] = field(default_factory=dict)
    refuse_patient_root: bool = False
    no_counts: bool = False
    row_delay: float = 0.0
    stall_after: int | None = None
    abort_after: int | None = None
    close_after: int | None = None
    ignore_cancel: bool = False
    no_charset: bool = False
    abort_on_find: bool = False
    ignore_keys: frozenset[str] = frozenset()
    reject_keys: frozenset[str] = frozenset()
    no_modalities_in_study: bool = False
    refuse_extended: bool = False
    hierarchical: bool = False
    no_get: bool = False
    no_scp_role: bool = False
    storage_syntax: str | None = None
    fail_every: int | None = None
    skip_every: int | None = None
    nothing_sent: bool = False
    no_suboperations: bool = False
    no_failed_list: bool = False
    unknown_destination: bool = False
    empty_key_sends_all: bool = False
    abort_after_objects: int | None = None
    object_delay: float = 0.0
    padding: int = 0
    refuse_every: int | None = None
    forget_every: int | None = None
    no_commitment_report: bool = False
    separate_report: bool = False
    empty: bool = False
    sends: int | None = None
    wrong_station: bool = False
    other_day: bool = False
    missing_type_1: bool = False
    long_accession: bool = False
    station_of_caller: bool = False
    ignore_step_keys: bool = False


class Address(Protocol):
    """Where an archive is; its type is the kind of archive and decides what opens it."""

    @property
    def title(self) -> str:
        """The address as part of a sentence: `ORTHANC at 127.0.0.1:4242`."""
        ...

    def __str__(self) -> str:
        """The address in short: `ORTHANC@127.0.0.1:4242`."""
        ...


@frozen
class DicomAddress:
    """Where an application entity listens for associations.

    Args:
        aet: its AE title, 1 to 16 characters.
        host: host name or address.
        port: 1 to 65535.
        tls: TLS settings, or None for plain TCP.
    """

    aet: str
    host: str
    port: int
    tls: Tls | None = None

    @property
    def title(self) -> str:
        """`ORTHANC at 127.0.0.1:4242`."""
        return f"{self.aet} at {self.host}:{self.port}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.aet}@{host}:{self.port}"


USUAL_PORT = 11112
"""The port registered for DICOM besides 104, which only administrators may listen on."""


@frozen
class PracticeAddress:
    """The practice archive, which runs in this process.

    Args:
        aet: its AE title.
        faults: what it does wrong.
    """

    aet: str = "PRACTICE"
    faults: Faults = Faults()

    @property
    def title(self) -> str:
        """The same as the short form: it has no address before it runs."""
        return str(self)

    def __str__(self) -> str:
        return "practice archive"


@frozen
class Device:
    """What a device, such as a scanner, asks for its worklist with.

    Args:
        aet: its AE title: it calls with it, and steps are scheduled for it.
        modality: the Modality that it asks for, or empty for any.
        station: its station name, or empty.
    """

    aet: str
    modality: str = ""
    station: str = ""


@frozen
class Modality:
    """An archive as configured, with every setting resolved.

    Args:
        name: the user's name for it; `AET@HOST:PORT` if it is not configured.
        address: where it is.
        local_aet: the AE title that we use with it.
        timeouts: time limits.
        model: the information model to use, or None to choose by query.
        charset: defined term(s) of (0008,0005) declared for queries, or empty.
        fallback_charset: defined term assumed for answers that declare none, or empty. Some peers
            never name theirs (dcm4chee-arc-light #1711).
        limit: maximum number of rows of one query, or None.
        wado: base URL of its WADO-URI service, or None.
        wado_rs: base URL of its WADO-RS service, or None.
        universal: what a universal matching key is sent as: empty, or `*` for peers that need it.
        extended: what is proposed in extended negotiation besides plain matching.
        capabilities: what is known about its abilities.
    """

    name: str
    address: Address
    local_aet: str = "DICOMSH"
    timeouts: Timeouts = Timeouts()
    model: Model | None = None
    charset: str = ""
    fallback_charset: str = ""
    limit: int | None = None
    wado: str | None = None
    wado_rs: str | None = None
    universal: str = ""
    extended: Extensions = NONE
    capabilities: Capabilities = NOTHING_KNOWN

    @property
    def entity(self) -> DicomAddress:
        """Its address as an application entity.

        Raises:
            TypeError: it is an archive of another kind.
        """
        if not isinstance(self.address, DicomAddress):
            raise TypeError(f"{self.address} is not an application entity")
        return self.address


def all_in_use(modalities: Sequence[Modality]) -> Sequence[Modality]:
    """The modalities that are in use, at least one.

    Raises:
        UsageError: there is none.
    """
    if not modalities:
        raise UsageError("no modality is in use", hint="'modalities' lists them; use NAME")
    return modalities


def in_use(modalities: Sequence[Modality], how: str = "") -> Modality:
    """The modality that is in use.

    Args:
        modalities: all that are in use.
        how: what to type for one of them, with its name for {}; empty for `use`.

    Raises:
        UsageError: there is none, or there are several.
    """
    first, *others = all_in_use(modalities)
    if others:
        names = " and ".join(modality.name for modality in modalities)
        hint = how.format(first.name) or f"use {first.name}; 'find' and 'ls' ask all of them"
        raise UsageError(f"this needs one modality, and {names} are in use", hint=hint)
    return first
