"""Packs that extend others: what is merged, what is refused, and where that is said to stand."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from lockroutine import Engine, NotFound, Refused, RulesError, load_routine
from lockroutine.rules.reader import Source, read_source
from lockroutine.testing import coverage
from overlaying import HEAD, against, against_small, over_small, pack
from smallpack import ANNA, FOLDER, ORDER, SMALL, Clock, consent, problems


def test_an_overlay_of_a_line(tmp_path: Path) -> None:
    """An overlay changes what it names and keeps all else of the base."""
    routine = over_small(tmp_path, "parameter.cycles.value = 3\n")
    assert routine.key == "ours@1.0.0"
    assert routine.pack.label.en == "Overlay"
    assert routine.parameters["cycles"] == 3
    assert routine.pack.parameter["cycles"].clauses == ("C4",)
    base = load_routine(SMALL).pack
    assert routine.pack.process == base.process
    assert routine.pack.time_zone == base.time_zone


def test_tables_merge_and_lists_replace(tmp_path: Path) -> None:
    """Tables are merged by key, a list or a text takes the place of the one before."""
    text = """
[process.order.transitions.order]
by = ["manager"]
label.sv = "Beställ lås"
"""
    order = over_small(tmp_path, text).pack.process["order"].transitions["order"]
    assert order.by == ("manager",)
    assert (order.label.sv, order.label.en) == ("Beställ lås", "Order")
    assert list(order.guards) == ["consent", "free"]


def test_new_things_come_last(tmp_path: Path) -> None:
    """States, guards and processes of an overlay come after those of the base."""
    text = """
[process.permission.states.paused]
label = { sv = "Pausad", en = "Paused" }

[process.permission.transitions.pause]
label = { sv = "Pausa", en = "Pause" }
from = ["valid"]
to = "paused"
by = ["manager"]
clauses = ["C5"]

[process.permission.transitions.resume]
label = { sv = "Återuppta", en = "Resume" }
from = ["paused"]
to = "valid"
by = ["manager"]
clauses = ["C5"]
"""
    states = over_small(tmp_path, text).pack.process["permission"].states
    assert list(states) == ["asked", "valid", "ended", "paused"]


def test_removal(tmp_path: Path) -> None:
    """``remove = true`` takes out a guard, a process, and a key that is no table."""
    text = """
[process.order.transitions.order.guards.consent]
remove = true

[process.opening]
remove = true

[process.order.transitions.install]
sets.fitted_by = { remove = true }

[process.order.states.ordered]
due = { remove = true }
"""
    pack = over_small(tmp_path, text).pack
    order = pack.process["order"]
    assert list(order.transitions["order"].guards) == ["free"]
    assert "opening" not in pack.process
    assert list(order.transitions["install"].sets) == ["fitted_at", "fitted"]
    assert order.states["ordered"].due == ""


def test_another_kind_replaces(tmp_path: Path) -> None:
    """A table of another kind replaces the base's as a whole; one of the same kind is merged."""
    text = """
[process.order.transitions.test.guards.cycles]
kind = "is_true"
value = "form.works"
otherwise = { sv = "Det fungerar inte.", en = "It does not work." }
clauses = ["C4"]

[process.order.transitions.book.guards.agreed]
kind = "is_true"
clauses = ["C2"]
"""
    transitions = over_small(tmp_path, text).pack.process["order"].transitions
    assert transitions["test"].guards["cycles"].kind == "is_true"
    agreed = transitions["book"].guards["agreed"]
    assert (agreed.clauses, agreed.gaps) == (("C2",), ("holidays",))


def test_kinds_of_effects_are_left_out(tmp_path: Path) -> None:
    """``without`` leaves a kind of effect out wherever the base has it, but not the overlay's."""
    text = """
without = ["open_ticket"]

[process.order.transitions.book.effects.ticket]
kind = "open_ticket"
template = "order"
clauses = ["C1"]
"""
    transitions = over_small(tmp_path, text).pack.process["order"].transitions
    assert list(transitions["order"].effects) == ["notice"]
    assert list(transitions["book"].effects) == ["ticket"]
    nearer = load_routine(pack(tmp_path / "nearer", extends="../ours"))
    assert nearer.pack.without == ()
    assert list(nearer.pack.process["order"].transitions["book"].effects) == ["ticket"]


