"""URLs from which a WADO server returns one instance."""

from __future__ import annotations

from urllib.parse import quote, urlencode

PLACEHOLDER_URI = "http://WADO-SERVER/wado"
"""Base URL of WADO-URI if none is configured for the modality."""

PLACEHOLDER_RS = "http://WADO-SERVER/dicom-web"
"""Base URL of WADO-RS if none is configured for the modality."""


def retrieve_uri(base: str, study: str, series: str, instance: str) -> str:
    """The WADO-URI of an instance (PS3.18 9.1.2): `…?requestType=WADO&studyUID=…&…`."""
    query = {
        "requestType": "WADO",
        "studyUID": study,
        "seriesUID": series,
        "objectUID": instance,
    }
    joint = "&" if "?" in base else "?"
    return f"{base}{joint}{urlencode(query)}"


def rs_url(base: str, study: str, series: str, instance: str) -> str:
    """The WADO-RS URL of an instance (PS3.18 10.4.1.1): `…/studies/…/series/…/instances/…`."""
    study, series, instance = (quote(uid, safe="") for uid in (study, series, instance))
    return f"{base.rstrip('/')}/studies/{study}/series/{series}/instances/{instance}"
