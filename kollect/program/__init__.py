"""Between `app` and the screens: where the program works, how it begins, what leads where."""
