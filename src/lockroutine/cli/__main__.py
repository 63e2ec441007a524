"""What ``python -m lockroutine.cli`` runs."""

from lockroutine.cli import main

main()
