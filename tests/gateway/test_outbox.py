"""Effects: each kind is done, all or none, once."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest

from flows.collecting_effects import CollectingEffect
from flows.context import Context
from flows.contribution_effects import MutuelleJoined, PaymentLater, PaymentRequested, PlanChosen
from flows.effects import (
    ActRecorded,
    ActsUndone,
    CallbackRequested,
    CampaignApproved,
    CampaignShown,
    CampaignSteered,
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
    PaymentAsked,
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
from flows.enrolment_effects import (
    CardHandedOver,
    DeathSaid,
    DependantNamed,
    DossierOpened,
    PapersSeen,
    ReminderAnswered,
)
from gateway.outbox import carry_out
from gateway.runtime import Runtime
from models import audit
from models.dossier_records import Candidate, Dependant, Owner
from models.identifiers import Msisdn
from models.visit_codes import CodeTaken
from tests.gateway.handset import STRANGER, Gateway

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SEED = b"s" * 16

AWA = Candidate("Awa", "Traoré", "F", 1990, "ML-C02040101", "RAMED", 4)
FILE = DossierOpened("482213", Owner("AGENT", agent="F. Kone"), AWA, "oral-2026-11")

EXAMPLES: list[tuple[Effect, str, int]] = [
    (Disclosed("rights", "person:1"), "audit", 1),
    (Missed("rights"), "lookup_misses", 1),
    (LanguageChosen("bm"), "phones", 1),
    (CharsetChosen("UCS2"), "phones", 1),
    (ConsentGiven("DOSSIER", "2026-11"), "consents", 1),
    (TopicsChosen(reminders=False, campaigns=False), "consents", 2),
    (PhoneLinked(1), "phone_links", 1),
    (CallbackRequested("123456", "MATIN", "perte de carte", "fr"), "callbacks", 1),
    (ErasureRequested("123456"), "erasures", 1),
    (VisitCodeIssued("123455", 1, 1, 48), "visit_codes", 1),
    (MessageOwed("Bonjour", "help"), "messages", 1),
    (HitsSpent(3), "lookup_hits", 1),
    (Verified(1, 1, "VALIDE", "RAMED", 1), "verifications", 1),
    (VisitBound(1, 1), "visit_codes WHERE facility_id = 1", 1),
    (VisitCancelled(1, 1, "123456"), "incidents", 1),
    (VisitConfirmed(1), "visit_codes WHERE provisional", 0),
    (VisitWithdrawn(1), "visit_codes WHERE state = 'CANCELLED'", 1),
    (ActRecorded(1, 1, "CON", 1, None, 1), "acts", 1),
    (ActsUndone(1, "PAL"), "acts WHERE undone_at IS NOT NULL", 1),
    (StaffRequested(1), "staff_phones", 1),
    (StaffAdded(Msisdn.parse("+22376000001"), 1), "staff_phones", 1),
    (StaffRemoved(Msisdn.parse("+22370000102"), 1), "staff_phones WHERE state = 'REMOVED'", 1),
    (StaffSettled(4, False), "staff_phones WHERE state = 'REFUSED'", 1),
    (ComplaintFiled("123456", "trop cher"), "complaints", 1),
    (HolderAsked(1, Msisdn.parse("+22370000001"), NOW), "visit_questions", 1),
    (HolderNotAsked(1, Msisdn.parse("+22370000001")), "visit_questions", -1),
    (StaffUsed(1), "staff_phones WHERE last_used_at IS NOT NULL", 1),
    (VisitAnswered(1, 2), "visit_answers", 1),
    (TopicStopped("RAMED"), "consents", 1),
    (Remembered("{}"), "threads", 1),
    (FILE, "dossiers", 1),
    (DependantNamed(1, Dependant("Fatou", "Traoré", "F", 2015, "ENF")), "dossier_members", 1),
    (PapersSeen(1, ("acte_naissance", "certificat_residence")), "dossier_papers", 2),
    (CardHandedOver(1), "dossiers WHERE state = 'DONE'", 1),
    (DeathSaid("person:1"), "deaths", 1),
    (PaymentAsked(1, Msisdn.parse("+22370000001"), "OM", 2_750, "713482"), "payments", 1),
    (PaymentRequested("713482", 1, 2_750), "payment_requests", 1),
    (PaymentLater(1, NOW), "reminders_wanted", 1),
    (MutuelleJoined(1, 1, "MOIS", ""), "memberships WHERE household_id = 1", 1),
    (PlanChosen(1, "SEMAINE"), "plans WHERE rhythm = 'HEBDOMADAIRE'", 1),
]

BEFORE: dict[type[Effect], tuple[Effect, ...]] = {
    VisitBound: (VisitCodeIssued("206946", 1, 1, 24),),
    VisitCancelled: (VisitCodeIssued("206946", 1, 1, 24, 1),),
    VisitConfirmed: (VisitCodeIssued("206946", 1, 1, 24, 1),),
    VisitWithdrawn: (VisitCodeIssued("206946", 1, 1, 24, 1),),
    ActRecorded: (VisitCodeIssued("206946", 1, 1, 24, 1),),
    ActsUndone: (VisitCodeIssued("206946", 1, 1, 24, 1), ActRecorded(1, 1, "PAL", 1, None, 1)),
    HolderNotAsked: (
        VisitCodeIssued("206946", 1, 1, 24, 1),
        HolderAsked(1, Msisdn.parse("+22370000001"), NOW),
    ),
    HolderAsked: (VisitCodeIssued("206946", 1, 1, 24, 1),),
    VisitAnswered: (VisitCodeIssued("206946", 1, 1, 24, 1),),
    StaffSettled: (StaffRequested(1),),
    DependantNamed: (FILE,),
    PapersSeen: (FILE,),
    CardHandedOver: (FILE,),
}
"""What must have been done before, by another hop."""


def context(runtime: Runtime, seed: bytes = SEED) -> Context:
    return runtime.context(Msisdn.parse(STRANGER), "*212#", seed, NOW)


def test_there_is_an_example_of_each_kind() -> None:
    of_campaigns = {CampaignApproved, CampaignShown, CampaignSteered}  # tests/flows/sms/test_campaigning.py
    of_campaigns |= {ReminderAnswered}  # tests/sending/test_reminders.py
    of_campaigns |= set(get_args(CollectingEffect))  # tests/collecting/test_by_sms.py
    assert {type(effect) for effect, _, _ in EXAMPLES} | of_campaigns == set(get_args(Effect))


@pytest.mark.parametrize(
    ("effect", "table", "rows"),
    [pytest.param(*example, id=type(example[0]).__name__) for example in EXAMPLES],
)
def test_each_effect_is_done_once_however_often_the_hop_comes(
    each_gateway: Gateway, effect: Effect, table: str, rows: int
) -> None:
    if type(effect) in BEFORE:
        database, earlier = each_gateway.runtime.database, context(each_gateway.runtime, b"before" * 2)
        carry_out(database, BEFORE[type(effect)], earlier)
    before = each_gateway.count(table)
    for _ in range(3):
        carry_out(each_gateway.runtime.database, (effect,), context(each_gateway.runtime))
    assert each_gateway.count(table) == before + rows


def test_a_hop_with_several_effects_does_all_or_none(each_gateway: Gateway) -> None:
    runtime = each_gateway.runtime
    taken = VisitCodeIssued("123455", 1, 1, 48)
    carry_out(runtime.database, (taken,), context(runtime))
    before = {table: each_gateway.count(table) for table in ("audit", "messages", "applied", "visit_codes")}
    effects = (Disclosed("visit", "person:2"), MessageOwed("x", "visit"), replace(taken, person_id=2))
    with pytest.raises(CodeTaken):
        carry_out(runtime.database, effects, context(runtime, b"t" * 16))
    assert {table: each_gateway.count(table) for table in before} == before


def test_two_disclosures_of_one_hop_are_two_rows_of_the_trail(each_gateway: Gateway) -> None:
    runtime, before = each_gateway.runtime, each_gateway.count("audit")
    effects = (Disclosed("home", "person:1"), Disclosed("rights", "person:2"))
    for _ in range(2):
        carry_out(runtime.database, effects, context(runtime))
    assert each_gateway.count("audit") == before + 2


def test_the_trail_of_a_call_verifies(each_gateway: Gateway) -> None:
    runtime = each_gateway.runtime
    for effect, _, _ in EXAMPLES[:2]:
        carry_out(runtime.database, (effect,), context(runtime, type(effect).__name__.encode()))
    with runtime.database.begin() as conn:
        audit.seal_pending(conn, runtime.keys)
        assert audit.verify_chain(conn, runtime.keys).ok


def test_stopping_all_messages_keeps_no_number(each_gateway: Gateway) -> None:
    runtime = each_gateway.runtime
    carry_out(runtime.database, (TopicsChosen(reminders=False, campaigns=False),), context(runtime))
    with runtime.database.begin() as conn:
        kept = conn.exec_driver_sql("SELECT count(*) FROM phones WHERE phone_sealed IS NOT NULL").scalar_one()
        demo = conn.exec_driver_sql("SELECT count(*) FROM phone_links").scalar_one()
    assert kept <= demo
