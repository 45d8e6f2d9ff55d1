"""The demo's windows: お客様の携帯, and where it stands beside the main window."""
