"""One hop, from the call's record to the saved answer: the order of the steps is what makes it safe.

1. the call is held, or the answer that this text already had is found     (Redis, one round trip)
2. the engine decides what to show, asking the register                    (database)
3. the effects are committed under the hop's own key                       (database, one transaction)
4. the session and the answer are saved, the funnel's row added            (Redis, one round trip)

A crash between 3 and 4 is repaired by the repeat of the hop: its effects are known by their key, its references
come from the same seed. Without the database the answer is promised by SMS, once the promise is on this machine's disk;
without Redis, or with a disk that takes nothing, the call ends politely.
"""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

import orjson
import structlog

from config import facts
from config.jobs import REQUEST_PAYMENTS, SEND_READY
from flows import engine, later
from flows.branches import resume
from flows.context import Context
from flows.effects import MessageOwed, PaymentAsked
from gateway.crash_points import reached
from gateway.logs import hop_line
from gateway.outbox import carry_out
from gateway.places import Places
from gateway.redis_lines import RedisAway
from gateway.runtime import Runtime
from gateway.sessions import Answer, Call, Foreign, Over, StillHeld
from gateway.spool import PROMISES, Spool
from gateway.wake import wake
from models.database import DatabaseAway
from models.identifiers import Msisdn
from models.locks import Overtaken
from models.operators import operator_of
from models.strands import blocking

log = structlog.get_logger(__name__)

PLACE_SECONDS = 1.0
"""How long a hop waits until fewer are worked on."""

AWAY = "Le service ne répond pas en ce moment. Rappelez le {code} dans quelques minutes."
INTERRUPTED = "Appel interrompu. Rappelez le {code}."
FINISHED = "Cet appel est terminé. Rappelez le {code}."
BUSY = "Réponse en cours. Rappelez le {code} dans un instant."


class Hop(NamedTuple):
    """One request of the provider, checked. `text` is the whole history of the call, joined with `*`."""

    session_id: str
    phone: Msisdn
    service_code: str
    text: str


Told = tuple[Answer, str, dict[str, object]]
"""What the phone shows, one word for the figures, and what the log line adds."""


class Hops:
    """Answers hops. Whatever fails, it returns an Answer within two seconds."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._sessions = runtime.sessions
        self._metrics = runtime.metrics
        self._tell = hop_line(runtime.settings)
        self._promises = Spool(runtime.settings.data_folder / PROMISES, runtime.keys)
        self._places = Places(runtime.settings.hops_at_once)

    def answer(self, hop: Hop) -> Answer:
        """What the phone shows. One log line and one figure a hop, neither with a number."""
        began = perf_counter()
        answer, outcome, told = self._in_place(hop, began)
        seconds = perf_counter() - began
        self._metrics.hop(answer.screen, outcome, seconds)
        self._tell(screen=answer.screen, outcome=outcome, ms=round(seconds * 1000, 1), **told)
        return answer

    def _in_place(self, hop: Hop, began: float) -> Told:
        if not self._places.take(PLACE_SECONDS):
            return self._end("crowded", BUSY), "crowded", {}
        try:
            return self._answered(hop, began)
        except RedisAway:
            return self._end("redis", AWAY), "redis_away", {}
        except Exception:
            # Whatever it is, the person gets words and the trace goes to the log.
            log.exception("hop failed")
            return self._end("failed", AWAY), "failed", {}
        finally:
            self._runtime.database.give_back()
            self._places.give_back()

    def _answered(self, hop: Hop, began: float) -> Told:
        try:
            call = self._sessions.open(hop.session_id, hop.phone, hop.service_code, hop.text)
        except Foreign:
            return self._end("foreign", INTERRUPTED), "foreign", {}
        except Over:
            return self._end("over", FINISHED), "over", {}
        except StillHeld:
            return self._end("busy", BUSY), "held", {}
        if isinstance(call, Answer):
            return call, "repeated", {}
        if call.unread:
            self._metrics.unread()
        try:
            return self._worked_on(call, hop, began)
        except RedisAway:
            raise
        except Exception:
            # A repeat may try again at once.
            self._sessions.release(call)
            raise

    def _worked_on(self, call: Call, hop: Hop, began: float) -> Told:
        now = self._runtime.clock()
        # What is shown as the code to dial is the installation's, not what a request says.
        code = self._runtime.settings.service_code
        context = self._runtime.context(hop.phone, code, call.seed, now, call.left)
        outcome = "answered"
        try:
            step = self._step(call, hop, context)
            left: bool | None = step.resumable
        except DatabaseAway:
            step, left = later.promised(call.session, context), None
            outcome = "owed"
            self._promise(call, hop, context)
        shown = step.screen
        answer = Answer(shown.name, f"{'END' if shown.ends else 'CON'} {shown.text}")
        language, operator = step.session.language, operator_of(hop.phone, context.today)
        milliseconds = (perf_counter() - began) * 1000
        row = f"{shown.name}|{language}|{operator}|{milliseconds:.1f}|{outcome}"
        if not self._sessions.save(
            call,
            step.session,
            answer,
            over=shown.ends,
            left=left,
            hop=row,
            left_seconds=_payment_seconds(context) if resume.is_payment(step.session.place) else None,
        ):
            return self._end("busy", BUSY), "held", {}
        told = {
            "language": language,
            "operator": operator,
            "hop": step.session.hop,
            "call": call.name.hex()[:8],
            "caller": call.caller.hex()[:8],
        }
        return answer, outcome, told

    def _step(self, call: Call, hop: Hop, context: Context) -> engine.Step:
        """The conversation's next step, its effects committed. Raises DatabaseAway."""
        step = engine.hop(call.session, hop.text, context)
        try:
            carry_out(self._runtime.database, step.effects, context)
        except Overtaken:
            # Between the look and the commit another call did the same, or took the code that was found free:
            # the engine looks again, and shows what is there now.
            step = engine.hop(call.session, hop.text, context)
            carry_out(self._runtime.database, step.effects, context)
        kinds = {type(effect) for effect in step.effects}
        if MessageOwed in kinds:
            blocking(wake, self._runtime.redis, SEND_READY)
        if PaymentAsked in kinds:
            blocking(wake, self._runtime.redis, REQUEST_PAYMENTS)
        return step

    def _promise(self, call: Call, hop: Hop, context: Context) -> None:
        """What a worker needs to answer later, on the disk before it is promised. Raises OSError: it is not kept."""
        question = {
            "session": call.session.encode().decode() if call.session else None,
            "left": call.left.encode().decode() if call.left else None,
            "text": hop.text,
            "phone": hop.phone.e164,
            "service_code": context.service_code,
            "seed": call.seed.hex(),
            "at": context.now.isoformat(),
        }
        blocking(self._promises.put, orjson.dumps(question), context.now)
        reached(61)

    def _end(self, screen: str, text: str) -> Answer:
        return Answer(f"edge.{screen}", f"END {text.format(code=self._runtime.settings.service_code)}")


def _payment_seconds(context: Context) -> int:
    """How long a payment left open can be taken up again: longer than a form, for its refusal is told by then."""
    return int(facts.parameter("resume_payment_hours", context.today)) * 3_600
