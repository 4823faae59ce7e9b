"""What became of a campaign: every recipient under exactly one heading, what it cost, and what people did afterwards.

Two statements: recipients counted by what became of them, and the counts of acts. Nothing is estimated but the effect.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from sqlalchemy import bindparam, func, select

from models.campaign_acts import ACTS, TAKEN, campaign_results
from models.campaign_tables import HELD_OUT, SKIPPED, STOPPED, recipients
from models.campaigns import Campaign, load
from models.database import Connection, Prepared
from models.intervals import Difference, difference
from models.messages import (
    ACCEPTED,
    DELIVERED,
    EXPIRED,
    NO_RECEIPT,
    PENDING,
    REJECTED,
    UNDELIVERED,
    UNKNOWN,
)
from models.small_counts import FEW, HIDDEN, is_small

HEADINGS = (
    HELD_OUT,
    STOPPED,
    SKIPPED,
    PENDING,
    UNKNOWN,
    REJECTED,
    ACCEPTED,
    DELIVERED,
    NO_RECEIPT,
    UNDELIVERED,
    EXPIRED,
)
"""What may have become of a recipient, in the order of the report; a state that is not here comes behind."""

WITH_REASON = (SKIPPED, REJECTED, UNDELIVERED, EXPIRED)
"""States that are told reason by reason."""

NO_REASON = "SANS_MOTIF"
_COST = re.compile(r"([A-Z]{3,4})\s*([0-9]+(?:[.,][0-9]+)?)")
CFA = ("XOF", "FCFA")

_COUNT = Prepared(
    select(
        recipients.c.state,
        recipients.c.code,
        recipients.c.operator,
        recipients.c.cost,
        recipients.c.hold_out,
        func.count(),
    )
    .where(recipients.c.campaign_id == bindparam("campaign"))
    .group_by(
        recipients.c.state,
        recipients.c.code,
        recipients.c.operator,
        recipients.c.cost,
        recipients.c.hold_out,
    )
)
_RESULTS = Prepared(
    select(
        campaign_results.c.act,
        campaign_results.c.hold_out,
        campaign_results.c.people,
        campaign_results.c.in_time,
    ).where(campaign_results.c.campaign_id == bindparam("campaign"))
)


@dataclass(frozen=True, slots=True)
class Group:
    """A number of recipients who share a row of the count."""

    state: str
    code: str | None
    operator: str
    cost: str | None
    hold_out: bool
    people: int


@dataclass(frozen=True, slots=True)
class Cost:
    """One operator's part: people whom the provider took, FCFA planned, FCFA that the provider told, and of how many.

    `untold`: those of whom it told no price in FCFA.
    """

    sent: int
    planned_fcfa: int | None
    real_fcfa: Decimal
    untold: int


@dataclass(frozen=True, slots=True)
class Act:
    """How many did something afterwards: within days of the message that they were sent; and in each arm at all.

    The arms are all who were to get a message, and those held out, whatever became of it: so nothing but the draw
    tells them apart. Small counts are marks; `effect` is None with one, and where nobody is held out.
    """

    in_time: int | str
    people: int | str
    held_out: int | str
    effect: Difference | None


@dataclass(frozen=True, slots=True)
class Report:
    """A campaign's report. `states` add up to `audience`, and the reasons of a state to the state."""

    campaign: Campaign
    audience: int
    states: dict[str, int]
    reasons: dict[str, dict[str, int]]
    sent: int
    arms: tuple[int, int]
    costs: dict[str, Cost]
    acts: dict[str, Act] = field(default_factory=dict)


def report(conn: Connection, campaign_id: int) -> Report:
    """The report of a campaign as it stands now. Raises NoCampaign, DatabaseAway."""
    campaign = load(conn, campaign_id)
    groups = [Group(*row) for row in _COUNT.all(conn, campaign=campaign_id)]
    states = Counter[str]()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for group in groups:
        states[group.state] += group.people
        if group.state in WITH_REASON:
            reasons[group.state][group.code or NO_REASON] += group.people
    held_out = sum(group.people for group in groups if group.hold_out)
    arms = (states.total() - held_out, held_out)
    found = {
        (act, bool(held)): (people, in_time)
        for act, held, people, in_time in _RESULTS.all(conn, campaign=campaign_id)
    }
    return Report(
        campaign=campaign,
        audience=states.total(),
        states={state: states[state] for state in (*HEADINGS, *sorted(set(states) - set(HEADINGS)))},
        reasons={state: dict(counted.most_common()) for state, counted in reasons.items()},
        sent=sum(states[state] for state in TAKEN),
        arms=arms,
        costs=_costs(campaign, groups),
        acts={
            act: _act(found.get((act, False), (0, 0)), found.get((act, True), (0, 0))[0], arms)
            for act in ACTS
        },
    )


def _act(sent: tuple[int, int], held_out: int, arms: tuple[int, int]) -> Act:
    people, in_time = sent
    small = any(map(is_small, (people, held_out)))
    effect = difference(people, arms[0], held_out, arms[1]) if all(arms) and not small else None
    timely = _shown(in_time)
    if is_small(people - in_time) and not is_small(in_time):
        timely = HIDDEN  # or what is left of `people` would be known
    return Act(timely, _shown(people), _shown(held_out), effect)


def _shown(count: int) -> int | str:
    return FEW if is_small(count) else count


def _costs(campaign: Campaign, groups: Iterable[Group]) -> dict[str, Cost]:
    planned = campaign.figures.get("operators", {})
    sent, untold, real = Counter[str](), Counter[str](), defaultdict[str, Decimal](Decimal)
    for group in groups:
        price = fcfa(group.cost)
        if price is not None:
            # What the provider charged for a message that it took and lost is paid all the same.
            real[group.operator] += price * group.people
        if group.state in TAKEN:
            sent[group.operator] += group.people
            untold[group.operator] += group.people if price is None else 0
    return {
        operator: Cost(
            sent[operator],
            planned.get(operator, {}).get("fcfa"),
            real[operator],
            untold[operator],
        )
        for operator in sorted({*planned, *sent})
    }


def fcfa(told: str | None) -> Decimal | None:
    """A price as the provider told it (`XOF 17.0000`), in FCFA; None when it told none, or in another currency."""
    found = _COST.fullmatch((told or "").strip())
    if found is None or found[1] not in CFA:
        return None
    try:
        return Decimal(found[2].replace(",", "."))
    except InvalidOperation:
        return None
