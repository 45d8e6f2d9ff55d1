"""The screens, in Tk, and only here.

How a screen is written:

    class LogScreen(Screen):                       # window.py
        code, heading = "KKRLG101", "ログの表示"     # as title bar and head line show them

        def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator):
            super().__init__(window)
            form = Form(self)                      # form.py: rows of label, field, fault under it
            form.grid(row=0, column=0, sticky="ew")
            self.month = form.choice("月", {...})

        def function_keys(self):                   # right side of the bar; ESC is there anyway
            return [FunctionKey("F12", "外部へ取り出し", self.export)]

        def shown(self): ...                       # each time it comes to the front
        def heard(self, news): ...                 # what the collector tells (collector/events.py)
        def unsaved(self): ...                     # then ESC asks
        def leaving(self): ...                     # stop what is running

    window.open(LogScreen, workspaces, go)         # ESC or window.back() returns to the one before

* `workspaces.current` is the data folder in force, the real one or the demo's, with all that is
  done there (app/workspace.py): ask for it at each act. `go` leads to other screens, and to
  what belongs to none of them: tray icon, demo, shutdown, メール発信 (ui/navigator.py).
* What takes time runs as `self.work(task, done)`: `task(job)` in a thread, it looks at
  `job.stopping()` and may `job.tell(show, …)`; `done(result)` and troubles come back in Tk's
  thread. With `busy=True` the screen `is_busy` meanwhile, and its keys are built again. Other
  threads (the tray) use `window.pump.call(function, …)`; nothing else.
* Messages and questions only by `window.dialogs` (dialogs.py): `trouble`, `tell`, `ask`, `choose`,
  `save_as`, `open_file`, and `show(MyDialog, …)` for one's own (`class MyDialog(Dialog[T])`). Tests
  hand in a stand-in.
* Looks come from theme.py: fonts and styles by name, distances as GAP, HALF, WIDE. No colour, point
  size or pixel in a screen; then 文字の大きさ works by itself. What does not follow the font (the
  columns of a table) is set again in `resized()`.
* A long form goes into `Scrolled(self).inside` (scrolled.py), so that 特大 fits 1024 x 600.
* Labels stand beside the widget they label, in the words of the manual (design, 「」).
* Tests: `window` and `dialogs` from tests/screens/conftest.py, `press`, `type_in`, `click` from
  tests/screens/hands.py. A Tk callback that raises, or an error in the log, fails the test.
"""