def test_what_is_left_out_must_be_there(tmp_path: Path) -> None:
    """A kind that the base asks for nowhere is no kind to leave out; nor is anything but a list."""
    assert against_small(tmp_path, 'without = ["open_tickets"]\n') == [
        "routine.toml:5: without: what this pack extends asks for no effect 'open_tickets'; "
        "did you mean 'open_ticket'?",
    ]
    assert against_small(tmp_path, 'without = "open_ticket"\n') == [
        "routine.toml:5: without: must be a list, not text",
    ]
    text = """
without = ["open_ticket"]
[process.order.transitions.order.effects.ticket]
template = "reminder"
"""
    (problem,) = against_small(tmp_path, text)
    assert problem.startswith(
        "routine.toml:7: process.order.transitions.order.effects.ticket: has no kind that exists"
    )


def test_an_overlay_works(tmp_path: Path) -> None:
    """The engine goes by the overlay: what it adds refuses, what it removes does not."""
    text = """
[process.order.transitions.order.guards.consent]
remove = true

[process.order.transitions.order.guards.front]
kind = "one_of"
value = "form.door"
values = ["front"]
otherwise = { sv = "Bara ytterdörren.", en = "Only the front door." }
clauses = ["C1"]
"""
    routine = over_small(tmp_path, text)
    with Engine.open(":memory:", routine=routine, clock=Clock()) as engine:
        start = {"actor": ANNA, "subject": "customer-17", "unit": "north"}
        with pytest.raises(Refused, match="Only the front door"):
            engine.start("order", "order", **start, form={**ORDER, "door": "back"})
        assert engine.start("order", "order", **start, form=ORDER).routine == "ours@1.0.0"


def test_several_levels(tmp_path: Path) -> None:
    """An overlay of an overlay: the nearest says the last word."""
    over_small(tmp_path, "parameter.cycles.value = 3\nparameter.least.value = 9\n")
    nearer = pack(tmp_path / "nearer", "parameter.cycles.value = 4\n", extends="../ours")
    routine = load_routine(nearer)
    values = [routine.parameters[name] for name in ("cycles", "least", "fresh")]
    assert values == [4, 9, "P7D"]
    names = [layer.name for layer in routine.source.layers()]
    assert names == ["", "ours", "ours/small"]


def test_a_bundled_pack_is_extended_by_name(tmp_path: Path) -> None:
    """A bundled pack is found by its name, whatever lies beside the overlay."""
    text = "[parameter.test_cycles]\nvalue = 7\n"
    routine = load_routine(pack(tmp_path / "ours", text, extends="soderkoping"))
    assert routine.parameters["test_cycles"] == 7
    assert len(routine.processes) == len(load_routine().processes)


def test_a_pack_of_a_plugin_is_extended_by_name(tmp_path: Path) -> None:
    """What `Plugins.packs` gives can be extended, and asked for."""
    packs = {"little": str(FOLDER)}
    ours = pack(tmp_path / "ours", "parameter.cycles.value = 3\n", extends="little")
    assert load_routine(ours, packs=packs).parameters["cycles"] == 3
    assert load_routine("little", packs=packs).key == "small@1.0.0"


# -- the text -------------------------------------------------------------------------------------


def test_the_text_is_complete(tmp_path: Path) -> None:
    """A source holds its own files and those of the base, pickles, and needs no folder."""
    routine = over_small(tmp_path, "parameter.cycles.value = 3\n")
    source = routine.source
    assert "routine.toml" in source.files
    assert source.files["small/order.toml"] == SMALL.files["order.toml"]
    again = load_routine(Source("elsewhere", source.files))
    assert again.pack == routine.pack
    assert pickle.loads(pickle.dumps(routine)).pack == routine.pack


def test_the_base_of_an_overlay_is_a_pack_of_its_own(tmp_path: Path) -> None:
    """The text of what is extended can be had, level by level."""
    over_small(tmp_path)
    top = read_source(pack(tmp_path / "top", extends="../ours"))
    ours = top.base()
    assert ours is not None
    assert load_routine(ours).pack.name == "ours"
    small = ours.base()
    assert small is not None
    assert (small.files, small.base()) == (SMALL.files, None)


