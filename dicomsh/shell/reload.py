"""Reloading the configuration when its file has changed."""

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
    """Reload the configuration if its file has changed since it was read.

    If the file cannot be used, the session keeps what it has, and does not try again until the
    file changes once more.

    Returns:
        Lines for the user: why it cannot be used, or what it means for the modality in use.
    """
    before = session.config
    now = identity_of(before.path) if before.path and before.identity else None
    if before.path is None or now is None or now == before.identity:
        return []
    try:
        after = load_again(before, before.path, environ=environ, cwd=Path.cwd())
    except UsageError as error:
        session.config = replace(before, identity=now)
        return [*_lines(error), "the previous configuration stays in use"]
    session.config = after
    troubles = [line for error in after.broken.values() for line in _lines(error)]
    if session.previous is not None:
        modalities, place = session.previous
        session.previous = tuple(_configured(after, one) for one in modalities), place
    followed = [_followed(session.config, used, before) for used in session.modalities]
    session.modalities = tuple(now for now, _ in followed)
    return [*troubles, *(line for _, lines in followed for line in lines)]


def _lines(error: UsageError) -> list[str]:
    return [error.message, *filter(None, [error.hint])]


def _configured(config: Config, modality: Modality) -> Modality:
    """A modality as configured now; unchanged if it is no longer configured."""
    if "@" in modality.name:
        return config.adhoc(modality.name)
    return config.modalities.get(modality.name, modality)


def _followed(config: Config, used: Modality, before: Config) -> tuple[Modality, list[str]]:
    """A modality in use with its current settings, and lines for the user."""
    file = config.path.name if config.path else ""
    if used.name in config.broken:
        return used, [f"{used.name} stays in use with its old settings"]
    if used.name in before.modalities and used.name not in config.modalities:
        gone = f"{used.name} is no longer in {file}; it stays in use with its old settings"
        return used, [gone]
    now = _configured(config, used)
    if now == used:
        return now, []
    changed = f"{file} has new settings for {now.name}; the next association uses them"
    if isinstance(now.address, PracticeAddress) or now.address == used.address:
        return now, [changed]
    return now, [f"{changed} · rows listed so far came from {used.address}, not {now.address}"]
