"""receive: take objects that others send to this computer."""

from __future__ import annotations

from typing import Annotated

from dicomsh.commands.content import check_files_may_have_names
from dicomsh.commands.context import Context
from dicomsh.commands.retrieve import LAYOUT, layout_of
from dicomsh.folders import path_of
from dicomsh.frozen import replace
from dicomsh.language.command import command
from dicomsh.language.kinds import COUNT, FOLDER, PORT, WORD
from dicomsh.language.scan import Word
from dicomsh.model.modality import USUAL_PORT, DicomAddress, Modality, PracticeAddress
from dicomsh.model.results import Records, listing_of
from dicomsh.retrieve.receive import (
    COLUMNS_RECEIVED,
    Admission,
    Receive,
    ReceiveOptions,
    received_line,
)

_PORT = f"the port to listen on ({USUAL_PORT})"
_TO = "the folder for the files (received)"
_FROM = "AE titles to admit besides the configured modalities, with commas; any for all"
_COUNT = "end when so many objects have arrived"
_FOLDER = "received"


@command(
    "receive",
    family="retrieve",
    examples=("receive --to inbox", "receive --port 4242 --from CT1,MR1 --count 20"),
)
async def receive(
    context: Context,
    *,
    port: Annotated[int | None, PORT, _PORT] = None,
    to: Annotated[Word | None, FOLDER, _TO] = None,
    layout: Annotated[Word | None, WORD, LAYOUT] = None,
    from_: Annotated[Word | None, WORD, _FROM] = None,
    count: Annotated[int | None, COUNT, _COUNT] = None,
) -> Records:
    """Take the objects that others send to this computer (a storage SCP), until Ctrl-C.

    Callers are admitted if their AE title is that of a configured modality, or is given with
    --from. Each object becomes a file, named by its own values; the sender is told that it is
    stored once it is on the disk. Requests for storage commitment are answered: an object is
    committed if 'dicomsh-ledger.ndjson' lists it and its file is whole.
    """
    check_files_may_have_names(context)
    config = context.session.config
    known = {
        modality.address.aet: modality
        for modality in config.modalities.values()
        if isinstance(modality.address, DicomAddress)
    }
    scanners = [one for one in config.modalities.values() if _is_scanner(one)]
    named = {title.strip() for title in from_.text.split(",")} if from_ else set()
    callers = None if named == {"any"} else known.keys() | named
    titles = dict.fromkeys((config.aet, *(one.local_aet for one in known.values())))
    folder = path_of(str(to.text if to else _FOLDER))
    options = ReceiveOptions(port or USUAL_PORT, folder, layout_of(layout), count)
    job = Receive(Admission(tuple(titles), callers, known), options, context.archives, scanners)
    listing = listing_of(
        COLUMNS_RECEIVED,
        job.records(),
        draw=received_line,
        outcome=lambda: job.outcome,
        unit=("instance", "instances"),
        entities=True,
        own=True,
    )
    told = replace(listing, headway=lambda: job.headway, remarks=job.remarks)
    return Records(replace(told, works=False))  # it has no end of its own: head may end it


def _is_scanner(modality: Modality) -> bool:
    """Whether it is a practice archive that sends images unasked."""
    address = modality.address
    return isinstance(address, PracticeAddress) and bool(address.faults.sends)
