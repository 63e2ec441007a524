"""Each example is run as somebody who embeds the library would run it: as a script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HELPERS = {"doors.py"}

SAID = {
    "embed_case_system.py": [
        "worked off: 1",
        "worked off again: 1",
        "cases: 1",
        "Customer 17: Ska erbjudas, same case: True",
        "the south may not: The case belongs to another unit than yours.",
    ],
    "morning_list.py": [
        "Biståndshandläggare",
        "   16/03  Samtycke: Ska erbjudas, customer-9 [S1, S2]",
        "Administratör/samordnare",
        " ! 09/03  Montering: Koppla låset till kunden, customer-17 [K1, R3]",
        "       -  Samtycke: Se till att montering beställs, customer-11 [B1]",
        "Enhetschef",
        " ! 09/03  Behörighet att konfigurera: Begärd, anna [K4]",
        "Montör",
        " ! 09/03  Montering: Prova låset, customer-17 [B7, R6]",
    ],
    "register_table.py": [
        "PH1-001        X1     Mounted       customer-11, front   no           stale",
        "PH1-002        X1     Mounted       customer-12, front   no           good",
        "PH1-003        X1     Mounted       customer-13, front   no           low",
        "PH1-004        X1     Mounted       customer-14, front   no           unknown",
        "PH1-005        X1     In the store  Shelf 2, box 5       no           -",
        "in the store: 1 of model X1, 2 missing",
    ],
    "ask_before_doing.py": [
        "  Beställ montering: inte nu",
        "  Beställ montering ->",
        "    * Kontaktperson (personal)",
        "      Portkod: ______ (secret)",
        "  Prova låset ->",
        "    * Låset fungerar: [ ] ja",
        "  Koppla låset till kunden: inte nu",
        "      = Be någon som får: Administratör/samordnare. (någon annan)",
    ],
    "one_door.py": [
        "order the mounting: refused",
        "     eva does consent.grant_service",
        "     anna does consent.receive",
        "order the mounting: done",
        "agree the time: refused",
        "agree the time: done",
        "install the lock: done",
        "pair the lock: refused",
        "     sara does configuration_permission.grant",
        "pair the lock: done",
        "  paired with customer-17; all as recorded: True",
    ],
}


def lines_of(name: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout.splitlines()


def test_every_example_is_run() -> None:
    """No example is left out here."""
    assert {path.name for path in EXAMPLES.glob("*.py")} - HELPERS == set(SAID)


@pytest.mark.parametrize("name", sorted(SAID))
def test_an_example_says_what_it_should(name: str, tmp_path: Path) -> None:
    """The example runs in a folder that is not its own, and says these lines in this order."""
    said = iter(lines_of(name, tmp_path))
    missing = [line for line in SAID[name] if line not in said]
    assert missing == []
