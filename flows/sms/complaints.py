"""PLAINTE text: a complaint to the quality service, in the sender's own words; PLAINTE number: where it stands."""

from __future__ import annotations

from flows.effects import ComplaintFiled
from flows.sms.talk import Answer, Declined, Missing, Talk, command
from flows.sms.writing import one_segment
from models import complaints

REFERENCE_DIGITS = 6
SHORTEST = 3
"""Letters below which a complaint says nothing."""


@command("COMPLAIN")
def complain(talk: Talk) -> Answer:
    """Files a complaint, or tells where one stands. Raises Missing for an empty one, Declined (E12)."""
    words = talk.said.raw.strip()
    if words.isdigit() and len(words) == REFERENCE_DIGITS:
        return _followed(talk, words)
    if len(words) < SHORTEST:
        raise Missing("PLAINTE", talk.t("ce qui s'est passe, en une phrase"), "words")
    facility_id = talk.nurse.facility.facility_id if talk.nurse else None
    filed = ComplaintFiled(talk.reference, words, facility_id)
    text = talk.t(
        "Plainte {reference} notee, l'ANAM la lit. Pour la suivre: PLAINTE {reference}",
        reference=talk.reference,
    )
    return Answer(one_segment(text), (filed,))


@command("STOCK")
def stock(talk: Talk) -> Answer:
    """RUPT medicine: a stock-out at the nurse's centre, filed like a complaint."""
    nurse = talk.at_work()
    if not talk.said.args:
        raise Missing("RUPT", talk.t("le medicament, ex: COARTEM"), "words")
    medicine = " ".join(talk.said.args)[:40]
    filed = ComplaintFiled(talk.reference, f"RUPT {medicine}", nurse.facility.facility_id)
    text = talk.t("Note: rupture de {medicine}.", medicine=medicine)
    return Answer(one_segment(text, talk.t("Ref {reference}", reference=talk.reference)), (filed,))


def _followed(talk: Talk, reference: str) -> Answer:
    """Where it stands, told only to the phone that filed it."""
    context = talk.context
    state = complaints.state(context.db, context.keys, reference, context.phone)
    if state is None:
        raise Declined(talk.t("E12 Plainte {reference} inconnue depuis ce telephone.", reference=reference))
    told = talk.t("en cours") if state.state == complaints.OPEN else talk.t("close")
    return Answer(one_segment(talk.t("Plainte {reference}: {state}.", reference=reference, state=told)))
