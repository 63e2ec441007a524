"""Pictures of a routine: drawings, diagrams for other tools, and the rule book. Pure.

Nothing here reads or writes a file. Each picture is made from what the rule pack says, in Swedish
or in English, and the same pack gives the same picture to the letter.
"""

from lockroutine.pictures.svg import map_svg, process_svg

__all__ = ["map_svg", "process_svg"]
