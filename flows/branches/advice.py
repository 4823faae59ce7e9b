"""M'inscrire > 1, which scheme is for me: a few questions, then the decision table's answer with its reason."""

from typing import Any

from config import facts
from flows.ask import Ask
from flows.outgoing import sms
from flows.screens import Choice, Go, Menu, Notice, Question, Refused, screen
from flows.wording import francs
from models import papers
from models.eligibility import Decision, Situation, decide
from models.identifiers import digits
from models.schemes import monthly_share, patient_pays, place_label, scheme_label

OLDEST_AGE = 120


@screen(form=True)
def work(ask: Ask) -> Menu:
    """F1: the work of the caller, or of the one who supports her."""
    dependant = "relation" in ask.args
    title = ask.t("Travail du soutien de famille :") if dependant else ask.t("Votre travail :")
    choices = (
        Choice("1", ask.t("Etat ou salarié"), Go("advice.employer", ask.args)),
        Choice("2", ask.t("Retraité"), Go("advice.pension", ask.args)),
        Choice("3", ask.t("Agriculture, élevage, commerce, artisan"), Go("advice.means", ask.args)),
        Choice("4", ask.t("Sans revenu"), Go("advice.certificate", ask.args)),
    )
    relative = Choice("5", ask.t("C'est pour un proche à ma charge"), "advice.relation")
    return Menu(title, choices if dependant else (*choices, relative))


@screen(form=True)
def employer(ask: Ask) -> Menu:
    """The State or a company: they register with different bodies."""
    return Menu(
        ask.t("Employeur :"),
        (
            Choice("1", ask.t("Etat (fonctionnaire)"), _decided(ask, emploi="FONCTIONNAIRE")),
            Choice("2", ask.t("Entreprise (contrat)"), _decided(ask, emploi="SALARIE_CT")),
            Choice("3", ask.t("Député"), _decided(ask, emploi="DEPUTE")),
        ),
    )


@screen(form=True)
def pension(ask: Ask) -> Menu:
    """Who pays the pension registers the pensioner."""
    return Menu(
        ask.t("Pension payée par :"),
        (
            Choice("1", ask.t("CMSS (Etat)"), _decided(ask, emploi="PENSIONNE", caisse="CMSS")),
            Choice("2", ask.t("INPS (entreprise)"), _decided(ask, emploi="PENSIONNE", caisse="INPS")),
        ),
    )


@screen(form=True)
def means(ask: Ask) -> Menu:
    """A guide, never a verdict: the social enquiry alone decides who is indigent."""
    return Menu(
        ask.t(
            "Pouvez-vous mettre {amount} par mois et par personne ?", amount=francs(monthly_share(ask.today))
        ),
        (
            Choice("1", ask.t("Oui"), _decided(ask, emploi="INFORMEL")),
            Choice("2", ask.t("A la récolte"), _decided(ask, emploi="AGRICOLE")),
            Choice("3", ask.t("Non"), Go("advice.certificate", ask.args)),
        ),
    )


@screen(form=True)
def certificate(ask: Ask) -> Menu:
    """Recognised by the town hall, or not yet."""
    choices = (
        Choice("1", ask.t("Oui"), _decided(ask, emploi="SANS_RESSOURCES", indigence="RECONNU")),
        Choice("2", ask.t("Non, pas encore"), _decided(ask, emploi="SANS_RESSOURCES", indigence="NON")),
    )
    shelter = Choice("3", ask.t("Orphelinat, prison, sans-abri"), "advice.shelter")
    supported = Choice("4", ask.t("Un proche me fait vivre"), Go("advice.relation", {"self": True}))
    title = ask.t("Certificat d'indigence de la mairie ?")
    return Menu(title, choices if "relation" in ask.args else (*choices, shelter, supported))


@screen(form=True)
def shelter(ask: Ask) -> Menu:
    """People whom the law admits without a certificate."""
    return Menu(
        ask.t("Vous vivez :"),
        (
            Choice("1", ask.t("Orphelinat ou maison d'accueil"), _decided(ask, residence="ETABLISSEMENT")),
            Choice("2", ask.t("Prison"), _decided(ask, residence="PRISON")),
            Choice("3", ask.t("Sans domicile fixe"), _decided(ask, residence="SDF")),
        ),
    )


