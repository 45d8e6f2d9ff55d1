"""Whether letters arrive: what a refusal is about, how long one is tried, what helps. Pure."""
