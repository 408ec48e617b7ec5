"""dicomsh: a shell for looking into DICOM archives, and its Python interface.

`import dicomsh` loads next to nothing; `dicomsh.connect` and the other names come from
`dicomsh.python` when they are first used. Their types are in `__init__.pyi`.
"""

__version__ = "0.1.0"

_LATE = {
    "connect": "dicomsh.python.connection",
    "connect_async": "dicomsh.python.connection",
    "modalities": "dicomsh.python.connection",
    "Connection": "dicomsh.python.connection",
    "AsyncConnection": "dicomsh.python.connection",
    "Stream": "dicomsh.python.connection",
    "AsyncStream": "dicomsh.python.connection",
    "Rows": "dicomsh.python.rows",
    "UnsoundAnswerError": "dicomsh.python.rows",
    "DicomshError": "dicomsh.errors",
    "QueryFailedError": "dicomsh.errors",
    "UsageError": "dicomsh.errors",
    "ConfigError": "dicomsh.errors",
    "NoAssociationError": "dicomsh.errors",
    "TimedOutError": "dicomsh.errors",
}
"""Each name of the Python interface, and its module."""

__all__ = ["__version__", *_LATE]  # noqa: PLE0604 - names that come late


def __getattr__(name: str) -> object:
    """A name of the Python interface."""
    if name not in _LATE:
        raise AttributeError(f"module 'dicomsh' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATE[name]), name)
