"""The parts of the storm; see ``tests/storm.py``."""
