"""Colours, and the small marks that say the same without colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from attrs import frozen

from lockroutine.pictures.sketch import LineKind, Mover

__all__ = [
    "FAINT",
    "INK",
    "LINES",
    "MARKS",
    "MOVER_MARKS",
    "PAPER",
    "QUIET",
    "ROLES",
    "SHADE",
    "Ink",
    "MarkKind",
    "badge",
    "contrast",
]

MarkKind: TypeAlias = LineKind | Literal["looks"]

PAPER = "#ffffff"
SHADE = "#eef1f4"
INK = "#1d2731"
QUIET = "#4a5763"
FAINT = "#c3cbd3"
LINES = "#54616e"

ROLES = (
    "#1b5e9e",
    "#a23a0c",
    "#2a6b2e",
    "#76368f",
    "#7d5700",
    "#0b6670",
    "#9c2758",
    "#4b4fa6",
)
"""The colours of roles, in the order of the pack; after the last the first again, turned over."""


@frozen
class Ink:
    """How a badge is filled, and in what colour its letters are."""

    fill: str
    letters: str
    edge: str


def badge(mover: Mover) -> Ink:
    """The badge of a role. A second round of the colours is told apart by being turned over.

    >>> badge(Mover("role", "installer", "Installer", "IN", index=1)).fill
    '#a23a0c'
    """
    if mover.kind != "role":
        return Ink(PAPER, INK, INK)
    colour = ROLES[mover.index % len(ROLES)]
    turned = mover.index // len(ROLES) % 2 == 1
    return Ink(PAPER, colour, colour) if turned else Ink(colour, PAPER, colour)


# Each fits in a square of ten by ten. Filled with its colour, or only its outline is drawn.
MARKS: Mapping[MarkKind, tuple[str, str, bool]] = {
    "guard": ("M5 1 9 5 5 9 1 5Z", INK, False),
    "safeguard": ("M5 .5 9 2V5.2C9 7.4 7.3 9 5 9.8 2.7 9 1 7.4 1 5.2V2Z", "#a11622", True),
    "drives": ("M0 4H5.4V1.6L10 5 5.4 8.4V6H0Z", INK, True),
    "driven": ("M0 4.6H5.4V2L9.6 5 5.4 8V5.4H0Z", INK, False),
    "looks": ("M5 1 9 5 5 9 1 5Z", INK, False),
    "effect": ("M.5 2H9.5V8.4H.5ZM.5 2 5 5.6 9.5 2", INK, False),
    "timer": ("M5 .7A4.3 4.3 0 1 1 4.99 .7ZM5 2.4V5.2L7 6.4", INK, False),
}
"""The marks of what a step asks for and brings about: outline, colour, whether it is filled."""

MOVER_MARKS: Mapping[str, str] = {
    "clock": "M8 1.6A6.4 6.4 0 1 1 7.99 1.6ZM8 4.2V8.3L11 10",
    "pull": "M8 1.6V10.4M4.4 7 8 10.6 11.6 7M1.8 11V14.2H14.2V11",
    "sweep": "M7 1.8A5 5 0 1 1 6.99 1.8ZM10.6 10.4 14.2 14",
    "joint": "M6 4.2A3.8 3.8 0 1 1 5.99 4.2ZM10 4.2A3.8 3.8 0 1 1 9.99 4.2Z",
}
"""The marks of those who make steps and are no role, in a square of sixteen."""


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2.1 counts it, from 1 to 21.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return round((high + 0.05) / (low + 0.05), 2)


def _luminance(colour: str) -> float:
    parts = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
