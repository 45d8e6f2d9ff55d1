"""店頭ポスター and 会員登録用紙 on paper."""
