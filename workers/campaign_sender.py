"""Sends campaigns: claim, requests, journal, outcome. The promise is the one of workers/sender.py, kept the same way.

One text goes to many numbers in one request. Of a personalised campaign one thread claims several chunks of one
message and makes their requests one after the other; whatever it has not asked for in time it gives back.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from secrets import randbits
from threading import Lock
from time import monotonic

import structlog

from config.jobs import SEND_BULK
from config.sms_codes import OUT_OF_CREDIT
from gateway.buckets import Buckets, Pace, pace_of
from gateway.crash_points import reached
from gateway.journal import Journal, Log
from gateway.providers import Answered, NotSent, Outcome, Unknown
from gateway.redis_lines import RedisAway
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import wake
from models import campaign_sending, campaign_turns
from models.campaign_sending import Answer, DayFull, Request, Taken
from models.campaign_turns import Turn
from models.database import DatabaseAway
from models.operators import OPERATORS
from models.sending import Settled
from models.sending_windows import ANYWHERE, CAMPAIGN, Open, open_at
from workers.campaign_texts import CampaignTexts
from workers.crew import Crew
from workers.rota import Rota
from workers.routes import Route, Routes
from workers.sender import FIRST_PAUSE, JITTER, LONGEST_PAUSE, SPARE_SECONDS, caps_of

log = structlog.get_logger(__name__)

FIGURE, ALARMS = "ramu_campaign_sms", "ramu_alarms"
"""The figure of campaigns' messages by what became of them, and that of what somebody must look at."""

IN_DOUBT, NOT_SENT = "EN_DOUTE", "NON_ENVOYE"

TURN_SECONDS = 1.5
"""So long after its claim a thread still asks: a pause or a cancellation takes effect within two seconds."""

FIRST_AT_ONCE, MOST_AT_ONCE = 5, 50
"""Chunks of one message that one claim may take: until it is known how long requests last, and at most."""

CLAIM_SECONDS = 0.5
"""A claim is no more than the work of so long: of a killed process all that it had claimed is in doubt."""

AWAY_SECONDS, AWAY_TIMES = 1.0, 30
"""How long a thread waits when the database is away, and how often in a row; then the next job begins again."""

BROKEN = {"PANNE_FOURNISSEUR", "PANNE_OPERATEUR", OUT_OF_CREDIT}
"""Refusals that are not about the number: when everybody of a request gets them, the provider fails."""

TELL_SECONDS = 1.0
"""How often Redis is told what became of messages; a killed process keeps no more to itself."""

FULL_REST_SECONDS = 60.0
"""How long nothing is claimed after the day's cap was reached, or the journal could not be opened."""


@dataclass(slots=True)
class _Made:
    """What came of the requests of one claim."""

    answers: list[Answer] = field(default_factory=list)
    doubtful: list[tuple[Request, str]] = field(default_factory=list)
    rest: tuple[Request, ...] = ()
    why: str = ""
    pause: float = 0.0

    @property
    def unasked(self) -> int:
        """Messages that were not asked for."""
        return sum(len(one.targets) for one in self.rest)


