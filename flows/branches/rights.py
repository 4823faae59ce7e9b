"""1 Mes droits: one number, one answer, whatever the scheme. A "no" always says what is left."""

from flows.ask import Ask
from flows.branches import consent
from flows.branches.locked import lock
from flows.branches.members import shown
from flows.branches.papers import for_caller
from flows.branches.visit import issue
from flows.effects import Disclosed, Effect, Missed
from flows.outgoing import sms
from flows.own_mutuelle import SCHEME, own_membership
from flows.screens import Choice, Go, Menu, Notice, Question, Refused, Target, screen
from flows.wording import LATE, day, francs, masked, month, named, others, payer, standing, state
from models import coverage
from models.coverage import Lookup, Right, Verdict
from models.identifiers import digits, is_example, recognise
from models.phones import Caller
from models.schemes import patient_share, payer_first, registration

BY_CARD = "card"
"""How a person was found: by the number of her card, which only who has the card knows."""


@screen(question=True)
def number(ask: Ask) -> Question:
    """B1: the number of any card; its shape says the scheme."""
    return Question(
        ask.t("Numéro de la carte ou du récépissé (AMO, RAMED, mutuelle) :"),
        check_number,
        samples=("123456789", "1111234567890", "12", "abc"),
        choices=(
            Choice("1", ask.t("Je n'ai pas le numéro"), "search.how"),
            Choice("98", ask.t("Langue"), "language.choose"),
        ),
    )


@screen()
def mine(ask: Ask) -> Menu | Notice:
    """The caller's own rights: the household's answer at once, or a choice when the phone has several households."""
    holders = {right.person_id: right for right in reversed(ask.caller().rights)}
    if len(holders) == 1:
        return _drawn(ask, ask.rights_of(next(iter(holders))))
    choices = tuple(
        Choice(str(place), f"{named(ask, right)} {right.scheme}", _of(right))
        for place, right in enumerate(reversed(holders.values()), start=1)
    )
    return Menu(ask.t("Quel foyer ?"), choices)


@screen()
def person(ask: Ask) -> Menu | Notice:
    """One person's rights, drawn by what they are worth today."""
    return _drawn(ask, ask.rights_of(ask.args["person"]))


@screen()
def unknown(ask: Ask) -> Notice:
    """B4: the number as it was read, so that a slip shows, and four ways out."""
    return Notice(
        ask.t("E12 {number} introuvable.", number=ask.args["number"]),
        choices=(
            Choice("1", ask.t("Retaper"), Go("rights.number", instead=True)),
            Choice("2", ask.t("Chercher par nom"), "search.name"),
            Choice("3", ask.t("Un agent me rappelle"), "callback.slot"),
            Choice("4", ask.t("Soins gratuits"), "free_care.whom"),
        ),
    )


@screen()
def wrong_digit(ask: Ask) -> Notice:
    """B4b: the check digit is wrong, said before anything is looked up."""
    return Notice(
        ask.t("E11 Un chiffre est faux dans {number}.", number=ask.args["number"]),
        choices=(
            Choice("1", ask.t("Retaper"), Go("rights.number", instead=True)),
            Choice("2", ask.t("C'est bien ce numéro"), Go("callback.slot", {"reason": "NUMERO_REFUSE"})),
        ),
    )


def check_number(ask: Ask, typed: str) -> Go:
    """From a number to what it is worth. Raises Refused for what is no card's number, and for the printed example."""
    typed_digits = digits(typed)
    if is_example(typed_digits):
        raise Refused(ask.t("{number} est un exemple. Tapez le vôtre :", number=typed_digits))
    card = recognise(typed_digits, ask.today)
    if card is None:
        raise Refused(ask.t("E22 Ce n'est pas un numéro de carte : 8, 9, 10 ou 13 chiffres."))
    if not card.check_ok:
        return Go("rights.wrong_digit", {"number": card.value})
    context = ask.context
    lookup = coverage.by_number(
        context.db, context.keys, card, context.phone, context.misses_since, ask.today
    )
    return looked_up(ask, lookup, "lookup.number", Go("rights.unknown", {"number": card.value}))


def looked_up(ask: Ask, lookup: Lookup, action: str, nobody: Go) -> Go:
    """From a look-up to the person's rights, to `nobody`, or to the lock after too many that found nobody."""
    if lookup.misses >= ask.context.limits.misses:
        return lock(ask)
    if not lookup.rights:
        return Go(nobody.screen, nobody.args, effects=(Missed(action),), instead=nobody.instead)
    ask.keep(lookup.rights)
    right = lookup.rights[0]
    found = {"person": right.person_id} | ({"by": BY_CARD} if action == "lookup.number" else {})
    return Go("rights.person", found, effects=(_disclosed(action, right),))


