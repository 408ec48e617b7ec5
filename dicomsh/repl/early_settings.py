"""Settings that the first prompt needs, read without importing the shell."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dicomsh.folders import config_folder

_LINE = re.compile(r"(color|editing|greeting|history)\s*:\s*(\w+)\s*(?:#.*)?$")


def early_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's settings that matter before the shell is made, as typed.

    They are picked from the lines of settings.yaml as `set --save` writes them. The whole file is
    read, and its errors reported, when the shell is made.
    """
    folder = config_folder(environ)
    try:
        text = (folder / "settings.yaml").read_text("utf-8", "replace") if folder else ""
    except OSError:
        return {}
    found = filter(None, map(_LINE.match, text.splitlines()))
    return {line[1]: line[2] for line in found}
