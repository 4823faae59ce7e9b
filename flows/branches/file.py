"""2*2: one's own pre-registration file, as far as it has come, and where the card waits (C3, C4)."""

from datetime import date, datetime

from flows.ask import Ask
from flows.branches.papers import for_caller
from flows.effects import Disclosed
from flows.enrolment_effects import CardHandedOver
from flows.screens import Choice, Go, Notice, screen
from flows.wording import place
from models import dossiers, enrolment, places
from models.days import day_of
from models.dossier_records import Dossier
from models.dossier_tables import DONE, READY

MOST_PAPERS = 3
"""Papers that are named on the screen; the rest are in the list."""


def of_caller(ask: Ask) -> Go:
    """The state of the phone's own file."""
    dossier = _mine(ask)
    shown = (Disclosed("dossier.state", f"dossier:{dossier.code}"),) if dossier else ()
    return Go("file.state", effects=shown)


@screen(private=True)
def state(ask: Ask) -> Notice:
    """C3: request, papers, card; C4 when the card waits; the way to a file when there is none."""
    dossier = _mine(ask)
    if dossier is None:
        return Notice(
            ask.t("Aucun dossier sur ce téléphone."),
            (ask.t("Inscription à la mairie, par un agent, ou SMS : INS"),),
            (
                Choice("1", ask.t("Pièces à fournir"), for_caller),
                Choice("2", ask.t("Un agent me rappelle"), Go("callback.slot", {"reason": "INSCRIPTION"})),
            ),
        )
    if dossier.state == READY:
        return Notice(
            ask.t("Carte {scheme} prete !", scheme=dossier.scheme),
            (dossier.place or "", ask.t("Apportez le récépissé.")),
            (Choice("1", ask.t("Je l'ai déjà"), _taken),),
        )
    return Notice(
        ask.t(
            "Dossier {code}, {commune}",
            code=dossier.code,
            commune=place(places.name_of(dossier.commune_code)),
        ),
        _steps(ask, dossier),
        (
            Choice("1", ask.t("Pièces à fournir"), for_caller),
            Choice("2", ask.t("C'est long"), Go("callback.slot", {"reason": "DOSSIER"})),
        ),
    )


@screen()
def taken(ask: Ask) -> Notice:
    """The person has her card: nothing more is written about it."""
    return Notice(ask.t("C'est noté. Merci."))


def _steps(ask: Ask, dossier: Dossier) -> tuple[str, ...]:
    """What was done, what lacks, and the card."""
    context = ask.context
    made = ask.t("- demande {day} : faite", day=_short(dossier.created_at))
    if dossier.state == DONE:
        return made, ask.t("- carte : remise {day}", day=_short(dossier.done_at))
    members = dossiers.members_of(context.db, context.keys, dossier.dossier_id)
    seen = dossiers.papers_of(context.db, dossier.dossier_id)
    words = [ask.t(word) for _, word in enrolment.lacking(dossier.scheme, members, seen, ask.today)]
    lacking = ", ".join(words[:MOST_PAPERS])
    papers = ask.t("- manque : {papers}", papers=lacking) if lacking else ask.t("- pièces : complètes")
    return made, papers, ask.t("- carte : attendue")


def _short(moment: datetime | None) -> str:
    day: date | None = day_of(moment) if moment else None
    return day.strftime("%d/%m") if day else ""


def _taken(ask: Ask) -> Go:
    dossier = _mine(ask)
    if dossier is None or dossier.state != READY:
        return Go("file.state")
    noted = Disclosed("dossier.card", f"dossier:{dossier.code}", "ussd")
    return Go("file.taken", effects=(CardHandedOver(dossier.dossier_id), noted), back=())


def _mine(ask: Ask) -> Dossier | None:
    context = ask.context
    return dossiers.of_phone(context.db, context.keys, context.phone)
