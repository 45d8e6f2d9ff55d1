"""フレンド: the customers behind the numbers, their consent, and their files in and out."""
