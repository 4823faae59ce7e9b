"""3 Mutuelle: the membership as it stands. Paying keeps its digits and opens later."""

from flows.ask import Ask
from flows.branches.members import shown
from flows.screens import Choice, Menu, Notice, screen
from flows.wording import francs, month, people, standing
from models.coverage import Right, Verdict


@screen()
def menu(ask: Ask) -> Menu | Notice:
    """D1: the membership of the caller's household, or how to join."""
    member = next((right for right in ask.caller().rights if right.scheme == "MUTUELLE"), None)
    return _member(ask, member) if member else _no_member(ask)


def _member(ask: Ask, right: Right) -> Menu:
    lines = [standing(ask, right)]
    if right.verdict is Verdict.RADIE:
        lines.append(ask.t("Il faut adhérer de nouveau, à la section."))
    elif right.missing_fcfa:
        lines.append(
            ask.t(
                "Il manque {amount} depuis {month}.",
                amount=francs(right.missing_fcfa),
                month=month(right.late_since),
            )
        )
    lines.append(ask.t("Payer : à la section de votre mutuelle."))
    return Menu(
        f"{right.mutuelle}, {people(ask, right)}",
        (Choice("5", ask.t("Membres"), lambda ask: shown(right.household_id)),),
        lines=tuple(lines),
        doors=_doors(ask),
    )


def _no_member(ask: Ask) -> Notice:
    return Notice(
        ask.t("Pas de mutuelle liée à ce téléphone. Adhérer : à la section."),
        choices=(
            Choice("6", ask.t("Vérifier un numéro"), "rights.number"),
            Choice("7", ask.t("Quel régime pour moi ?"), "advice.work"),
        ),
        doors=_doors(ask),
    )


def _doors(ask: Ask) -> dict[str, str]:
    """Digits of the branch that are kept for paying, the harvest plan, receipts and paying for another."""
    return {
        "1": ask.t("Payer"),
        "2": ask.t("Plan de récolte"),
        "3": ask.t("Mes reçus"),
        "4": ask.t("Payer pour un autre"),
    }
