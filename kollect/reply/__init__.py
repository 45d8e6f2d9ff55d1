"""Stage 4: write the letter and hand it to the SMTP server."""
