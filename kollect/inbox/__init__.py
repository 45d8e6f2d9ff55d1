"""Stage 1: list, fetch and delete the mails of the shop's mailbox."""
