"""Stage 2: say what a mail is and what is to be done with it. Pure."""
