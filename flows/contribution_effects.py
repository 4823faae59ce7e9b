"""What is to be done about a household's mutuelle: effects as those of `flows.effects`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.identifiers import Msisdn


@dataclass(frozen=True, slots=True)
class PaymentRequested:
    """A reference stands for `amount` FCFA of a membership: for the phone `to`, or for any agent who takes cash."""

    reference: str
    membership_id: int
    amount: int
    to: Msisdn | None = None


@dataclass(frozen=True, slots=True)
class MutuelleJoined:
    """The caller's household joins a mutuelle, with a plan of contribution_plans.csv. Nothing is covered by it yet.

    `number`: the member number that the household is shown, its own or a free one.
    """

    household_id: int
    mutuelle_id: int
    plan: str
    number: str


@dataclass(frozen=True, slots=True)
class PlanChosen:
    """The household of a membership wants to be asked by another plan of contribution_plans.csv."""

    membership_id: int
    plan: str


@dataclass(frozen=True, slots=True)
class PaymentLater:
    """The household of a membership wants to be reminded once, from a moment on, if it has not paid by then."""

    membership_id: int
    at: datetime


ContributionEffect = MutuelleJoined | PaymentLater | PaymentRequested | PlanChosen
