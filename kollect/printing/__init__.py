"""Posters, forms and lists on paper."""
