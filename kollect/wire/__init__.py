"""One line to one server: dialled, encrypted, its certificate checked, its faults told."""
