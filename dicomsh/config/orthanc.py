"""An unmodified Orthanc configuration → Config.

What is read: `DicomModalities` in its array and object forms, `DicomAet`, `DicomScuTimeout`, and,
where a modality uses TLS, the files of `DicomTls…`. Everything else in the file is Orthanc's
business (Orthanc Book, "Configuration"; the comments of Orthanc's sample configuration).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from yaml import SequenceNode

from dicomsh.config import checks, jsontext
from dicomsh.config.config import Config
from dicomsh.config.modalities import checked_name, usable
from dicomsh.config.tree import ConfigNode, Section
from dicomsh.frozen import replace
from dicomsh.model.modality import DicomAddress, Modality, Timeouts, Tls
from dicomsh.regex import regex

_AET = "ORTHANC"
_MANUFACTURERS = {
    "Generic": "",
    "GenericNoWildcardInDates": "",
    "GenericNoUniversalWildcard": "",
    "Vitrea": "",
    "GE": "*",
    "SiemensSyngoCT": "",
    "AgfaImpax": "",
    "SyngoVia": "",
    "EFilm2": "",
    "MedInria": "",
    "ClearCanvas": "",
    "Dcm4Chee": "",
}
"""Orthanc's manufacturers with the value of a universal key; the last six are old names."""

_VARIABLE = regex(r"\$\{([^{}:\s]+)(?::-([^{}\n]*))?\}")
_ARRAY = ("AET", "Host", "Port", "Manufacturer")


def parse(
    text: str,
    file: str = "orthanc.json",
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """The configuration in the text of an Orthanc configuration.

    Args:
        text: JSON with `//` and `/* */` comments, without a byte order mark.
        file: the file's name in messages.
        path: the file, whose folder relative paths start from.
        environ: for `${NAME}` and `${NAME:-default}`, which Orthanc replaces before reading.

    Raises:
        ConfigError: it cannot be used, apart from modalities, which `Config.broken` explains; the
            message begins with `file:line: path:`.
    """
    root = ConfigNode(jsontext.compose(_substituted(text, environ or {}), file), file)
    section = Section(root, root.children("an Orthanc configuration"))
    local_aet, timeouts = section.get("DicomAet", checks.ae_title, _AET), _timeouts(section)
    children = _child(section, "DicomModalities").children("a mapping from names to modalities")

    def made(name: str, child: ConfigNode) -> Modality:
        tls = _tls(section, path) if _uses_tls(child) else None
        return _modality(name, child, local_aet, timeouts, tls)

    modalities, broken = usable(children, made)
    frozen = MappingProxyType(modalities)
    return Config(path, local_aet, timeouts, frozen, broken=MappingProxyType(broken))


def _substituted(text: str, environ: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return environ.get(match[1], match[2] or "")

    return _VARIABLE.sub(value, text)


def _child(section: Section, key: str) -> ConfigNode:
    if key not in section.settings:
        raise section.place.error(
            f"the setting '{key}'",
            found="none",
            hint="put modalities that Orthanc keeps in its database in a modalities.yaml",
        )
    return section.settings[key]


def _timeouts(section: Section) -> Timeouts:
    return _limited(Timeouts(), section.get("DicomScuTimeout", checks.duration, 0.0))


def _limited(base: Timeouts, seconds: float) -> Timeouts:
    """One time limit for all; 0 keeps the defaults, because we never wait without limit."""
    if not seconds:
        return base
    return replace(base, connect=seconds, association=seconds, response=seconds)


def _modality(
    name: str, setting: ConfigNode, local_aet: str, timeouts: Timeouts, tls: Tls | None
) -> Modality:
    checked_name(name, setting)
    given = _settings(setting)
    return Modality(
        name,
        DicomAddress(
            given.require("AET", checks.ae_title),
            given.require("Host", checks.host),
            given.require("Port", checks.port),
            tls if _uses_tls(setting) else None,
        ),
        local_aet=given.get("LocalAet", _optional_ae_title, "") or local_aet,
        timeouts=_limited(timeouts, given.get("Timeout", checks.duration, 0.0)),
        universal=_universal(given.settings.get("Manufacturer")),
    )


def _settings(setting: ConfigNode) -> Section:
    """The settings of a modality, in either of the two forms."""
    node = setting.node
    if not isinstance(node, SequenceNode):
        return Section(setting, setting.children("[AET, host, port] or a mapping"))
    if not 3 <= len(node.value) <= len(_ARRAY):
        found = f"a list of {len(node.value)}"
        raise setting.error("[AET, host, port] or [AET, host, port, manufacturer]", found=found)
    items = zip(_ARRAY, node.value, strict=False)
    below = {key: ConfigNode(item, setting.file, f"{setting.path}.{key}") for key, item in items}
    return Section(setting, below)


def _uses_tls(setting: ConfigNode) -> bool:
    return setting.is_mapping and _settings(setting).get("UseDicomTls", checks.boolean, False)


def _tls(section: Section, path: Path | None) -> Tls:
    existing = checks.existing_file(path.parent if path else Path())
    return Tls(
        ca=section.get("DicomTlsTrustedCertificates", existing, None),
        cert=section.get("DicomTlsCertificate", existing, None),
        key=section.get("DicomTlsPrivateKey", existing, None),
    )


def _optional_ae_title(text: str) -> str:
    return checks.ae_title(text) if text else ""


def _universal(setting: ConfigNode | None) -> str:
    if setting is None:
        return ""
    return _MANUFACTURERS[setting.word("a manufacturer that Orthanc knows", _MANUFACTURERS)]
