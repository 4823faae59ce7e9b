"""What is written by SMS about a payment, by whatever means: confirmed, refused, taken back. One segment each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flows import gsm7
from flows.wording import capitals, place
from models.contributions import Paid

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class About:
    """What every text about a payment names: `amount` FCFA, `operator` as people say it, whose household.

    Cash has no operator: `agent` is the number of who received it.
    """

    reference: str
    amount: int
    day: date
    operator: str
    mutuelle: str
    given: str
    family: str
    agent: int | None = None

    @property
    def household(self) -> str:
        """AWA T***, as anybody may read it who holds the payer's phone."""
        return f"{capitals(self.given)} {capitals(self.family)[:1]}***"


def confirmed(t: Translate, about: About, paid: Paid) -> str:
    """The receipt: only the operator's word, or a collector's, makes it; it says what the household has from it."""
    if paid.still_for_cover:
        text = t(
            "RECU {reference}: {amount} F le {day} {how}, foyer {household}. Total {paid} sur {due}. "
            "Couvert a partir de {threshold}: encore {missing} F."
        ).format(
            **_filled(about),
            how=_how(t, about),
            paid=paid.season_paid,
            due=paid.season_due,
            threshold=paid.season_paid + paid.still_for_cover,
            missing=paid.still_for_cover,
        )
    elif paid.covered_until and paid.covered_until >= about.day:
        text = t(
            "RECU {reference}: {amount} F le {day} {how}, {mutuelle}, foyer {household}. "
            "Total {paid} sur {due}. {cover}."
        ).format(
            **_filled(about),
            how=_how(t, about),
            paid=paid.season_paid,
            due=paid.season_due,
            cover=_cover(t, about, paid, paid.covered_until),
        )
    else:
        text = t(
            "RECU {reference}: {amount} F le {day} {how}, {mutuelle}, foyer {household}. "
            "Total {paid} sur {due}."
        ).format(**_filled(about), how=_how(t, about), paid=paid.season_paid, due=paid.season_due)
    return gsm7.fold(text)


def refused(t: Translate, about: About, reason: str) -> str:
    """Nothing was taken, and why: `reason` is a text of payment_reasons."""
    why = t(reason).format(operator=about.operator)
    text = t("Paiement {reference} refusé: {amount} F, foyer {household}. {why}. Rien n'a été pris.").format(
        **_filled(about), why=why[:1].upper() + why[1:]
    )
    return gsm7.fold(text)


def taken_back(t: Translate, about: About, paid: int, due: int) -> str:
    """A receipt is no longer true: the operator gave the money back to the payer. FCFA of the season."""
    text = t(
        "RECU {reference} annulé: {operator} a repris {amount} F du {day}, foyer {household}. "
        "Total {paid} sur {due}."
    ).format(**_filled(about), paid=paid, due=due)
    return gsm7.fold(text)


def corrected(t: Translate, about: About, paid: int, due: int) -> str:
    """A receipt for cash was a slip of the collector's thumb; who paid all the same says so. FCFA of the season."""
    text = t(
        "RECU {reference} ANNULE par agent {agent}: {amount} F du {day}, foyer {household}. Total {paid} sur {due}. "
        "Vous avez payé quand même? Envoyez PLAINTE"
    ).format(**_filled(about), agent=about.agent, paid=paid, due=due)
    return gsm7.fold(text)


def _cover(t: Translate, about: About, paid: Paid, until: date) -> str:
    """Until when, and from when where a new household still waits."""
    if paid.covered_from and paid.covered_from > about.day:
        ends = until.strftime("%d/%m/%y")
        return t("COUVERT du {start} au {until}").format(
            start=paid.covered_from.strftime("%d/%m/%y"), until=ends
        )
    return t("COUVERT au {until}").format(until=until.strftime("%d/%m/%y"))


def _how(t: Translate, about: About) -> str:
    """The words for it: par Orange Money, remis a agent 204."""
    if about.agent is not None:
        return t("remis a agent {agent}").format(agent=about.agent)
    return t("par {operator}").format(operator=about.operator)


def _filled(about: About) -> dict[str, object]:
    return {
        "reference": about.reference,
        "amount": about.amount,
        "day": about.day.strftime("%d/%m"),
        "operator": about.operator,
        "mutuelle": place(about.mutuelle),
        "household": about.household,
    }
