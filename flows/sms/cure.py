"""What restores a right after a NON, in words that the phone which reads them can follow.

A household whose contributions are kept here is paid for at the counter: by COT from the phone that asked, by its
mobile money or in cash where it takes cash. Any other is sent where its account is.
"""

from __future__ import annotations

from flows.own_mutuelle import SCHEME, operator_for
from flows.sms.cash_box import collector_of
from flows.sms.contributing import limits, member_number
from flows.sms.talk import Talk
from flows.sms.writing import short_day
from models import member_households, memberships, restoring
from models.coverage import Right, Verdict
from models.memberships import Membership
from models.schemes import registration


def cure(talk: Talk, right: Right, number: str) -> str:
    """What restores a right that was asked for by `number`, or by a name (""); "" when time does it.

    Raises DatabaseAway.
    """
    if right.verdict in (Verdict.EN_OBSERVATION, Verdict.PAS_ENCORE_VALIDE):
        return ""
    if right.verdict is Verdict.SUSPENDU and right.scheme == SCHEME:
        return _contribution(talk, right, number)
    where = talk.t(registration(right.scheme, talk.ask.today).where)
    if right.verdict is Verdict.SUSPENDU:
        return talk.t("Demander pourquoi: {where}.", where=where)
    if right.verdict is Verdict.RADIE:
        return talk.t("Adherer de nouveau: {where}.", where=where)
    return talk.t("Renouveler: {where}.", where=where)


def _contribution(talk: Talk, right: Right, number: str) -> str:
    """Where to pay what, and from which day that covers: care is not promised before an observation has ended."""
    at_section, today = talk.t("Payer a la section"), talk.t("couvert ce jour")
    membership = _account(talk, right)
    if membership is None:
        return f"{at_section} = {today}."
    least, most = limits(talk)
    paid = restoring.by_paying(talk.context.db, membership.id, max(right.missing_fcfa, least), talk.ask.today)
    if paid is None:
        return f"{at_section}."
    known = _number(talk, right, number) if paid.amount <= most and _takes(talk, right, membership) else ""
    where = (
        talk.t("Payer ici: COT {number} {amount}", number=known, amount=paid.amount) if known else at_section
    )
    day = short_day(paid.covered_from)
    when = today if paid.covered_from == talk.ask.today else talk.t("couvert des le {day}", day=day)
    return f"{where} = {when}."


def _account(talk: Talk, right: Right) -> Membership | None:
    """The membership behind a right, if what it lacks is known here; a copy of the register has none."""
    if talk.context.copied_on is not None or not right.missing_fcfa:
        return None
    found = memberships.of_household(talk.context.db, right.household_id)
    return found if found is not None and found.mutuelle == right.mutuelle else None


def _takes(talk: Talk, right: Right, membership: Membership) -> bool:
    """Whether COT from this phone pays for that household: as cash where it takes cash, else by its mobile money."""
    collector = collector_of(talk)
    if collector is None:
        return operator_for(talk.ask, talk.context.phone) is not None
    return collector.mutuelle_id == membership.mutuelle_id and member_households.covers(
        talk.context.db, collector, right.household_id, right.commune_code
    )


def _number(talk: Talk, right: Right, typed: str) -> str:
    """The member's number that was typed, else the one that the household is known by; "" when COT takes neither."""
    if member_number(talk, typed) is not None:
        return typed
    head = member_households.head(talk.context.db, talk.context.keys, right.household_id)
    return head.number if head is not None and member_number(talk, head.number) is not None else ""
