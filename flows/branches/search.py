"""No number at hand: this phone, a NINA, or name, year and commune. At most three people, masked; misses count."""

from flows.ask import Ask
from flows.branches.locked import lock
from flows.branches.rights import looked_up
from flows.effects import Disclosed, Missed
from flows.places import choose_commune, commune_question
from flows.screens import Choice, Go, Menu, Notice, Question, Refused, screen
from flows.wording import masked
from models import coverage
from models.coverage import Right
from models.identifiers import BadNina, NinaNumber, digits
from models.places import Place

SHORTEST_NAME = 2
OLDEST_BIRTH_YEAR = 1900
"""The earliest year taken as a year of birth rather than as a slip of the finger."""


@screen()
def how(ask: Ask) -> Menu:
    """B5: three ways to be found without a number."""
    return Menu(
        ask.t("Chercher avec :"),
        (
            Choice("1", ask.t("Ce téléphone"), _by_phone),
            Choice("2", ask.t("Numéro NINA"), "search.nina"),
            Choice("3", ask.t("Nom, année, commune"), "search.name"),
        ),
    )


@screen()
def no_phone(ask: Ask) -> Notice:
    """This phone is tied to no household."""
    return Notice(
        ask.t("Ce téléphone n'est lié à aucun foyer."),
        choices=(
            Choice("1", ask.t("Nom, année, commune"), Go("search.name", instead=True)),
            Choice("2", ask.t("Un agent me rappelle"), "callback.slot"),
        ),
    )


@screen(question=True)
def nina(ask: Ask) -> Question:
    """The national number, which nobody is ever obliged to have."""
    return Question(
        ask.t("Numéro NINA (carte, passeport, fiche) :"), _by_nina, samples=("12345678901234A", "12")
    )


@screen(question=True)
def name(ask: Ask) -> Question:
    """First of three: the name, in any order and spelling."""
    return Question(ask.t("1/3 Prénom et nom :"), _named, samples=("Awa Traore", "a", "482109377"))


@screen(question=True)
def year(ask: Ask) -> Question:
    """Second of three: the year of birth."""
    return Question(ask.t("2/3 Année de naissance, ex : 1987"), _born, samples=("1992", "92", "1800"))


@screen(question=True)
def commune(ask: Ask) -> Question:
    """Third of three: the commune."""
    return commune_question(
        ask, ask.t("3/3 Commune : 3 premières lettres, ex : KAT"), "search.communes", _in_commune
    )


@screen()
def communes(ask: Ask) -> Menu:
    """Several communes begin with these letters."""
    return choose_commune(ask, _in_commune)


@screen()
def found(ask: Ask) -> Menu:
    """Up to three people, masked: enough to know oneself, too little to learn of others."""
    choices = tuple(
        Choice(str(key), f"{masked(right)} {right.scheme}", Go("rights.person", {"person": right.person_id}))
        for key, right in enumerate(_first_rights(ask), start=1)
    )
    return Menu(ask.t("Qui est-ce ?"), choices)


@screen()
def nobody(ask: Ask) -> Notice:
    """Nobody of this name, year and commune."""
    return Notice(
        ask.t("E12 Aucune personne de ce nom."),
        choices=(
            Choice("1", ask.t("Recommencer"), Go("search.name", instead=True)),
            Choice("2", ask.t("Un agent me rappelle"), "callback.slot"),
            Choice("3", ask.t("Soins gratuits"), "free_care.whom"),
        ),
    )


def _by_phone(ask: Ask) -> Go:
    return Go("rights.mine") if ask.caller().rights else Go("search.no_phone")


def _by_nina(ask: Ask, typed: str) -> Go:
    try:
        number = NinaNumber.parse(typed)
    except BadNina as fault:
        raise Refused(ask.t("E22 Le NINA a 13 à 16 lettres et chiffres.")) from fault
    context = ask.context
    lookup = coverage.by_nina(
        context.db, context.keys, number, context.phone, context.misses_since, ask.today
    )
    return looked_up(ask, lookup, "lookup.nina", Go("search.nobody"))


def _named(ask: Ask, typed: str) -> Go:
    if digits(typed):
        raise Refused(ask.t("Un nom n'a pas de chiffres. Prénom et nom :"))
    name = " ".join(typed.split())[:40]
    if len(name) < SHORTEST_NAME:
        raise Refused(ask.t("Nom trop court. Prénom et nom :"))
    return Go("search.year", {"name": name})


def _born(ask: Ask, typed: str) -> Go:
    born = digits(typed)
    if len(born) != 4 or not OLDEST_BIRTH_YEAR <= int(born) <= ask.today.year:
        raise Refused(ask.t("L'année a 4 chiffres, ex : 1987."))
    return Go("search.commune", {**ask.args, "year": int(born)})


def _in_commune(ask: Ask, place: Place) -> Go:
    context = ask.context
    lookup = coverage.by_name(
        context.db,
        context.keys,
        ask.args["name"],
        ask.args["year"],
        (place.code,),
        context.phone,
        context.misses_since,
        ask.today,
    )
    if lookup.misses >= context.limits.misses:
        return lock(ask)
    if not lookup.rights:
        return Go("search.nobody", effects=(Missed("lookup.name"),))
    ask.keep(lookup.rights)
    people = list(dict.fromkeys(right.person_id for right in lookup.rights))
    effects = tuple(Disclosed("lookup.name", f"person:{person}", "masked") for person in people)
    return Go("search.found", {"people": people}, effects=(*effects, Missed("lookup.name")))


def _first_rights(ask: Ask) -> list[Right]:
    return [rights[0] for person in ask.args["people"] if (rights := ask.rights_of(person))]
