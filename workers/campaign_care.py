"""Jobs that look after campaigns: doubts settled by evidence, failures that pass, and the end."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from config import facts
from config.jobs import CARE_FOR_CAMPAIGNS, RETRY_FAILED
from gateway.crash_points import reached
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import awake
from models import (
    campaign_doubts,
    campaign_ends,
    campaign_resends,
    campaign_retries,
    campaigns,
    doubts,
    reports,
)
from models.campaign_resends import Rule
from models.database import DatabaseAway
from workers.campaign_sender import FIGURE
from workers.desk import runtime

log = structlog.get_logger(__name__)

RESENT, RETRIED = "RENVOYE", "REPRIS"
"""What became of messages: sent again after silence, sent again after a failure that passes."""

SPARE = timedelta(days=1)
BATCHES = 20
"""So many batches of reports about nobody, of a thousand each, are looked at in one go."""


def look_after() -> None:
    """The job: begins campaigns, settles doubts, lets requests be made again that were not taken, ends campaigns."""
    desk = runtime()
    awake(desk.redis, CARE_FOR_CAMPAIGNS)
    look_after_all(desk)


def retry_failed() -> int:
    """The job: gives who failed for a reason that passes another chunk; how many."""
    desk = runtime()
    awake(desk.redis, RETRY_FAILED)
    return retry_all(desk)


def look_after_all(desk: Runtime) -> None:
    """In this order: what is proved to be taken is not sent again, and nothing ends that is sent again."""
    try:
        begin(desk)
        settle_doubts(desk)
        send_again(desk)
        end(desk)
    except DatabaseAway as away:
        log.warning("campaigns wait", reason=str(away))


def begin(desk: Runtime) -> int:
    """Lets campaigns be sent whose rows are made and whose hour has come; how many. Raises DatabaseAway."""
    with desk.database.begin() as conn:
        begun = campaigns.begin_due(conn, desk.clock())
    for campaign_id in begun:
        log.info("a campaign begins", campaign=campaign_id)
    return len(begun)


def settle_doubts(desk: Runtime) -> int:
    """Takes reports about nobody as proofs; how many proved something. Raises DatabaseAway."""
    settled = 0
    for _ in range(BATCHES):
        now = desk.clock()
        found = campaign_doubts.strangers(desk.database.reader(), _since(now))
        with desk.database.begin() as conn:
            names = campaign_doubts.settle(conn, found, now) if found else []
            reports.apply(conn, names, reports.words_on(now.date()), now)
            reached(34)
        settled += len(names)
        if not names:
            break
    if settled:
        log.info("doubts are settled by reports", count=settled)
        tally(desk.redis, FIGURE, doubts.BY_REPORT, settled)
    return settled


def send_again(desk: Runtime) -> int:
    """Lets requests be made again that were certainly not taken; how many. Raises DatabaseAway."""
    rule, again = rule_of(desk), 0
    for one in campaign_resends.silent(desk.database.reader(), desk.clock(), rule):
        if not campaign_resends.was_not_taken(desk.database.reader(), one, desk.clock(), rule):
            continue
        with desk.database.begin() as conn:
            done = campaign_resends.send_again(conn, one, desk.clock(), rule)
            reached(35)
        if done:
            log.warning("a request is made again: nothing was heard of it", chunk=one.chunk_id)
            tally(desk.redis, FIGURE, RESENT, one.doubtful)
            again += 1
    return again


def end(desk: Runtime) -> int:
    """Ends campaigns of which nothing is left to be sent; how many. Raises DatabaseAway."""
    ended = 0
    for campaign_id, why in campaign_ends.ended(desk.database.reader(), desk.clock(), rule_of(desk)):
        with desk.database.begin() as conn:
            ended += campaign_ends.finish(conn, campaign_id, why, desk.clock())
        log.info("a campaign is done", campaign=campaign_id, why=why)
    return ended


def retry_all(desk: Runtime) -> int:
    """Everybody of every campaign who failed for a reason that passes; how many. Without the database they wait."""
    total = 0
    try:
        for campaign in campaign_retries.open_campaigns(desk.database.reader(), desk.clock()):
            while found := _retry(desk, campaign):
                total += found
    except DatabaseAway as away:
        log.warning("retries wait", reason=str(away))
    if total:
        tally(desk.redis, FIGURE, RETRIED, total)
    return total


def _retry(desk: Runtime, campaign: campaign_retries.Campaign) -> int:
    with desk.database.begin() as conn:
        found = campaign_retries.try_again(conn, campaign, desk.clock())
        reached(36)
    return found


def rule_of(desk: Runtime) -> Rule:
    """How long silence lasts until it counts, by the settings."""
    settings = desk.settings
    return Rule(timedelta(hours=settings.evidence_hours), settings.evidence_recipients)


def _since(now: datetime) -> datetime:
    return now - timedelta(hours=int(facts.SHIPPED.parameter("no_receipt_hours", now.date()))) - SPARE
