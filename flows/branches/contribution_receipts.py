"""3*3 Mes reçus: the last payments of the household; choosing one sends its receipt again."""

from __future__ import annotations

from flows.ask import Ask
from flows.contribution_texts import means_shortly, receipt_again
from flows.outgoing import sms
from flows.own_mutuelle import own_right
from flows.screens import Choice, Go, Menu, Notice, Refused, Target, numbers, screen
from flows.wording import francs
from models import contributions
from models.contributions import ReceiptLine

MOST = 8
"""Receipts in the list."""


@screen()
def listed(ask: Ask) -> Menu | Notice:
    """D7: the newest first."""
    found = contributions.receipts(ask.context.db, ask.args["m"], MOST)
    if not found:
        pay = Choice("1", ask.t("Payer"), Go("paying.amount", {"m": ask.args["m"]}))
        return Notice(ask.t("Aucun paiement reçu encore."), choices=(pay,))
    choices = tuple(
        Choice(key, _line(ask, line), _again(line)) for key, line in zip(numbers(), found, strict=False)
    )
    return Menu(ask.t("Reçus"), choices)


def _line(ask: Ask, line: ReceiptLine) -> str:
    return f"{line.day:%d/%m} {francs(line.amount)} {means_shortly(ask, line.means)}"


def _again(line: ReceiptLine) -> Target:
    def chosen(ask: Ask) -> Go:
        account = contributions.account(ask.context.db, ask.args["m"], ask.today)
        right = own_right(ask)
        if account is None or right is None:
            raise Refused(ask.t("Ce reçu n'est plus au registre."))
        message = sms(ask, receipt_again(ask, line, account, right), "receipt_again")
        return Go("contribution_receipts.sent", {"ref": line.reference}, effects=(message,))

    return chosen


@screen()
def sent(ask: Ask) -> Notice:
    """The receipt leaves once more."""
    return Notice(ask.t("Le reçu {reference} part par SMS.", reference=ask.args["ref"]))
