"""4 Soins gratuits: what is free by rule, what is only announced, and which scheme pays the rest. Never told by SMS."""

import re
from dataclasses import dataclass
from datetime import date

from flows.ask import Ask
from flows.screens import Choice, Go, Menu, Notice, Question, Refused, Target, screen
from flows.wording import day, payer
from models import gratuites
from models.eligibility import Situation
from models.gratuites import FreeCareItem, Gratuite
from models.identifiers import digits, in_ascii

MONTHS_A_YEAR = 12


_YEARS = re.compile(r"(\d{1,2})\s*ans?(?:\s*(?:et)?\s*(\d{1,2})\s*mois|\s*et\s*(demi)e?)?", re.IGNORECASE)
_MONTHS = re.compile(r"(\d{1,3})\s*(?:mois)?", re.IGNORECASE)
HALF_A_YEAR = 6


@dataclass(frozen=True, slots=True)
class ChildAge:
    """A child's age in whole months on the day of the call; `born` and `exact` when a date, or months, were told."""

    months: int
    born: date | None = None
    exact: bool = True


@screen()
def whom(ask: Ask) -> Menu:
    """E1: the list of the decrees in force, the most asked first."""
    items = gratuites.menu(ask.today)
    return Menu(
        ask.t("Gratuit pour qui ?"), tuple(Choice(item.key, _label(ask, item), _of(item)) for item in items)
    )


@screen(question=True)
def age(ask: Ask) -> Question:
    """E2: the child's age, in months or as a date of birth."""
    return Question(
        ask.t("Age de l'enfant :"),
        _aged,
        samples=("36", "59", "60", "12032023", "31022023", "3 ans", "3 ans 2 mois", "abc"),
        lines=(ask.t("en mois (ex : 36 ; bébé : 1)"), ask.t("ou date (ex : 12032023)")),
    )


@screen(private=True)
def malaria(ask: Ask) -> Menu:
    """Malaria is free for two groups only."""
    return Menu(
        ask.t("Paludisme : pour qui ?"),
        (
            Choice(
                "1",
                ask.t("Enfant de moins de {years} ans", years=gratuites.child_age(ask.today)),
                "free_care.age",
            ),
            Choice("2", ask.t("Femme enceinte"), Go("free_care.answer", {"codes": ["G02"]})),
            Choice("3", ask.t("Autre personne"), "free_care.no_malaria"),
        ),
    )


@screen(private=True)
def answer(ask: Ask) -> Notice:
    """E3: free by rule, or only announced; what pays the rest."""
    return _answered(ask, [gratuites.one(code, ask.today) for code in ask.args["codes"]])


