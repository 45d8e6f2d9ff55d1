"""What a refusal is about, and how long a letter is tried: replies and mailings alike. Pure."""
