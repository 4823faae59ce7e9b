"""The papers that RAMED asks for, made out for this household: its own members, or the answer to one question."""

from datetime import date

from flows.ask import Ask
from flows.outgoing import sms
from flows.screens import Choice, Go, Menu, Notice, Question, Refused, screen
from models import households, papers
from models.households import Member
from models.identifiers import digits
from models.people import age_on


@screen(question=True, form=True)
def household(ask: Ask) -> Question:
    """C5: one question that makes out the list for this household."""
    return Question(
        ask.t("Avec vous ? Tapez les chiffres, ex : 12"),
        _composed,
        samples=("1", "1234", "5", "7", "abc"),
        lines=(
            ask.t("1 Epoux, épouse"),
            ask.t("2 Enfants avant {age} ans", age=papers.child_age(ask.today)),
            ask.t("3 Elèves, étudiants après"),
            ask.t("4 Enfant handicapé"),
            ask.t("5 Personne"),
        ),
    )


@screen()
def list(ask: Ask) -> Menu:
    """C5: the papers, page by page, or all by SMS."""
    return Menu(
        ask.t("Pièces"),
        (Choice("1", ask.t("Tout par SMS"), _by_message, pinned=True),),
        lines=tuple(f"- {line}" for line in _labels(ask)),
    )


@screen()
def sent(ask: Ask) -> Notice:
    """The list leaves by SMS."""
    return Notice(ask.t("Vous recevez un SMS. Ref {reference}", reference=ask.args["reference"]))


def for_caller(ask: Ask) -> Go:
    """The list for the caller's own household when the register knows it, else the question."""
    rights = ask.caller().rights
    if not rights:
        return Go("papers.household")
    context = ask.context
    family = households.members(context.db, context.keys, rights[0].household_id, ask.today)
    return Go("papers.list", {"with": _composition(family, ask.today)})


def _composition(family: tuple[Member, ...], today: date) -> str:
    """The household in the digits of the question."""
    kinds = {_kind(member, today) for member in family}
    return "".join(sorted(kinds - {""}))


def _kind(member: Member, today: date) -> str:
    if member.relation == "CONJOINT":
        return "1"
    if member.relation != "ENFANT":
        return ""
    if member.disabled:
        return "4"
    young = age_on(member.birth_year, member.birth_date, today) < papers.child_age(today)
    return "2" if young else "3"


def _composed(ask: Ask, typed: str) -> Go:
    answers = digits(typed)
    if not answers or not set(answers) <= set("12345"):
        raise Refused(ask.t("Tapez un ou plusieurs chiffres de 1 à 5."))
    return Go("papers.list", {"with": "".join(sorted(set(answers)))})


def _labels(ask: Ask) -> tuple[str, ...]:
    composed = ask.args["with"]
    codes = papers.papers(
        "RAMED",
        spouse="1" in composed,
        child_under="2" in composed,
        pupil="3" in composed,
        disabled="4" in composed,
        admis=False,
        day=ask.today,
    )
    return tuple(ask.t(papers.short_label(code, ask.today)) for code in codes)


def _by_message(ask: Ask) -> Go:
    reference = ask.context.reference()
    text = ask.t(
        "Pièces RAMED : {papers}. Ref {reference}", papers=", ".join(_labels(ask)), reference=reference
    )
    return Go("papers.sent", {"reference": reference}, effects=(sms(ask, text, "papers"),))
