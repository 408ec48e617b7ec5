"""A configuration: our AE title, time limits, and modalities by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from dicomsh.config import checks
from dicomsh.config.words import shown, suggestion
from dicomsh.errors import ConfigError, Span, UsageError
from dicomsh.frozen import field, frozen, replace
from dicomsh.model.modality import Device, DicomAddress, Modality, Timeouts

EVERY = "all"
"""The name of all modalities together, unless one has that name."""

_PRACTICE = "pacs"
"""The practice archive's name in the built-in configuration."""


class Identity(NamedTuple):
    """The identity of a file's state: modification time in nanoseconds, and size in bytes."""

    changed: int
    size: int


GONE = Identity(0, -1)
"""The identity of a missing file."""


@frozen
class Config:
    """A configuration that has been read and checked.

    Args:
        path: the file, or None for the built-in default.
        aet: our AE title.
        timeouts: time limits, unless a modality sets others.
        modalities: every modality by name, in the order of the file, all settings resolved.
        groups: names of several modalities, by the name of the group.
        archives: modalities that are not in the file: practice archives of lessons.
        devices: devices whose worklists are asked for, by name.
        broken: why a modality of the file cannot be used, by name; the others can.
        identity: of the file when it was read; None if it is read only once.
    """

    path: Path | None = None
    aet: str = "DICOMSH"
    timeouts: Timeouts = field(default_factory=Timeouts)
    modalities: Mapping[str, Modality] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    archives: Mapping[str, Modality] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    identity: Identity | None = field(default=None, compare=False)
    broken: Mapping[str, ConfigError] = field(default_factory=dict, compare=False)

    def with_archives(self, archives: Mapping[str, Modality]) -> Config:
        """The same configuration with a lesson's practice archives.

        Raises:
            UsageError: the file has another modality with that name.
        """
        for name, archive in archives.items():
            if self.modalities.get(name, archive) != archive:
                raise UsageError(
                    f"a lesson needs the name '{name}' for its practice archive, and your "
                    "modalities already use it",
                    hint="dicomsh -f FILE starts with other modalities",
                )
        modalities = {**self.modalities, **archives}
        return replace(self, modalities=modalities, archives={**self.archives, **archives})

    def adhoc(self, text: str, span: Span | None = None) -> Modality:
        """The modality written as `AET@HOST:PORT` or `AET@[IPV6]:PORT`, with the global settings.

        Args:
            text: what was typed.
            span: where it was typed, for the error.

        Raises:
            UsageError: not a valid address.
        """
        address = typed_address(text, span)
        modality = self.plain("", address)
        return replace(modality, name=str(modality.address))

    def plain(self, name: str, address: DicomAddress) -> Modality:
        """A modality at an address, with the global settings for everything else."""
        return Modality(name, address, local_aet=self.aet, timeouts=self.timeouts)

    def find(self, text: str, span: Span | None = None) -> Modality:
        """The modality of a name, or of an address.

        Raises:
            ConfigError: its settings cannot be used.
            UsageError: neither; the hint suggests the nearest name.
        """
        if "@" in text:  # which no name has
            return self.adhoc(text, span)
        if text in self.modalities:
            return self.modalities[text]
        if text in self.broken:
            error = self.broken[text]
            raise ConfigError(error.message, hint=error.hint, span=span)
        several = self.groups.get(text) or (tuple(self.modalities) if text == EVERY else ())
        if several:
            message = f"'{text}' means several modalities, and this needs one"
            raise UsageError(message, hint=f"one of {', '.join(several)}", span=span)
        raise self.unknown(text, span)

    def find_all(self, text: str, span: Span | None = None) -> tuple[Modality, ...]:
        """The modalities that names separated by commas mean, each once, in their order.

        A name is that of a modality, its address, the name of a group, or `all`.

        Raises:
            ConfigError: the settings of one cannot be used.
            UsageError: one means nothing; the hint suggests the nearest name.
        """
        names = [name for part in text.split(",") for name in self._meant(part)]
        found = {modality.name: modality for name in names for modality in (self.find(name, span),)}
        return tuple(found.values())

    def _meant(self, name: str) -> tuple[str, ...]:
        """The modalities that one name means: those of a group, or the name itself."""
        if "@" in name or name in self.modalities:
            return (name,)
        if name == EVERY and self.modalities:
            return tuple(self.modalities)
        return self.groups.get(name, (name,))

    def device(self, text: str, span: Span | None = None) -> Device:
        """The device of a name, or the one with that AE title, configured or not.

        Raises:
            UsageError: neither a name nor an AE title; the hint suggests the nearest name.
        """
        if text in self.devices:
            return self.devices[text]
        named = next((device for device in self.devices.values() if device.aet == text), None)
        if named is not None:
            return named
        try:
            return Device(checks.ae_title(text))
        except ValueError as error:
            hint = suggestion(text, self.devices) or "devices: in modalities.yaml names some"
            message = f"expected a device or {error}, found {shown(text)}"
            raise UsageError(message, hint=hint, span=span) from None

    def unknown(self, name: str, span: Span | None = None) -> UsageError:
        """The error for an unknown name."""
        way = "or use AET@HOST:PORT"
        if name == _PRACTICE:
            way = "the practice archive is 'pacs: {practice: true}' in modalities.yaml"
        near = suggestion(name, (*self.modalities, *self.groups))
        if near and self.path:
            near = f"{near} {self._known()}"
        hint = near or f"{self._known()}; {way}"
        return UsageError(f"no modality {shown(name)}", hint=hint, span=span)

    def _known(self) -> str:
        names = ", ".join(self.modalities)
        where = f" in {self.path}" if self.path else ""
        if not names:
            return f"none configured{where} yet: use 'modality add'"
        return f"known{where}: {names}"


def typed_address(text: str, span: Span | None = None) -> DicomAddress:
    """The parts of an address that was typed.

    Raises:
        UsageError: not a valid address; the message says what was expected and found.
    """
    try:
        return checks.address(text)
    except ValueError as error:
        message = f"expected {error}, found {shown(text)}"
        hint = None if checks.ADDRESS_FORM in message else f"write {checks.ADDRESS_FORM}"
        raise UsageError(message, hint=hint, span=span) from None
