"""会員登録 and 会員一覧: the customers behind the numbers."""
