"""What a pack may say of reports and of what other systems report."""

from __future__ import annotations

import pytest

from lockroutine import RulesError, load_routine
from lockroutine.rules.pulling import Report, read_report
from lockroutine.rules.reader import Source, read_source

BUNDLED = read_source("soderkoping")


def problems(file: str, old: str, new: str) -> list[str]:
    text = BUNDLED.files[file]
    assert old in text
    files = {**BUNDLED.files, file: text.replace(old, new)}
    with pytest.raises(RulesError) as caught:
        load_routine(Source("changed", files))
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "unread_report.toml",
            'unread = "unread_report.receive"',
            'unread = "unread_report.recieve"',
            "pull.tickets.unread: there is no step 'unread_report.recieve'; "
            "did you mean 'unread_report.receive'?",
        ),
        (
            "unread_report.toml",
            'unread = "unread_report.receive"',
            'unread = "unread_report.settle"',
            'pull.tickets.unread: unread_report.settle must have "pull" among its by',
        ),
        (
            "unread_report.toml",
            'step = "mounting.report"',
            'step = "mountin.report"',
            "report.mounted.step: there is no step 'mountin.report'; "
            "did you mean 'mounting.report'?",
        ),
        (
            "unread_report.toml",
            'fields = { serial_number = ["serienummer", "serienr", "serial number"] }\n'
            'clauses = ["B8"]',
            'fields = { serial = ["serienummer"] }\nclauses = ["B8"]',
            "report.mounted.fields: there is no field of its form 'serial'; "
            "did you mean 'serial_number'?",
        ),
        (
            "difference.toml",
            'process = "lock"\npaired = "paired_with"',
            'process = "locks"\npaired = "paired_with"',
            "pull.register.process: there is no process 'locks'; did you mean 'lock'?",
        ),
        (
            "difference.toml",
            'paired = "paired_with"',
            'paired = "paired"',
            "pull.register.paired: there is no field 'paired'; did you mean 'paired_with'?",
        ),
    ],
)
def test_what_is_named_must_exist(file: str, old: str, new: str, expected: str) -> None:
    """A step, field or process that pulling names and that is not there is told."""
    assert expected in problems(file, old, new)


def test_a_pack_may_pull_nothing() -> None:
    """A municipality whose systems report nothing leaves it out."""
    files = dict(BUNDLED.files)
    for name, start in (("difference.toml", "[pull.register]"), ("unread_report.toml", "[pull.")):
        files[name] = files[name][: files[name].index(start)]
    assert load_routine(Source("quiet", files)).pack.pull.steps() == {}


REPORT = Report(
    step="swap.report",
    words=("bytt", "swapped"),
    fields={
        "old_serial_number": ("gammalt serienummer", "old lock"),
        "new_serial_number": ("nytt serienummer", "new lock"),
    },
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Låset bytt. Gammalt serienummer: PH1, nytt  serienummer = PH2.",
            {"old_serial_number": "PH1", "new_serial_number": "PH2"},
        ),
        (
            "SWAPPED old lock PH1\nnew lock (PH2)",
            {"old_serial_number": "PH1", "new_serial_number": "PH2"},
        ),
        ("bytt, nytt serienummer PH2", {"new_serial_number": "PH2"}),
        ("bytt, nytt serienummer ...", {}),
        ("utbytta batterier", None),
        ("", None),
    ],
)
def test_a_report_is_read_by_words_and_labels(text: str, found: dict[str, str] | None) -> None:
    """Whole words tell that it is a report, and labels what its fields are."""
    assert read_report(REPORT, text) == found
