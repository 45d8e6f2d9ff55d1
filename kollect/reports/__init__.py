"""What happened in a week or a month, counted and told: the weekly letter to the owner.

Only `period_counts` reads the database; the others are functions of values.
"""
