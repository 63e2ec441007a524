"""What came of a storm, in words."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence

from attrs import frozen
from tests.storming.checks import Aftermath


@frozen(kw_only=True)
class Figures:
    """What came of a storm."""

    what: str
    blows: Counter[str]
    after: Aftermath
    deadlocks: int
    wrong: tuple[str, ...]

    def lines(self) -> list[str]:
        """The figures in words."""
        after, count = self.after, lambda kind: len(self.after.answers(kind))
        events = sum(map(len, after.events.values()))
        faults = sum((Counter(line["faults"]) for line in after.answers("faults")), Counter())
        states = Counter(effect.state for effect in after.effects)
        took = sorted(line["took"] for line in after.answers("done")) or [0.0]
        why = Counter(line["why"] for line in after.answers("refused"))
        memory = [line["kilobytes"] // 1024 for line in after.answers("memory")]
        return [
            self.what,
            f"  {self.blows['kill']} workers killed, {self.blows['restart']} restarts of the "
            f"database, {self.blows['cut']} times all connections cut",
            f"  {count('asked')} commands: {count('done')} acknowledged, "
            + ", ".join(f"{number} {name}" for name, number in sorted(why.items())),
            f"  {count('again')} repeated by the next worker, {count('busy')} times StoreBusy, "
            f"{self.deadlocks} deadlocks",
            f"  acknowledged after {statistics.median(took) * 1e3:.0f} ms in the median, "
            f"{took[int(0.99 * (len(took) - 1))] * 1e3:.0f} ms at p99, {took[-1]:.1f} s at most",
            f"  {len(after.cases)} cases, {events} events, {len(after.effects)} effects: "
            + ", ".join(f"{number} {state}" for state, number in sorted(states.items())),
            f"  {sum(after.reached.values())} times the outside was reached; adapters that lived "
            f"to tell: {dict(faults)}",
            f"  {_memory(memory)}",
            f"  {len(self.wrong)} breaches",
            *(f"  ! {one}" for one in self.wrong[:50]),
        ]


def _memory(megabytes: Sequence[int]) -> str:
    if not megabytes:
        return "no memory was looked at"
    fifth = max(1, len(megabytes) // 5)
    first, last = megabytes[fifth : 2 * fifth] or megabytes, megabytes[-fifth:]
    return (
        f"memory of the worker that lives: {statistics.mean(first):.0f} MB in the second fifth of "
        f"the time, {statistics.mean(last):.0f} MB in the last"
    )
