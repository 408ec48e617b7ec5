"""Libraries that only pictures and documents need: an extra, so that nobody else installs them."""

from __future__ import annotations

from importlib.util import find_spec

from dicomsh.errors import DicomshError

_HINT = "pip install 'dicomsh[view]'"
_DECODERS = ("gdcm", "openjpeg")


def need_pictures() -> None:
    """Raise DicomshError unless images can be decoded here."""
    _need("to view images", "numpy", "PIL")


def need_documents() -> None:
    """Raise DicomshError unless the text of PDF files can be read here."""
    _need("to read PDF documents", "pypdf")


def more() -> str | None:
    """How to get the decoders that are not here; None if all are."""
    return None if all(map(find_spec, _DECODERS)) else _HINT


def _need(purpose: str, *names: str) -> None:
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        shown = " and ".join({"PIL": "Pillow"}.get(name, name) for name in missing)
        raise DicomshError(f"{shown} must be installed {purpose}", hint=_HINT)
