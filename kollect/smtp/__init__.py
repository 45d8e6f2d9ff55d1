"""Stage 4: handing letters to the sending server, and what each answer means for a letter."""
