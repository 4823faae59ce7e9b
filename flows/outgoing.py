"""SMS that a person asks for: each is paid for by somebody, so that a phone gets only so many a day."""

from __future__ import annotations

from datetime import timedelta

from flows import layout
from flows.ask import Ask
from flows.effects import MessageOwed
from flows.screens import Refused
from models import messages


def sms(ask: Ask, text: str, kind: str) -> MessageOwed:
    """The SMS to owe to the caller, in the letters that her phone reads. Raises Refused beyond the day's number."""
    context = ask.context
    since = context.now - timedelta(days=1)
    if messages.count_to(context.db, context.keys, context.phone, since) >= context.limits.messages_a_day:
        raise Refused(ask.t("E61 Trop de SMS pour ce téléphone. Réessayez demain."))
    return MessageOwed(layout.written(text, ask.charset), kind)
