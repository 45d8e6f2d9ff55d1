"""What a crash, or the end of the program, left of メール発信: offered at the next start.

What sends itself by the clock is taken up there too.
"""

from __future__ import annotations

from collections.abc import Callable

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mailing.mailing_states import Mailing
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Window
from kollect.ui.mailing.mailing_words import WAITING, count
from kollect.ui.navigator import Navigator

LATER, GO_ON = "あとで", "続きを送る"


def offer(window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
    """Ask once, when somebody is there, whether to go on, where something is left."""

    def look(job: Job) -> list[tuple[Mailing, int]]:
        found = go.mailings.left_over()
        go.mailings.go_on_by_the_clock()
        if not found:
            return []
        with workspaces.current.outbox() as outbox:
            return [(one, count(outbox.counts(one.id), WAITING)) for one in found]

    def ask(found: list[tuple[Mailing, int]]) -> None:
        if found:
            go.tray.when_seen(lambda: _ask(window, go, found))

    window.jobs.run(look, ask, owner=window.root)


def _ask(
    window: Window,
    go: Navigator,
    found: list[tuple[Mailing, int]],
) -> None:
    lines = "\n".join(f"「{one.subject}」　あと {left:,}名" for one, left in found)
    answer = window.dialogs.choose(
        "送りかけのメールがあります",
        f"前にコレクトが終わったとき、まだ送り終わっていないメールがありました。\n\n{lines}\n\n"
        "続きを送りますか？送り終わった方には送りません。\n"
        "（終わったときにちょうど送っていた数通だけは、念のためもう一度送ることがあります）\n"
        "「あとで」にすると一時停止になり、「メール発信」でいつでも再開できます。",
        (LATER, GO_ON),
    )
    ids = [one.id for one, _ in found]

    def for_each(act: Callable[[int], None]) -> Callable[[Job], None]:
        def work(job: Job) -> None:
            for identity in ids:
                act(identity)

        return work

    def go_on() -> None:
        window.jobs.run(
            for_each(go.mailings.resume), lambda result: go.mailing(ids[0]), owner=window.root
        )

    def held(result: None) -> None:
        if answer == GO_ON:
            go.prerequisites.ensure(go_on)

    # paused first: where a password is asked for and not given, it can be resumed by hand
    window.jobs.run(for_each(go.mailings.pause), held, owner=window.root)
