"""/system: what a client wants to know of the server it talks to."""

from __future__ import annotations

from dicomsh import __version__
from dicomsh.gateway.endpoint import Call, Endpoint, Reply, reply

_API_VERSION = 16
"""That of Orthanc 1.10.1, whose routes these are."""


async def system(call: Call) -> Reply:
    """Name, versions and our AE title, named as Orthanc names them."""
    return reply(
        {
            "ApiVersion": _API_VERSION,
            "CheckRevisions": False,
            "DatabaseBackendPlugin": None,
            "DatabaseVersion": 0,
            "DicomAet": call.gateway.config.aet,
            "DicomPort": 0,
            "DicomshVersion": __version__,
            "HttpPort": call.gateway.options.port,
            "IsHttpServerSecure": call.gateway.options.secure,
            "Name": "dicomsh",
            "PluginsEnabled": False,
            "StorageAreaPlugin": None,
            "Version": "1.10.1",
        }
    )


ENDPOINTS = (Endpoint("GET", "/system", system, "Versions, and our AE title"),)
