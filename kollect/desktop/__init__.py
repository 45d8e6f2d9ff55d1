"""The operating system, and only here."""
