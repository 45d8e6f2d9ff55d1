"""緒言設定 and its pages."""
