"""Findings about peers, kept in the user's state folder between sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dicomsh.config.write import changing, write_text
from dicomsh.errors import ConfigError
from dicomsh.frozen import names_of
from dicomsh.model.capability import NOTHING_KNOWN, Capabilities, Feature, Support
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.levels import ROOT_MODELS, Model
from dicomsh.model.modality import Address, Faults, Modality, PracticeAddress

FILE_NAME = "peers.json"
_SCHEMA = 1
_LARGEST = 4 << 20


class KnownPeers:
    """Capabilities by address, read from a file when first needed.

    Args:
        folder: where the file is; None keeps them for this session only.

    Attributes:
        path: the file, or None.
        problem: why the file could not be used; empty if it could.
    """

    def __init__(self, folder: Path | None) -> None:
        self.path = folder / FILE_NAME if folder else None
        self.problem = ""
        self._peers: dict[str, Capabilities] | None = None
        self._charsets: dict[str, dict[str, None]] = {}
        self._read_sets: dict[str, set[str]] = {}
        self._last: tuple[Address, str, str] | None = None

    def of(self, modality: Modality) -> Capabilities:
        """The findings about a modality; its configuration takes precedence."""
        found, declared = self.found(modality), modality.capabilities
        return declared if found == NOTHING_KNOWN else found.overridden(declared)

    def keep(self, modality: Modality, found: Capabilities) -> None:
        """Save the findings of a probe; keeps what other sessions have written.

        Raises:
            ConfigError: the file cannot be written.
        """
        self._peers = self._read() | {self._key(modality): found}  # for this session in any case
        with self._changing() as peers:
            peers[self._key(modality)] = found

    def learn(self, modality: Modality, found: Capabilities) -> None:
        """Save what an answer has shown; for this session only if the file cannot be written."""
        with suppress(ConfigError):
            self.keep(modality, found)

    def found(self, modality: Modality) -> Capabilities:
        """The findings about a modality, without its configuration."""
        if self._peers is None:
            self._peers = self._read()
        return self._peers.get(self._key(modality), NOTHING_KNOWN)

    def notice(self, modality: Modality, charsets: Iterable[str]) -> None:
        """Remember for this session which character sets the answers of a modality come in."""
        self._charsets.setdefault(self._key(modality), {}).update(dict.fromkeys(charsets))

    def read_charsets(self, modality: Modality) -> set[str]:
        """Character sets that a modality is known in this session to read; the caller adds some."""
        return self._read_sets.setdefault(self._key(modality), set())

    def noticed(self, modality: Modality) -> tuple[str, ...]:
        """Character sets of its answers in this session."""
        return tuple(self._charsets.get(self._key(modality), ()))

    def forget(self, modality: Modality) -> bool:
        """Discard the findings of a probe; returns whether there were any.

        Raises:
            ConfigError: the file cannot be written.
        """
        if self._key(modality) not in self._read():
            return False
        with self._changing() as peers:
            return peers.pop(self._key(modality), None) is not None

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Capabilities]]:
        """The findings that are saved; what is changed in them inside the `with` is saved."""
        if self.path is None:
            self._peers = self._read()
            yield self._peers
            return
        with changing(self.path):
            self._peers = self._read()
            yield self._peers
            _write_file(self.path, self._peers)

    def _read(self) -> dict[str, Capabilities]:
        if self.path is None:
            return dict(self._peers or {})
        try:
            return _read_file(self.path)
        except FileNotFoundError:
            return {}
        except _UNUSABLE as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            self.problem = f"{self.path} cannot be used ({reason})"
            return {}

    def _key(self, modality: Modality) -> str:
        """Kept for the next time: a query asks four times, and to spell all faults takes 33 µs."""
        if self._last is not None:
            address, name, key = self._last
            if address is modality.address and name == modality.name:
                return key
        key = _key(modality)
        self._last = modality.address, modality.name, key
        return key


_UNUSABLE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""Errors from reading a file that someone else wrote."""


def _key(modality: Modality) -> str:
    """The address; a practice archive has no fixed one, and is identified by its faults."""
    address = modality.address
    if isinstance(address, PracticeAddress):
        import zlib

        return f"practice {modality.name} {zlib.crc32(_spelt(address.faults).encode()):08x}"
    return str(address)


def _spelt(faults: Faults) -> str:
    """Faults as a text that is the same in every process, unlike the order of sets."""
    values = ((name, getattr(faults, name)) for name in names_of(faults))
    return repr([(name, sorted(v) if isinstance(v, frozenset) else v) for name, v in values])


def _write_file(path: Path, peers: dict[str, Capabilities]) -> None:
    import json

    known = {key: _to_json(found) for key, found in sorted(peers.items())}
    document = {"schema": _SCHEMA, "peers": known}
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _read_file(path: Path) -> dict[str, Capabilities]:
    with path.open("rb") as stream:
        data = stream.read(_LARGEST + 1)
    import json  # only if the file exists: importing it takes as long as opening an association

    document = json.loads(data)
    if len(data) > _LARGEST or document["schema"] != _SCHEMA:
        raise ValueError("wrong schema")
    return {str(key): _from_json(value) for key, value in document["peers"].items()}


def _to_json(known: Capabilities) -> dict[str, Any]:
    return {
        "probed": known.probed,
        "models": [model.name for model in ROOT_MODELS if model in known.models],
        "extended": [extension.word for extension in Extension if extension in known.extended],
        "charsets": list(known.charsets),
        "unmatched": list(known.unmatched),
        "name_charsets": list(known.name_charsets),
        "matching": {word: support.name for word, support in known.matching.items()},
        "returned": dict(known.returned),
        "rejected": sorted(known.rejected),
        "hiding": sorted(known.hiding),
        "features": {feature.name: support.name for feature, support in known.features.items()},
        "cap": known.cap,
    }


def _from_json(value: dict[str, Any]) -> Capabilities:
    cap = value["cap"]
    return Capabilities(
        probed=str(value["probed"]),
        models=frozenset(Model[name] for name in value["models"]),
        extended=frozenset(Extension[word.upper()] for word in value["extended"]),
        charsets=tuple(map(str, value["charsets"])),
        unmatched=tuple(map(str, value["unmatched"])),
        name_charsets=tuple(map(str, value.get("name_charsets", ()))),
        matching={str(word): Support[name] for word, name in value["matching"].items()},
        returned={str(word): bool(told) for word, told in value["returned"].items()},
        rejected=frozenset(map(str, value["rejected"])),
        hiding=frozenset(map(str, value.get("hiding", ()))),
        features={Feature[name]: Support[found] for name, found in value["features"].items()},
        cap=None if cap is None else int(cap),
    )
