"""What every screen stands on: the window, threads that report to Tk, looks, keys."""
