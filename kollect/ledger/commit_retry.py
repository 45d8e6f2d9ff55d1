"""What a server has accepted is known until it is written down.

Where the ledger cannot be written after a 250 (another program holds it, the disk is full, write
protected, pulled out or failing), giving up would mean that the same letters go out once more. So
the outcomes are held in memory, nothing further is begun and nothing is deleted from the mailbox,
somebody is told, and the commit is tried again: by a resident program for as long as it lives, by a
command for ten minutes. Only a crash loses what is held.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from kollect.errors import StorageTrouble
from kollect.storage.database import Database
from kollect.storage.log_sentences import TROUBLE

log = logging.getLogger(__name__)

PATIENCE_OF_A_COMMAND = 600.0
"""Seconds."""
PATIENCE_AT_THE_END = 120.0
"""So long the program goes on trying after it was asked to end."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0
_LOOK = 0.2
"""Seconds between two looks whether the program is to end."""


class UntilWritten:
    """Runs a commit until it is through."""

    def __init__(
        self,
        *,
        stopping: Callable[[], bool],
        tell: Callable[[StorageTrouble, timedelta], None],
        patience: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`tell` hears of every try that failed, and how long it is until the next. `patience` in
        seconds; None: without end, until `stopping`."""
        self._stopping = stopping
        self._tell = tell
        self._patience = patience
        self._clock = clock
        self._sleep = sleep

    def __call__(
        self,
        file: Database,
        commit: Callable[[], None],
        is_written: Callable[[], bool],
        *,
        letters: int,
    ) -> None:
        """Commit what became of so many letters. `is_written` is asked before a further try: of a
        commit that failed at its last step, the disk may hold all the same.

        Raises `errors.StorageTrouble` where patience has come to its end.
        """
        try:
            return commit()
        except StorageTrouble as failed:
            trouble = failed
        gives_up_at = None if self._patience is None else self._clock() + self._patience
        ending, pause, title = False, _FIRST_PAUSE, ""
        while True:
            if not ending and self._stopping():
                ending = True
                last = self._clock() + PATIENCE_AT_THE_END
                gives_up_at = last if gives_up_at is None else min(gives_up_at, last)
            told = in_words(trouble, letters, ending=ending)
            if told.title != title:
                log.log(TROUBLE, "%s", told)
            title = told.title
            if gives_up_at is not None and self._clock() >= gives_up_at:
                raise told from trouble
            self._tell(told, timedelta(seconds=pause))
            self._wait(pause, ending=ending)
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                file.reopen()  # a stick that was pulled out and is back is another file to us
                if not is_written():
                    commit()
                log.info("送ったメールの結果を記録できました。")
                return None
            except StorageTrouble as failed:
                trouble = failed

    def _wait(self, seconds: float, *, ending: bool) -> None:
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0:
            if not ending and self._stopping():
                return
            self._sleep(min(left, _LOOK))


def in_words(trouble: StorageTrouble, letters: int, *, ending: bool) -> StorageTrouble:
    """What somebody is told: why, that it waits, and not to end the program now."""
    happened = (
        f"送信サーバに渡したメール {letters} 通の結果を、記録できません。{trouble.happened}"
        "記録できるまで、次のメールは送りません。"
    )
    if ending:
        happened += "終了する前に、2分間だけ記録を試みます。"
    return StorageTrouble(
        f"送った結果を記録できません（{trouble.title}）",
        happened=happened,
        cure=f"{trouble.cure}記録できれば、自動で続けます。"
        "それまでコレクトを終了しないでください。同じメールをもう一度送ることになります。",
        detail=trouble.detail,
    )
