"""What arrives at the same time is worked on together: one commit for many, and each waits for its own answer.

The first to come leads: it waits a moment for others, then works on all of them at once while the next ones gather.
Nobody is answered before the work on him is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Lock
from typing import Generic, TypeVar

from models.strands import Strand, blocking, current, pause

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class Together(Generic[Asked, Answered]):
    """Gathers what threads and strands ask for, and hands it to `work` at most `most` at a time, group after group.

    `work` gives an answer for each, in their order. A group waits `gather_seconds` for more to come.
    """

    def __init__(
        self, work: Callable[[Sequence[Asked]], Sequence[Answered]], most: int, gather_seconds: float
    ) -> None:
        self._work = work
        self._most = most
        self._gather_seconds = gather_seconds
        self._entry, self._turn = Lock(), Lock()
        self._gathering: _Group[Asked, Answered] | None = None

    def ask(self, what: Asked) -> Answered:
        """Waits until the work is done; its answer. Raises what the work raised, each in the group the same."""
        strand = current()
        with self._entry:
            group = self._gathering
            leads = group is None
            if group is None:
                group = self._gathering = _Group()
            place = len(group.asked)
            group.asked.append(what)
            if len(group.asked) >= self._most:
                self._gathering = None
                group.full.set()
            if strand is not None and not leads:
                group.waiting.append(strand)
        if leads:
            self._lead(group)
        elif strand is not None:
            strand.wait()
        else:
            group.done.wait()
        if group.fault is not None:
            raise group.fault
        return group.answered[place]

    def _lead(self, group: _Group[Asked, Answered]) -> None:
        if current() is None:
            group.full.wait(self._gather_seconds)
        else:
            pause(self._gather_seconds)
        try:
            blocking(self._work_on, group)
        except Exception as fault:  # noqa: BLE001 - no thread took the work over: everybody in the group is told
            with self._entry:
                if self._gathering is group:
                    self._gathering = None
            group.fault = fault
            group.done.set()
        for strand in group.waiting:
            strand.loop.call_soon_threadsafe(strand.switch)

    def _work_on(self, group: _Group[Asked, Answered]) -> None:
        with self._turn:
            with self._entry:
                if self._gathering is group:
                    self._gathering = None
            try:
                group.answered = self._work(group.asked)
            except Exception as fault:  # noqa: BLE001 - everybody in the group is told
                group.fault = fault
            finally:
                group.done.set()


class _Group(Generic[Asked, Answered]):
    """Who is worked on together."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answered: Sequence[Answered] = ()
        self.fault: Exception | None = None
        self.waiting: list[Strand] = []
        self.full, self.done = Event(), Event()
