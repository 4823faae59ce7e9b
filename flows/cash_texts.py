"""What is written of our own accord to who takes cash and who counts it: deposits settled, cash too much or too old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flows.sms.writing import day_month, one_segment
from models.deposits import Deposit

Translate = Callable[[str], str]


def settled(t: Translate, deposit: Deposit, left: int) -> str:
    """To the collector: what was counted of her deposit, and FCFA that she has left."""
    if not deposit.counted:
        text = t(
            "Versement {reference}: le tresorier n'a rien recu. {amount} F restent en vos mains."
        ).format(reference=deposit.reference, amount=deposit.amount)
    elif deposit.difference:
        text = t(
            "Versement {reference}: {counted} F comptes sur {amount}, ecart {difference} F. Voyez le tresorier."
        ).format(
            reference=deposit.reference,
            counted=deposit.counted,
            amount=deposit.amount,
            difference=deposit.difference,
        )
    else:
        text = t("Versement {reference}: {counted} F comptes et confirmes.").format(
            reference=deposit.reference, counted=deposit.counted
        )
    return one_segment(text, t("En main: {left} F.").format(left=left))


def above_limit(t: Translate, number: int, amount: int, limit: int) -> str:
    """To the treasurers: a collector has as much as she may, or more."""
    return one_segment(
        t("Agent {number}: {amount} F en main, plafond {limit} F. Faites-la verser.").format(
            number=number, amount=amount, limit=limit
        )
    )


def to_hand_over(t: Translate, amount: int, since: date) -> str:
    """To the collector: her cash was to be handed over by now."""
    return one_segment(
        t("Vous avez {amount} F en main depuis le {day}. A verser maintenant: VERS {amount} ref.").format(
            amount=amount, day=day_month(since)
        )
    )


def kept_too_long(t: Translate, number: int, amount: int, since: date) -> str:
    """To the treasurers: a collector keeps cash too long."""
    return one_segment(
        t("Agent {number}: {amount} F en main depuis le {day}, rien de verse. Appelez-la.").format(
            number=number, amount=amount, day=day_month(since)
        )
    )