def test_of_an_overlay_only_what_it_says_itself_is_to_be_tried(tmp_path: Path) -> None:
    """What was taken over unchanged is no longer missed where only its own counts."""
    text = """
[process.order.transitions.order]
by = ["manager"]

[process.order.transitions.cancel.guards.consent]
kind = "case_in_state"
process = "consent"
states = ["received"]
otherwise = { sv = "Nej.", en = "No." }
clauses = ["C1"]

[clause.Z1]
text = { sv = "Nytt.", en = "New." }
owed = ["shown"]
"""
    routine = over_small(tmp_path, text)
    own = coverage(routine, [], own=True)
    assert own.lines() == (
        "Z1: no step shows it",
        "process.order.transitions.order: no step makes it",
        "process.order.transitions.cancel.guards.consent: refuses no step",
        "process.order.transitions.cancel.guards.consent: lets no step through",
    )
    everything = coverage(routine, [])
    assert set(own.lines()) < set(everything.lines())
    assert (
        coverage(load_routine(SMALL), [], own=True).lines()
        == coverage(load_routine(SMALL), []).lines()
    )


def test_the_digest_covers_the_base(tmp_path: Path) -> None:
    """Another text of the base is another text of the overlay."""
    ours = over_small(tmp_path).source
    lock = tmp_path / "small" / "lock.toml"
    lock.write_text(lock.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    assert read_source(tmp_path / "ours").digest != ours.digest


def test_cases_live_on_with_the_stored_text(tmp_path: Path) -> None:
    """A database keeps the text of all layers: a case is judged by it without the folder."""
    database = tmp_path / "locks.db"
    text = '[process.order.transitions.order]\nby = ["coordinator", "manager"]\n'
    over_small(tmp_path, text)
    nearer = load_routine(pack(tmp_path / "nearer", extends="../ours"))
    with Engine.open(database, routine=nearer, clock=Clock()) as engine:
        case = consent(engine)
    with Engine.open(database, routine=load_routine(SMALL), clock=Clock()) as engine:
        assert engine.case(case.id).routine == "nearer@1.0.0"
        with engine.store.reading() as reading:
            kept = reading.routine("nearer@1.0.0")
    assert kept is not None
    assert kept.digest == nearer.source.digest
    assert load_routine(kept).pack == nearer.pack


def test_one_version_has_one_text(tmp_path: Path) -> None:
    """Another text of the base under the overlay's version is refused; both are named."""
    database = tmp_path / "locks.db"
    first = over_small(tmp_path)
    Engine.open(database, routine=first).close()
    lock = tmp_path / "small" / "lock.toml"
    lock.write_text(lock.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    second = load_routine(tmp_path / "ours")
    with pytest.raises(RulesError) as error:
        Engine.open(database, routine=second)
    assert str(error.value) == (
        f"routine.toml: version: the store knows another text of ours@1.0.0 "
        f"({first.source.digest[:12]}, here {second.source.digest[:12]}; "
        f"not the same: small/lock.toml); give the changed pack a new version"
    )


# -- what is refused ------------------------------------------------------------------------------


def test_problems_stand_where_they_were_written(tmp_path: Path) -> None:
    """A problem is placed in the layer that wrote the thing, in its file and line."""
    text = '[process.order.transitions.order]\nby = ["cordinator"]\n'
    assert against_small(tmp_path, text) == [
        "routine.toml:6: process.order.transitions.order.by: there is no role 'cordinator'; "
        "did you mean 'coordinator'?",
    ]
    order = tmp_path / "small" / "order.toml"
    order.write_text(order.read_text(encoding="utf-8").replace('"P14D"', '"14"'), encoding="utf-8")
    assert against_small(tmp_path, text) == [
        "small/order.toml:11: process.order.states.ordered.due: is not a duration; write it like "
        "P14D, P2W, PT4H or 10 working days",
        "routine.toml:6: process.order.transitions.order.by: there is no role 'cordinator'; "
        "did you mean 'coordinator'?",
    ]


def test_what_others_need_may_not_be_removed(tmp_path: Path) -> None:
    """Who removes what others need is told so: what misses it, and which line removes it."""
    text = (
        "[process.permission]\nremove = true\n\n[process.order.states.cancelled]\nremove = true\n"
    )
    permission = "; routine.toml:5 removes process.permission"
    cancelled = "; routine.toml:8 removes process.order.states.cancelled"
    assert against_small(tmp_path, text) == [
        "small/order.toml:152: process.order.transitions.pair.guards.permission.process: there is "
        "no process 'permission'" + permission,
        "small/order.toml:197: process.order.transitions.cancel.to: there is no state 'cancelled'"
        + cancelled,
        "small/order.toml:226: process.order.transitions.expire.to: there is no state 'cancelled'"
        + cancelled,
    ]


def test_a_needed_key_may_not_be_removed(tmp_path: Path) -> None:
    """A key that a table cannot do without is missed where it was."""
    text = "[process.order.states.ordered]\nlabel = { remove = true }\n"
    assert against_small(tmp_path, text) == [
        "routine.toml:6: process.order.states.ordered.label: is missing",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[process.permision]\nremove = true\n",
            "routine.toml:5: process.permision: is not there, so it cannot be removed; "
            "did you mean 'permission'?",
        ),
        (
            "[process.new.states.open]\nremove = true\n",
            "routine.toml:5: process.new.states.open: is not there, so it cannot be removed",
        ),
        (
            "[role.staff]\nremove = true\nall_units = true\n",
            "routine.toml:5: role.staff: remove = true takes it out, so no other key goes with it",
        ),
        (
            '[process.order]\nsubject = "staff"\n',
            "routine.toml:6: process.order.subject: may not change what cases are about; it is "
            "'customer' in the base",
        ),
        (
            "[parameter.cycles]\nvalue = { remove = false }\n",
            "routine.toml:6: parameter.cycles.value: cannot be a table",
        ),
    ],
)
def test_what_an_overlay_may_not_say(tmp_path: Path, text: str, said: str) -> None:
    """A removal of nothing, a removal with more, another subject: each is named with its line."""
    assert against_small(tmp_path, text) == [said]


