"""The command line. It needs the extra `cli`; `main` says so where it is missing."""

from __future__ import annotations

import sys

__all__ = ["main"]

_EXTRA = ("typer", "rich")


def main() -> None:
    """Run the command line: what the script ``lockroutine`` calls.

    Raises:
        SystemExit: Always: 0, 1 (the answer is no), 2 (called wrongly), 130 (interrupted).
    """
    try:
        # Only now: the extra may be missing, and the interrupt may come while it loads.
        from lockroutine.cli.app import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        print(
            "The command line needs more than the library does. "
            'Install it with: pip install "lockroutine[cli]"',
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()
