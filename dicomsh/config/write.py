"""User files, written completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from dicomsh.errors import ConfigError


def write_text(path: Path, text: str) -> None:
    """Replace a file completely or not at all; a new file and its folder are private to the user.

    Raises:
        ConfigError: it cannot be written.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(0, "it is read-only")
        _replace(target, text.encode("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{path}: cannot write file: {reason}") from None


def _replace(target: Path, data: bytes) -> None:
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as stream:
        temporary = Path(stream.name)
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            stream.close()
            temporary.replace(target)
        except BaseException:
            stream.close()
            temporary.unlink(missing_ok=True)
            raise
