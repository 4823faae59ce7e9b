"""What follows an INS: dependants (AYD), papers that were seen (PIECE), cards handed over (CARTE), deaths (DEC).

A file is touched by who made it alone. That somebody died is believed when two people say so, and stops messages only.
"""

from __future__ import annotations

import re

from flows.effects import Disclosed, Effect, HitsSpent, Missed
from flows.enrolment_effects import CardHandedOver, DeathSaid, DependantNamed, PapersSeen
from flows.sms import enrolment_fields
from flows.sms.budget import Budget
from flows.sms.enrolling import masked, role_of, seen, with_lacking
from flows.sms.normal import plain_letters
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, command
from flows.sms.writing import one_segment
from flows.wording import capitals
from models import coverage, deaths, dossiers, enrolment
from models.deaths import CONFIRMED
from models.dossier_records import Dependant, Dossier
from models.dossier_tables import CITIZEN, DEAD, DONE, OPEN, READY
from models.identifiers import BadNina, NinaNumber, check_digit_ok, recognise
from models.phones import phone_index

CODE_DIGITS = range(6, 9)
"""Digits of a file's number."""

HANDED = re.compile(r"\bCARTE\s*[0-9]")
NINA = "NINA"


@command("DEPENDANT")
def add_dependant(talk: Talk) -> Answer:
    """AYD file given-name sex year link. Raises Missing, Mistake, Declined (E12, E17)."""
    dossier, rest = _mine(talk, "AYD 482213 FATOU F 2015 ENF")
    found = enrolment_fields.read(rest, talk.ask.today)
    # What stands behind the figures is no place here.
    found.name, found.where = [*found.name, *found.where], []
    if found.odd:
        raise Mistake(
            talk.t(
                "E22 {odd} pas compris. Ex: AYD {code} FATOU F 2015 ENF",
                odd=found.odd[0][:14],
                code=dossier.code,
            )
        )
    _complete(talk, dossier, found)
    one = Dependant(
        " ".join(found.name)[: enrolment_fields.LONGEST_NAME].title(),
        dossier.family,
        found.sex or "",
        found.birth_year,
        found.link or "",
    )
    _refuse_not_covered(talk, dossier, one)
    context = talk.context
    before = dossiers.members_of(context.db, context.keys, dossier.dossier_id)
    named = len(before) if one in before else len(before) + 1
    year = str(one.birth_year or "")
    told = " ".join(part for part in (capitals(one.given), one.sex, year, one.link) if part)
    head = talk.t(
        "Note dossier {code}: {who}. Avec {name}: {count}.",
        code=dossier.code,
        who=told,
        name=capitals(dossier.given),
        count=named,
    )
    add = talk.t("Suivant: AYD {code} prenom sexe annee lien", code=dossier.code)
    lacking = enrolment.lacking(
        dossier.scheme, (*before, one), dossiers.papers_of(context.db, dossier.dossier_id), talk.ask.today
    )
    words = tuple(talk.t(word) for _, word in lacking)
    return Answer(
        with_lacking(talk, head, words, add),
        (DependantNamed(dossier.dossier_id, one), seen("dossier.member", dossier.code)),
    )


@command("PAPERS")
def papers_seen(talk: Talk) -> Answer:
    """PIECE file CI AN CR, PIECE file NINA number. Raises Missing, Mistake, Declined (E12)."""
    dossier, rest = _mine(talk, "PIECE 482213 CI AN CR")
    today = talk.ask.today
    if not rest:
        wanted = ", ".join(code for code, _ in _lacking_codes(talk, dossier)) or ", ".join(
            enrolment.codes(today)
        )
        raise Missing(f"PIECE {dossier.code}", talk.t("les codes des pieces: {codes}", codes=wanted), "words")
    nina, typed = _nina(talk, dossier, rest)
    documents: list[str] = []
    for code in typed:
        found = enrolment.documents_of(code, today)
        if not found:
            raise Mistake(
                talk.t(
                    "E22 piece {typed} inconnue. Codes: {codes}, NINA",
                    typed=code[:10],
                    codes=" ".join(enrolment.codes(today)),
                ),
                f"PIECE {dossier.code} AN",
            )
        documents += found
    context = talk.context
    known = dossiers.papers_of(context.db, dossier.dossier_id) | set(documents)
    members = dossiers.members_of(context.db, context.keys, dossier.dossier_id)
    lacking = tuple(talk.t(word) for _, word in enrolment.lacking(dossier.scheme, members, known, today))
    lacking = lacking if dossier.has_nina or nina else (NINA, *lacking)
    told = " ".join((*typed, *([NINA] if nina else [])))
    head = talk.t(
        "Note dossier {code} {name}: vu {papers}.",
        code=dossier.code,
        name=masked(dossier.given, dossier.family),
        papers=told,
    )
    done = "" if lacking else talk.t("Dossier complet.")
    effects = (PapersSeen(dossier.dossier_id, tuple(documents), nina), seen("dossier.papers", dossier.code))
    return Answer(with_lacking(talk, f"{head} {done}".rstrip(), lacking, _ref(talk)), effects)


