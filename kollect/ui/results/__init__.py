"""収集結果表示: the numbers, the kept mails, the charts."""
