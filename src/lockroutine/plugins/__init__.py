"""Plugins: the manager that calls them, their settings, and the bundled adapters."""

from lockroutine.plugins.manager import Plugins
from lockroutine.plugins.settings import Secret, read_settings, setting

__all__ = ["Plugins", "Secret", "read_settings", "setting"]
