"""DROITS, or a bare number from a citizen's phone: what a card is worth, masked unless the phone is the household's.

A stranger who only has a number reads the state of the card alone: initials would be half of what proves who she is.
The second fact (the holder's year of birth or her initials, behind the number) gives the name as USSD masks it; a wrong
one reads, and costs, like a number that nobody has, and too many about one person lock her for every stranger's phone.
"""

from __future__ import annotations

from flows.effects import Disclosed, HitsSpent, Missed
from flows.sms.budget import Budget
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, command
from flows.sms.writing import hour, initials, one_segment
from flows.wording import day, masked, others, payer, standing
from models import coverage, lookups
from models.coverage import Right, Verdict
from models.identifiers import is_example, recognise
from models.schemes import patient_share, payer_first

YEAR_DIGITS = 4

NOBODY = 0
"""An id that no person has: a number that nobody holds is asked about with as many statements as one that is held."""


@command("RIGHTS")
def own_or_of_number(talk: Talk) -> Answer:
    """The rights of the phone's own household, or of the number behind the word."""
    if talk.said.numbers:
        return told(talk, talk.said.numbers, *talk.said.args)
    if talk.said.args:
        raise not_a_card(talk, talk.said.args[0])
    found = talk.ask.caller().rights
    if not found:
        raise Missing("DROITS", talk.t("le numero de la carte"), "number")
    right = found[0]
    shown = Disclosed("own", f"person:{right.person_id}", f"{right.scheme} {right.verdict}")
    return Answer(_text(talk, right, masked(right)), (shown,))


def told(talk: Talk, numbers: tuple[str, ...], *second: str) -> Answer:
    """What one number is worth, to who may or may not be its holder. Raises Mistake, Declined."""
    if len(numbers) > 1:
        raise Declined(talk.t("E04 Un seul numero par SMS. Envoyez: DROITS {number}", number=numbers[0]))
    card = recognise(numbers[0], talk.ask.today)
    if card is None or is_example(numbers[0]):
        raise not_a_card(talk, numbers[0])
    budget = Budget.of(talk)
    context = talk.context
    found = coverage.by_number(
        context.db, context.keys, card, context.phone, context.misses_since, talk.ask.today
    ).rights
    person = f"person:{found[0].person_id if found else NOBODY}"
    guessed = bool(second) and _is_guessed(talk, person)
    if not found or guessed or not _fits(found[0], second):
        budget.miss(talk)
        about = person if second else ""
        text = talk.t(
            "E12 {number} inconnu. Relisez la carte. Sinon envoyez AIDE, ou appelez {code}",
            number=numbers[0],
            code=context.service_code,
        )
        return Answer(one_segment(text, _ref(talk)), (Missed("rights.sms", about),))
    good = [right for right in found if right.verdict is Verdict.VALIDE]
    right = payer_first(good, talk.ask.today) if good else found[0]
    shown = Disclosed("rights.sms", f"person:{right.person_id}", f"{right.scheme} {right.verdict}")
    return Answer(_text(talk, right, _name(talk, right, second)), (HitsSpent(1), shown))


def _is_guessed(talk: Talk, person: str) -> bool:
    """Whether so many second facts about one person were wrong, from any phones, that no other is looked at."""
    context = talk.context
    wrong = lookups.misses_since(context.db, context.keys, person, context.now - lookups.DAY)
    return wrong >= context.limits.misses


def _fits(right: Right, second: tuple[str, ...]) -> bool:
    """Whether the second fact, if one was sent, is the holder's: her year of birth or her initials."""
    if not second:
        return True
    said = "".join(second)
    if said.isdigit():
        return len(said) == YEAR_DIGITS and int(said) == right.birth_year
    return said == initials(right).replace(".", "").replace(" ", "")


def _name(talk: Talk, right: Right, second: tuple[str, ...]) -> str:
    """An SMS stays on a phone that a family shares: even the holder's is masked."""
    return masked(right) if second or talk.ask.owns(right) else ""


def _text(talk: Talk, right: Right, name: str) -> str:
    """The state with its day, for whom if that may be told, what care costs, and a reference with day and hour."""
    more = talk.t("et {others}", others=others(talk.ask, right)) if name and right.size > 1 else ""
    named = " ".join(part for part in (name, more) if part)
    share = patient_share(right.scheme, talk.ask.today)
    costs = talk.t(
        "Soins {scheme}: {share}.", scheme=right.scheme, share="0 F" if share == 0 else f"{share}%"
    )
    stamp = talk.t(
        "Ref {reference} du {day} {hour}",
        reference=talk.reference,
        day=day(talk.ask.today)[:5],
        hour=hour(talk.context.now).replace("h", ":"),
    )
    return one_segment(
        f"{payer(right)} {standing_until(talk, right)}{':' if named else '.'}",
        f"{named.removesuffix('.')}." if named else "",
        costs if right.verdict is Verdict.VALIDE else "",
        stamp,
        spare=(costs,),
    )


def standing_until(talk: Talk, right: Right) -> str:
    """VALIDE au 14/03/2027, EXPIRE 14/03/2026, EN ATTENTE, dès le 03/12/2026."""
    if right.verdict is Verdict.VALIDE and right.valid_to is not None:
        return talk.t("VALIDE au {day}", day=day(right.valid_to))
    return standing(talk.ask, right)


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)


def not_a_card(talk: Talk, typed: str) -> Mistake:
    """What to say of digits that no scheme issues, or that are printed as an example."""
    smallest = talk.t("le numero ecrit sur la carte")
    if is_example(typed):
        return Mistake(talk.t("E22 {typed} est un exemple. Envoyez le votre.", typed=typed), smallest)
    return Mistake(
        talk.t("E22 {typed}: pas un numero de carte (8, 9, 10 ou 13 chiffres).", typed=typed[:16]), smallest
    )
