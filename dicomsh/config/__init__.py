"""modalities.yaml and Orthanc configurations → frozen dataclasses; errors name file and line."""

from dicomsh.config.known import KnownPeers
from dicomsh.config.locate import Candidate, candidates, load
from dicomsh.config.settings import Config

__all__ = ["Candidate", "Config", "KnownPeers", "candidates", "load"]
