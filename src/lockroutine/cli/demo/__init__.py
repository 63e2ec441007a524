"""The demo: the whole routine on a real database, told step by step."""

from lockroutine.cli.demo.teller import told

__all__ = ["told"]
