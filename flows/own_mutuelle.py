"""The caller's own mutuelle, for a call and for an SMS alike: her household's membership, and what is left to pay."""

from __future__ import annotations

from flows.ask import Ask
from flows.wording import masked
from models import memberships
from models.coverage import Right
from models.identifiers import Msisdn
from models.memberships import Membership
from models.money_operators import MoneyOperator, of_network
from models.operators import operator_of

SCHEME = "MUTUELLE"


def own_right(ask: Ask) -> Right | None:
    """The caller's right of a mutuelle as the register has it, the best one; None without any. Raises DatabaseAway."""
    return next((right for right in ask.caller().rights if right.scheme == SCHEME), None)


def own_membership(ask: Ask) -> Membership | None:
    """The running membership of the caller's household: who has none costs no look. Raises DatabaseAway."""
    rights = [right for right in ask.caller().rights if right.scheme == SCHEME]
    for household_id in dict.fromkeys(right.household_id for right in rights):
        found = memberships.of_household(ask.context.db, household_id)
        if found is not None:
            return found
    return None


def household_name(ask: Ask, household_id: int) -> str:
    """AWA T***: whose household it is, as a stranger may read it; nothing when the caller is not of it."""
    of_it = (right for right in ask.caller().rights if right.household_id == household_id)
    return next((masked(right) for right in of_it), "")


def operator_for(ask: Ask, phone: Msisdn) -> MoneyOperator | None:
    """Whose mobile money a number probably has, by its first digits; None for a network without any."""
    return of_network(operator_of(phone, ask.today), ask.today)
