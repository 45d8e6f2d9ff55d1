"""Stage 3: one address, one number; every step written down before and after it is taken."""