class CampaignSender(Crew):
    """The campaigns' sender of one process: its own threads, its own connections to the provider."""

    def __init__(self, desk: Runtime, routes: Routes) -> None:
        settings = desk.settings
        super().__init__(desk.database, settings.campaign_sends_at_once)
        self._desk = desk
        self._routes = routes
        self._journal = Journal(settings.data_folder)
        self._caps = caps_of(settings)
        self._lease = max(settings.lease_seconds, settings.provider_seconds + SPARE_SECONDS)
        self._fence = self._lease - settings.provider_seconds - 1
        self._buckets = Buckets(desk.lines)
        self._texts = CampaignTexts(desk.database, desk.keys, settings.service_code)
        self._rota = Rota(self._look)
        self._unasked: deque[tuple[Request, ...]] = deque()
        self._handing_back = Lock()
        self._at_once = FIRST_AT_ONCE
        self._alone = False
        self._away = 0
        self._rests_until = 0.0
        self._told: Counter[str] = Counter()
        self._told_at = 0.0

    def turn(self, lane: str) -> bool:
        """Begins to send and comes back at once; see `Crew`. Who begins to send calls the next process."""
        self._hand_back()
        self._rota.look_again()
        self._alone = self._alone or not self._under_way()
        return self._start(lane)

    def _look(self) -> tuple[Turn, ...]:
        return campaign_turns.turns(self._desk.database.reader(), OPERATORS)

    def _send_one(self, lane: str) -> bool:
        """One claim, from its tokens to its outcome; whether there may be more. It outlives a restart of PostgreSQL."""
        try:
            more = self._send_next(lane)
        except DatabaseAway as away:
            self._away += 1
            log.warning("campaigns wait", reason=str(away))
            return self._away <= AWAY_TIMES and not self._closing.wait(AWAY_SECONDS)
        self._away = 0
        return more

    def _send_next(self, lane: str) -> bool:
        self._hand_back()
        where = self._where()
        if where.nowhere or monotonic() < self._rests_until:
            return False
        turn = self._rota.next()
        if turn is None:
            seconds = self._rota.pause()
            return bool(seconds) and not self._closing.wait(seconds)
        route = self._routes.pick()
        if route is None:
            return False
        try:
            return self._send_some(lane, turn, where, route)
        finally:
            # Whatever happened, a route that was let through and not asked may be asked by another thread.
            route.pause.unused()

    def _where(self) -> Open:
        if self._desk.settings.campaigns_at_any_hour:
            return ANYWHERE
        return open_at(CAMPAIGN, self._desk.clock())

    def _send_some(self, lane: str, turn: Turn, where: Open, route: Route) -> bool:
        pace = pace_of(self._desk.settings, turn.operator)
        chunks = self._at_once if turn.personalised else 1
        tokens = chunks if turn.personalised else turn.chunk_size
        if not self._admitted(turn, pace, tokens):
            return True
        began = monotonic()
        unused = tokens
        try:
            taken = self._take(turn, where, chunks, route)
            if taken is None:
                self._rota.drop(turn)
                return True
            unused = tokens - sum(len(one.targets) for one in taken.requests)
            if taken.requests:
                self._call_others(lane)
                unused += self._carry_out(turn, taken.requests, route, began)
        finally:
            self._return(turn, pace, unused)
        return True

    def _call_others(self, lane: str) -> None:
        """There is something to send: one more thread and, of a process that has just begun, one more process."""
        self._start(lane)
        if self._alone:
            self._alone = False
            wake(self._desk.redis, SEND_BULK)

    def _admitted(self, turn: Turn, pace: Pace, tokens: int) -> bool:
        """Whether the operator's bucket gave the tokens. Without Redis nobody is admitted."""
        try:
            seconds = self._buckets.take(turn.operator, pace, tokens)
        except RedisAway as away:
            log.warning("campaigns wait for redis", reason=str(away))
            seconds = 1.0
        if seconds:
            self._rota.rest(turn.operator, seconds)
        return not seconds

    def _return(self, turn: Turn, pace: Pace, unused: int) -> None:
        try:
            self._buckets.give_back(turn.operator, pace, unused)
        except RedisAway as away:
            log.warning("tokens are lost", reason=str(away))

    def _take(self, turn: Turn, where: Open, most: int, route: Route) -> Taken | None:
        token, desk = randbits(63), self._desk
        try:
            with desk.database.begin_prepared(durable=True) as conn:
                taken = campaign_sending.take(
                    conn,
                    desk.keys,
                    turn,
                    where,
                    most,
                    lambda conn, rows: self._texts.write(conn, turn, rows),
                    token=token,
                    lease_seconds=self._lease,
                    route=route.provider.name,
                    now=desk.clock(),
                    caps=self._caps,
                    cap_campaigns=desk.settings.cap_campaigns,
                )
                reached(21)
        except DayFull:
            log.error("campaigns wait: the day's cap is reached", campaign=turn.campaign_id)
            tally(desk.redis, ALARMS, "PLAFOND_JOUR")
            self._rests_until = monotonic() + FULL_REST_SECONDS
            return None
        except DatabaseAway:
            # It may have been committed all the same; nothing was asked, and we are the ones who know.
            self._unsent.append(token)
            raise
        reached(22)
        self._count(Counter(taken.refused if taken else ()))
        return taken

    def _carry_out(self, turn: Turn, requests: tuple[Request, ...], route: Route, began: float) -> int:
        """Makes the requests and writes down what came of them; how many messages were not asked for."""
        try:
            journal = self._journal.open(requests[0].token)
        except OSError as fault:
            log.error("the journal cannot be opened", reason=fault.strerror)
            self._rests_until = monotonic() + FULL_REST_SECONDS
            self._settle(_Made(rest=requests, why="the journal cannot be opened"))
            return sum(len(one.targets) for one in requests)
        try:
            made = self._ask_all(turn, requests, route, began, journal)
            if made.answers:
                journal.sync()
            reached(25)
            self._settle(made)
        finally:
            journal.close()
        reached(27)
        self._journal.forget(journal.path)
        reached(28)
        return made.unasked

    def _ask_all(
        self, turn: Turn, requests: tuple[Request, ...], route: Route, began: float, journal: Log
    ) -> _Made:
        """One request after the other, while there is time. No connection to the database is held meanwhile."""
        began_asking = monotonic()
        made = self._asked_in_turn(turn, requests, route, began, journal)
        asked = len(requests) - len(made.rest)
        if turn.personalised and asked:
            each = max(monotonic() - began_asking, 0.001) / asked
            self._at_once = max(1, min(int(CLAIM_SECONDS / each), MOST_AT_ONCE))
        return made

    def _asked_in_turn(
        self, turn: Turn, requests: tuple[Request, ...], route: Route, began: float, journal: Log
    ) -> _Made:
        made = _Made()
        for place, request in enumerate(requests):
            if stop := self._must_stop(place, began, route):
                made.rest, made.why = requests[place:], stop
                return made
            outcome = self._asked(request, route)
            if isinstance(outcome, NotSent):
                made.rest, made.why = requests[place:], outcome.why
                doubling = FIRST_PAUSE * 2 ** min(request.chunk.claims - 1, 10)
                wanted = min(doubling, LONGEST_PAUSE) * JITTER.uniform(0.8, 1.2)
                made.pause = max(wanted, outcome.retry_after or 0)
                self._failed(route, outcome.why, stop=outcome.stop)
                return made
            if isinstance(outcome, Unknown):
                made.doubtful.append((request, outcome.why))
                self._failed(route, outcome.why)
                continue
            answer = _answer(turn, request, outcome)
            journal.write(answer)
            reached(24)
            made.answers.append(answer)
            self._went(turn, route, answer)
        return made

    def _must_stop(self, place: int, began: float, route: Route) -> str:
        """Why the next request is not made any more; nothing when it is."""
        passed = monotonic() - began
        if passed > self._fence:
            # The machine slept: the lease may be over before the provider has answered.
            return "held up before the request"
        if place and (passed > TURN_SECONDS or self._closing.is_set()):
            return "its turn was over"
        return "the provider is left alone" if place and not route.pause.lets_through() else ""

    def _asked(self, request: Request, route: Route) -> Outcome:
        try:
            outcome = route.provider.send(request.text, [target.to for target in request.targets])
        except Exception as error:  # the port promises not to raise; what did may have been sent
            log.exception("a provider raised")
            return Unknown(f"the adapter failed: {type(error).__name__}")
        reached(23)
        if isinstance(outcome, Answered) and len(outcome.recipients) != len(request.targets):
            return Unknown("the answer is not about what was asked")
        return outcome

    def _went(self, turn: Turn, route: Route, answer: Answer) -> None:
        codes = {one.code for one in answer.settled}
        if OUT_OF_CREDIT in codes:
            log.error("a campaign is paused: the account is empty", campaign=turn.campaign_id)
            tally(self._desk.redis, ALARMS, OUT_OF_CREDIT)
            self._failed(route, OUT_OF_CREDIT, stop=True)
        elif codes <= BROKEN:
            self._failed(route, min(codes))
        else:
            route.pause.went()

    def _failed(self, route: Route, why: str, *, stop: bool = False) -> None:
        if route.pause.failed(stop=stop):
            name = route.provider.name
            log.error("the provider is left alone for a while", why=why, stop=stop, provider=name)
            tally(self._desk.redis, ALARMS, "FOURNISSEUR")

    def _settle(self, made: _Made) -> None:
        """What came of a claim, in one transaction. Raises DatabaseAway: the journal, then the leases speak for it."""
        desk = self._desk
        now = desk.clock()
        try:
            with desk.database.begin_prepared() as conn:
                campaign_sending.answered(conn, made.answers, now)
                for why in {why for _, why in made.doubtful}:
                    some = [request for request, its in made.doubtful if its == why]
                    campaign_sending.doubted(conn, some, why, now)
                campaign_sending.give_back(conn, made.rest, made.pause, made.why)
                reached(26)
        except DatabaseAway:
            if made.rest:
                self._unasked.append(made.rest)
            raise
        told = Counter(one.code for answer in made.answers for one in answer.settled)
        told[IN_DOUBT] += sum(len(request.targets) for request, _ in made.doubtful)
        told[NOT_SENT] += made.unasked if made.pause else 0
        self._count(told)

    def _hand_back(self) -> None:
        """Tells the database, by one thread at a time, what of earlier claims was certainly not sent."""
        if (self._unsent or self._unasked) and self._handing_back.acquire(blocking=False):
            try:
                self._give_back_unsent()
                self._give_back_unasked()
            finally:
                self._handing_back.release()

    def _give_back_unasked(self) -> None:
        """Requests that were not made, of which we could not tell the database."""
        try:
            while self._unasked:
                with self._desk.database.begin_prepared() as conn:
                    campaign_sending.give_back(conn, self._unasked[0], 0, "the database was away")
                self._unasked.popleft()
        except DatabaseAway as away:
            log.warning("campaigns wait", reason=str(away))

    def _count(self, told: Counter[str]) -> None:
        """Notes what became of messages; Redis is told of all threads together, now and then."""
        with self._lock:
            self._told += told
            if monotonic() - self._told_at < TELL_SECONDS:
                return
            self._told_at, due, self._told = monotonic(), self._told, Counter()
        self._tell(due)

    def _tell(self, told: Counter[str]) -> None:
        for word, times in told.items():
            tally(self._desk.redis, FIGURE, word, times)

    def close(self) -> None:
        """Ends the threads, after what is under way."""
        super().close()
        due, self._told = self._told, Counter()
        self._tell(due)


def _answer(turn: Turn, request: Request, outcome: Answered) -> Answer:
    pairs = zip(request.targets, outcome.recipients, strict=True)
    settled = tuple(Settled(target.key, r.accepted, r.code, r.cost, r.provider_id) for target, r in pairs)
    return Answer(turn.campaign_id, request.chunk.chunk_id, request.token, settled)
