"""OK to what we wrote of our own accord: a reminder (`Deja paye? OK`), or that a card waits (`Deja prise? OK`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from config import facts
from flows.enrolment_effects import CardHandedOver, ReminderAnswered
from flows.sms.enrolling import masked, seen
from flows.sms.talk import Answer, Talk
from flows.sms.writing import one_segment
from models import dossiers, reminders
from models.contribution_reminder_rules import KINDS
from models.dossier_records import Dossier
from models.dossier_tables import READY


def said_ok(talk: Talk) -> Answer | None:
    """What OK answers when that was written after the last question; None when it answers something else.

    Who has just been asked whether she pays, and gets a reminder before she has answered, says yes to the question.
    """
    context = talk.context
    reminded = reminders.asked(context.db, context.keys, context.phone, context.now)
    waiting = _card_waits(talk)
    newest = max((at for at in (reminded and reminded[2], waiting and waiting.told_at) if at), default=None)
    if newest is None or _answers_a_question(talk, newest):
        return None
    if waiting is not None and waiting.told_at == newest:
        name = masked(waiting.given, waiting.family)
        text = talk.t("C'est note: {name} a sa carte. Merci.", name=name)
        return Answer(
            one_segment(text), (CardHandedOver(waiting.dossier_id), seen("dossier.card", waiting.code))
        )
    if reminded is None:
        return None
    text = talk.t("C'est note, merci. Vos droits: DROITS")
    if reminded[1] in KINDS:
        text = talk.t(
            "C'est note, merci: plus de rappel pour cette fois. Votre compte: SOLDE. Vos recus: RECU"
        )
    return Answer(one_segment(text), (ReminderAnswered(reminded[0]),))


def _answers_a_question(talk: Talk, newest: datetime) -> bool:
    """Whether a question is open that we asked after what we wrote of our own accord, or minutes ago."""
    if talk.thread.question is None:
        return False
    minutes = int(facts.parameter("question_minutes", talk.ask.today))
    asked = talk.thread.at
    return newest.timestamp() < asked or talk.context.now.timestamp() < asked + minutes * 60


def _card_waits(talk: Talk) -> Dossier | None:
    """The file of this phone whose card waits, if that was written within the parameter thread_hours."""
    context = talk.context
    dossier = dossiers.of_phone(context.db, context.keys, context.phone)
    if dossier is None or dossier.state != READY or dossier.told_at is None:
        return None
    memory = timedelta(hours=int(facts.SHIPPED.parameter("thread_hours", talk.ask.today)))
    return dossier if context.now - memory < dossier.told_at <= context.now else None
