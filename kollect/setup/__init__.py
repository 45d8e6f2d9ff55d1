"""「設定をさがす」: from address and password to the servers."""
