"""Figures for Prometheus, for hosts that let it read theirs. It needs the extra ``prometheus``."""

from __future__ import annotations

from collections.abc import Iterator

from lockroutine.engine import Engine
from lockroutine.errors import InvalidForm, LockroutineError, Problem, StoreError
from lockroutine.figures import Backlog

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError:
    raise LockroutineError(
        'Figures for Prometheus need more: pip install "lockroutine[prometheus]"'
    ) from None

__all__ = ["BacklogCollector"]

_SYSTEMS = ("admin_tool", "notices", "tickets")
_STATES = ("due", "in_flight", "failed", "unknown", "asked", "parked")


class BacklogCollector(Collector):
    """What waits to go out, read from the database whenever somebody asks for it.

    The figures are those of the whole database, whichever program tells them: where several do,
    take the greatest of them and not their sum. If the database does not answer, ``lockroutine_up``
    is 0 and the rest is missing; the host's own figures are told all the same.

    Args:
        engine: The engine; it is to stay open for as long as the collector is registered.

    Raises:
        InvalidForm: It is no engine.

    >>> from prometheus_client import CollectorRegistry
    >>> registry = CollectorRegistry()
    >>> with Engine.open(":memory:") as engine:
    ...     registry.register(BacklogCollector(engine))
    ...     registry.get_sample_value("lockroutine_up")
    1
    """

    def __init__(self, engine: Engine) -> None:
        if not isinstance(engine, Engine):
            raise InvalidForm([Problem("engine", "must be an Engine; Engine.open makes one")])
        self._engine = engine

    def describe(self) -> Iterator[Metric]:
        """What there is to tell, without a look at the database."""
        yield _up(0)
        yield from _told(None)

    def collect(self) -> Iterator[Metric]:
        """What there is to tell now."""
        try:
            there = self._engine.backlog()
        except StoreError:
            yield _up(0)
            return
        yield _up(1)
        yield from _told(there)


def _up(value: int) -> Metric:
    return GaugeMetricFamily("lockroutine_up", "Whether the database answers.", value=value)


def _told(there: Backlog | None) -> Iterator[Metric]:
    effects = GaugeMetricFamily(
        "lockroutine_effects",
        "Effects that are not over, by the kind of system they are for and by state.",
        labels=["system", "state"],
    )
    overdue = GaugeMetricFamily(
        "lockroutine_overdue_seconds",
        "For how long something could have been sent, or looked up, that was not.",
    )
    step_overdue = GaugeMetricFamily(
        "lockroutine_step_overdue_seconds",
        "For how long the clock could have made a step that it has not.",
    )
    refusals = CounterMetricFamily(
        "lockroutine_refusals", "How often each rule refused a command.", labels=["rule"]
    )
    if there:
        # What is 0 is told too: an alarm knows by it that it is over.
        usual = {(system, state) for system in _SYSTEMS for state in _STATES}
        for place in sorted(usual | there.pending.keys()):
            pending = there.pending.get(place)
            effects.add_metric(place, pending.effects if pending else 0)
        overdue.add_metric([], there.overdue.total_seconds())
        step_overdue.add_metric([], there.step_overdue.total_seconds())
        for rule, times in sorted(there.refusals.items()):
            refusals.add_metric([rule], times)
    yield from (effects, overdue, step_overdue, refusals)
