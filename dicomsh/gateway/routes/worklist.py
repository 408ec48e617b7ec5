"""/modalities/{id}/find-worklist: the items of a Modality Worklist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dicomsh.gateway import body as reading
from dicomsh.gateway.core import Gateway, with_charset
from dicomsh.gateway.endpoint import Body, Call, Endpoint, Reply
from dicomsh.gateway.errors import RequestError, Trouble, bad_format
from dicomsh.gateway.forms import Form, rows_text
from dicomsh.gateway.keys import find_tag, query_key
from dicomsh.gateway.styled import Json
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, Attribute, by_tag
from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import QueryKey

_DEEPEST = 8
_FORMS = {"Simplify": Form.SIMPLIFIED, "Short": Form.SHORT, "Full": Form.FULL}


async def find_worklist(call: Call) -> Reply:
    """All items that match."""
    fields = reading.object_of(call.body)
    asked = fields.get("Query") if "Query" in fields else _bare(fields)
    if not isinstance(asked, dict):
        raise bad_format("The field Query must contain a JSON object")
    gateway = call.gateway
    modality = gateway.modality(call.path["id"])
    keys = tuple(_keys(gateway, asked, ()))
    charset = asked.get("SpecificCharacterSet")
    if isinstance(charset, str):
        modality = with_charset(modality, {SPECIFIC_CHARACTER_SET: charset})
    request = Request(Level.WORKLIST, Place(), keys, returned=())
    found = await gateway.answered(modality, call.caller, request)
    text = rows_text(gateway.shown_rows(found.rows), _form(fields))
    return Reply(text, headers=gateway.told(Level.WORKLIST, found.outcome))


def _bare(fields: reading.Fields) -> Json:
    """The query as the whole body, as before Orthanc 1.9.5; members about the form are none."""
    return {name: value for name, value in fields.items() if name not in _FORMS}


def _form(fields: reading.Fields) -> Form:
    """The form that a body asks for; the simplified one if it asks for none."""
    chosen = [form for name, form in _FORMS.items() if reading.boolean(fields, name, default=False)]
    return chosen[0] if chosen else Form.SIMPLIFIED


def _keys(
    gateway: Gateway, asked: Mapping[str, Json], around: tuple[Attribute, ...]
) -> Iterator[QueryKey]:
    """The keys in a query, those inside of sequences with their path.

    Raises:
        RequestError: one is no tag, or its value is neither text nor the items of a sequence.
    """
    for name, value in asked.items():
        tag = find_tag(name)
        if tag is None:
            raise RequestError(Trouble.UNKNOWN_TAG)
        attribute = by_tag(tag)
        if attribute.vr == "SQ" and not isinstance(value, str):
            yield from _inside(gateway, attribute, value, around)
            continue
        try:
            text = reading.loose_text(value)
        except ValueError:
            raise bad_format(f"expected text for {name}") from None
        (real,) = gateway.real({tag: text}).values()
        key = query_key(tag, real, around)
        if key is not None:
            yield key


def _inside(
    gateway: Gateway, attribute: Attribute, value: Json, around: tuple[Attribute, ...]
) -> Iterator[QueryKey]:
    """The keys in the item of a sequence; the sequence itself if there are none.

    A sequence in a query has one item (PS3.4 C.2.2.2.6).
    """
    items = value if isinstance(value, Sequence) else None
    if items is None or len(items) > 1 or len(around) >= _DEEPEST:
        raise bad_format(f"expected one item in {attribute.keyword}")
    if not items or items[0] == {}:
        universal = query_key(attribute.tag, "", around)
        assert universal is not None
        yield universal
        return
    if not isinstance(items[0], dict):
        raise bad_format(f"expected one item in {attribute.keyword}")
    yield from _keys(gateway, items[0], (*around, attribute))


_SCHEMA = {
    "type": "object",
    "properties": {
        "Query": {
            "type": "object",
            "description": "keyword or gggg,eeee: matching value, or a list of one item",
            "additionalProperties": {},
        },
        **{name: {"type": "boolean"} for name in _FORMS},
    },
}
_EXAMPLE = {"Query": {"PatientID": "", "ScheduledProcedureStepSequence": [{"Modality": "CT"}]}}

ENDPOINTS = (
    Endpoint(
        "POST",
        "/modalities/{id}/find-worklist",
        find_worklist,
        "Send a C-FIND for the items of a Modality Worklist",
        body=Body(_SCHEMA, _EXAMPLE),
        fails=(400, 404, 422, 500, 503),
    ),
)
