"""The letters that wait for their turn. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from operator import length_hint

from kollect.smtp.outgoing import OutgoingMail
from kollect.smtp.transaction import Delivery


class Queue:
    """Those to be tried again, then the caller's, which are taken as late as possible."""

    def __init__(self, letters: Iterable[OutgoingMail]) -> None:
        self._letters = iter(letters)
        self._again: deque[Delivery] = deque()
        self._taken: deque[Delivery] = deque()

    def at_least(self, count: int) -> bool:
        """Whether so many wait. Takes as many from the caller."""
        while len(self._again) + len(self._taken) < count:
            letter = next(self._letters, None)
            if letter is None:
                return False
            self._taken.append(Delivery(letter))
        return True

    def is_long(self, count: int) -> bool:
        """Whether so many wait. If the caller's iterator knows how many letters it has left, that
        counts; otherwise up to `count` letters are taken from it to find out.
        """
        left = length_hint(self._letters, -1)
        if left < 0:
            return self.at_least(count)
        return len(self._again) + len(self._taken) + left >= count

    def first(self) -> Delivery | None:
        """The next one; it stays."""
        if self._again:
            return self._again[0]
        return self._taken[0] if self.at_least(1) else None

    def take(self) -> Delivery:
        """The next one, out of the queue."""
        return (self._again or self._taken).popleft()

    def put_back(self, delivery: Delivery) -> None:
        """It was not delivered, and goes before those that were not tried yet."""
        self._again.append(delivery)

    def taken(self) -> list[Delivery]:
        """All that were taken from the caller and wait; they are out of the queue now."""
        taken = [*self._again, *self._taken]
        self._again.clear()
        self._taken.clear()
        return taken
