"""/modalities: what is configured, and whether it answers."""

from __future__ import annotations

from dicomsh.archives.archive import Archives
from dicomsh.config import edit
from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.gateway import body as reading
from dicomsh.gateway.core import Gateway, adjusted
from dicomsh.gateway.endpoint import DONE, EMPTY, NO_TYPE, PLAIN, Body, Call, Endpoint, Reply, reply
from dicomsh.gateway.errors import RequestError, Trouble, bad_format
from dicomsh.gateway.peer import MANUFACTURERS, Peer, read_peer
from dicomsh.gateway.styled import Json
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.query.harmless import harmless_find

_OPERATIONS = (
    "configuration",
    "echo",
    "find",
    "find-instance",
    "find-patient",
    "find-series",
    "find-study",
    "find-worklist",
    "get",
    "move",
    "query",
)
"""What can follow the name of a modality."""


def configuration(gateway: Gateway, modality: Modality) -> dict[str, Json]:
    """The settings of a modality, named as Orthanc names them."""
    reached = gateway.archives.reach(modality)
    address = reached.address
    assert isinstance(address, DicomAddress)
    usual = gateway.config
    seconds = modality.timeouts.response if modality.timeouts != usual.timeouts else 0
    allowed = {f"Allow{word}": True for word in _ALLOWED}
    return {
        "AET": address.aet,
        "Host": address.host,
        "Port": address.port,
        "LocalAet": "" if modality.local_aet == usual.aet else modality.local_aet,
        "Manufacturer": gateway.manufacturers.get(modality.name, _manufacturer(modality)),
        "Timeout": round(seconds),
        "UseDicomTls": address.tls is not None,
        **allowed,
    }


_ALLOWED = (
    *("Echo", "EventReport", "Find", "FindWorklist"),
    *("Get", "Move", "NAction", "Store", "Transcoding"),
)


def _manufacturer(modality: Modality) -> str:
    return "GE" if modality.universal == "*" else "Generic"


async def modalities(call: Call) -> Reply:
    """The names of all, or their settings."""
    found = call.gateway.config.modalities
    if not call.flag("expand"):
        return reply(sorted(found))
    return reply({name: configuration(call.gateway, one) for name, one in found.items()})


async def operations(call: Call) -> Reply:
    """What a modality offers."""
    if call.path["id"] not in call.gateway.config.modalities:
        return Reply("", NO_TYPE, 404)
    return reply(list(_OPERATIONS))


async def settings(call: Call) -> Reply:
    """The settings of a modality."""
    return reply(configuration(call.gateway, call.gateway.modality(call.path["id"])))


async def put(call: Call) -> Reply:
    """Add a modality, or change it."""
    name = call.path["id"]
    peer = _body_peer(call, name)
    gateway = call.gateway
    _check_name(gateway, name)
    if gateway.options.changes:
        _write(gateway, name, peer)
    gateway.manufacturers[name] = peer.manufacturer
    changed = {**gateway.config.modalities, name: peer.modality}
    gateway.config = replace(gateway.config, modalities=changed)
    return EMPTY


def _body_peer(call: Call, name: str) -> Peer:
    try:
        value = reading.parsed(call.body)
    except ValueError:
        raise RequestError(Trouble.BAD_FORMAT) from None
    return read_peer(value, name, call.gateway.config)


def _check_name(gateway: Gateway, name: str) -> None:
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise bad_format(
            "Only alphanumeric, dash characters and underscores are allowed in the names of"
            f" modalities/peers, but found: {name}"
        )
    try:
        edit.check_name(name, gateway.config)
    except UsageError as error:
        raise bad_format(error.message) from None


def _write(gateway: Gateway, name: str, peer: Peer) -> None:
    """Write a modality to the modalities file."""
    try:
        edit.put(gateway.config, name, peer.address, peer.settings, environ=gateway.options.environ)
    except UsageError as error:
        raise bad_format(error.message) from None


async def delete(call: Call) -> Reply:
    """Remove a modality."""
    name, gateway = call.path["id"], call.gateway
    if name not in gateway.config.modalities:
        about = f"Unknown DICOM modality with symbolic name: {name}"
        raise RequestError(Trouble.NO_ITEM, about)
    if gateway.options.changes:
        try:
            edit.remove(gateway.config, name, environ=gateway.options.environ)
        except UsageError as error:
            raise bad_format(error.message) from None
    left = {key: one for key, one in gateway.config.modalities.items() if key != name}
    gateway.config = replace(gateway.config, modalities=left)
    gateway.manufacturers.pop(name, None)
    return EMPTY


