"""modalities.yaml and Orthanc configurations → frozen dataclasses; errors name file and line."""

from dicomsh.config.config import EVERY, Config
from dicomsh.config.known import KnownPeers
from dicomsh.config.locate import candidates, load

__all__ = ["EVERY", "Config", "KnownPeers", "candidates", "load"]
