"""Pictures of a routine: drawings, diagrams for other tools, and the rule book. Pure.

Nothing here reads or writes a file. Each picture is made from what the rule pack says, in Swedish
or in English, and the same pack gives the same picture to the letter.
"""

from lockroutine.pictures.bpmn import process_bpmn
from lockroutine.pictures.mermaid import map_mermaid, process_mermaid
from lockroutine.pictures.rulebook import rule_book
from lockroutine.pictures.svg import map_svg, process_svg

__all__ = [
    "map_mermaid",
    "map_svg",
    "process_bpmn",
    "process_mermaid",
    "process_svg",
    "rule_book",
]
