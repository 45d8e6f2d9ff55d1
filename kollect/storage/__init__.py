"""The data folder: the database file, its copies, the log, and files for other programs."""
