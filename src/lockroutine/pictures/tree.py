"""Elements of SVG, BPMN and HTML: what is put in is text, and can be nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from xml.etree import ElementTree as ET

__all__ = ["Child", "Element", "as_html", "as_xml", "element", "trim"]

Element: TypeAlias = ET.Element
Child: TypeAlias = "Element | str | Iterable[Child] | None"
"""What an element can hold: elements and texts, in rows within rows; None is nothing."""

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(tag: str, *children: Child, **attributes: str | float | None) -> Element:
    """An element with its children; text is escaped when it is written, always.

    Args:
        tag: Its name, with the prefix if it has one.
        children: Elements, texts, and rows of them; None is passed over.
        attributes: A `_` at the end is dropped, one within becomes a hyphen, two a colon. None is
            passed over, a number is written without needless digits.

    >>> as_xml(element("text", "1 < 2", font_size=12.50, class_="a"))
    '<text font-size="12.5" class="a">1 &lt; 2</text>'
    """
    made = ET.Element(tag)
    for name, value in attributes.items():
        if value is not None:
            spelt = name.rstrip("_").replace("__", ":").replace("_", "-")
            made.set(spelt, _clean(value if isinstance(value, str) else trim(value)))
    for child in _flat(children):
        if isinstance(child, str):
            _append_text(made, _clean(child))
        else:
            made.append(child)
    return made


def _flat(children: Iterable[Child]) -> Iterable[Element | str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, str | ET.Element):
            yield child
        else:
            yield from _flat(child)


def _append_text(made: Element, text: str) -> None:
    if len(made):
        made[-1].tail = (made[-1].tail or "") + text
    else:
        made.text = (made.text or "") + text


def _clean(text: str) -> str:
    """A text with nothing in it that XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)


def trim(value: float) -> str:
    """A number as short as it can be written, to a tenth.

    >>> trim(12.50), trim(3.0), trim(-0.04)
    ('12.5', '3', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def as_xml(made: Element) -> str:
    """Written as XML, without a declaration."""
    return ET.tostring(made, encoding="unicode")


def as_html(made: Element) -> str:
    """Written as HTML."""
    return ET.tostring(made, encoding="unicode", method="html")
