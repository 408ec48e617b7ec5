"""Libraries that only some formats need: extras, so that nobody else installs them."""

from __future__ import annotations

from importlib.util import find_spec

from dicomsh.errors import DicomshError

_LIBRARIES = {"excel": ("xlsxwriter", "XlsxWriter"), "parquet": ("pyarrow", "pyarrow")}


def need_library(name: str) -> None:
    """Raise DicomshError unless the library of a format is installed."""
    module, library = _LIBRARIES[name]
    if find_spec(module) is None:
        raise DicomshError(
            f"{library} must be installed to write {name} files",
            hint=f"pip install 'dicomsh[{name}]'",
        )
