"""フレンド: the customers behind the numbers, the paper they sign, and the mails they asked for."""
