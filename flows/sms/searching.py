"""CH name year commune: at most three people, masked; the digit of one verifies her."""

from __future__ import annotations

from flows.effects import Disclosed, HitsSpent, Missed
from flows.sms.budget import Budget
from flows.sms.talk import Answer, Missing, Mistake, Talk, command
from flows.sms.thread import Question
from flows.sms.writing import one_segment
from flows.wording import masked
from models import coverage, places
from models.coverage import MOST_COMMUNES

OLDEST_BIRTH_YEAR = 1900


@command("SEARCH")
def search(talk: Talk) -> Answer:
    """A nurse looks for a patient without her card. Raises Missing for what was not told, Mistake, Declined."""
    nurse = talk.at_work()
    name, year, commune = _parts(talk, talk.said.args)
    budget = Budget.of(talk, nurse.facility.facility_id)
    context = talk.context
    found = coverage.by_name(
        context.db, context.keys, name, year, commune, context.phone, context.misses_since, talk.ask.today
    ).rights
    people = list({right.person_id: right for right in reversed(found)}.values())[::-1]
    if not people:
        budget.miss(talk)
        text = talk.t(
            "E12 Personne de ce nom, de cette annee et de ce lieu. Essayez un autre nom ou le pere."
        )
        return Answer(
            one_segment(text, _ref(talk)), (Missed("search", facility_id=nurse.facility.facility_id),)
        )
    listed = ", ".join(
        f"{place} {masked(right)} {right.scheme}" for place, right in enumerate(people, start=1)
    )
    shown = tuple(Disclosed("search", f"person:{right.person_id}", "masked") for right in people)
    text = talk.t("{count} trouve: {people}. Repondez le chiffre.", count=len(people), people=listed)
    question = Question("person", {"people": [right.person_id for right in people]})
    return Answer(one_segment(text), (HitsSpent(1), *shown), question)


def _parts(talk: Talk, args: tuple[str, ...]) -> tuple[str, int, tuple[str, ...]]:
    """(name, year, communes): the year is the word of four digits, the name before it, the place behind it."""
    years = [place for place, word in enumerate(args) if word.isdigit() and len(word) == 4]
    if not years:
        read = f"CH {' '.join(args)}".rstrip()
        if not args:
            raise Missing(read, talk.t("nom annee commune, ex: TRAORE AWA 1990 KATI"), "words")
        raise Missing(read, talk.t("annee et commune, ex: 1990 KATI"), "words")
    name, year, where = args[: years[0]], int(args[years[0]]), args[years[0] + 1 :]
    if not name:
        raise Mistake(talk.t("E21 nom ? Ex: CH TRAORE AWA 1990 KATI"), "CH TRAORE AWA 1990 KATI")
    if not OLDEST_BIRTH_YEAR <= year <= talk.ask.today.year:
        raise Mistake(talk.t("E22 annee {year} impossible. Ex: CH TRAORE AWA 1990 KATI", year=year))
    if not where:
        raise Missing(f"CH {' '.join(args)}", talk.t("la commune, ex: KATI"), "words")
    communes = places.search("".join(where), talk.ask.today)
    if not communes:
        raise Mistake(
            talk.t("E21 commune {typed} inconnue. Ex: CH TRAORE AWA 1990 KATI", typed=where[0][:14])
        )
    return " ".join(name), year, tuple(found.code for found in communes[:MOST_COMMUNES])


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)