@screen(private=True)
def child(ask: Ask) -> Notice:
    """The answer for a child who is young enough, with the last day on which she is."""
    situation = Situation(age=ask.args["months"] // MONTHS_A_YEAR, service="PALUDISME")
    found = gratuites.firing(situation, ask.today)
    others = (ask.t("Autres soins : à confirmer."),) if any(care.to_confirm for care in found) else ()
    months, until, years = ask.args["months"], ask.args["until"], gratuites.child_age(ask.today)
    title = (
        ask.t("{months} mois : OUI, palu gratuit jusqu'au {day}.", months=months, day=until)
        if until
        else ask.t("{months} mois : OUI, palu gratuit jusqu'à ses {years} ans.", months=months, years=years)
    )
    return Notice(title, (*others, _rest(ask)), _ways_on(ask))


@screen(private=True)
def too_old(ask: Ask) -> Notice:
    """E4: the child is too old; other ways of help."""
    return Notice(
        ask.t("NON : {years} ans ou plus. Autres aides :", years=gratuites.child_age(ask.today)),
        choices=_other_help(ask),
    )


@screen(private=True)
def no_malaria(ask: Ask) -> Notice:
    """Malaria is not free for this person; other ways of help."""
    return Notice(
        ask.t(
            "NON : le palu est gratuit avant {years} ans et pour la femme enceinte. Autres aides :",
            years=gratuites.child_age(ask.today),
        ),
        choices=_other_help(ask),
    )


def _label(ask: Ask, item: FreeCareItem) -> str:
    return ask.t(item.label, years=gratuites.child_age(ask.today), old=gratuites.old_age(ask.today))


def _of(item: FreeCareItem) -> Target:
    match item.asks:
        case "AGE":
            return "free_care.age"
        case "QUI":
            return "free_care.malaria"
        case _:
            return Go("free_care.answer", {"codes": list(item.codes)})


def _aged(ask: Ask, typed: str) -> Go:
    child_age = _age(ask, typed)
    years = gratuites.child_age(ask.today)
    if child_age.months >= years * MONTHS_A_YEAR:
        return Go("free_care.too_old")
    until = _until(child_age, years, ask.today) if child_age.exact else ""
    return Go("free_care.child", {"months": child_age.months, "until": until})


def _age(ask: Ask, typed: str) -> ChildAge:
    """Months, `3 ans`, `3 ans 2 mois`, `1 an et demi`, or a date as ddmmyyyy. Raises Refused for anything else."""
    told = in_ascii(typed).strip()
    if len(digits(told)) == 8 and not any(letter.isalpha() for letter in told):
        return _from_date(ask, digits(told))
    if found := _MONTHS.fullmatch(told):
        return ChildAge(int(found[1]))
    if found := _YEARS.fullmatch(told):
        more = int(found[2]) if found[2] else HALF_A_YEAR if found[3] else 0
        return ChildAge(int(found[1]) * MONTHS_A_YEAR + more, exact=bool(found[2]))
    raise Refused(ask.t("Tapez des mois (36) ou une date de 8 chiffres."))


def _from_date(ask: Ask, number: str) -> ChildAge:
    try:
        born = date(int(number[4:]), int(number[2:4]), int(number[:2]))
    except ValueError as fault:
        raise Refused(ask.t("E22 Cette date n'existe pas. Ex : 12032023")) from fault
    if born > ask.today:
        raise Refused(ask.t("E22 Cette date est à venir. Ex : 12032023"))
    months = (
        (ask.today.year - born.year) * MONTHS_A_YEAR
        + ask.today.month
        - born.month
        - (ask.today.day < born.day)
    )
    return ChildAge(months, born)


def _until(child_age: ChildAge, years: int, today: date) -> str:
    """The last day before the birthday that ends the right, or its month when only the age in months is known."""
    if child_age.born:
        return day(date.fromordinal(_birthday(child_age.born, years).toordinal() - 1))
    index = today.year * MONTHS_A_YEAR + today.month - 1 + years * MONTHS_A_YEAR - child_age.months - 1
    return f"{index % MONTHS_A_YEAR + 1:02}/{index // MONTHS_A_YEAR}"


def _birthday(born: date, years: int) -> date:
    """The birthday; one born on 29 February has it on 1 March in other years."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def _answered(ask: Ask, found: list[Gratuite]) -> Notice:
    by_rule = ", ".join(ask.t(care.short) for care in found if not care.to_confirm)
    announced = ", ".join(ask.t(care.short) for care in found if care.to_confirm)
    if not by_rule:
        title = ask.t("Annoncé, à confirmer au centre : {what}.", what=announced)
        return Notice(title, (_rest(ask),), _ways_on(ask))
    caution = (
        ask.t("A confirmer au centre : {what}.", what=announced)
        if announced
        else ask.t("Un médicament peut rester payant.")
    )
    return Notice(ask.t("OUI, gratuit : {what}.", what=by_rule), (caution, _rest(ask)), _ways_on(ask))


def _ways_on(ask: Ask) -> tuple[Choice, ...]:
    return (
        Choice("1", ask.t("Centre proche"), "centres.commune"),
        Choice("2", ask.t("Quel régime ?"), "advice.work"),
    )


def _rest(ask: Ask) -> str:
    """A free service never stands alone: some drugs are still asked for, and a scheme pays what is not free."""
    rights = ask.caller().rights if ask.own else ()
    scheme = payer(rights[0]) if rights else ask.t("mutuelle, AMO ou RAMED")
    return ask.t("Le reste : {scheme}.", scheme=scheme)


def _other_help(ask: Ask) -> tuple[Choice, ...]:
    return (
        Choice("1", ask.t("Quel régime pour moi ?"), "advice.work"),
        Choice("2", ask.t("RAMED"), Go("joining.scheme", {"scheme": "RAMED"})),
        Choice("3", ask.t("Mutuelle"), Go("joining.scheme", {"scheme": "MUTUELLE"})),
    )
