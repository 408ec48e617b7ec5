"""A modality as Orthanc's API writes it: `["AET", "host", port]`, or an object."""

from __future__ import annotations

from dicomsh.config import Config, checks
from dicomsh.config.edit import Settings
from dicomsh.frozen import frozen
from dicomsh.gateway import body as reading
from dicomsh.gateway.errors import RequestError, Trouble, bad_format
from dicomsh.gateway.styled import Json
from dicomsh.model.modality import DicomAddress, Modality

MANUFACTURERS = {
    "Generic": "Generic",
    "GenericNoWildcardInDates": "GenericNoWildcardInDates",
    "GenericNoUniversalWildcard": "GenericNoUniversalWildcard",
    "Vitrea": "Vitrea",
    "GE": "GE",
    "AgfaImpax": "GenericNoWildcardInDates",
    "SyngoVia": "GenericNoWildcardInDates",
    "EFilm2": "Generic",
    "MedInria": "Generic",
    "ClearCanvas": "Generic",
    "Dcm4Chee": "Generic",
}
"""Manufacturers that Orthanc knows, and today's names for the old ones."""

_HIGHEST_PORT = 65534


@frozen
class Peer:
    """A modality from a request.

    Args:
        modality: it.
        address: its address, without TLS.
        settings: what else is set for it.
        manufacturer: what Orthanc calls its quirks.
    """

    modality: Modality
    address: DicomAddress
    settings: Settings
    manufacturer: str


def read_peer(value: Json, name: str, config: Config) -> Peer:
    """The modality in a JSON value.

    Args:
        value: the value.
        name: what it is called.
        config: the configuration, for our AE title and the time limits.

    Raises:
        RequestError: it is none; in Orthanc's words.
    """
    fields = _fields(value)
    title = _required(fields, "AET")
    host = _required(fields, "Host")
    port = _port(fields.get("Port"))
    tls = reading.boolean(fields, "UseDicomTls", default=False)
    try:
        address = DicomAddress(checks.ae_title(title), checks.host(host), port)
    except ValueError as error:
        raise RequestError(Trouble.OUT_OF_RANGE, f"expected {error}") from None
    maker = _manufacturer(reading.string(fields, "Manufacturer") or "Generic")
    settings = Settings(
        local_aet=_local(reading.string(fields, "LocalAet") or "") or None,
        timeout=reading.timeout(fields) or None,
        tls=tls,
        universal="*" if maker == "GE" else "",
    )
    return Peer(settings.applied(config.plain(name, address)), address, settings, maker)


def _fields(value: Json) -> reading.Fields:
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and 3 <= len(value) <= 4:
        fields = dict(zip(("AET", "Host", "Port", "Manufacturer"), value, strict=False))
        if all(isinstance(fields.get(word, ""), str) for word in ("AET", "Host", "Manufacturer")):
            return fields
    raise RequestError(Trouble.BAD_FORMAT)


def _required(fields: reading.Fields, name: str) -> str:
    text = reading.string(fields, name)
    if text is None:
        raise bad_format(f"String value expected in field: {name}")
    return text


def _port(value: Json) -> int:
    """A port, which may be written as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError(Trouble.BAD_FORMAT)
    if not 1 <= value <= _HIGHEST_PORT:
        raise RequestError(
            Trouble.OUT_OF_RANGE,
            f"A TCP port number must be in range [1..{_HIGHEST_PORT}], but found: {value}",
        )
    return value


def _manufacturer(name: str) -> str:
    if name not in MANUFACTURERS:
        raise RequestError(Trouble.OUT_OF_RANGE, f'Unknown modality manufacturer: "{name}"')
    return MANUFACTURERS[name]


def _local(text: str) -> str:
    try:
        return checks.ae_title(text) if text else ""
    except ValueError as error:
        raise RequestError(Trouble.OUT_OF_RANGE, f"expected {error} in LocalAet") from None