def own_shown(caller: Caller) -> tuple[Effect, ...]:
    """The home screen of a known phone shows a right before any key: that too is a disclosure."""
    return (_disclosed("home", caller.rights[0]),) if caller.rights else ()


def by_message(ask: Ask) -> Go:
    """The right on the screen, as an SMS with a reference."""
    right = ask.rights_of(ask.args["person"])[0] if "person" in ask.args else ask.caller().rights[0]
    reference = ask.context.reference()
    text = ask.t(
        "{scheme} {standing} : {name}. Ref {reference} du {today}",
        scheme=payer(right),
        standing=standing(ask, right),
        name=masked(right),
        reference=reference,
        today=day(ask.today),
    )
    return Go("rights.sent", {"reference": reference}, effects=(sms(ask, text, "rights"),))


@screen()
def sent(ask: Ask) -> Notice:
    """The answer leaves by SMS."""
    return Notice(ask.t("Vous recevez un SMS. Ref {reference}", reference=ask.args["reference"]))


def _of(right: Right) -> Go:
    return Go("rights.person", {"person": right.person_id}, effects=(_disclosed("own", right),))


def _disclosed(action: str, right: Right) -> Disclosed:
    return Disclosed(action, f"person:{right.person_id}", f"{right.scheme} {right.verdict}")


def _drawn(ask: Ask, rights: tuple[Right, ...]) -> Menu | Notice:
    if not rights:
        return Notice(ask.t("E12 Ces droits ne sont plus au registre."), choices=_while_waiting(ask))
    if len(rights) > 1:
        good = [right for right in rights if right.verdict is Verdict.VALIDE]
        if len(good) > 1:
            return _several(ask, good)
    return _BY_VERDICT[rights[0].verdict](ask, rights[0])


def _valid(ask: Ask, right: Right) -> Notice:
    lines = [named(ask, right)]
    if right.valid_to and right.status != LATE:
        lines.append(ask.t("Fin : {day}", day=day(right.valid_to)))
    if right.status == LATE:
        lines.append(ask.t("Cotisation en retard depuis {month}", month=month(right.late_since)))
    lines.append(_share(ask, right))
    if right.scheme == "RAMED" and not ask.owns(right):
        lines.append(ask.t("En cas de doute : pièce d'identité."))
    return Notice(_headed(ask, right), tuple(lines), _ways_of_a_holder(ask, right))


def _ways_of_a_holder(ask: Ask, right: Right) -> tuple[Choice, ...]:
    """On the household's own phone the visit code and the members; on any other only the SMS.

    A phone can be linked only by who has the card's number: the proof asks for a year of birth, which a search by name
    has already said, and which a NINA may contain.
    """
    if not ask.owns(right):
        by_sms = Choice("1", ask.t("Recevoir par SMS"), by_message)
        if ask.args.get("by") != BY_CARD:
            return by_sms, Choice("2", ask.t("Un agent me rappelle"), "callback.slot")
        return by_sms, Choice("2", ask.t("C'est mon foyer, lier ce téléphone"), _link(right))
    choices = [Choice("1", ask.t("Code de visite"), lambda ask: issue(ask, right), alias="@code")]
    if right.size > 1:
        label = ask.t("Membres : {others}", others=others(ask, right))
        choices.append(Choice("2", label, shown(right.household_id), alias="@members"))
    return (*choices, Choice("3", ask.t("Recevoir par SMS"), by_message))


def _several(ask: Ask, good: list[Right]) -> Notice:
    first = payer_first(good, ask.today)
    lines = [f"- {payer(right)} : {standing(ask, right)}" for right in good]
    return Notice(
        ask.t("{name} : {count} droits", name=named(ask, good[0]), count=len(good)),
        (*lines, ask.t("Le centre utilise d'abord {scheme}.", scheme=payer(first))),
        _ways_of_a_holder(ask, first),
    )


