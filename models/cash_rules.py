"""Whether a collector may receive an amount of a household now: asked before by an SMS and by a call alike. FCFA."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from config import facts
from models import collector_cash
from models.collector_cash import InHand, Receipt
from models.collectors import Collector
from models.contributions import Account
from models.database import Db
from models.days import day_of
from models.payments import again_since

TOO_LITTLE, TOO_MUCH, ABOVE_LIMIT, SAME = "TOO_LITTLE", "TOO_MUCH", "ABOVE_LIMIT", "SAME"
"""Why not, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: `refused` is one of the words above, or nothing. `over`: she will have more than she may.

    Between `least` and `most` an amount is taken for what was meant; `same` is the receipt of minutes ago.
    """

    standing: InHand
    least: int
    most: int
    over: bool
    same: Receipt | None
    refused: str


def look(
    db: Db, collector: Collector, account: Account, amount: int, now: datetime, again: bool = False
) -> Look:
    """Whether `amount` may be received of a household. `again`: she said that it is a second payment.

    Nobody owes more than what is left of this year of contributions and all of the next; few francs are a slip of the
    thumb, unless no more is left to pay. Raises DatabaseAway.
    """
    day = day_of(now)
    standing = collector_cash.in_hand(db, collector, day)
    least = min(int(facts.parameter("payment_least_fcfa", day)), account.missing or amount)
    most = account.missing + account.season_due
    over = standing.amount + amount > standing.limit
    same = None if again else collector_cash.same(db, account.membership_id, amount, again_since(now))
    refused = ""
    if amount < least:
        refused = TOO_LITTLE
    elif amount > most:
        refused = TOO_MUCH
    elif over and collector_cash.refuses_above_limit(day):
        refused = ABOVE_LIMIT
    elif same is not None:
        refused = SAME
    return Look(standing, least, most, over, same, refused)
