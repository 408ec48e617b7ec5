"""Made-up names, IDs and UIDs in place of real ones, the same throughout a session."""

from dicomsh.mask.mask import Mask

__all__ = ["Mask"]