def test_nothing_is_removed_from_a_pack_that_extends_none() -> None:
    """A pack of its own has nothing that it could remove."""
    assert problems(more="[role.nurse]\nremove = true\n") == [
        "more.toml:1: role.nurse: is not there, so it cannot be removed",
    ]


def test_a_name_version_and_label_of_its_own(tmp_path: Path) -> None:
    """An overlay has its own name, version and label."""
    over_small(tmp_path)
    head = tmp_path / "ours" / "routine.toml"
    head.write_text('extends = "../small"\n')
    assert against(tmp_path / "ours") == [
        "routine.toml: name: is missing",
        "routine.toml: version: is missing",
        "routine.toml: label: is missing",
    ]
    head.write_text(HEAD.replace("NAME", "small").replace("EXTENDS", "../small"))
    assert against(tmp_path / "ours") == [
        "routine.toml:1: name: is that of the pack that it extends; give this one its own",
    ]


def test_a_ring(tmp_path: Path) -> None:
    """Packs that extend each other in a ring are named."""
    pack(tmp_path / "a", extends="../b")
    pack(tmp_path / "b", extends="../c")
    pack(tmp_path / "c", extends="../b")
    assert against(tmp_path / "a") == [
        "b/c/routine.toml:4: extends: leads back to itself: b extends c extends b",
    ]
    pack(tmp_path / "self", extends=".")
    assert against(tmp_path / "self") == [
        "routine.toml:4: extends: leads back to itself: self extends self",
    ]


def test_a_base_that_is_not_there(tmp_path: Path) -> None:
    """What is extended and not installed is named, with the nearest that is, or all there are."""
    ours = pack(tmp_path / "ours", extends="soderkopping")
    assert against(ours) == [
        "routine.toml:4: extends: there is no rule pack and no folder 'soderkopping'; "
        "did you mean 'soderkoping'?",
    ]
    ours = pack(tmp_path / "ours", extends="../elsewhere\\u0000")
    assert against(ours, {"little": str(FOLDER)}) == [
        "routine.toml:4: extends: there is no rule pack and no folder '../elsewhere\\x00'; "
        "known are little, soderkoping",
    ]