async def echo(call: Call) -> Reply:
    """C-ECHO, and perhaps a C-FIND that matches nothing."""
    fields = reading.lenient_object(call.body)
    check, seconds = _echo_options(fields)
    modality = adjusted(call.gateway.modality(call.path["id"]), seconds=seconds)
    await _echoed(call, modality, call.gateway.archives, find=check)
    return DONE


def _echo_options(fields: reading.Fields) -> tuple[bool, int]:
    return reading.boolean(fields, "CheckFind", default=False), reading.timeout(fields)


async def _echoed(call: Call, modality: Modality, archives: Archives, *, find: bool) -> None:
    context = replace(call.gateway.context(), archives=archives)
    async with call.gateway.turn(modality, call.caller, "C-ECHO"):
        archive = await archives.open(context.known(modality))
        await archive.connect()
        await archive.echo()
        if find:
            await harmless_find(context, modality)


async def tools_echo(call: Call) -> Reply:
    """C-ECHO to an address that need not be configured."""
    try:
        value = reading.parsed(call.body)
    except ValueError:
        raise bad_format(reading.NO_JSON) from None
    check, seconds = _echo_options(value if isinstance(value, dict) else {})
    peer = read_peer(value, "", call.gateway.config)
    modality = adjusted(replace(peer.modality, name=str(peer.address)), seconds=seconds)
    async with call.gateway.apart() as archives:
        await _echoed(call, modality, archives, find=check)
    return DONE


_ECHO = {
    "CheckFind": {"type": "boolean", "description": "also send a C-FIND that matches nothing"},
    "Timeout": {"type": "integer", "minimum": 0, "description": "seconds; 0 for the usual one"},
}
_PEER = {
    "AET": {"type": "string", "minLength": 1, "maxLength": 16},
    "Host": {"type": "string", "minLength": 1},
    "Port": {"type": "integer", "minimum": 1, "maximum": 65534},
}
_PEER_OBJECT = {
    "type": "object",
    "required": list(_PEER),
    "properties": {
        **_PEER,
        "LocalAet": {"type": "string", "maxLength": 16},
        "Manufacturer": {"type": "string", "enum": sorted(MANUFACTURERS)},
        "Timeout": _ECHO["Timeout"],
        "UseDicomTls": {"type": "boolean"},
    },
}
_PEER_SCHEMA = {
    "anyOf": [
        {
            "type": "array",
            "description": "AET, host, port, manufacturer",
            "minItems": 3,
            "maxItems": 4,
        },
        _PEER_OBJECT,
    ]
}
_EXAMPLE = ["ORTHANC", "127.0.0.1", 4242]
_ONE = "/modalities/{id}"

ENDPOINTS = (
    Endpoint(
        "GET",
        "/modalities",
        modalities,
        "List the modalities",
        flags={"expand": "with their settings"},
    ),
    Endpoint("GET", _ONE, operations, "List what a modality offers", fails=(404,)),
    Endpoint(
        "PUT",
        _ONE,
        put,
        "Add a modality, or change it",
        PLAIN,
        body=Body(_PEER_SCHEMA, _EXAMPLE),
        fails=(400,),
    ),
    Endpoint("DELETE", _ONE, delete, "Remove a modality", PLAIN, fails=(400, 404)),
    Endpoint(
        "GET", f"{_ONE}/configuration", settings, "The settings of a modality", fails=(404, 500)
    ),
    Endpoint(
        "POST",
        f"{_ONE}/echo",
        echo,
        "Send a C-ECHO",
        DONE.kind,
        body=Body({"type": "object", "properties": _ECHO}, {}),
        fails=(400, 404, 422, 500, 503),
    ),
    Endpoint(
        "POST",
        "/tools/dicom-echo",
        tools_echo,
        "Send a C-ECHO to an address that is not configured",
        DONE.kind,
        body=Body(_PEER_SCHEMA, _EXAMPLE),
        fails=(400, 422, 500, 503),
    ),
)
