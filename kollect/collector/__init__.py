"""Joins the four stages: one round, the resident worker, and what they report."""
