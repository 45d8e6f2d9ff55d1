"""Joins the four stages: one poll, the worker that repeats it, and the events they send."""
