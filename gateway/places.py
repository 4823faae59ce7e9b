"""How many are worked on at once in a process: each may hold a connection to the database."""

from __future__ import annotations

from collections import deque
from queue import Empty, SimpleQueue

from models.strands import Strand, current


class Places:
    """So many places for threads, and as many for the strands of one loop. Who finds none waits for one."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[Strand] = deque()
        self._of_threads: SimpleQueue[None] = SimpleQueue()
        for _ in range(number):
            self._of_threads.put(None)

    def take(self, seconds: float) -> bool:
        """Takes a place; False when none was free for so long."""
        strand = current()
        if strand is None:
            return self._taken_by_a_thread(seconds)
        if self._free:
            self._free -= 1
            return True
        self._waiting.append(strand)
        late = strand.loop.call_later(seconds, self._give_up, strand)
        found = bool(strand.wait())
        late.cancel()
        return found

    def give_back(self) -> None:
        """Leaves the place to whoever waits longest."""
        strand = current()
        if strand is None:
            self._of_threads.put(None)
        elif self._waiting:
            strand.loop.call_soon(self._waiting.popleft().switch, True)
        else:
            self._free += 1

    def _taken_by_a_thread(self, seconds: float) -> bool:
        try:
            self._of_threads.get(timeout=seconds)
        except Empty:
            return False
        return True

    def _give_up(self, strand: Strand) -> None:
        # Its place may be on the way to it in this very moment.
        if strand in self._waiting:
            self._waiting.remove(strand)
            strand.switch(False)
