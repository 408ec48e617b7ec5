"""/retrieve, /move, /get and /jobs: moving objects, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus

from dicomsh.config.checks import ae_title
from dicomsh.frozen import frozen, replace
from dicomsh.gateway import body as reading
from dicomsh.gateway.core import Gateway, adjusted
from dicomsh.gateway.endpoint import DONE, NO_TYPE, Body, Call, Endpoint, Handler, Reply, reply
from dicomsh.gateway.errors import RequestError, Trouble, aet_of
from dicomsh.gateway.forms import Form
from dicomsh.gateway.jobs import Job
from dicomsh.gateway.keys import find_tag, level_named
from dicomsh.gateway.orders import Order, Resource
from dicomsh.gateway.routes.query import TIMEOUT, answer_number, kept_query
from dicomsh.gateway.styled import Json
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place, PlaceStep, place_of

_ACCESSION = by_keyword("AccessionNumber").tag
_MOVE_BODY = "Must provide a JSON body containing fields Resources and Level"


@frozen
class _Options:
    """The members that bodies of retrievals share."""

    target: str | None
    method: str
    synchronous: bool
    permissive: bool
    priority: int
    local_aet: str
    seconds: int
    form: Form
    user_data: Json


def _options(fields: reading.Fields) -> _Options:
    return _Options(
        _target(fields),
        _method(fields),
        _is_synchronous(fields),
        reading.boolean(fields, "Permissive", default=False),
        reading.any_number(fields, "Priority"),
        _title(reading.string(fields, "LocalAet") or ""),
        reading.timeout(fields),
        _form(fields),
        fields.get("UserData"),
    )


def _is_synchronous(fields: reading.Fields) -> bool:
    """`Synchronous`, or the opposite of `Asynchronous`; true if there is neither."""
    if "Synchronous" in fields:
        return reading.boolean(fields, "Synchronous", default=True)
    return not reading.boolean(fields, "Asynchronous", default=False)


def _target(fields: reading.Fields) -> str | None:
    value = fields.get("TargetAet")
    if "TargetAet" not in fields:
        return None
    if not isinstance(value, str):
        raise RequestError(Trouble.BAD_TYPE)
    return _title(value)


def _title(text: str) -> str:
    try:
        return ae_title(text) if text else ""
    except ValueError as error:
        raise RequestError(Trouble.OUT_OF_RANGE, f"expected {error}") from None


def _method(fields: reading.Fields) -> str:
    method = reading.string(fields, "RetrieveMethod") or "SystemDefault"
    if method not in ("SystemDefault", "C-MOVE", "C-GET"):
        raise RequestError(Trouble.OUT_OF_RANGE, "RetrieveMethod is C-MOVE or C-GET")
    return method


def _form(fields: reading.Fields) -> Form:
    for name, form in (("Simplify", Form.SIMPLIFIED), ("Full", Form.FULL)):
        if reading.boolean(fields, name, default=False):
            return form
    return Form.SHORT


async def retrieve(call: Call) -> Reply:
    """Move all answers of a query, or one of them."""
    kept = kept_query(call)
    rows = [kept.rows[answer_number(call, kept)]] if "index" in call.path else kept.rows
    level = kept.request.level
    found = [(place_of(row, level, Place()), row.text(_ACCESSION) or "") for row in rows]
    resources = [Resource(place, accession) for place, accession in found if place is not None]
    if len(resources) < len(rows):
        about = f"an answer has no {level.unique_keyword}: nothing can be retrieved by it"
        raise RequestError(Trouble.BAD_REQUEST, about)
    options = _options(_retrieve_fields(call.body))
    source = adjusted(kept.modality, local_aet=options.local_aet, seconds=options.seconds)
    get = options.method == "C-GET"
    order = _order(call.gateway, source, resources, options, get=get)
    return await _ordered(call, order, options)


def _retrieve_fields(body: bytes) -> reading.Fields:
    """The members of a body; plain text is the AE title of the target."""
    try:
        value = reading.parsed(body) if body.strip() else {}
    except ValueError:
        value = body.decode(errors="replace").strip()
    if isinstance(value, str):
        return {"TargetAet": value} if value else {}
    if not isinstance(value, dict):
        raise RequestError(Trouble.BAD_FORMAT)
    return value


async def move(call: Call) -> Reply:
    """Make a modality send objects to another one."""
    return await _moved(call, get=False)


async def get(call: Call) -> Reply:
    """Get objects from a modality into the folder of the gateway."""
    return await _moved(call, get=True)


async def _moved(call: Call, *, get: bool) -> Reply:
    fields = reading.object_of(call.body, _MOVE_BODY)
    listed, word = fields.get("Resources"), fields.get("Level")
    if not isinstance(listed, list) or not isinstance(word, str):
        raise RequestError(Trouble.BAD_FORMAT, _MOVE_BODY)
    modality = call.gateway.modality(call.path["id"])
    level = level_named(word)
    resources = [_resource(call.gateway, one, level) for one in listed]
    options = _options(fields)
    source = adjusted(modality, local_aet=options.local_aet, seconds=options.seconds)
    order = _order(call.gateway, source, resources, options, get=get)
    return await _ordered(call, order, options, as_refused=True)


def _resource(gateway: Gateway, value: Json, level: Level) -> Resource:
    """What a list of resources names.

    Raises:
        RequestError: a key is no tag, or a unique key is missing, empty or a pattern: an empty one
            makes some archives send everything they have (PS3.4 C.4.2.1.4).
    """
    if not isinstance(value, dict):
        raise RequestError(Trouble.BAD_FORMAT)
    tags: dict[int, str] = {}
    for name, text in value.items():
        tag = find_tag(name)
        if tag is None:
            raise RequestError(Trouble.UNKNOWN_TAG)
        if not isinstance(text, str):
            raise RequestError(Trouble.BAD_FORMAT)
        tags[tag] = text
    tags = dict(gateway.real(tags))
    needed = [level] if level is Level.PATIENT else [*level.ancestors[1:], level]
    steps = []
    for one in needed:
        key = tags.get(by_keyword(one.unique_keyword).tag)
        if key is None:
            raise RequestError(Trouble.BAD_REQUEST)
        if not key or set(key) & set("*?\\"):
            about = f"{one.unique_keyword} is '{key}': nothing can be retrieved by it"
            raise RequestError(Trouble.BAD_REQUEST, about)
        steps.append(PlaceStep(one, key))
    return Resource(Place(tuple(steps)), tags.get(_ACCESSION, ""))


def _order(
    gateway: Gateway,
    source: Modality,
    resources: Sequence[Resource],
    options: _Options,
    *,
    get: bool,
) -> Order:
    if gateway.mask is not None:
        about = "masking does not reach into objects: they would hold the real names"
        raise RequestError(Trouble.BAD_REQUEST, about, http=HTTPStatus.FORBIDDEN)
    order = Order(
        source,
        resources,
        form=options.form,
        permissive=options.permissive,
        priority=options.priority,
        user_data=options.user_data,
    )
    target = options.target or source.local_aet
    folder = gateway.options.store
    # our own title means "to here", which is the folder; some archives know us as somebody else
    if get or (folder is not None and target == source.local_aet):
        if folder is None:
            about = "the gateway has no folder for files; start it with --store FOLDER"
            raise RequestError(Trouble.BAD_REQUEST, about, http=HTTPStatus.FORBIDDEN)
        return replace(order, folder=folder)
    return replace(order, target=target, destination=_archive_called(gateway, target, source))


def _archive_called(gateway: Gateway, title: str, source: Modality) -> Modality | None:
    """The modality that has this AE title, if there is one besides the source."""
    for modality in gateway.config.modalities.values():
        if aet_of(modality) == title and modality.name != source.name:
            return modality
    return None


async def _ordered(
    call: Call, order: Order, options: _Options, *, as_refused: bool = False
) -> Reply:
    """Begin, and wait for the end if the client does."""
    gateway = call.gateway
    if not order.resources:
        return DONE
    if gateway.jobs.full:
        about = "too many jobs are waiting"
        raise RequestError(Trouble.NETWORK, about, http=HTTPStatus.SERVICE_UNAVAILABLE)
    job = Job(gateway, order, call.caller)
    gateway.jobs.add(job)
    if not options.synchronous:
        return reply({"ID": job.name, "Path": f"/jobs/{job.name}"}, job.headers)
    try:
        await job.ended()
    except BaseException:  # the client has left
        job.cancel()
        raise
    if job.error is not None:
        raise _error(job.error, as_refused=as_refused)
    return reply(job.content(), job.headers)


def _error(error: RequestError, *, as_refused: bool) -> RequestError:
    """An error with the HTTP status of the route: Orthanc answers 422 to `/move` alone."""
    if as_refused or error.http is not HTTPStatus.UNPROCESSABLE_ENTITY:
        return error
    return RequestError(error.trouble, error.details, http=HTTPStatus.INTERNAL_SERVER_ERROR)


async def jobs(call: Call) -> Reply:
    """The IDs of all jobs, or all that is known about them."""
    found = list(call.gateway.jobs)
    if call.flag("expand"):
        return reply([job.described() for job in found])
    return reply([job.name for job in found])


async def job(call: Call) -> Reply:
    """All that is known about a job."""
    found = call.gateway.jobs.get(call.path["job"])
    if found is None:
        return Reply("", NO_TYPE, 404)
    return reply(found.described(), found.headers)


async def output(call: Call) -> Reply:
    """Jobs have no outputs: what they bring is elsewhere."""
    raise RequestError(Trouble.NO_ITEM, f"Job has no such output: {call.path['output']}")


Action = Callable[[Job], bool]


def _cancelled(found: Job) -> bool:
    if not found.state.ended:
        found.cancel()
    return True


def _paused(found: Job) -> bool:
    found.pause()
    return True


async def act(call: Call, action: Action) -> Reply:
    """Do something with a job; 400 if that is not possible."""
    found = call.gateway.jobs.get(call.path["job"])
    if found is None or not action(found):
        return Reply("", NO_TYPE, 400)
    return DONE


_SHARED = {
    "Synchronous": {"type": "boolean", "description": "wait for the end (the usual way)"},
    "Asynchronous": {"type": "boolean", "description": "the opposite of Synchronous"},
    "Permissive": {"type": "boolean", "description": "go on if something fails"},
    "Priority": {"type": "integer"},
    "LocalAet": {"type": "string", "maxLength": 16},
    "Timeout": TIMEOUT,
    "Simplify": {"type": "boolean"},
    "Full": {"type": "boolean"},
    "UserData": {},
}
_TARGET = {"TargetAet": {"type": "string", "maxLength": 16}}
_RETRIEVE = {
    "type": "object",
    "properties": {
        **_TARGET,
        "RetrieveMethod": {"type": "string", "enum": ["SystemDefault", "C-MOVE", "C-GET"]},
        **_SHARED,
    },
}
_RESOURCES = {
    "Level": {"type": "string", "enum": ["Patient", "Study", "Series", "Instance"]},
    "Resources": {
        "type": "array",
        "items": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_EXAMPLE = {"Level": "Study", "Resources": [], "TargetAet": "ARCHIVE"}
_FAILS = (400, 403, 404, 422, 500, 503)
_ACTIONS: dict[str, tuple[Action, str]] = {
    "cancel": (_cancelled, "End a job now"),
    "pause": (_paused, "Stop a job after the series under way"),
    "resume": (Job.resume, "Let a paused job go on"),
    "resubmit": (Job.resubmit, "Begin a failed job again"),
}


def _mover(name: str, handler: Handler, summary: str, more: dict[str, Json]) -> Endpoint:
    schema = {
        "type": "object",
        "required": list(_RESOURCES),
        "properties": {**_RESOURCES, **more, **_SHARED},
    }
    return Endpoint(
        "POST",
        f"/modalities/{{id}}/{name}",
        handler,
        summary,
        body=Body(schema, _EXAMPLE),
        fails=_FAILS,
    )


ENDPOINTS = (
    *(
        Endpoint(
            "POST",
            f"/queries/{{query}}{part}/retrieve",
            retrieve,
            f"Move {what}: to TargetAet by C-MOVE, or into the folder of the gateway",
            body=Body(_RETRIEVE, {"TargetAet": "ARCHIVE"}, text=True),
            fails=_FAILS,
        )
        for part, what in (("", "all answers"), ("/answers/{index}", "an answer"))
    ),
    _mover("move", move, "Make a modality send objects to another one (C-MOVE)", _TARGET),
    _mover("get", get, "Get objects into the folder of the gateway (C-GET)", {}),
    Endpoint("GET", "/jobs", jobs, "List the jobs", flags={"expand": "all about each"}),
    Endpoint("GET", "/jobs/{job}", job, "All about a job", fails=(404,)),
    Endpoint("GET", "/jobs/{job}/{output}", output, "An output; jobs here have none", fails=(404,)),
    *(
        Endpoint(
            "POST",
            f"/jobs/{{job}}/{name}",
            partial(act, action=action),
            summary,
            DONE.kind,
            fails=(400,),
        )
        for name, (action, summary) in _ACTIONS.items()
    ),
)
