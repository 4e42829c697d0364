"""The Python side of nudge's interpreter. Standard library only, Python 3.10 or newer, Linux."""
