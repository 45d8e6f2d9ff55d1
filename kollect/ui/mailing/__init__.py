"""メール発信, from the text to the results."""
