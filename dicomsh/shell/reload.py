"""The configuration, read again when its file was changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dicomsh.config import Config
from dicomsh.config.locate import identity_of, load_again
from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.model.modality import Modality, PracticeAddress
from dicomsh.session.state import Session


def reread(session: Session, environ: Mapping[str, str]) -> list[str]:
    """Read the configuration again where its file was changed since it was read.

    Where the file cannot be used, the session keeps what it has, and the same state of the file is
    not read once more.

    Returns:
        What there is to say: why it cannot be used, or what it means for the modality in use.
    """
    before = session.config
    now = identity_of(before.path) if before.path and before.identity else None
    if before.path is None or now is None or now == before.identity:
        return []
    try:
        after = load_again(before, before.path, environ=environ, cwd=Path.cwd())
    except UsageError as error:
        session.config = replace(before, identity=now)
        return [error.message, *_hints(error)]
    session.config = after
    if session.previous is not None and session.previous[0] is not None:
        session.previous = _configured(after, session.previous[0]), session.previous[1]
    return _followed(session, before)


def _hints(error: UsageError) -> list[str]:
    return [*filter(None, [error.hint]), "the configuration read before stays in use"]


def _configured(config: Config, modality: Modality) -> Modality:
    """A modality as it is configured now; as it was where it is not configured any more."""
    if "@" in modality.name:
        return config.adhoc(modality.name)
    return config.modalities.get(modality.name, modality)


def _followed(session: Session, before: Config) -> list[str]:
    """Go on with the modality in use as it is configured now; what there is to say about it."""
    used = session.modality
    if used is None:
        return []
    config = session.config
    file = config.path.name if config.path else ""
    if used.name in before.modalities and used.name not in config.modalities:
        return [f"{used.name} is not in {file} any more; it stays in use as it was"]
    session.modality = now = _configured(config, used)
    if now == used:
        return []
    changed = f"{file} has other settings for {now.name} now: the next association uses them"
    if isinstance(now.address, PracticeAddress) or now.address == used.address:
        return [changed]
    return [f"{changed} · what was listed before is of {used.address}, not of {now.address}"]
