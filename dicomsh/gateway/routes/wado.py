"""/wado-identifiers: the three identifiers of WADO, and the URLs, of all instances of a place.

The page that this API comes from needs four requests for it, one for each level.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from dicomsh.gateway import body as reading
from dicomsh.gateway.core import Gateway
from dicomsh.gateway.endpoint import Body, Call, Endpoint, Reply, reply
from dicomsh.gateway.errors import RequestError, Trouble, bad_format
from dicomsh.gateway.styled import Json
from dicomsh.gateway.told import headers_of, is_whole, line_of
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import HIERARCHY, UNIQUE_KEYWORDS, Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.wado import retrieve_uri, rs_url
from dicomsh.query.hierarchy import Hierarchy

MODALITY = "Modality"


def named_modality(gateway: Gateway, fields: reading.Fields) -> Modality:
    """The modality that a body names; the only one if it names none.

    Raises:
        RequestError: it names none, and there are several.
    """
    name = reading.string(fields, MODALITY)
    names = list(gateway.config.modalities)
    if name is None and len(names) != 1:
        raise bad_format(f"the body must contain field {MODALITY}: {', '.join(names)}")
    return gateway.modality(name if name is not None else names[0])


def _place(gateway: Gateway, fields: reading.Fields) -> Place:
    """The place that unique keys name: at least a patient or a study."""
    texts = {word: reading.string(fields, word) or "" for word in UNIQUE_KEYWORDS}
    tags = gateway.real({by_keyword(word).tag: text for word, text in texts.items()})
    steps = []
    for level, text in zip(HIERARCHY, tags.values(), strict=True):
        if set(text) & set("*?\\"):
            raise bad_format(f"{level.unique_keyword} names one {level.word}; no pattern, no list")
        if text:
            steps.append(PlaceStep(level, text))
    levels = [step.level for step in steps]
    missing = [
        level
        for level in HIERARCHY
        if levels and level.value < levels[-1].value and level not in levels
    ]
    if not steps or [level for level in missing if level is not Level.PATIENT]:
        wanted = "PatientID or StudyInstanceUID, and below a study the UIDs of all levels above"
        raise bad_format(f"the body must contain {wanted}")
    return Place(tuple(steps))


async def identifiers(call: Call) -> Reply:
    """The identifiers and URLs of all instances of a patient, study, series, or of one."""
    gateway = call.gateway
    fields = reading.object_of(call.body)
    reading.check_names(fields, _SCHEMA["properties"])
    modality = named_modality(gateway, fields)
    place = _place(gateway, fields)
    depth = Level.INSTANCE.value - (place.level or Level.PATIENT).value
    if not depth:
        return reply([_identified(gateway, modality, place)])
    async with gateway.turn(modality, call.caller):
        below = Hierarchy(gateway.context(modality), modality, place, depth)
        found = [_identified(gateway, modality, one) for one in await _instances(below)]
        outcome = below.outcome
    line = gateway.shown(line_of(None, outcome))
    return reply(found, headers_of(line, whole=is_whole(outcome)))


async def _instances(below: Hierarchy) -> list[Place]:
    """The places of all instances.

    Raises:
        RequestError: there are more than one answer should hold.
    """
    found: list[Place] = []
    async with aclosing(below.branches()) as branches:
        async for branch in branches:
            if branch.level is Level.INSTANCE:
                found.append(branch.place)
            if len(found) > MOST:
                about = f"more than {MOST:,} instances: ask for one study after the other"
                raise RequestError(Trouble.OUT_OF_RANGE, about)
    return found


MOST = 100_000
"""Instances in one answer."""


def _identified(gateway: Gateway, modality: Modality, place: Place) -> Mapping[str, Json]:
    keys = {level: step.key if (step := place.step(level)) else "" for level in HIERARCHY[1:]}
    if gateway.mask is not None:
        tags = {by_keyword(level.unique_keyword).tag: key for level, key in keys.items()}
        keys = dict(zip(keys, gateway.shown_tags(tags).values(), strict=True))
    study, series, instance = keys.values()
    urls: dict[str, Json] = {}
    if modality.wado:
        urls["WadoUri"] = retrieve_uri(modality.wado, study, series, instance)
    if modality.wado_rs:
        urls["WadoRs"] = rs_url(modality.wado_rs, study, series, instance)
    return {
        "StudyInstanceUID": study,
        "SeriesInstanceUID": series,
        "SOPInstanceUID": instance,
        **urls,
    }


_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        MODALITY: {
            "type": "string",
            "description": "its name; may be left out if it is the only one",
        },
        **{word: {"type": "string"} for word in UNIQUE_KEYWORDS},
    },
}
_EXAMPLE = {
    MODALITY: "pacs",
    "PatientID": "0555643F",
    "StudyInstanceUID": "1.2.840.113704.1.111.2768.1239195678.57",
}

ENDPOINTS = (
    Endpoint(
        "POST",
        "/wado-identifiers",
        identifiers,
        "The three WADO identifiers, and the URLs, of all instances of a place",
        body=Body(_SCHEMA, _EXAMPLE),
        fails=(400, 404, 422, 500, 503),
    ),
)
