"""Measure reading, compiling and proving of packs that grow: time, memory, and what is bounded.

python bench/packs.py [--quick] [--json]

Each pack is measured in a process of its own, so that its memory is only its own. `copies` are
several bundled routines side by side in one pack; `chains` are processes of many states in a row.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lockroutine import load_routine
from lockroutine.proving import prove
from lockroutine.rules.reader import Source, read_source

SIZES = {"copies": (1, 10, 100), "chains": (1, 10, 100)}
QUICK = {"copies": (1, 2), "chains": (1, 4)}
STATES = 200


def copies(number: int) -> Source:
    """The bundled pack, with its processes so many times over."""
    files = read_source("soderkoping").files
    names = sorted({name for text in files.values() for name in _processes(text)})
    made = dict(files)
    for copy in range(2, number + 1):
        for file, text in files.items():
            tables = "".join(_tables_of_rules(text))
            made[f"{file.removesuffix('.toml')}_{copy}.toml"] = _renamed(tables, names, copy)
    return Source("copies", made)


def _processes(text: str) -> list[str]:
    return re.findall(r"^\[process\.([a-z_]+)\]", text, re.MULTILINE)


def _tables_of_rules(text: str) -> Iterator[str]:
    """The tables of a file that tell of processes; words, clauses and forms are there once."""
    for table in re.split(r"(?m)^(?=\[)", text):
        if re.match(r"\[(process|always|never|sweep)\.", table):
            yield table


def _renamed(text: str, names: list[str], copy: int) -> str:
    """Rules with the names of all processes changed, wherever they are named."""
    one = "|".join(names)
    text = re.sub(rf"(?m)^\[process\.({one})(?=[\].])", rf"[process.\1_{copy}", text)
    text = re.sub(r"(?m)^\[(always|never|sweep)\.([a-z_]+)", rf"[\1.\2_{copy}", text)
    text = re.sub(rf'(?m)^((?:process) = ")({one})"', rf'\1\2_{copy}"', text)
    return re.sub(rf'"({one})\.(?=[a-z_]+")', rf'"\1_{copy}.', text)


def chains(number: int, states: int = STATES) -> Source:
    """So many processes of so many states in a row, each of which waits for the one before."""
    head = """
name = "chains"
version = "1.0.0"
label = { sv = "Kedjor", en = "Chains" }
time_zone = "Europe/Stockholm"
holidays = "SE"

[role.coordinator]
label = { sv = "Samordnare", en = "Coordinator" }
clauses = ["C1"]

[clause.C1]
text = { sv = "Ett efter det andra.", en = "One after the other." }
owed = ["enforced"]
"""
    files = {"routine.toml": head}
    for process in range(number):
        files[f"chain_{process}.toml"] = "".join(_chain(process, states))
    return Source("chains", files)


def _chain(process: int, states: int) -> Iterator[str]:
    name = f"chain_{process}"
    label = 'label = { sv = "Kedja", en = "Chain" }\n'
    yield f'[process.{name}]\n{label}subject = "customer"\none_open_per = ["subject"]\n'
    for state in range(states):
        end = "end = true" if state == states - 1 else 'waits_for = ["coordinator"]'
        yield f"\n[process.{name}.states.s{state}]\n{label}{end}\n"
    for state in range(states):
        from_ = f'"s{state - 1}"' if state else ""
        yield f"\n[process.{name}.transitions.t{state}]\n{label}from = [{from_}]\n"
        yield f'to = "s{state}"\nby = ["coordinator"]\nclauses = ["C1"]\n'
    if process:
        yield f'\n[process.{name}.transitions.t0.guards.before]\nkind = "case_in_state"\n'
        yield f'process = "chain_{process - 1}"\nstates = ["s{states // 2}"]\nclauses = ["C1"]\n'
        yield 'otherwise = { sv = "Den andra först.", en = "The other one first." }\n'


def measured(kind: str, number: int) -> Mapping[str, Any]:
    """Read, compile and prove one pack, in this process."""
    source = {"copies": copies, "chains": chains}[kind](number)
    begun = time.process_time()
    routine = load_routine(source)
    compiled = time.process_time() - begun
    memory = _megabytes()
    begun = time.process_time()
    proof = prove(routine)
    checked = time.process_time() - begun
    transitions = sum(len(one.transitions) for one in routine.pack.process.values())
    why = Counter(claim.why.en for claim in proof.bounded if claim.why)
    return {
        "pack": f"{number} {kind}",
        "processes": len(routine.pack.process),
        "transitions": transitions,
        "compile_seconds": round(compiled, 2),
        "compile_megabytes": memory,
        "check_seconds": round(checked, 1),
        "check_megabytes": _megabytes(),
        "outcomes": dict(Counter(claim.outcome for claim in proof.claims)),
        "bounded_by": dict(why),
    }


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the smallest packs")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each pack")
    parser.add_argument("--one", nargs=2, metavar=("KIND", "NUMBER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(chosen.one[0], int(chosen.one[1]))))
        return
    for kind, numbers in (QUICK if chosen.quick else SIZES).items():
        for number in numbers:
            one = [sys.executable, __file__, "--one", kind, str(number)]
            line = subprocess.run(one, check=True, capture_output=True, text=True).stdout
            print(line if chosen.json else _told(json.loads(line)), flush=True)


def _told(found: Mapping[str, Any]) -> str:
    outcomes = ", ".join(f"{count} {name}" for name, count in found["outcomes"].items())
    return (
        f"{found['pack']:<12} {found['transitions']:>6} transitions   "
        f"compiled {found['compile_seconds']:>7.2f} s {found['compile_megabytes']:>5} MB   "
        f"checked {found['check_seconds']:>7.1f} s {found['check_megabytes']:>5} MB   {outcomes}"
    )


if __name__ == "__main__":
    main()
