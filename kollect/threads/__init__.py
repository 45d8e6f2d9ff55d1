"""Threads that go on whatever is raised in them, or tell that they stopped."""
