"""How wide a text is, and where it folds, without a font at hand.

The widths are those of Helvetica, which Arial, Liberation Sans and Arimo share to the unit: what
browsers and printers fall back on for the families in `FAMILY`. A drawing also tells each text's
width to whoever shows it, so that another font is squeezed rather than let out of its box.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

__all__ = ["FAMILY", "fold", "width"]

FAMILY = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', Arimo, sans-serif"

_WIDE = 1000
_REGULAR: Mapping[int, str] = {
    191: "'",
    222: "ijl\u2018\u2019",
    260: "|",
    278: " !,./:;I[\\]ft·íìîï\u00a0",
    333: "()-`r“”„",
    334: "{}",
    355: '"',
    389: "*",
    400: "°",
    469: "^",
    500: "Jcksvxyz",
    549: "±≥≤≠",
    556: "#$0123456789?L_abdeghnopqu§«»–",
    584: "+<=>~×\u2212",
    611: "FTZßø",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQØ",
    833: "Mm",
    889: "%æ",
    944: "W",
    1015: "@",
}
_BOLD: Mapping[int, str] = {
    238: "'",
    278: " ,./I\\ijl·\u2018\u2019íìîï\u00a0",
    280: "|",
    333: "!()-:;[]`ft",
    389: "*r{}",
    400: "°",
    474: '"',
    500: "z“”„",
    549: "±≥≤≠",
    556: "#$0123456789J_aceksvxy§«»–",
    584: "+<=>^~×\u2212",
    611: "?FLTZbdghnopqußø",
    667: "EPSVXY",
    722: "&ABCDHKNRU",
    778: "GOQwØ",
    833: "M",
    889: "%mæ",
    944: "W",
    975: "@",
}


def _by_letter(widths: Mapping[int, str]) -> Mapping[str, int]:
    return {letter: width for width, letters in widths.items() for letter in letters}


_WIDTHS = {False: _by_letter(_REGULAR), True: _by_letter(_BOLD)}


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is set, in the unit of ``size``.

    A letter that is not known counts as one of the widest.

    >>> width("Lås", 10) == width("Las", 10) == 16.12
    True
    """
    known = _WIDTHS[bold]
    return round(sum(_advance(letter, known) for letter in text) * size / 1000, 2)


def _advance(letter: str, known: Mapping[str, int]) -> int:
    if letter in known:
        return known[letter]
    # An accent takes no room of its own.
    return known.get(unicodedata.normalize("NFD", letter)[:1], _WIDE)


def fold(text: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...]:
    """A text in lines that fit; what is longer than a line is parted within the word.

    >>> fold("Koppla låset till kunden", 10, 65)
    ('Koppla låset', 'till kunden')
    >>> fold("Donaudampfschiff", 10, 40)
    ('Donaud-', 'ampfsc-', 'hiff')
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold=bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _parts(word, size, room, bold=bold)
        lines.extend(full)
    return (*lines, line) if line else tuple(lines)


def _parts(word: str, size: float, room: float, *, bold: bool) -> Iterator[str]:
    """A word in pieces that fit, a hyphen at the end of each but the last."""
    while width(word, size, bold=bold) > room:
        fits = 1
        while width(f"{word[: fits + 1]}-", size, bold=bold) <= room:
            fits += 1
        yield f"{word[:fits]}-"
        word = word[fits:]
    yield word
