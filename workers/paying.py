"""Jobs about mobile money: ask operators for payments, and ask them what became of what is open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import structlog

from config.jobs import ASK_ABOUT_PAYMENTS, REQUEST_PAYMENTS, SEND_READY
from gateway.payments import operators_of
from gateway.payments.settling import Settling
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import awake, wake
from models import payment_steps
from models.database import DatabaseAway
from workers.desk import runtime
from workers.pauses import Pause
from workers.payment_crews import FIGURE, PAYMENTS, Asking, Querying, asked_before, give_up

log = structlog.get_logger(__name__)

FAILING = 3.0
"""An operator is left alone when five requests in a row fail within so many times the longest request."""


@dataclass(frozen=True, slots=True)
class Crews:
    """Who asks for payments in this process, and who asks about them."""

    asking: Asking
    querying: Querying

    def finish(self, *, everything: bool) -> None:
        """Ends both, after `everything` that waits, or after what is under way."""
        for crew in (self.asking, self.querying):
            if everything:
                crew.drain()
            crew.close()


def request_ready() -> None:
    """The job: gives up what could not be asked for, and asks operators for the rest."""
    desk = runtime()
    awake(desk.redis, REQUEST_PAYMENTS)
    give_up_old(desk)
    if crews := _crews():
        crews.asking.turn(PAYMENTS)


def query_open() -> None:
    """The job: asks operators about what is due to be asked about."""
    desk = runtime()
    awake(desk.redis, ASK_ABOUT_PAYMENTS)
    if crews := _crews():
        crews.querying.turn(PAYMENTS)


def give_up_old(desk: Runtime) -> int:
    """Payments that no operator could be asked for in time are refused; how many. Without an operator, too."""
    settling, given_up = Settling(desk), 0
    try:
        for payment_id in payment_steps.given_up(desk.database.reader(), asked_before(desk)):
            given_up += give_up(desk, settling, payment_id)
    except DatabaseAway as away:
        log.warning("giving up payments waits", reason=str(away))
    if given_up:
        tally(desk.redis, FIGURE, "given up", given_up)
        wake(desk.redis, SEND_READY)
    return given_up


def crews_of(desk: Runtime) -> Crews | None:
    """The crews of a desk; None when no operator is set. Raises Fault."""
    operators = operators_of(desk.settings, desk.clock().date())
    if not operators:
        return None
    within = FAILING * desk.settings.money_seconds
    pauses = {code: Pause(within=within) for code in operators}
    return Crews(Asking(desk, operators, pauses), Querying(desk, operators, pauses))


def finish(*, everything: bool) -> None:
    """Ends this process's crews, if it has any."""
    if _crews.cache_info().currsize and (crews := _crews()):
        crews.finish(everything=everything)


@cache
def _crews() -> Crews | None:
    """This process's crews, made when there is something to do. Raises Fault."""
    return crews_of(runtime())
