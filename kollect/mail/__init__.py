"""Reading the octets of a mail: its fields, addresses and texts, however damaged. Pure."""