def test_a_base_that_is_no_pack(tmp_path: Path) -> None:
    """A file, or a folder without routine.toml, cannot be extended."""
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    assert against(pack(tmp_path / "ours", extends="../file")) == [
        "routine.toml:4: extends: '../file' is a file; a rule pack is a folder of TOML files",
    ]
    assert against(pack(tmp_path / "ours", extends="../empty")) == [
        "routine.toml:4: extends: '../empty' holds no routine.toml, so it is no rule pack",
    ]


def test_a_base_in_another_encoding(tmp_path: Path) -> None:
    """A file of the base that is not UTF-8 is named as one of the base."""
    over_small(tmp_path)
    (tmp_path / "small" / "lock.toml").write_bytes("# Lås\n".encode("latin-1"))
    assert against(tmp_path / "ours") == ["small/lock.toml:1: is not UTF-8; save it as UTF-8"]


def test_a_base_that_is_no_toml(tmp_path: Path) -> None:
    """A file of the base that is no TOML is named as one of the base."""
    over_small(tmp_path)
    (tmp_path / "small" / "lock.toml").write_text("[a\n")
    assert against(tmp_path / "ours") == [
        "small/lock.toml:1: is not TOML: Expected ']' at the end of a table declaration"
    ]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (
            "extends = 5\n",
            "routine.toml:1: extends: must stand in routine.toml, and name a pack whose text is "
            "there",
        ),
        (
            'extends = "\n',
            "routine.toml:1: is not TOML: Illegal character '\\n'",
        ),
    ],
)
def test_extends_that_is_no_text(tmp_path: Path, head: str, said: str) -> None:
    """What is extended is named by text."""
    (tmp_path / "routine.toml").write_text(head)
    assert said in against(tmp_path)


def test_extends_stands_in_routine_toml(tmp_path: Path) -> None:
    """A pack says in routine.toml what it extends, and nowhere else."""
    assert problems(more='extends = "soderkoping"\n') == [
        "more.toml:1: extends: must stand in routine.toml, and name a pack whose text is there",
    ]


def test_a_text_without_that_of_the_base() -> None:
    """The text of an overlay alone is no pack, nor is a base that nothing extends."""
    with pytest.raises(RulesError, match="name a pack whose text is there"):
        load_routine(Source("alone", {"routine.toml": 'extends = "soderkoping"\n'}))
    beside = {f"small/{name}": text for name, text in SMALL.files.items()}
    with pytest.raises(RulesError, match="name a pack whose text is there"):
        load_routine(Source("beside", {**SMALL.files, **beside}))


def test_a_pack_that_is_not_there_with_the_nearest_of_all() -> None:
    """A pack that is not there is not found; the nearest may be a plugin's."""
    with pytest.raises(NotFound, match=r"Did you mean 'little'\?"):
        load_routine("litle", packs={"little": str(FOLDER)})


def test_a_table_where_the_base_has_none(tmp_path: Path) -> None:
    """A value of another type than the base's takes its place, and is judged for itself."""
    text = '[process.order.transitions]\norder = "order"\n'
    assert against_small(tmp_path, text) == [
        "routine.toml:6: process.order.transitions.order: must be a table",
    ]
    assert against_small(tmp_path, "process = 5\n") == [
        "routine.toml:5: process: must be a table, not a whole number"
    ]


def test_nothing_lies_too_deep(tmp_path: Path) -> None:
    """A key of thousands of parts is an unknown key like another."""
    text = ".".join(["a"] * 5000) + " = 1\n"
    (problem,) = against_small(tmp_path, text)
    assert problem.startswith("routine.toml: a: unknown key")


def test_what_is_no_effect_is_told_as_such(tmp_path: Path) -> None:
    """A value in the place of an effect is no effect that could be left out, and is named."""
    base = tmp_path / "small"
    shutil.copytree(FOLDER, base)
    whole = base / "order.toml"
    text = "\n[process.order.transitions.book.effects]\nticket = 5\n"
    whole.write_text(whole.read_text("utf-8") + text, encoding="utf-8")
    found = against_small(tmp_path, 'without = ["open_ticket"]\n')
    assert any(one.endswith("effects.ticket: must be a table") for one in found), found
