"""The settings as one frozen value, its file, and the passwords beside it."""
