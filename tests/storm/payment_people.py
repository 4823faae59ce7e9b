"""The people of a storm of payments: they dial, dial again, answer the SMS that they get, and hand cash over.

What they did and what they read is kept for the judge: nobody else knows what was asked for.
"""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from random import Random
from threading import Condition, Event, Lock, Thread
from time import monotonic

from tests.storm.letters import Letter
from tests.storm.outside import Outside
from tests.storm.payment_calls import AGAIN, ASKED, OWED, PROMISED, Edge, Screen, call
from tests.storm.payment_found import Known
from tests.storm.payment_judge import slip_of
from tests.storm.payment_wishes import BY_SMS, CASH, Agent, Wish

CALLERS = 48
"""Calls at the same time."""

CALLS = 10
"""So often at most somebody dials for one payment."""

AGAIN_SECONDS = (2.0, 8.0)
READING_SECONDS = (0.3, 2.0)
LOOK_SECONDS = 0.2

QUESTION = re.compile(r"^Payer \d+ F .*Repondez OK")
RECEIVED = re.compile(r"^Encaisse (\d+) F foyer (\d+) ")
TO_COUNT = re.compile(r"^Agent (\d+) dit avoir verse (\d+) F .* puis OK (\d{6})")


class People:
    """Everybody. `start` lets them begin; `stop` ends their threads."""

    def __init__(
        self,
        wishes: Sequence[Wish],
        agents: Sequence[Agent],
        outside: Outside,
        edge: Edge,
        ledger: Path,
        seed: int,
    ) -> None:
        self._outside, self._edge, self._ledger = outside, edge, ledger
        self._chance = Random(seed)
        self._wishes = list(wishes)
        self._agents = {one.phone: one for one in agents}
        self._treasurers = {one.treasurer for one in agents}
        self._writing = {one.payer: one for one in wishes if one.way == BY_SMS}
        self._cash = {(one.payer, one.home.number, one.amount): one for one in wishes if one.way == CASH}
        self._known: defaultdict[str, Known] = defaultdict(Known)
        self._lock = Lock()
        self.screens: Counter[str] = Counter()
        """The last screens of the calls, by name."""
        self.begun = self._open = 0
        self.fault: Exception | None = None
        self._stop = Event()
        self._changed = Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._places = count()
        self._pool = ThreadPoolExecutor(CALLERS, thread_name_prefix="caller")
        self._threads = [Thread(target=task, daemon=True) for task in (self._keep_time, self._read)]

    @property
    def known(self) -> dict[str, Known]:
        """What came of each wish as far as people know, by its name."""
        return dict(self._known)

    def start(self) -> None:
        """From now on the wishes' moments count."""
        began = monotonic()
        for wish in self._wishes:
            self._at(began + wish.at, lambda wish=wish: self._begin(wish))  # type: ignore[misc]
        for thread in self._threads:
            thread.start()

    def done(self) -> bool:
        """Whether nobody has anything to do of her own accord. Raises what went wrong here."""
        if self.fault:
            raise self.fault
        with self._changed:
            return not self._due and not self._open and self.begun == len(self._wishes)

    def stop(self) -> None:
        """Nobody does anything more."""
        self._stop.set()
        with self._changed:
            self._changed.notify()
        self._pool.shutdown(cancel_futures=True)
        for thread in self._threads:
            thread.join()

    def _begin(self, wish: Wish) -> None:
        self.begun += 1
        if wish.way == CASH:
            self._known[wish.name].told = ASKED
            self._deliver(wish.name, wish.payer, f"COT {wish.home.number} {wish.amount}", wish.copies)
        elif wish.way == BY_SMS:
            self._deliver(f"{wish.name}-cot", wish.payer, f"COT {wish.amount}", wish.copies)
        else:
            self._call(wish)

    def _call(self, wish: Wish) -> None:
        told, yes = call(self._edge, wish, lambda screen: self._seen(wish, screen))
        with self._lock:
            known = self._known[wish.name]
            known.calls += 1
            known.yeses += yes
            if ASKED not in (known.told, told):
                known.told = PROMISED if PROMISED in (known.told, told) else ""
            else:
                known.told = ASKED
            again = told == AGAIN or (told == PROMISED and wish.then)
            if again and known.calls < CALLS:
                self._later(AGAIN_SECONDS, lambda: self._call(wish))

    def _seen(self, wish: Wish, screen: Screen) -> None:
        with self._lock:
            self.screens[screen.name or "no answer"] += 1
            if screen.name == OWED:
                self._known[wish.name].promised.add(screen.reference)

    def _read(self) -> None:
        """What phones receive: each whole line of the provider's ledger, as it comes."""
        place = 0
        while not self._stop.wait(LOOK_SECONDS):
            if not self._ledger.exists():
                continue
            with self._ledger.open("rb") as file:
                file.seek(place)
                whole, _, _ = file.read().rpartition(b"\n")
            place += len(whole) + bool(whole)
            for line in whole.splitlines():
                told = json.loads(line)
                self._got(told["to"], told["text"])

    def _got(self, phone: str, text: str) -> None:
        wish = self._writing.get(phone)
        if wish and QUESTION.match(text) and not self._known[wish.name].yeses:
            known = self._known[wish.name]
            known.yeses, known.told = 1, ASKED
            self._writes(f"{wish.name}-ok", phone, "OK", wish.copies)
        elif phone in self._agents and (found := RECEIVED.match(text)):
            cash = self._cash[phone, found[2], int(found[1])]
            known = self._known[cash.name]
            if cash.then and not known.handed_over:
                known.handed_over = True
                self._writes(f"{cash.name}-vers", phone, f"VERS {cash.amount} {slip_of(cash)}", cash.copies)
        elif phone in self._treasurers and (found := TO_COUNT.match(text)):
            self._writes(f"count-{found[1]}-{found[3]}", phone, f"OK {found[3]}", 1)

    def _writes(self, name: str, phone: str, text: str, copies: int) -> None:
        self._later(READING_SECONDS, lambda: self._deliver(name, phone, text, copies))

    def _deliver(self, name: str, phone: str, text: str, copies: int) -> None:
        self._outside.deliver(Letter(name, phone, text, copies=copies))

    def _later(self, seconds: tuple[float, float], do: Callable[[], None]) -> None:
        self._at(monotonic() + self._chance.uniform(*seconds), do)

    def _at(self, moment: float, do: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (moment, next(self._places), do))
            self._changed.notify()

    def _keep_time(self) -> None:
        while not self._stop.is_set():
            with self._changed:
                if not self._due or self._due[0][0] > monotonic():
                    self._changed.wait(self._due[0][0] - monotonic() if self._due else None)
                    continue
                _, _, do = heapq.heappop(self._due)
                self._open += 1
            self._pool.submit(self._doing, do)

    def _doing(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception as fault:  # noqa: BLE001 - it ends the storm, told by `done`
            self.fault = fault
        finally:
            with self._changed:
                self._open -= 1
