"""Does what an SMS or a hop asked for about pre-registration files, reported deaths and reminders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from flows.context import Context
from flows.enrolment_effects import (
    CardHandedOver,
    DeathSaid,
    DependantNamed,
    DossierOpened,
    PapersSeen,
    ReminderAnswered,
)
from models import deaths, dossiers, reminders
from models.phones import phone_index


def _opened(conn: Connection, effect: DossierOpened, context: Context, once: bytes) -> None:
    dossiers.open_dossier(
        conn, context.keys, effect.code, effect.owner, effect.who, effect.consent_version, context.now
    )


def _dependant(conn: Connection, effect: DependantNamed, context: Context, once: bytes) -> None:
    dossiers.add_member(conn, context.keys, effect.dossier_id, effect.one, context.now)


def _papers(conn: Connection, effect: PapersSeen, context: Context, once: bytes) -> None:
    dossiers.see_papers(conn, effect.dossier_id, effect.papers, context.now)
    if effect.nina:
        dossiers.note_nina(conn, context.keys, effect.dossier_id, effect.nina, context.now)


def _handed_over(conn: Connection, effect: CardHandedOver, context: Context, once: bytes) -> None:
    dossiers.hand_over(conn, effect.dossier_id, context.now)


def _death(conn: Connection, effect: DeathSaid, context: Context, once: bytes) -> None:
    state = deaths.say(conn, effect.subject, phone_index(context.keys, context.phone), context.now)
    kind, _, number = effect.subject.partition(":")
    if state == deaths.CONFIRMED and kind == "dossier":
        dossiers.close_as_dead(conn, int(number), context.now)


def _reminder_answered(conn: Connection, effect: ReminderAnswered, context: Context, once: bytes) -> None:
    reminders.answered(conn, effect.reminder_id, context.now)


DOING: dict[type[Any], Callable[[Connection, Any, Context, bytes], None]] = {
    CardHandedOver: _handed_over,
    DeathSaid: _death,
    DependantNamed: _dependant,
    DossierOpened: _opened,
    PapersSeen: _papers,
    ReminderAnswered: _reminder_answered,
}
"""What each of these effects does, as gateway.outbox has it for all others."""