def handed_over(talk: Talk) -> Answer | None:
    """CARTE file, from an agent: the card is in the person's hands. None for others, to whom CARTE verifies a card."""
    if talk.nurse is not None or role_of(talk).owner.maker == CITIZEN:
        return None
    if not HANDED.search(plain_letters(talk.said.raw)) or len(talk.said.numbers) != 1:
        return None
    dossier = _by_number(talk, talk.said.numbers[0])
    if dossier is None:
        raise _unknown(talk, talk.said.numbers[0])
    name = masked(dossier.given, dossier.family)
    if dossier.state not in (OPEN, READY):
        return Answer(
            one_segment(
                talk.t(
                    "E31 Dossier {code} {name}: carte deja remise ou dossier ferme.",
                    code=dossier.code,
                    name=name,
                ),
                _ref(talk),
            )
        )
    text = talk.t(
        "Note: carte {scheme} de {name} remise, dossier {code} ferme.",
        scheme=dossier.scheme,
        name=name,
        code=dossier.code,
    )
    return Answer(
        one_segment(text, _ref(talk)),
        (CardHandedOver(dossier.dossier_id), seen("dossier.card", dossier.code)),
    )


@command("DEATH")
def death_said(talk: Talk) -> Answer:
    """DEC number (a card or a file), by an agent or staff; another of them confirms. Raises Missing, Declined."""
    role = role_of(talk)
    if role.owner.maker == CITIZEN:
        raise Declined(talk.t("E02 Un agent ou un centre le signale. Au guichet, l'acte de deces suffit."))
    if not talk.said.numbers:
        raise Missing("DEC", talk.t("le numero de la carte ou du dossier"), "number")
    subject, name, effects = _who_died(talk, talk.said.numbers[0])
    context = talk.context
    before = deaths.of(context.db, subject)
    confirmed = before is not None and (
        before.state == CONFIRMED or before.said_by != phone_index(context.keys, context.phone)
    )
    if confirmed:
        text = talk.t(
            "Deces de {name} confirme par une 2e personne: les messages s'arretent. L'ANAM verifie les droits.",
            name=name,
        )
    else:
        text = talk.t(
            "Deces de {name} signale. Rien ne change avant qu'une autre personne confirme: DEC {number}",
            name=name,
            number=talk.said.numbers[0],
        )
    return Answer(one_segment(text, _ref(talk)), (*effects, DeathSaid(subject)))


def _who_died(talk: Talk, number: str) -> tuple[str, str, tuple[Effect, ...]]:
    """(subject, masked name, what it costs). A file whose person is in the register stands for her."""
    context = talk.context
    dossier = _by_number(talk, number)
    if dossier is not None and dossier.state not in (DONE, DEAD):
        subject = f"person:{dossier.person_id}" if dossier.person_id else f"dossier:{dossier.dossier_id}"
        return subject, masked(dossier.given, dossier.family), (Disclosed("death.said", subject),)
    card = recognise(number, talk.ask.today)
    if card is None:
        raise _unknown(talk, number)
    Budget.of(talk)
    found = coverage.by_number(
        context.db, context.keys, card, context.phone, context.misses_since, talk.ask.today
    )
    if not found.rights:
        raise _unknown(talk, number)
    right = found.rights[0]
    subject = f"person:{right.person_id}"
    return subject, masked(right.given, right.family), (HitsSpent(1), Disclosed("death.said", subject))


