"""Drops what has served its time. How long a thing may be kept is data: config/rules/retention.csv."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Column

from config import facts
from gateway.runtime import Runtime
from models import (
    applied,
    campaign_forgetting,
    caps,
    dossiers,
    inbound,
    lookups,
    messages,
    overdue,
    payment_forgetting,
    payment_requests,
    reminders,
    reports,
    threads,
    verifications,
)
from models.database import DatabaseAway
from models.terms import drop_before
from workers.desk import runtime

log = structlog.get_logger(__name__)

KEYS = timedelta(days=7)
"""A call lasts minutes; an answer owed over a long outage, days."""

COUNTS = timedelta(days=7)
"""What was sent in a day is asked for on that day; the rest of the week is for who wonders why."""

LOOK_UPS = timedelta(days=2)
"""Budgets on look-ups look back a day."""


def drop_old() -> int:
    """The job: drops what is older than its term; how many rows."""
    return drop_old_of(runtime())


def drop_old_of(desk: Runtime) -> int:
    """Drops subject by subject, each in its transaction; when the database is away the next turn does it. How many."""
    now = desk.clock()
    dropped = 0
    try:
        for moment, term in _terms(now):
            with desk.database.begin() as conn:
                dropped += drop_before(conn, moment, now - term)
        dropped += _messages(desk, now)
        with desk.database.begin() as conn:
            dropped += dossiers.forget(conn, now - _days("dossier", now))
        with desk.database.begin() as conn:
            dropped += caps.forget(conn, (now - COUNTS).date())
            overdue.close_messages(conn, now - _hours("no_receipt_hours", now))
        with desk.database.begin() as conn:
            payment_forgetting.forget_numbers(conn, now - _days("payment_number", now))
        _close_recipients(desk, now - _hours("no_receipt_hours", now))
        _forget_numbers(desk, now)
    except DatabaseAway as away:
        log.warning("retention waits", reason=str(away))
    return dropped


def _terms(now: datetime) -> Sequence[tuple[Column[Any], timedelta]]:
    """Whatever is dropped by one moment, and how long it is kept."""
    return (
        (applied.applied.c.at, KEYS),
        (inbound.inbound.c.received_at, _days("message_body", now)),
        (reports.reports.c.at, _days("delivery_report", now)),
        (threads.threads.c.kept_at, _hours("thread_hours", now)),
        (lookups.lookup_misses.c.at, LOOK_UPS),
        (lookups.lookup_hits.c.at, LOOK_UPS),
        (payment_requests.payment_requests.c.expires_at, timedelta(0)),
        (reminders.reminders.c.planned_at, _days("reminder", now)),
        (verifications.verifications.c.at, _days("ramed_check", now)),
    )


def _close_recipients(desk: Runtime, before: datetime) -> None:
    """Slice by slice, so that no report waits long for a row that is held here."""
    for campaign_id in overdue.campaigns_with_silence(desk.database.reader(), before):
        for piece in range(overdue.SLICES):
            with desk.database.begin() as conn:
                overdue.close_recipients(conn, campaign_id, piece, before)


def _forget_numbers(desk: Runtime, now: datetime) -> None:
    """Slice by slice; who is killed meanwhile begins again and finds less to do."""
    for campaign_id in campaign_forgetting.ended_before(
        desk.database.reader(), now - _days("campaign_number", now)
    ):
        for piece in range(overdue.SLICES):
            with desk.database.begin() as conn:
                campaign_forgetting.forget_numbers(conn, campaign_id, piece)
        with desk.database.begin() as conn:
            campaign_forgetting.forgotten(conn, campaign_id, now)


def _messages(desk: Runtime, now: datetime) -> int:
    """Messages go with their chunks, some at a time: what is sent meanwhile does not wait."""
    dropped = 0
    before = now - _days("message_body", now)
    while True:
        with desk.database.begin() as conn:
            found = messages.forget(conn, before)
        dropped += found
        if not found:
            return dropped


def _days(subject: str, now: datetime) -> timedelta:
    rows = facts.SHIPPED.in_force("retention", now.date())
    return timedelta(days=next(int(row["days"]) for row in rows if row["subject"] == subject))


def _hours(name: str, now: datetime) -> timedelta:
    return timedelta(hours=int(facts.SHIPPED.parameter(name, now.date())))
