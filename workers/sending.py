"""Jobs that send, and the one that looks after what killed senders left."""

from __future__ import annotations

from functools import cache

import structlog

from config.faults import Fault
from config.jobs import BULK, SEND_BULK, SEND_READY, TRANSACTIONAL
from gateway.crash_points import reached
from gateway.journal import Journal
from gateway.providers import provider_of
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import awake, wake
from models import campaign_sending, sending
from models.campaign_sending import Answer
from models.database import DatabaseAway
from workers.campaign_sender import CampaignSender
from workers.desk import runtime
from workers.routes import routes_of
from workers.sender import FIGURE, IN_DOUBT, Sender, write_down
from workers.standby import standby

log = structlog.get_logger(__name__)

ITS_OWNERS_SECONDS = 2.0
"""An answer in the journal is left to the thread that wrote it for so long."""


def send_ready() -> None:
    """The job: sends what a person waits for."""
    _send(TRANSACTIONAL, SEND_READY)


def send_bulk() -> None:
    """The job: sends what can wait, campaigns last; first what killed senders of this machine left is written down."""
    _write_down_left()
    _send(BULK, SEND_BULK)
    if campaigns := _campaigns():
        campaigns.turn(BULK)


def go_on() -> None:
    """What a worker of the bulk lane does first: it may be there because another was killed in the middle."""
    try:
        send_bulk()
    except Fault as fault:
        log.error("nothing is sent", reason=str(fault))


def _write_down_left() -> None:
    """Each machine has its own journal: where only campaigns are sent, nobody else would look into it."""
    try:
        replay(runtime(), ITS_OWNERS_SECONDS)
    except DatabaseAway as away:
        log.warning("the journal waits", reason=str(away))


def reap() -> int:
    """The job: writes down answers that killed senders left, and doubts what nobody answers for; how many doubts."""
    desk, stand_in = runtime(), standby()
    found = reap_all(desk) + sum(reap_all(copy.desk) for copy in stand_in.copies())
    stand_in.tidy()
    return found


def reap_all(desk: Runtime) -> int:
    """First the journal, whose answers are sure; then the leases. When the database is away both wait."""
    try:
        replay(desk, ITS_OWNERS_SECONDS)
        with desk.database.begin() as conn:
            found = sending.reaped(conn, desk.clock())
            reached(31)
    except DatabaseAway as away:
        log.warning("reaping waits", reason=str(away))
        return 0
    if found:
        log.warning("chunks are in doubt", count=found)
        tally(desk.redis, FIGURE, IN_DOUBT, found)
    return found


def replay(desk: Runtime, older_than_seconds: float) -> int:
    """Writes down the answers of the journal that are so old; how many were not written yet. Raises DatabaseAway."""
    journal = Journal(desk.settings.data_folder)
    written = 0
    for path, entry in journal.entries(older_than_seconds):
        written += write_down(desk, entry, 33)
        reached(32)
        journal.forget(path)
    for path, answers in journal.logs(older_than_seconds):
        written += write_down_all(desk, answers, 33)
        reached(32)
        journal.forget(path)
    return written


def write_down_all(desk: Runtime, answers: tuple[Answer, ...], point: int) -> int:
    """The answers of a claim, in one transaction that may be repeated; how many were not written before.

    Raises DatabaseAway. `point`: where it crashes on demand, before the commit.
    """
    now = desk.clock()
    with desk.database.begin() as conn:
        written = campaign_sending.answered(conn, answers, now)
        reached(point)
    return written


def _send(lane: str, job: str) -> None:
    desk = runtime()
    awake(desk.redis, job)
    sender = _sender()
    if sender is None:
        log.debug("no provider is set: messages wait", lane=lane)
        return
    # First, for the register may be hanging.
    standby().send(sender, lane)
    sender.turn(lane)


def begin() -> None:
    """Begins to send what this process has just written, without a job for it; when that cannot be, asks for one."""
    try:
        sender = _sender()
    except Fault:
        sender = None  # the job will say what is wrong with the settings
    if sender is None or not sender.turn(TRANSACTIONAL):
        wake(runtime().redis, SEND_READY)


def finish(*, everything: bool) -> None:
    """Ends this process's sender, if it has one: after `everything` that waits, or after what is under way."""
    for made in (_sender, _campaigns):
        if made.cache_info().currsize and (crew := made()):
            if everything:
                crew.drain()
            crew.close()


@cache
def _sender() -> Sender | None:
    """This process's sender, made when there is something to send; None without a provider. Raises Fault."""
    desk = runtime()
    provider = provider_of(desk.settings)
    return Sender(desk, provider) if provider else None


@cache
def _campaigns() -> CampaignSender | None:
    """This process's sender of campaigns, as `_sender`."""
    desk = runtime()
    routes = routes_of(desk.settings)
    return CampaignSender(desk, routes) if routes else None
