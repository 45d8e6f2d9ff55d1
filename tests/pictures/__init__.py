"""Pictures of every screen, taken from the real program. `python -m tests.pictures --help`."""
