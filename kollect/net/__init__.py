"""The line to a server: looking up, connecting, encrypting, and what went wrong, in plain words."""
