"""What `set` changes; `Settings` is the one place that defines a setting."""

from dicomsh.settings.table import AT_PROMPT, SETTINGS, Chosen, Setting, Settings, Where, changed

__all__ = ["AT_PROMPT", "SETTINGS", "Chosen", "Setting", "Settings", "Where", "changed"]
