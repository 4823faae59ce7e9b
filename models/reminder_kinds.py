"""Every kind of reminder, and the questions that are asked of each when its message is claimed."""

from __future__ import annotations

from datetime import datetime

from models import contribution_reminders, ramed_ends, reminders
from models.database import Connection
from models.locks import hold
from models.number_locks import hold_phone
from models.phones import id_of_index
from models.places import region_of
from models.reminders import SENT, STOPPED, Planned
from models.sending_windows import next_open, open_at

PLANNERS = {planner.kind: planner for planner in (ramed_ends.PLANNER, *contribution_reminders.PLANNERS)}
"""A new kind is one row: who is reminded, under which topic, and whether that still holds."""

WINDOW = "reminder"
"""The kind of sending window in which reminders may go."""

MESSAGE = "reminder"
"""The kind of their messages."""


def opens_at(conn: Connection, message_id: int, now: datetime) -> datetime | None:
    """When the reminder of a message may go to where she lives; None when it may go now, or is none."""
    found = reminders.of_message(conn, message_id)
    region = region_of(found[1] or "") if found else ""
    if found is None or open_at(WINDOW, now).at(region):
        return None
    return next_open(WINDOW, region, now)


def refusal(conn: Connection, message_id: int, now: datetime) -> str:
    """Why the reminder of a message is not sent any more, or nothing; what becomes of it is noted.

    Who stops reminders is waited for here, or waits: what was claimed before her word is the last one.
    """
    found = reminders.of_message(conn, message_id)
    if found is None:
        return ""
    planned, _ = found
    _alone(conn, planned)
    why = not_wanted(conn, planned, now)
    reminders.claimed(conn, planned.reminder_id, why or SENT, now)
    return why


def withheld(conn: Connection, message_id: int, why: str, now: datetime) -> None:
    """The message of a reminder is not sent: by its own refusal, or by a cap that was asked about later."""
    found = reminders.of_message(conn, message_id)
    if found is not None:
        reminders.claimed(conn, found[0].reminder_id, why, now)


def not_wanted(conn: Connection, planned: Planned, now: datetime) -> str:
    """STOPPED by her phone (or its number is gone), a word of its kind, or nothing."""
    planner = PLANNERS[planned.kind]
    phone_id = id_of_index(conn, planned.phone_index)
    if phone_id is None or reminders.is_stopped(conn, phone_id, planner.topic):
        return STOPPED
    return planner.refusal(conn, planned, now)


def _alone(conn: Connection, planned: Planned) -> None:
    """Nobody else claims what goes to this phone, nor what is about the same thing."""
    phone_id = id_of_index(conn, planned.phone_index)
    if phone_id is not None:
        hold_phone(conn, phone_id)
    hold(conn, "reminder", f"{planned.subject_id}:{planned.period}".encode())