def _mine(talk: Talk, example: str) -> tuple[Dossier, tuple[str, ...]]:
    """The file whose number stands first, when it is the sender's, and the words behind it.

    Raises Mistake without a number, Declined (E11, E12): another's file reads as one that never was.
    """
    if not talk.said.args or not talk.said.args[0].isdigit():
        raise Mistake(talk.t("E21 numero du dossier ? Ex: {example}", example=example), example)
    number, *rest = talk.said.args
    if not check_digit_ok(number):
        raise Declined(talk.t("E11 Un chiffre est faux dans le dossier {number}.", number=number[:15]))
    Budget.of(talk)
    context, owner = talk.context, role_of(talk).owner
    found = dossiers.by_code(context.db, context.keys, number)
    mine = found is not None and (
        (found.maker, found.agent, found.facility_id) == (owner.maker, owner.agent, owner.facility_id)
        if owner.maker != CITIZEN
        else found.phone_index == phone_index(context.keys, context.phone)
    )
    if found is None or not mine:
        raise _unknown(talk, number)
    if found.state in (DONE, DEAD):
        raise Declined(talk.t("E31 Dossier {code} ferme. Nouveau dossier: INS", code=number))
    return found, tuple(rest)


def _by_number(talk: Talk, number: str) -> Dossier | None:
    """The file with this number. Raises Declined (E71) when too many were guessed."""
    if len(number) not in CODE_DIGITS or not check_digit_ok(number):
        return None
    Budget.of(talk)
    return dossiers.by_code(talk.context.db, talk.context.keys, number)


def _unknown(talk: Talk, number: str) -> Declined:
    nurse = talk.nurse
    missed = Missed("dossier", facility_id=nurse.facility.facility_id if nurse else None)
    return Declined(
        one_segment(talk.t("E12 {number} inconnu.", number=number[:15]), _ref(talk)), effects=(missed,)
    )


def _complete(talk: Talk, dossier: Dossier, found: enrolment_fields.Fields) -> None:
    """Raises Missing with what was read of a dependant."""
    send = []
    if not found.name:
        send.append(talk.t("le prenom"))
    if found.sex is None:
        send.append(talk.t("F ou M"))
    if found.year is None:
        send.append(talk.t("2015 (ou 0 si inconnue)"))
    if found.link is None:
        send.append(talk.t("EPX, ENF, HAN ou ASC"))
    if send:
        shown = talk.t(
            "dossier {code}, {name}, sexe {sex}, annee {year}, lien {link}",
            code=dossier.code,
            name=capitals(" ".join(found.name)) or "?",
            sex=found.sex or "?",
            year="?" if found.year is None else found.year,
            link=found.link or "?",
        )
        read = found.again(f"AYD {dossier.code}", talk.ask.today)
        raise Missing(read, ", ".join(send), "sex" if found.sex is None else "words", shown=shown)


def _refuse_not_covered(talk: Talk, dossier: Dossier, one: Dependant) -> None:
    """Raises Declined (E17) with the rule."""
    why = enrolment.not_covered(dossier.scheme, one, talk.ask.today)
    if not why:
        return
    rule = (
        talk.t(
            "E17 {scheme}: enfants jusqu'a {age} ans. Handicape: HAN, a tout age.",
            scheme=dossier.scheme,
            age=enrolment.last_age(dossier.scheme, talk.ask.today) - 1,
        )
        if why == "AGE"
        else talk.t(
            "E17 {scheme}: epoux, enfants. Un parent fait son propre dossier: INS", scheme=dossier.scheme
        )
    )
    raise Declined(rule)


def _lacking_codes(talk: Talk, dossier: Dossier) -> tuple[tuple[str, str], ...]:
    context = talk.context
    members = dossiers.members_of(context.db, context.keys, dossier.dossier_id)
    known = dossiers.papers_of(context.db, dossier.dossier_id)
    return enrolment.lacking(dossier.scheme, members, known, talk.ask.today)


def _nina(talk: Talk, dossier: Dossier, rest: tuple[str, ...]) -> tuple[NinaNumber | None, tuple[str, ...]]:
    """The national number behind NINA, which a letter may end, and the codes that are left."""
    if NINA not in rest:
        return None, rest
    at = rest.index(NINA)
    typed = "".join(rest[at + 1 :])
    if not typed:
        raise Missing(f"PIECE {' '.join((dossier.code, *rest))}", talk.t("le numero NINA"), "number")
    try:
        return NinaNumber.parse(typed), rest[:at]
    except BadNina:
        raise Mistake(
            talk.t("E22 NINA: 13 a 16 chiffres et lettres, en dernier."), f"PIECE {dossier.code} NINA numero"
        ) from None


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)
