"""Spans of OpenTelemetry, where the host has loaded it; its API only, and never set up here."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Protocol

from lockroutine.errors import Refused

__all__ = ["here", "span"]


class Telling(Protocol):
    """Says more of a span, while it lasts: ids, names and numbers only."""

    def __call__(self, **values: str | int | Sequence[str]) -> None: ...


def here() -> object:
    """What a span of another thread is a part of; nothing if nobody traces."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import context  # the host's  # noqa: PLC0415

    return context.get_current()


@contextmanager
def span(name: str, within: object = None, **values: str | int) -> Generator[Telling]:
    """Time a piece of work, and say what it was: ids and names only, never a form's values.

    A refusal is an answer like another: it is told with the rules that refused. Of any other error
    the class is told, and not its text.

    Args:
        name: What the work is.
        within: What `here` gave, where the work is done in another thread.
        values: What is known of it from the beginning.
    """
    # Whoever traces has imported it; to look for it costs those who do not.
    if "opentelemetry.trace" not in sys.modules:
        yield _to_nobody
        return
    from opentelemetry import context, trace  # the host's  # noqa: PLC0415

    with trace.get_tracer("lockroutine").start_as_current_span(
        f"lockroutine.{name}",
        context=within if isinstance(within, context.Context) else None,
        attributes={f"lockroutine.{key}": value for key, value in values.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as made:

        def tell(**more: str | int | Sequence[str]) -> None:
            made.set_attributes({f"lockroutine.{key}": value for key, value in more.items()})

        try:
            yield tell
        except Refused as refused:
            tell(outcome="refused", rules=[reason.rule for reason in refused.verdict.reasons])
            raise
        except BaseException as error:
            made.set_attribute("error.type", type(error).__name__)
            made.set_status(trace.StatusCode.ERROR)
            raise


def _to_nobody(**values: str | int | Sequence[str]) -> None:
    pass
