"""The visit at the centre: acts under a code, taken back, and the patient who is not the card's holder.

S 482913 CES            the act is done, once        A 482913    taken back until midnight
S 482913 CES 2          a second act of the kind     NON 482913  not the holder: the code is cancelled
S 482913 CES MED 3500   several, one with an amount in FCFA
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.context import BAMAKO
from flows.effects import (
    ActRecorded,
    ActsUndone,
    Disclosed,
    Effect,
    HolderAsked,
    HolderNotAsked,
    MessageOwed,
    Missed,
    VisitAnswered,
    VisitBound,
    VisitCancelled,
)
from flows.sms.budget import Budget
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, command
from flows.sms.writing import day_month, one_segment, scheme, who
from flows.wording import capitals, place
from models import acts, coverage, phones, visit_codes
from models.acts import Act
from models.coverage import Right
from models.schemes import share_at
from models.staff import Staff
from models.visit_codes import Visit

GROUP = 3
"""Digits in a group of thousands."""

MOST_ACTS = 4
"""Acts in one SMS."""

ASKED_AFTER = timedelta(hours=3)
"""How long after the act its holder is asked about it, within decent hours."""

FIRST_HOUR, LAST_HOUR = 8, 19
"""Hours of Bamako between which a person is asked something she did not ask for."""


@dataclass(frozen=True, slots=True)
class Done:
    """One act of a message: which, the how-manieth of its kind under this code, and what it cost (FCFA) if told."""

    act: Act
    nth: int = 1
    amount_fcfa: int | None = None


def about(talk: Talk, nurse: Staff, code: str) -> Answer:
    """A bare visit code: whose it is, and what can be sent with it."""
    visit = _open(talk, nurse, code)
    right = _right(talk, visit)
    codes = " ".join(act.code for act in acts.known(talk.ask.today)[:6])
    text = talk.t(
        "PEC {code}: {who}, {scheme}. Acte fait? S {code} code ({codes}). Pas la bonne personne? NON {code}",
        code=code,
        who=who(right, talk.ask.today),
        scheme=scheme(right),
        codes=codes,
    )
    return Answer(one_segment(text), (*_bound(visit, nurse), _shown("visit", right)))


@command("ACT_DONE")
def act_done(talk: Talk) -> Answer:
    """S code act: noted once. Raises Declined: E31 on a repeat, E32 for a code that is not open here."""
    nurse = talk.at_contracted()
    if not talk.said.args:
        raise Missing("S", talk.t("le code de visite (6 chiffres)"), "code")
    code, *told = talk.said.args
    visit = _open(talk, nurse, code)
    if not told:
        known = ", ".join(act.code for act in acts.known(talk.ask.today)[:5])
        raise Missing(f"S {code}", talk.t("l'acte ({known}...)", known=known), "act")
    done = tuple(_acts(talk, code, told))
    right = _right(talk, visit)
    noted = tuple(_noted(talk, nurse, visit, one, len(done) > 1) for one in done)
    today = acts.count_on(talk.context.db, nurse.facility.facility_id, talk.ask.today) + len(noted)
    text = one_segment(
        talk.t("Note: {code} {acts},", code=code, acts=" ".join(_written(one) for one in done)),
        talk.t("{scheme} paie, patient {share}.", scheme=scheme(right), share=_share(talk, right, nurse)),
        talk.t("Centre ce jour: {count}.", count=today),
        talk.t("Erreur? A {code} avant minuit.", code=code),
    )
    effects = (*_bound(visit, nurse), *noted, _shown("act", right), *_asked(talk, nurse, visit, right, done))
    return Answer(text, effects)


@command("UNDO")
def undo(talk: Talk) -> Answer:
    """A code [act]: the acts of today under this code are taken back, until midnight."""
    nurse = talk.at_contracted()
    if not talk.said.args:
        raise Missing("A", talk.t("le code de visite (6 chiffres)"), "code")
    code, *told = talk.said.args
    visit = _known(talk, nurse, code)
    act = _act(talk, code, told[0]) if told else None
    standing = acts.standing_on(talk.context.db, visit.visit_id, talk.ask.today)
    taken = [one for one in standing if act is None or one == act.code]
    if not taken:
        raise Declined(
            talk.t(
                "E32 Rien a annuler ce jour pour {code}. Hier est clos: PLAINTE et la correction.", code=code
            )
        )
    text = talk.t("Annule: {code} {acts}. Refaire: S {code} acte.", code=code, acts=" ".join(taken))
    undone = ActsUndone(visit.visit_id, act.code if act else None)
    quiet = _not_asked(talk, visit) if len(taken) == len(standing) else ()
    return Answer(one_segment(text, _ref(talk)), (undone, *quiet, _about(visit, "act.undone")))


@command("NOT_HOLDER")
def not_holder(talk: Talk) -> Answer:
    """NON code: the person at the counter is not the holder; the code is worth nothing, an incident is opened."""
    nurse = talk.at_contracted()
    if not talk.said.args:
        raise Missing("NON", talk.t("le code de visite (6 chiffres)"), "code")
    code = talk.said.args[0]
    visit = _open(talk, nurse, code)
    cancelled = VisitCancelled(visit.visit_id, nurse.facility.facility_id, talk.reference)
    text = talk.t(
        "Code {code} annule: pas la bonne personne. Rien n'est facture. L'ANAM est prevenue. Ref {reference}",
        code=code,
        reference=talk.reference,
    )
    undone = ActsUndone(visit.visit_id)
    quiet = _not_asked(talk, visit)
    return Answer(
        one_segment(text),
        (*_bound(visit, nurse), undone, cancelled, *quiet, _about(visit, "visit.cancelled")),
    )


def holder_said(talk: Talk, visit_id: int, answer: str) -> Answer:
    """What the holder answers after the visit: 1 cared for and nothing paid, 2 and paid, 3 not there."""
    thanks = {
        "1": talk.t("Merci. C'est note."),
        "2": talk.t("Merci. C'est note: on vous a demande de payer. Un agent verifie."),
        "3": talk.t("Merci. C'est note: vous n'etes pas venue. Un agent verifie, votre carte reste valable."),
    }
    if answer not in thanks:
        raise Mistake(talk.t("E22 Repondez 1, 2 ou 3."))
    return Answer(one_segment(thanks[answer], _ref(talk)), (VisitAnswered(visit_id, int(answer)),))


def _open(talk: Talk, nurse: Staff, code: str) -> Visit:
    visit = _known(talk, nurse, code)
    if not visit_codes.is_open(visit, talk.context.now):
        raise Declined(
            talk.t("E32 Code {code} perime ou annule. Envoyez a nouveau le numero de la carte.", code=code)
        )
    return visit


def _known(talk: Talk, nurse: Staff, code: str) -> Visit:
    visit = visit_codes.at_facility(talk.context.db, code, nurse.facility.facility_id, talk.context.now)
    if visit is None:
        # A code could be guessed as a card's number could: it costs the same.
        facility_id = nurse.facility.facility_id
        Budget.of(talk, facility_id)
        raise Declined(
            talk.t(
                "E32 Code {code} inconnu dans ce centre. Envoyez d'abord le numero de la carte.", code=code
            ),
            effects=(Missed("visit.code", facility_id=facility_id),),
        )
    return visit


def _not_asked(talk: Talk, visit: Visit) -> tuple[Effect, ...]:
    """Whoever would be asked about this visit is not."""
    holders = phones.linked_phones(talk.context.db, talk.context.keys, visit.person_id)
    return (HolderNotAsked(visit.visit_id, holders[0]),) if holders else ()


def _right(talk: Talk, visit: Visit) -> Right:
    """The right the code was given for. Raises Declined when the person has left the register."""
    for right in coverage.by_person(talk.context.db, talk.context.keys, visit.person_id, talk.ask.today):
        if right.coverage_id == visit.coverage_id:
            return right
    raise Declined(talk.t("E12 Ces droits ne sont plus au registre. {ref}", ref=_ref(talk)))


def _bound(visit: Visit, nurse: Staff) -> tuple[Effect, ...]:
    """A holder's own code becomes this centre's when it is shown."""
    here = nurse.facility.facility_id
    return () if visit.facility_id == here else (VisitBound(visit.visit_id, here),)


def _acts(talk: Talk, code: str, told: list[str]) -> Iterator[Done]:
    """The acts in the words behind the code, by name or by their digit of the menu.

    Behind an act's name a digit alone is how often, and more digits are FCFA, with or without a space in the
    thousands. Raises Mistake (E22, E41), Declined (E04).
    """
    done: list[Done] = []
    named = False
    for word in _joined(told):
        if done and named and word.isdigit():
            done[-1] = _with_figure(talk, done[-1], word)
            continue
        named = not word.isdigit()
        done.append(Done(_act(talk, code, word)))
    kinds = [(one.act.code, one.nth) for one in done]
    if len(set(kinds)) < len(kinds):
        twice = next(kind for kind, _ in kinds if [one for one, _ in kinds].count(kind) > 1)
        raise Mistake(
            talk.t("E22 {act} 2 fois, rien de note. 2e acte vrai: S {code} {act} 2", act=twice, code=code)
        )
    if len(done) > MOST_ACTS:
        raise Declined(talk.t("E04 Trop d'actes: {most} au plus par SMS.", most=MOST_ACTS))
    yield from done


def _with_figure(talk: Talk, done: Done, figure: str) -> Done:
    if len(figure) == 1 and figure > "0":
        return Done(done.act, int(figure), done.amount_fcfa)
    if 2 <= len(figure) <= 7 and figure[0] != "0":
        return Done(done.act, done.nth, int(figure))
    raise Mistake(talk.t("E41 Montant {figure} pas compris. Ex: MED 3500", figure=figure[:12]))


def _joined(told: list[str]) -> list[str]:
    """An amount written in groups, `3 500` or `12 500`, is one word: nobody means an act and then 500 FCFA."""
    words: list[str] = []
    for word in told:
        group = word.isdigit() and len(word) == GROUP
        if group and len(words) > 1 and words[-1].isdigit() and len(words[-1]) <= GROUP:
            words[-1] += word
        else:
            words.append(word)
    return words


def _act(talk: Talk, code: str, word: str) -> Act:
    act = acts.named(word, talk.ask.today)
    if act is None:
        known = " ".join(one.code for one in acts.known(talk.ask.today))
        raise Mistake(
            talk.t('E22 acte "{word}" inconnu, rien de note. Actes: {known}', word=word[:8], known=known),
            f"S {code} {acts.known(talk.ask.today)[0].code}",
        )
    return act


def _noted(talk: Talk, nurse: Staff, visit: Visit, done: Done, several: bool) -> ActRecorded:
    before = acts.last(talk.context.db, visit.visit_id, done.act.code, done.nth)
    if before is not None:
        more = done.nth + 1
        raise Declined(
            one_segment(
                talk.t(
                    "E31 {code} a deja {nth} {act} le {day}. Pas note 2 fois, rien d'autre note."
                    if several
                    else "E31 {code} a deja {nth} {act} le {day}. Pas note 2 fois.",
                    code=visit.code,
                    nth=done.nth,
                    act=done.act.code,
                    day=day_month(before.astimezone(BAMAKO).date()),
                ),
                talk.t(
                    "Si {more}e acte vrai: S {code} {act} {more}.",
                    more=more,
                    code=visit.code,
                    act=done.act.code,
                ),
                _ref(talk),
            )
        )
    return ActRecorded(
        visit.visit_id,
        nurse.facility.facility_id,
        done.act.code,
        done.nth,
        done.amount_fcfa,
        nurse.staff_id,
    )


def _asked(
    talk: Talk, nurse: Staff, visit: Visit, right: Right, done: tuple[Done, ...]
) -> tuple[Effect, ...]:
    """The question to the holder, once a visit; never after care that a shared phone must not betray."""
    if any(one.act.sensitive for one in done) or acts.any_of(talk.context.db, visit.visit_id):
        return ()
    holders = phones.linked_phones(talk.context.db, talk.context.keys, right.person_id)
    if not holders:
        return ()
    free = _share(talk, right, nurse) == "0 F"
    text = talk.t(
        "Sante Mali: {name} soignee le {day} a {centre}? Repondez 1 oui, rien paye. 2 oui, on a paye."
        " 3 non, pas venue. Reponse gratuite."
        if free
        else "Sante Mali: {name} soignee le {day} a {centre}? Repondez 1 oui, paye {share}. 2 oui, paye plus."
        " 3 non, pas venue. Reponse gratuite.",
        name=capitals(right.given),
        day=day_month(talk.ask.today),
        centre=place(nurse.facility.name),
        share=_share(talk, right, nurse),
    )
    then = _decent(talk)
    return (
        MessageOwed(one_segment(text), "after_visit", holders[0], then),
        HolderAsked(visit.visit_id, holders[0], then),
    )


def _decent(talk: Talk) -> datetime:
    """Some hours from now, or the next morning (Bamako keeps UTC all year)."""
    then = (talk.context.now + ASKED_AFTER).astimezone(BAMAKO)
    if FIRST_HOUR <= then.hour < LAST_HOUR:
        return then
    days = 1 if then.hour >= LAST_HOUR else 0
    return (then + timedelta(days=days)).replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0)


def _written(done: Done) -> str:
    parts = (
        done.act.code,
        str(done.nth) if done.nth > 1 else "",
        f"{done.amount_fcfa}F" if done.amount_fcfa else "",
    )
    return " ".join(part for part in parts if part)


def _share(talk: Talk, right: Right, nurse: Staff) -> str:
    """0 F, or the patient's percent at this kind of centre."""
    share = share_at(right.scheme, nurse.facility.kind, talk.ask.today)
    return "0 F" if share == 0 else f"{share}%"


def _shown(action: str, right: Right) -> Disclosed:
    return Disclosed(action, f"person:{right.person_id}", right.scheme)


def _about(visit: Visit, action: str) -> Disclosed:
    return Disclosed(action, f"person:{visit.person_id}", f"visit:{visit.visit_id}")


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)