def _expired(ask: Ask, right: Right) -> Notice:
    where = (
        ask.t("Nouvelle demande : mairie, puis service social.")
        if right.scheme == "RAMED"
        else ask.t("Pour continuer : {body}.", body=right.organism or payer(right))
    )
    papers = Choice("1", ask.t("Pièces à fournir"), for_caller)
    renew = Choice(
        "2", ask.t("Demander le renouvellement"), Go("callback.slot", {"reason": "RENOUVELLEMENT"})
    )
    free = Choice("3", ask.t("Soins gratuits"), "free_care.whom")
    return Notice(
        ask.t(
            "{scheme} {state} le {day}", scheme=payer(right), state=state(ask, right), day=day(right.valid_to)
        ),
        (named(ask, right), where),
        (papers, renew, free) if right.scheme == "RAMED" else (renew, free),
    )


def _suspended(ask: Ask, right: Right) -> Notice:
    """B4c: since when, how much, and what restores the right."""
    lines = (named(ask, right), *_what_restores(ask, right))
    return Notice(_headed(ask, right), lines, _ways_to_cover(ask, right))


def _contributes(ask: Ask, right: Right) -> bool:
    """Whether this is the caller's own mutuelle, and her contributions are kept here."""
    return right.scheme == SCHEME and ask.owns(right) and own_membership(ask) is not None


def _ways_to_cover(ask: Ask, right: Right) -> tuple[Choice, ...]:
    if not _contributes(ask, right):
        return _while_waiting(ask)
    return (
        Choice("1", ask.t("Payer"), "mutuelle.menu"),
        Choice("2", ask.t("Soins gratuits"), "free_care.whom"),
        Choice("3", ask.t("Un agent me rappelle"), "callback.slot"),
    )


def _what_restores(ask: Ask, right: Right) -> tuple[str, ...]:
    """A mutual's right comes back with the contribution; RAMED costs nothing, and its service knows why it rests."""
    if right.scheme != "MUTUELLE":
        where = ask.t(registration(right.scheme, ask.today).where)
        return (ask.t("Demandez pourquoi : {where}.", where=where),)
    if _contributes(ask, right):
        paying = ask.t("Payé aujourd'hui = couvert aujourd'hui.")
    else:
        paying = ask.t("Payé à la section = couvert le jour même.")
    if not right.missing_fcfa:
        return (paying,)
    amount, since = francs(right.missing_fcfa), month(right.late_since)
    return ask.t("Il manque {amount} depuis {month}.", amount=amount, month=since), paying


def _waiting(ask: Ask, right: Right) -> Notice:
    """Of an observation that no full payment has begun, no day can be said."""
    if right.covered_from is None:
        lines = (named(ask, right), ask.t("Pas encore couvert : il faut d'abord payer."))
        return Notice(_headed(ask, right), lines, _ways_to_cover(ask, right))
    return Notice(
        ask.t("{scheme} : payé.", scheme=payer(right)),
        (named(ask, right), ask.t("Soins couverts dès le {day} (attente).", day=day(right.covered_from))),
        _while_waiting(ask),
    )


def _not_yet(ask: Ask, right: Right) -> Notice:
    return Notice(
        _headed(ask, right),
        (named(ask, right), ask.t("Valable dès le {day}.", day=day(right.valid_from))),
        _while_waiting(ask),
    )


def _struck_off(ask: Ask, right: Right) -> Notice:
    return Notice(
        _headed(ask, right),
        (named(ask, right), ask.t("Il faut adhérer de nouveau, à la section.")),
        _while_waiting(ask),
    )


def _while_waiting(ask: Ask) -> tuple[Choice, ...]:
    return (
        Choice("1", ask.t("Soins gratuits d'ici là"), "free_care.whom"),
        Choice("2", ask.t("Un agent me rappelle"), "callback.slot"),
    )


def _headed(ask: Ask, right: Right) -> str:
    return f"{payer(right)} {state(ask, right)}"


def _share(ask: Ask, right: Right) -> str:
    """What the patient pays at the first centre, by the tariff row in force."""
    share = patient_share(right.scheme, ask.today)
    if share == 0:
        return ask.t("Soins : 0 F à payer")
    return ask.t("Vous payez {share}% des soins", share=share)


def _link(right: Right) -> Target:
    return lambda ask: consent.first(ask, Go("link.year", {"person": right.person_id}))


_BY_VERDICT = {
    Verdict.VALIDE: _valid,
    Verdict.EXPIRE: _expired,
    Verdict.SUSPENDU: _suspended,
    Verdict.EN_OBSERVATION: _waiting,
    Verdict.PAS_ENCORE_VALIDE: _not_yet,
    Verdict.RADIE: _struck_off,
}
