"""Jobs about reminders and cards that wait: who is to be told is found in the database, and owed a message once."""

from __future__ import annotations

from datetime import date
from time import monotonic

import structlog

from config.jobs import BULK, REMIND, SEND_BULK, SEND_READY
from flows import reminder_texts
from gateway.ready_cards import tell
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import awake, wake
from models import (
    card_matches,
    contribution_reminders,
    messages,
    phones,
    ramed_ends,
    reminder_kinds,
    reminders,
)
from models.database import Connection, DatabaseAway
from models.days import day_of
from models.reminders import STOPPED, Planned
from models.sending_windows import open_at
from workers.desk import runtime

log = structlog.get_logger(__name__)

FIGURE = "ramu_reminders"
PLANNED, OWED = "PREVU", "A_ENVOYER"
BATCH = 200
"""So many reminders are owed in one transaction."""

SECONDS = 40.0
"""A turn owes for so long; when something is left, the next one follows at once."""


def remind() -> int:
    """The job: plans today's reminders, owes those whose hour it is, tells whose card waits; how many messages."""
    desk = runtime()
    awake(desk.redis, REMIND)
    return remind_all(desk)


def remind_all(desk: Runtime) -> int:
    """Each kind is planned once a day, whoever asks first. When the database is away the next turn does it."""
    try:
        plan(desk)
        owed = owe_planned(desk)
        told = tell_cards(desk)
    except DatabaseAway as away:
        log.warning("reminders wait", reason=str(away))
        return 0
    if owed:
        wake(desk.redis, SEND_BULK)
    if told:
        wake(desk.redis, SEND_READY)
    return owed + told


def plan(desk: Runtime) -> int:
    """Adds who is to be reminded from today on; how many. Raises DatabaseAway."""
    total = 0
    for planner in reminder_kinds.PLANNERS.values():
        with desk.database.begin() as conn:
            planned = reminders.plan_day(conn, planner, desk.clock())
        if planned:
            log.info("reminders are planned", kind=planner.kind, count=planned)
            tally(desk.redis, FIGURE, PLANNED, planned)
        total += planned or 0
    return total


def owe_planned(desk: Runtime, seconds: float = SECONDS) -> int:
    """Owes messages for what is planned, while reminders may go somewhere; how many. Raises DatabaseAway."""
    if open_at(reminder_kinds.WINDOW, desk.clock()).nowhere:
        return 0
    ends, total = monotonic() + seconds, 0
    for kind in reminder_kinds.PLANNERS:
        looked_at = BATCH
        while looked_at == BATCH and monotonic() < ends:
            with desk.database.begin() as conn:
                planned = reminders.to_owe(conn, kind, BATCH)
                total += sum(_owe(conn, desk, one) for one in planned)
            looked_at = len(planned)
    if monotonic() >= ends:
        wake(desk.redis, REMIND)
    if total:
        tally(desk.redis, FIGURE, OWED, total)
    return total


def _owe(conn: Connection, desk: Runtime, planned: Planned) -> bool:
    """One message, unless it is not wanted any more or held out; its claim asks that again."""
    now = desk.clock()
    one = reminder_kinds.PLANNERS[planned.kind].address(conn, desk.keys, planned, now)
    if one is None:
        return False
    reached_at = phones.reachable(conn, desk.keys, one.phone_index) if one.phone_index else None
    # Whose phone was chosen just now was asked about just now.
    why = reminder_kinds.not_wanted(conn, one, now) if planned.phone_index else ""
    why = STOPPED if reached_at is None else why
    if why or reached_at is None:
        reminders.given_up(conn, one.reminder_id, why)
        return False
    to, language = reached_at
    once = f"reminder:{one.reminder_id}".encode()
    messages.owe(
        conn,
        desk.keys,
        to=to,
        text=_text(conn, desk, one, language),
        kind=reminder_kinds.MESSAGE,
        lane=BULK,
        once=once,
        now=now,
    )
    reminders.owed(conn, one.reminder_id, messages.id_of(conn, once))
    return True


def tell_cards(desk: Runtime) -> int:
    """Ties files to cards that came into the register, and tells their people; how many files. Raises DatabaseAway."""
    with desk.database.begin(reading=True) as conn:
        matches = card_matches.found(conn, day_of(desk.clock()))
    told = 0
    for match in matches:
        with desk.database.begin() as conn:
            if card_matches.note(conn, match):
                told += tell(conn, desk.keys, desk.catalogues, match.dossier_id, None, None, desk.clock())
    return told


def _text(conn: Connection, desk: Runtime, one: Planned, language: str | None) -> str:
    translate = desk.catalogues.translator(language or "fr")
    dialled, day = desk.settings.service_code, day_of(desk.clock())
    if one.kind == ramed_ends.KIND:
        return reminder_texts.ramed_ends(translate, date.fromisoformat(one.period), dialled)
    account, percent, due_on = contribution_reminders.told(conn, one, day)
    return reminder_texts.contribution(translate, due_on, account, percent, dialled, day)
