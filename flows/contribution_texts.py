"""What is written by SMS about a household's contributions: a receipt once more, and how it stands."""

from __future__ import annotations

from flows import payment_texts
from flows.ask import Ask
from flows.payment_texts import About, Translate
from flows.sms.writing import one_segment
from flows.wording import place
from models.contributions import CASH, TILL, Account, Paid, ReceiptLine
from models.coverage import Right
from models.money_operators import money_operator


def means_shortly(ask: Ask, means: str) -> str:
    """How a payment came, in a word: OM, MOOV, agent, caisse."""
    return {CASH: ask.t("agent"), TILL: ask.t("caisse")}.get(means, means)


def joined(t: Translate, mutuelle: str, number: str) -> str:
    """To a household that joined: the number to show and to pay by, and that nothing is covered yet. One segment."""
    told = t("{mutuelle}: adhesion notee. Numero de membre du foyer: {number}, a montrer au centre.")
    not_yet = t("Pas encore couvert: il faut d'abord payer.")
    how = t("Payer: COT montant")
    return one_segment(told.format(mutuelle=place(mutuelle), number=number), not_yet, how, spare=(how,))


def receipt_again(ask: Ask, line: ReceiptLine, account: Account, right: Right) -> str:
    """The receipt of a payment once more, with the sums of today."""
    about = About(
        reference=line.reference,
        amount=line.amount,
        day=line.day,
        operator=_means(ask, line.means),
        mutuelle=account.mutuelle,
        given=right.given,
        family=right.family,
    )
    paid = Paid(
        entry_id=0,
        reference=line.reference,
        amount=line.amount,
        season_paid=account.season_paid,
        season_due=account.season_due,
        covered_until=account.covered_until
        if account.covered_until and account.covered_until >= ask.today
        else None,
        still_for_cover=account.threshold_fcfa,
        fresh=False,
        covered_from=account.covered_from,
    )
    return payment_texts.confirmed(ask.t, about, paid)


def _means(ask: Ask, means: str) -> str:
    if means in (CASH, TILL):
        return ask.t("un agent") if means == CASH else ask.t("la caisse")
    try:
        return money_operator(means, ask.today).name
    except LookupError:  # no longer in force
        return means
