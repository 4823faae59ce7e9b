"""Does what a hop asked for: every effect in one transaction, under the hop's key, so that a repeat does nothing.

A hop that only showed something about a person costs one INSERT: its audit row carries the key itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from config.jobs import TRANSACTIONAL
from flows.context import SMS, Context
from flows.effects import (
    ActRecorded,
    ActsUndone,
    CallbackRequested,
    CharsetChosen,
    ComplaintFiled,
    ConsentGiven,
    Disclosed,
    Effect,
    ErasureRequested,
    HitsSpent,
    HolderAsked,
    HolderNotAsked,
    LanguageChosen,
    MessageOwed,
    Missed,
    PhoneLinked,
    Remembered,
    StaffAdded,
    StaffRemoved,
    StaffRequested,
    StaffSettled,
    StaffUsed,
    TopicsChosen,
    TopicStopped,
    Verified,
    VisitAnswered,
    VisitBound,
    VisitCancelled,
    VisitCodeIssued,
    VisitConfirmed,
    VisitWithdrawn,
)
from gateway import campaign_effects, cash_effects, contribution_effects, file_effects, payment_effects
from models import (
    acts,
    applied,
    audit,
    callbacks,
    complaints,
    consent,
    erasures,
    incidents,
    lookups,
    messages,
    phones,
    staff,
    threads,
    verifications,
    visit_answers,
    visit_codes,
)
from models.database import Database, Db
from models.strands import blocking

REMINDERS, CAMPAIGNS = "RAPPELS", "CAMPAGNES"
"""Topics of messages that a phone may stop."""

AFTER_VISIT = "after_visit"
"""The kind of the question to the holder of a card after a visit."""

TOPICS_VERSION = "2026-11"
"""The wording of the menu of messages, kept with each choice."""


def carry_out(database: Database, effects: Sequence[Effect], context: Context) -> None:
    """Commits the effects of one hop. Raises DatabaseAway (repeat: nothing is done twice), Overtaken."""
    if not effects:
        return
    if len(effects) == 1 and isinstance(effects[0], Disclosed):
        _disclosed(context.db, effects[0], context, _key(context, 0))
        return
    blocking(_in_a_transaction, database, effects, context)


def _in_a_transaction(database: Database, effects: Sequence[Effect], context: Context) -> None:
    with database.begin() as conn:
        apply(conn, effects, context)


def apply(conn: Connection, effects: Sequence[Effect], context: Context) -> bool:
    """The effects of one hop, inside of a transaction that the caller commits. False: they were done before.

    Raises models.locks.Overtaken.
    """
    if not applied.first_time(conn, context.seed, context.now):
        return False
    for place, effect in enumerate(effects):
        _DOING[type(effect)](conn, effect, context, _key(context, place))
    return True


def _key(context: Context, place: int) -> bytes:
    """The key of one effect of the hop, the same whenever the hop is worked on."""
    return context.seed + bytes([place])


def _disclosed(db: Db, effect: Disclosed, context: Context, once: bytes) -> None:
    audit.record(
        db,
        context.keys,
        actor=context.phone,
        action=effect.action,
        subject=effect.subject,
        detail=effect.detail,
        once=once,
        now=context.now,
    )


def _missed(conn: Connection, effect: Missed, context: Context, once: bytes) -> None:
    if context.channel == SMS:
        _budgeted_miss(conn, effect, context)
    else:
        _locking_misses(conn, effect, context)
    _disclosed(conn, Disclosed(effect.action, effect.about, "missed"), context, once)


def _budgeted_miss(conn: Connection, effect: Missed, context: Context) -> None:
    """By SMS there is time between two tries: they count by hour, day, centre and country."""
    if effect.about:
        lookups.record_miss(conn, context.keys, effect.about, context.now)
    lookups.spend_miss(
        conn, context.keys, context.phone, effect.facility_id, context.now, context.limits.budgets
    )


def _locking_misses(conn: Connection, effect: Missed, context: Context) -> None:
    since, most = context.misses_since, context.limits.misses
    for asker in (context.phone, effect.about) if effect.about else (context.phone,):
        lookups.record_try(conn, context.keys, asker, context.now, since=since, most=most)


def _hits(conn: Connection, effect: HitsSpent, context: Context, once: bytes) -> None:
    lookups.spend_hit(conn, context.keys, context.phone, context.now, context.limits.budgets, effect.count)


def _language(conn: Connection, effect: LanguageChosen, context: Context, once: bytes) -> None:
    phones.remember_language(conn, context.keys, context.phone, effect.language, context.now)


def _charset(conn: Connection, effect: CharsetChosen, context: Context, once: bytes) -> None:
    phones.set_charset(conn, context.keys, context.phone, effect.charset, context.now)


def _consent(conn: Connection, effect: ConsentGiven, context: Context, once: bytes) -> None:
    phone_id = phones.keep_number(conn, context.keys, context.phone, context.now)
    consent.record(conn, phone_id, effect.topic, True, effect.text_version, context.channel, context.now)


def _topics(conn: Connection, effect: TopicsChosen, context: Context, once: bytes) -> None:
    phone_id = phones.note(conn, context.keys, context.phone, context.now)
    chosen = {REMINDERS: effect.reminders, CAMPAIGNS: effect.campaigns}
    if effect.reminders and effect.campaigns:
        # Who wants everything again wants what she had stopped by its own name, too.
        chosen |= {topic: True for topic, given in consent.state(conn, phone_id).items() if not given}
    for topic, given in chosen.items():
        consent.record(conn, phone_id, topic, given, TOPICS_VERSION, context.channel, context.now)


def _link(conn: Connection, effect: PhoneLinked, context: Context, once: bytes) -> None:
    phones.link(conn, context.keys, context.phone, effect.person_id, "ussd", context.now)


def _callback(conn: Connection, effect: CallbackRequested, context: Context, once: bytes) -> None:
    callbacks.request(
        conn,
        context.keys,
        reference=effect.reference,
        phone=context.phone,
        language=effect.language,
        slot=effect.slot,
        reason=effect.reason,
        now=context.now,
        name=effect.name,
        commune_code=effect.commune_code,
    )


def _erasure(conn: Connection, effect: ErasureRequested, context: Context, once: bytes) -> None:
    erasures.request(conn, context.keys, reference=effect.reference, phone=context.phone, now=context.now)


def _visit_code(conn: Connection, effect: VisitCodeIssued, context: Context, once: bytes) -> None:
    visit_codes.issue(
        conn,
        effect.code,
        effect.person_id,
        effect.coverage_id,
        context.now,
        effect.hours,
        effect.facility_id,
        provisional=context.copied_on is not None,
    )


def _bound(conn: Connection, effect: VisitBound, context: Context, once: bytes) -> None:
    visit_codes.bind(conn, effect.visit_id, effect.facility_id, context.now)


def _confirmed(conn: Connection, effect: VisitConfirmed, context: Context, once: bytes) -> None:
    visit_codes.confirm(conn, effect.visit_id)


def _withdrawn(conn: Connection, effect: VisitWithdrawn, context: Context, once: bytes) -> None:
    visit_codes.cancel(conn, effect.visit_id, context.now)


def _visit_cancelled(conn: Connection, effect: VisitCancelled, context: Context, once: bytes) -> None:
    if visit_codes.cancel(conn, effect.visit_id, context.now):
        incidents.open_incident(
            conn,
            kind=incidents.NOT_HOLDER,
            reference=effect.reference,
            visit_id=effect.visit_id,
            facility_id=effect.facility_id,
            now=context.now,
        )


def _verified(conn: Connection, effect: Verified, context: Context, once: bytes) -> None:
    staff.used(conn, effect.staff_id, context.now)
    verifications.note(
        conn,
        facility_id=effect.facility_id,
        staff_id=effect.staff_id,
        verdict=effect.verdict,
        scheme=effect.scheme,
        person_id=effect.person_id,
        now=context.now,
    )


def _act(conn: Connection, effect: ActRecorded, context: Context, once: bytes) -> None:
    staff.used(conn, effect.staff_id, context.now)
    acts.record(
        conn,
        effect.visit_id,
        effect.facility_id,
        effect.act,
        effect.nth,
        effect.amount_fcfa,
        effect.staff_id,
        context.now,
    )


def _acts_undone(conn: Connection, effect: ActsUndone, context: Context, once: bytes) -> None:
    acts.undo(conn, effect.visit_id, effect.act, context.now)


def _staff_requested(conn: Connection, effect: StaffRequested, context: Context, once: bytes) -> None:
    staff.request(conn, context.keys, context.phone, effect.facility_id, context.now)


def _staff_settled(conn: Connection, effect: StaffSettled, context: Context, once: bytes) -> None:
    staff.settle(conn, effect.staff_id, effect.accepted, context.now)


def _staff_used(conn: Connection, effect: StaffUsed, context: Context, once: bytes) -> None:
    staff.used(conn, effect.staff_id, context.now)


def _staff_added(conn: Connection, effect: StaffAdded, context: Context, once: bytes) -> None:
    staff.add(conn, context.keys, effect.phone, effect.facility_id, staff.STAFF, context.now)


def _staff_removed(conn: Connection, effect: StaffRemoved, context: Context, once: bytes) -> None:
    staff.remove(conn, context.keys, effect.phone, effect.facility_id, context.now)


def _complaint(conn: Connection, effect: ComplaintFiled, context: Context, once: bytes) -> None:
    complaints.file(
        conn,
        context.keys,
        reference=effect.reference,
        phone=context.phone,
        text=effect.text,
        facility_id=effect.facility_id,
        now=context.now,
    )


def _holder_asked(conn: Connection, effect: HolderAsked, context: Context, once: bytes) -> None:
    visit_answers.ask(conn, context.keys, effect.visit_id, effect.phone, effect.at)


def _holder_not_asked(conn: Connection, effect: HolderNotAsked, context: Context, once: bytes) -> None:
    asked = visit_answers.unask(conn, effect.visit_id)
    if asked is not None:
        # The moment tells this question from one about another visit of the same phone.
        messages.withdraw(conn, context.keys, effect.phone, AFTER_VISIT, asked[1])


def _visit_answered(conn: Connection, effect: VisitAnswered, context: Context, once: bytes) -> None:
    visit_answers.answered(conn, effect.visit_id, effect.answer, context.now)


def _topic_stopped(conn: Connection, effect: TopicStopped, context: Context, once: bytes) -> None:
    phone_id = phones.note(conn, context.keys, context.phone, context.now)
    consent.record(conn, phone_id, effect.topic, False, TOPICS_VERSION, context.channel, context.now)


def _remembered(conn: Connection, effect: Remembered, context: Context, once: bytes) -> None:
    threads.keep(conn, context.keys, effect.phone or context.phone, effect.record, context.now)


def _message(conn: Connection, effect: MessageOwed, context: Context, once: bytes) -> None:
    messages.owe(
        conn,
        context.keys,
        to=effect.to or context.phone,
        text=effect.text,
        kind=effect.kind,
        lane=TRANSACTIONAL,
        once=once,
        now=context.now,
        not_before=effect.not_before,
    )


_DOING: dict[type[Any], Callable[[Connection, Any, Context, bytes], None]] = {
    **file_effects.DOING,
    ActRecorded: _act,
    ActsUndone: _acts_undone,
    ComplaintFiled: _complaint,
    HitsSpent: _hits,
    HolderAsked: _holder_asked,
    HolderNotAsked: _holder_not_asked,
    Remembered: _remembered,
    StaffAdded: _staff_added,
    StaffRemoved: _staff_removed,
    StaffRequested: _staff_requested,
    StaffSettled: _staff_settled,
    StaffUsed: _staff_used,
    TopicStopped: _topic_stopped,
    Verified: _verified,
    VisitAnswered: _visit_answered,
    VisitBound: _bound,
    VisitCancelled: _visit_cancelled,
    CallbackRequested: _callback,
    CharsetChosen: _charset,
    ConsentGiven: _consent,
    Disclosed: _disclosed,
    ErasureRequested: _erasure,
    LanguageChosen: _language,
    MessageOwed: _message,
    Missed: _missed,
    PhoneLinked: _link,
    TopicsChosen: _topics,
    VisitCodeIssued: _visit_code,
    VisitConfirmed: _confirmed,
    VisitWithdrawn: _withdrawn,
    **campaign_effects.DOING,
    **cash_effects.DOING,
    **contribution_effects.DOING,
    **payment_effects.DOING,
}
"""What each kind of effect does. A test fails when a kind is missing."""
