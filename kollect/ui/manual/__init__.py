"""The built-in manual: F1 opens the page for what is on the screen."""
