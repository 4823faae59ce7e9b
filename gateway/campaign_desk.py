"""The steps that prepare a campaign, each with what it found: checking its texts, sizing, sampling, planning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from config.faults import Fault
from config.settings import Settings
from flows.campaign_text import BadText
from gateway.campaign_writing import Measured, Writer, measure, samples, writer_of
from models import campaign_plan, campaigns, phone_operators
from models.audience_filters import unknown_places
from models.audiences import Asked, highest
from models.campaign_costs import Bill, bill, paces
from models.campaign_size import Size, size
from models.campaigns import Campaign
from models.database import Database
from models.days import day_of
from models.homes import LEVELS, folded_names
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import PHONE

SAMPLES = 10
"""Final messages that an approver reads."""

Done = Callable[[int], object]


class OverBudget(Fault):
    """The campaign costs more than it may."""


@dataclass(frozen=True, slots=True)
class Sized:
    """The subtraction, and what the rest of it costs."""

    size: Size
    bill: Bill
    left: int | None


@dataclass(frozen=True, slots=True)
class Desk:
    """What preparing a campaign needs. Every step is one transaction, or several that can be repeated."""

    database: Database
    keys: KeyRing
    settings: Settings
    now: datetime

    def check(self, campaign_id: int, done: Done) -> tuple[Measured, Writer]:
        """Write every message once; CHECKED when all can be sent. Raises BadText, BadFilter, WrongStep, Fault."""
        with self.database.begin(reading=True) as conn:
            campaign = campaigns.load(conn, campaign_id)
            asked, last, writer = self._all(conn, campaign)
        found = measure(self.database, self.keys, asked, last, writer, done)
        refuse_bad(found, campaign.max_segments)
        with self.database.begin() as conn:
            campaigns.checked(conn, campaign_id, writer.personal, found.told(), self.now)
        return found, writer

    def fill_operators(self, done: Done) -> None:
        """Find the operator of every phone that has none yet."""
        after = 0
        while True:
            with self.database.begin() as conn:
                count, after = phone_operators.fill(conn, self.keys, day_of(self.now), after)
            if not count:
                return
            done(count)

    def size(self, campaign_id: int) -> Sized:
        """Count and price the audience; SIZED when the budget is enough. Raises OverBudget, BadFilter, WrongStep."""
        with self.database.begin() as conn:
            campaign = campaigns.load(conn, campaign_id)
            found = self.priced(conn, campaign)
            campaigns.sized(conn, campaign_id, told(found), self.now)
        return found

    def priced(self, conn: Connection, campaign: Campaign) -> Sized:
        """The audience as it is now, and its price. Raises OverBudget, BadFilter."""
        asked, last, writer = self._all(conn, campaign)
        counted = size(conn, asked)
        counts = campaign.figures.get("rendered", {}).get("operators", {})
        if not writer.personal:
            told = measure(self.database, self.keys, asked, last, writer, lambda _: None).told()
            counts = told["operators"]
        paid = bill({name: (pair[0], pair[1]) for name, pair in counts.items()}, self.pace, day_of(self.now))
        left = paid.left(campaign.budget_fcfa)
        if left is not None and left < 0:
            raise OverBudget(
                f"campaign {campaign.campaign_id} costs {paid.fcfa} FCFA for {counted.people} people:"
                f" {-left} FCFA more than its budget of {campaign.budget_fcfa}"
            )
        return Sized(counted, paid, left)

    def pace(self, operator: str) -> float:
        """Messages a second to an operator's network."""
        told = self.settings.paces.get(operator)
        return float(told[0]) if told else float(paces(day_of(self.now))[operator])

    def samples(self, conn: Connection, campaign: Campaign, count: int = SAMPLES) -> list[tuple[str, str]]:
        """(masked number, whole text) of people drawn by chance."""
        asked, _, writer = self._all(conn, campaign)
        drawn = samples(conn, self.keys, asked, writer, count)
        return [(Msisdn(self.keys.unseal(sealed, PHONE)).masked, text) for sealed, text in drawn]

    def examples(self, conn: Connection, campaign: Campaign) -> list[str]:
        """The text of each language that is sent, with nobody's values in it. Raises BadText."""
        writer = writer_of(conn, campaign, self.settings.service_code)
        return [writer.example(language, campaign.columns) for language in sorted(writer.templates)]

    def plan(self, campaign_id: int, progress: Callable[[int, int], object]) -> int:
        """Make the recipients and chunks, slice by slice, from where an earlier run stopped; rows of this run."""
        rows = 0
        while True:
            with self.database.begin() as conn:
                planned = campaign_plan.plan_slice(conn, self.keys, campaign_id, self.now)
            rows += planned.rows
            progress(planned.position, planned.last)
            if planned.done:
                return rows

    def _all(self, conn: Connection, campaign: Campaign) -> tuple[Asked, int, Writer]:
        """What is asked for, up to which position, and who writes it. Raises BadText, BadFilter, Fault."""
        if not campaign.has_file and campaign.audience is None:
            raise Fault(f"campaign {campaign.campaign_id} has no audience: ramu campaign audience or file")
        unknown = unknown_places(
            campaign.audience or {}, {level: folded_names(conn, level) for level in LEVELS}
        )
        if unknown:
            raise Fault(f"no place is called {', '.join(unknown)}")
        asked = campaign_plan.asked(conn, self.keys, campaign, self.now)
        last = int(conn.execute(highest(asked)).scalar() or 0)
        return asked, last, writer_of(conn, campaign, self.settings.service_code)


def refuse_bad(found: Measured, most: int) -> None:
    """Refuse messages that would be too long, or that lack a value. Raises BadText."""
    too_long = sum(times for segments, times in found.lengths.items() if segments > most)
    if too_long:
        raise BadText(
            f"{too_long} messages dépassent {most} SMS -> raccourcissez le texte, ou ramu campaign limits"
        )
    if found.missing:
        raise BadText(
            f"{found.missing} personnes n'ont pas de valeur pour une variable"
            " -> dites ce qui la remplace : {prenom|cher assuré}"
        )


def told(sized: Sized) -> dict[str, Any]:
    """Everything that sizing found, for programs."""
    return {
        **sized.size.told(),
        "operators": sized.bill.told(),
        "fcfa": sized.bill.fcfa,
        "minutes": sized.bill.minutes,
        "budget_left_fcfa": sized.left,
    }
