"""2 RAMED: check a receipt, the file and its card, the papers for one's own household, renewal, and where to go."""

from flows.ask import Ask
from flows.branches.file import of_caller
from flows.branches.papers import for_caller
from flows.branches.rights import check_number
from flows.screens import Choice, Go, Menu, Notice, Question, screen
from models.schemes import validity_years


@screen()
def menu(ask: Ask) -> Menu:
    """C1: the RAMED branch."""
    return Menu(
        ask.t("RAMED"),
        (
            Choice("1", ask.t("Vérifier un récépissé"), "ramed.receipt"),
            Choice("2", ask.t("Mon dossier, ma carte"), of_caller),
            Choice("3", ask.t("Pièces à fournir"), for_caller),
            Choice("4", ask.t("Renouveler"), "ramed.renewal"),
            Choice("5", ask.t("Où aller"), "ramed.where"),
        ),
    )


@screen(question=True)
def receipt(ask: Ask) -> Question:
    """C2: the number of the paper receipt."""
    return Question(
        ask.t("Numéro du récépissé d'immatriculation (13 chiffres) :"),
        check_number,
        samples=("1111234567890", "12"),
    )


@screen()
def renewal(ask: Ask) -> Notice:
    """C6: what happens when the three years are over."""
    return Notice(
        ask.t(
            "Le RAMED vaut {years} ans. Ensuite : nouvelle demande à la mairie.",
            years=validity_years(ask.today),
        ),
        choices=(
            Choice("1", ask.t("Pièces à fournir"), for_caller),
            Choice("2", ask.t("Un agent me rappelle"), Go("callback.slot", {"reason": "RENOUVELLEMENT"})),
        ),
    )


@screen()
def where(ask: Ask) -> Notice:
    """Where to ask, who enquires, where to be treated first."""
    return Notice(
        ask.t("Demande : mairie. Enquête : service social."),
        (ask.t("Soins : CSCom d'abord, puis CSRéf, puis hôpital."),),
        (Choice("1", ask.t("Trouver un centre"), "centres.commune"),),
    )
