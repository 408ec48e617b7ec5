"""One session of dicomsh with a hostile peer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.harness import Done, run
from tests.hostile.peer import Attack, attacking

QUERY = "find study"
BRIEF = "{response: 0.3, association: 0.3, connect: 20}"
"""Limits for a peer that may fall silent, and where a time limit is as good an end as any."""

PATIENT = "{response: 60, association: 60, connect: 20}"
"""Limits that nothing reaches, however busy the machine is, so that they are not what ends it."""


def session(
    attack: Attack, text: str = QUERY, *, output: str = "json", timeouts: str = PATIENT
) -> Done:
    """What is left of a session in which a peer attacks."""
    with attacking(attack) as address, tempfile.TemporaryDirectory() as folder:
        config = configured(Path(folder), address, timeouts)
        return run(text, modality="odd", config=config, output=output)


def configured(folder: Path, address: str, timeouts: str) -> Path:
    """A configuration in which a peer is `odd`; it has little time to react to C-CANCEL."""
    aet, _, rest = address.partition("@")
    host, _, port = rest.partition(":")
    config = folder / "modalities.yaml"
    config.write_text(
        "cancel_grace: 0.2\nmodalities:\n"
        f"  odd: {{aet: {aet}, host: {host}, port: {port}, timeout: {timeouts}}}\n",
        encoding="utf-8",
    )
    return config
