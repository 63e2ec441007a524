"""Guard kinds, effect kinds and rule packs that plugins bring, from the pack to the delivery."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import Factory, define, field, frozen

from lockroutine import Actor, Engine, Refused, RulesError, load_routine
from lockroutine.errors import OutcomeUnknown, PluginsError
from lockroutine.hookspecs import KindSearch, OtherEffect, Receipt, hookimpl
from lockroutine.plugins import Plugins
from lockroutine.rules.effects import EffectRule
from lockroutine.rules.guards import Finding, Guard, Want
from lockroutine.rules.scene import Scene
from lockroutine.rules.terms import Ref, doc

KIM = Actor("kim", roles={"keeper"}, units={"north"})

PACK = """
name = "lamps"
version = "1.0.0"
label = { sv = "Lampor", en = "Lamps" }
time_zone = "Europe/Stockholm"

[role.keeper]
label = { sv = "Vakt", en = "Keeper" }

[clause.L1]
text = { sv = "Bara jämna lampor tänds.", en = "Only even lamps are lit." }
owed = ["enforced"]

[process.lamp]
label = { sv = "Lampa", en = "Lamp" }
subject = "article"

[process.lamp.states.lit]
label = { sv = "Tänd", en = "Lit" }
end = true

[process.lamp.transitions.light]
label = { sv = "Tänd", en = "Light" }
from = []
to = "lit"
by = ["keeper"]
form = "purchase_order"
clauses = ["L1"]

[process.lamp.transitions.light.guards.even]
kind = "even"
value = "form.quantity"
otherwise = { sv = "Antalet är udda.", en = "The number is odd." }
clauses = ["L1"]

[process.lamp.transitions.light.effects.beam]
kind = "beam"
colour = "form.article_kind"
clauses = ["L1"]
"""


@frozen(kw_only=True)
class Even(Guard):
    """A number is even."""

    kind: ClassVar[str] = "even"
    value: Ref = field(metadata=doc("The number."))

    def judge(self, scene: Scene, found: object) -> Finding | None:
        odd = scene.number(self.value) % 2
        return Finding(wants=(Want(field=self.value.name),)) if odd else None

    def refs(self) -> tuple[Ref, ...]:
        return (self.value,)


@frozen(kw_only=True)
class Beam(EffectRule):
    """A beam of a colour is sent."""

    kind: ClassVar[str] = "beam"
    system: ClassVar[str] = "tower"
    colour: Ref = field(metadata=doc("Its colour."))

    def carries(self) -> Mapping[str, Ref]:
        return {"colour": Ref("case", self.colour.name)}


@define(eq=False)
class Tower:
    """A plugin with kinds and a pack of its own."""

    folder: str
    name: str = "tower"
    hooks: str = "1.0"
    sent: list[OtherEffect] = Factory(list)
    lost: int = 0

    @hookimpl
    def guard_kinds(self, details: KindSearch) -> tuple[type, ...]:
        return (Even,)

    @hookimpl
    def effect_kinds(self, details: KindSearch) -> tuple[type, ...]:
        return (Beam,)

    @hookimpl
    def do_effect(self, details: OtherEffect) -> Receipt:
        self.sent.append(details)
        if self.lost:
            self.lost -= 1
            raise OutcomeUnknown("no answer from the tower")
        return Receipt(id="beam-1")

    @hookimpl
    def rule_packs(self, details: KindSearch) -> dict[str, str]:
        return {"lamps": self.folder}


@pytest.fixture
def tower(tmp_path: Path) -> Tower:
    (tmp_path / "routine.toml").write_text(PACK, encoding="utf-8")
    return Tower(str(tmp_path))


def lit(engine: Engine, quantity: int) -> None:
    form = {"article_kind": "accessory", "quantity": quantity}
    engine.start("lamp", "light", actor=KIM, subject="lamp-1", unit="north", form=form)


def test_a_plugin_brings_a_pack_with_kinds_of_its_own(tower: Tower) -> None:
    """Its guard refuses and lets through, and its effect is done by it."""
    plugins = Plugins([tower])
    routine = load_routine("lamps", kinds=plugins.kinds(), packs=plugins.packs())
    assert pickle.loads(pickle.dumps(routine)).key == "lamps@1.0.0"
    with Engine.open(":memory:", routine=routine, plugins=[tower]) as engine:
        with pytest.raises(Refused) as caught:
            lit(engine, 3)
        assert caught.value.verdict.reasons[0].text.en == "The number is odd."
        assert caught.value.verdict.reasons[0].cures[0].field == "quantity"
        lit(engine, 4)
        assert engine.deliver().done == 1
    (beam,) = tower.sent
    assert (beam.kind, dict(beam.values), beam.repeated) == (
        "beam",
        {"colour": "accessory"},
        False,
    )


def test_a_repeat_is_told_to_the_plugin(tower: Tower) -> None:
    """After a lost reply the plugin hears that it may have done this before, with the same key."""
    tower.lost = 1
    plugins = Plugins([tower])
    routine = load_routine("lamps", kinds=plugins.kinds(), packs=plugins.packs())
    with Engine.open(":memory:", routine=routine, plugins=[tower]) as engine:
        lit(engine, 4)
        assert engine.deliver().unknown == 1
        system_manager = Actor("sys", roles={"keeper"}, units={"north"})
        with pytest.raises(Refused):  # this pack names nobody who tends effects
            engine.retry(tower.sent[0].key, actor=system_manager)
    assert tower.sent[0].repeated is False


def test_without_the_plugin_the_pack_is_refused(tower: Tower) -> None:
    """A kind that nobody brings is told, with its place."""
    with pytest.raises(RulesError) as caught:
        load_routine(tower.folder)
    said = [str(problem) for problem in caught.value.problems]
    assert any("guards.even: has no kind that exists" in line for line in said)
    assert any("effects.beam: has no kind that exists" in line for line in said)


def test_a_kind_that_is_none(tower: Tower) -> None:
    """What is no subclass of the base is told, with the plugin's name."""

    class Odd:
        name, hooks = "odd", "1.0"

        @hookimpl
        def guard_kinds(self, details: KindSearch) -> tuple[type, ...]:
            return (int,)

    with pytest.raises(PluginsError) as caught:
        Plugins([Odd()]).kinds()
    assert str(caught.value) == "odd: guard_kinds must give subclasses of Guard"
