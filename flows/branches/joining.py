"""5 M'inscrire: which scheme, where each one registers, and an agent who does it for the person."""

from flows.ask import Ask
from flows.branches import consent
from flows.effects import CallbackRequested
from flows.places import choose_commune, commune_question
from flows.screens import Choice, End, Go, Menu, Notice, Question, Refused, screen
from models.identifiers import digits
from models.places import Place
from models.schemes import registration

SHORTEST_NAME = 2


@screen()
def menu(ask: Ask) -> Menu:
    """F0: which scheme, where each one registers, or an agent who does it."""
    return Menu(
        ask.t("M'inscrire"),
        (
            Choice("1", ask.t("Quel régime pour moi ?"), "advice.work"),
            Choice("2", ask.t("RAMED"), Go("joining.scheme", {"scheme": "RAMED"})),
            Choice("3", ask.t("Mutuelle"), Go("joining.scheme", {"scheme": "MUTUELLE"})),
            Choice("4", ask.t("AMO"), Go("joining.scheme", {"scheme": "AMO"})),
            Choice("6", ask.t("Un agent m'inscrit"), _agent),
        ),
        doors={"5": ask.t("Suivre ma demande")},
    )


@screen()
def scheme(ask: Ask) -> Notice:
    """One scheme: for whom it is and where it registers."""
    offered = registration(ask.args["scheme"], ask.today)
    return Notice(
        ask.t("{scheme} : pour {who}.", scheme=offered.scheme, who=ask.t(offered.who)),
        (ask.t("S'inscrire : {where}.", where=ask.t(offered.where)),),
        (
            Choice("1", ask.t("Quel régime pour moi ?"), "advice.work"),
            Choice("2", ask.t("Un agent m'inscrit"), _agent),
        ),
    )


@screen(question=True, form=True)
def name(ask: Ask) -> Question:
    """An agent registers me, first of two: whom to ask for."""
    return Question(ask.t("1/2 Prénom et nom :"), _named, samples=("Awa Traore", "a", "12"))


@screen(question=True, form=True)
def commune(ask: Ask) -> Question:
    """An agent registers me, second of two: where she lives."""
    return commune_question(
        ask, ask.t("2/2 Commune : 3 premières lettres, ex : KAT"), "joining.communes", _requested
    )


@screen(form=True)
def communes(ask: Ask) -> Menu:
    """Several communes begin with these letters."""
    return choose_commune(ask, _requested)


@screen()
def requested(ask: Ask) -> End:
    """The end of the call: the request has a number."""
    return End(
        ask.t("Demande {reference} notée.", reference=ask.args["reference"]),
        (ask.t("Un agent vous appelle pour l'inscription. Gardez votre téléphone allumé."),),
    )


def _agent(ask: Ask) -> Go:
    return consent.first(ask, Go("joining.name"))


def _named(ask: Ask, typed: str) -> Go:
    name = " ".join(typed.split())[:40]
    if digits(typed) or len(name) < SHORTEST_NAME:
        raise Refused(ask.t("Un nom n'a pas de chiffres. Prénom et nom :"))
    return Go("joining.commune", {"name": name})


def _requested(ask: Ask, place: Place) -> Go:
    reference = ask.context.reference()
    request = CallbackRequested(
        reference, "JOURNEE", "INSCRIPTION", ask.language, name=ask.args["name"], commune_code=place.code
    )
    return Go("joining.requested", {"reference": reference}, effects=(request,), back=())
