"""Stage 4: what stands in the letters that go out. Pure, but for the file of a forwarded mail."""
