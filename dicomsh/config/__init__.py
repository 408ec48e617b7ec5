"""modalities.yaml and Orthanc configurations → frozen dataclasses; errors name file and line."""

from dicomsh.config.config import Config
from dicomsh.config.known import KnownPeers
from dicomsh.config.locate import candidates, load

__all__ = ["Config", "KnownPeers", "candidates", "load"]