@screen(form=True)
def relation(ask: Ask) -> Menu:
    """For whom, when it is somebody whom the caller supports."""
    return Menu(
        ask.t("Vous êtes pour lui :") if ask.args.get("self") else ask.t("Ce proche est :"),
        (
            Choice("1", ask.t("Epoux, épouse"), Go("advice.work", {"relation": "CONJOINT"})),
            Choice("2", ask.t("Enfant"), Go("advice.child_age", {"relation": "ENFANT"})),
            Choice(
                "3",
                ask.t("Enfant handicapé"),
                Go("advice.work", {"relation": "ENFANT", "handicap_total": True}),
            ),
            Choice("4", ask.t("Père, mère"), Go("advice.work", {"relation": "ASCENDANT"})),
        ),
    )


@screen(question=True, form=True)
def child_age(ask: Ask) -> Question:
    """The child's age in years: papers and rights change at 14 and after 21."""
    return Question(
        ask.t("Age de l'enfant, en années (bébé : 1) :"), _aged, samples=("3", "13", "14", "21", "22", "abc")
    )


@screen(form=True)
def studies(ask: Ask) -> Menu:
    """Between 14 and 21 studies decide."""
    return Menu(
        ask.t("Va à l'école ou étudie ?"),
        (
            Choice("1", ask.t("Oui"), Go("advice.work", {**ask.args, "eleve": True})),
            Choice("2", ask.t("Non"), Go("advice.work", {**ask.args, "eleve": False})),
        ),
    )


@screen()
def result(ask: Ask) -> Notice:
    """F3: the scheme, the reason in a sentence, and where to go."""
    decision = _decision(ask)
    lines = (
        ask.t(decision.reason),
        ask.t("Où : {place}.", place=ask.t(place_label(decision.register_at, ask.today))),
    )
    choices = [
        Choice("2", ask.t("Par SMS"), _by_message),
        Choice("3", ask.t("Un agent m'inscrit"), Go("callback.slot", {"reason": "INSCRIPTION"})),
        Choice("4", ask.t("A payer"), Go("advice.cost", ask.args)),
    ]
    if decision.documents:
        choices.insert(0, Choice("1", ask.t("Pièces"), Go("advice.documents", ask.args)))
    title = ask.t("Conseil : {scheme}", scheme=ask.t(scheme_label(decision.scheme, ask.today)))
    return Notice(title, lines, tuple(choices))


@screen()
def documents(ask: Ask) -> Notice:
    """The papers that this scheme asks for."""
    codes = _decision(ask).documents
    return Notice(ask.t("Pièces"), tuple(f"- {ask.t(papers.short_label(code, ask.today))}" for code in codes))


@screen()
def cost(ask: Ask) -> Notice:
    """What is left to pay at the centre."""
    decision = _decision(ask)
    text, percents = patient_pays(decision.scheme, ask.today)
    lines = [ask.t(decision.path)] if decision.path else []
    if decision.scheme == "AMO":
        months = facts.parameter("amo_waiting_months", ask.today)
        lines.append(ask.t("Droits ouverts après {months} mois de cotisation.", months=months))
    return Notice(ask.t("A payer : {what}.", what=ask.t(text, **percents)), tuple(lines))


@screen()
def sent(ask: Ask) -> Notice:
    """The advice leaves by SMS."""
    return Notice(ask.t("Vous recevez un SMS. Ref {reference}", reference=ask.args["reference"]))


def _aged(ask: Ask, typed: str) -> Go:
    number = digits(typed)
    if not number or len(number) > 3 or int(number) > OLDEST_AGE:
        raise Refused(ask.t("Tapez l'âge en années, ex : 12"))
    return Go("advice.studies", {**ask.args, "age": int(number)})


def _decided(ask: Ask, **answers: str) -> Go:
    """To the answer. For a dependant what is known of work and indigence is known of the one who supports her."""
    known: dict[str, Any] = dict(ask.args)
    for question, value in answers.items():
        known[f"ouvrant_{question}" if "relation" in known else question] = value
    return Go("advice.result", known)


def _decision(ask: Ask) -> Decision:
    return decide(Situation(**ask.args), ask.today)


def _by_message(ask: Ask) -> Go:
    decision = _decision(ask)
    reference = ask.context.reference()
    text = ask.t(
        "Santé Mali, conseil : {scheme}. Où : {place}. Pièces : {papers}. Ref {reference}",
        scheme=ask.t(scheme_label(decision.scheme, ask.today)),
        place=ask.t(place_label(decision.register_at, ask.today)),
        papers=", ".join(ask.t(papers.short_label(code, ask.today)) for code in decision.documents) or "-",
        reference=reference,
    )
    return Go("advice.sent", {"reference": reference}, effects=(sms(ask, text, "advice"),))
