"""Whose turn it is in one process: campaigns and operators one after the other, none twice while another waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from time import monotonic

from models.campaign_turns import Turn

LOOK_SECONDS = 1.0
"""How often the database is asked which campaigns wait. Whether one still may be sent, each claim asks."""

LONGEST_REST = 1.0
"""Seconds after which a thread looks again although a bucket fills more slowly."""


class Rota:
    """The turns of one process. `look` gives those that wait now; `clock` in seconds, monotonic."""

    def __init__(self, look: Callable[[], Sequence[Turn]], clock: Callable[[], float] = monotonic) -> None:
        self._look = look
        self._clock = clock
        self._lock = Lock()
        self._turns: deque[Turn] = deque()
        self._looked_at = clock() - LOOK_SECONDS
        self._rests: dict[str, float] = {}

    def next(self) -> Turn | None:
        """The next turn whose operator may be written to now; None when there is none. Raises what `look` raises."""
        with self._lock:
            self._refresh()
            now = self._clock()
            for _ in range(len(self._turns)):
                self._turns.rotate(-1)
                turn = self._turns[-1]
                if self._rests.get(turn.operator, 0.0) <= now:
                    return turn
            return None

    def look_again(self) -> None:
        """The next turn is looked for in the database, however short ago that was done."""
        with self._lock:
            self._looked_at = self._clock() - LOOK_SECONDS

    def rest(self, operator: str, seconds: float) -> None:
        """An operator's bucket is empty for so long."""
        with self._lock:
            self._rests[operator] = self._clock() + seconds

    def drop(self, turn: Turn) -> None:
        """Nothing of a turn could be claimed: it waits for the next look."""
        with self._lock:
            if turn in self._turns:
                self._turns.remove(turn)

    def pause(self) -> float:
        """Seconds until a bucket has filled of which a turn waits; 0.0 when no turn waits at all."""
        with self._lock:
            now = self._clock()
            rests = [self._rests.get(turn.operator, now) - now for turn in self._turns]
            return min(max(min(rests), 0.001), LONGEST_REST) if rests else 0.0

    def _refresh(self) -> None:
        now = self._clock()
        if now - self._looked_at < LOOK_SECONDS:
            return
        found = self._look()
        self._looked_at = now
        known = set(self._turns)
        # Who was waiting keeps her place; who is new comes before everybody that has just had a turn.
        kept = [turn for turn in self._turns if turn in set(found)]
        self._turns = deque([*(turn for turn in found if turn not in known), *kept])
