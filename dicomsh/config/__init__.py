"""modalities.yaml and Orthanc configurations → frozen dataclasses; errors name file and line."""

from dicomsh.config.known import KnownPeers, state_folder
from dicomsh.config.locate import Candidate, candidates, load, user_folder
from dicomsh.config.settings import Config

__all__ = [
    "Candidate",
    "Config",
    "KnownPeers",
    "candidates",
    "load",
    "state_folder",
    "user_folder",
]
