"""The screens, in Tk, and only here.

How a screen is written:

    class LogScreen(Screen):                       # framework/screen.py
        code, heading = "KKRZS501", "ログの表示"     # as title bar and head line show them
        manual = "log"                               # its page in manual/, which F1 opens

        def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
            super().__init__(window)
            form = Form(self)                      # widgets/form.py: label, field, fault under it
            form.grid(row=0, column=0, sticky="ew")
            self.month = form.choice("月", {...})

        def function_keys(self):                   # right side of the bar; ESC is there anyway
            return [FunctionKey("F12", "外部へ取り出し", self.export)]

        def on_show(self): ...                     # each time it comes to the front
        def on_collector_event(self, news): ...    # what the collector tells (collector/events.py)
        def has_unsaved_changes(self): ...         # then ESC asks
        def on_close(self): ...                    # stop what is running

    window.open(LogScreen, workspaces, go)         # ESC or window.back() returns to the one before

* `workspaces.current` is the data folder in force, the real one or the demo's, with all that is
  done there (app/workspace.py): ask for it at each act. `go` leads to other screens, and to
  what belongs to none of them: tray icon, demo, shutdown, メール発信 (navigator.py).
* What takes time runs as `self.work(task, done)`: `task(job)` in a thread, it looks at
  `job.stopping()` and may `job.report(show, …)`; `done(result)` and troubles come back in Tk's
  thread. With `busy=True` the screen `is_busy` meanwhile, and its keys are built again. Where only
  the newest question counts (a search as you type) there is `LatestOnly`. Other threads (the
  tray) use `window.tk_calls.call(function, …)`; nothing else.
* Messages and questions only by `window.dialogs` (framework/dialogs.py): `show_error`,
  `show_info`, `confirm`, `choose`, `save_as`, `open_file`, and `show(MyDialog, …)` for one's own
  (`class MyDialog(Dialog[T])`). Tests hand in a stand-in.
* Variables and timers come from framework/tk_lifetime.py, tied to a widget: Tk itself would keep
  them, and the screen with them, after it is closed. What is bound to a class of widgets, or asks
  who has the focus, goes through framework/tk_windows.py: Tk's own file dialog is met there too.
* Looks come from framework/theme.py: fonts and styles by name, distances as GAP, HALF, WIDE. No
  colour, point size or pixel in a screen; then 文字の大きさ works by itself. What does not follow
  the font (the columns of a table) is set again in `on_text_size()`.
* A table of a screen is given `memory=window.memory.columns("its name")`: what the user does to its
  columns is there again at the next start (framework/screen_memory.py).
* A long form goes into `ScrollFrame(self).inside` (widgets/scroll_frame.py), so that 特大 fits
  1024 x 600.
* Labels stand beside the widget they label, in the words of the manual (design, 「」).
* Tests: `window` and `dialogs` from tests/screens/conftest.py, `press`, `type_in`, `click` from
  tests/helpers/ui_driver.py. A Tk callback that raises, or an error in the log, fails the test.
"""
