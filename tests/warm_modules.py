"""Imports all that a run of dicomsh may import, with the tables of a prompt; see `tests.warm`."""

from __future__ import annotations

import gc
import pkgutil
from importlib import import_module

import dicomsh
from dicomsh.model import dictionary

OTHERS = ("asyncio", "pydicom", "pynetdicom", "prompt_toolkit", "yaml")

for module in pkgutil.walk_packages(dicomsh.__path__, "dicomsh."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
for name in OTHERS:
    import_module(name)
dictionary.load()
gc.freeze()
