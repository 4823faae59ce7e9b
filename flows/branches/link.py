"""Tying this phone to a household: with consent, with a year of birth as proof, and told to the phones already tied."""

from flows.ask import Ask
from flows.branches.locked import lock
from flows.effects import Disclosed, Effect, MessageOwed, Missed, PhoneLinked
from flows.screens import Choice, Go, Notice, Question, Refused, screen
from flows.wording import masked
from models import lookups, phones
from models.identifiers import digits


@screen(question=True)
def year(ask: Ask) -> Question:
    """The proof that the caller knows the household: its holder's year of birth."""
    return Question(
        ask.t("Année de naissance de {name} :", name=masked(ask.rights_of(ask.args["person"])[0])),
        _checked,
        samples=("1990", "1850", "abc"),
    )


@screen()
def refused(ask: Ask) -> Notice:
    """The year is another one; nothing was tied, and the try counts."""
    return Notice(
        ask.t("E21 Cette année ne correspond pas. Rien n'est lié."),
        choices=(
            Choice("1", ask.t("Retaper"), Go("link.year", ask.args, instead=True)),
            Choice("2", ask.t("Un agent me rappelle"), "callback.slot"),
        ),
    )


@screen()
def done(ask: Ask) -> Notice:
    """Tied: the next dial shows the household's right."""
    return Notice(
        ask.t("Téléphone lié à ce foyer. Le prochain appel montre vos droits."),
        choices=(Choice("1", ask.t("Voir les droits"), Go("rights.person", ask.args)),),
    )


def _checked(ask: Ask, typed: str) -> Go:
    """The year against the register's; a wrong one counts as a try of this phone, and against this person."""
    born = digits(typed)
    if len(born) != 4:
        raise Refused(ask.t("L'année a 4 chiffres, ex : 1987."))
    context = ask.context
    subject = f"person:{ask.args['person']}"
    tried = (
        lookups.misses_since(context.db, context.keys, who, context.misses_since)
        for who in (context.phone, subject)
    )
    if max(tried) >= context.limits.misses:
        return lock(ask)
    right = ask.rights_of(ask.args["person"])[0]
    if int(born) != right.birth_year:
        return Go("link.refused", ask.args, effects=(Missed("link", subject),), instead=True)
    warning = ask.t(
        "Santé Mali : le téléphone {phone} est maintenant lié au foyer de {name}. Pas vous ? Tapez {code}",
        phone=context.phone.masked,
        name=masked(right),
        code=context.service_code,
    )
    told = tuple(
        MessageOwed(warning, "link", to=phone)
        for phone in phones.linked_phones(context.db, context.keys, right.person_id)
    )
    ask.own = (*ask.own, right.household_id)
    effects: tuple[Effect, ...] = (
        PhoneLinked(right.person_id),
        Disclosed("link", subject),
        *told,
    )
    return Go("link.done", ask.args, effects=effects, instead=True)
