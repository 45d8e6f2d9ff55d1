"""What the window and the commands call: one open data folder and its services. No Tk."""
