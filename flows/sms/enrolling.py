"""INS: a file for somebody who is to be covered, made by herself, by an agent, or at the counter after a NON.

Nothing is kept without an agreement: a citizen gives hers with OUI, an agent or a nurse asks for it by word of mouth,
and the person is told on her own phone when it is known. The same person is the same file, however often she is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flows import gsm7
from flows.branches.consent import TEXT_VERSION, TOPIC
from flows.effects import ConsentGiven, Disclosed, Effect, MessageOwed
from flows.enrolment_effects import DossierOpened
from flows.sms import enrolment_fields, grammar
from flows.sms.enrolment_fields import FEWEST_NAMES, LONGEST_NAME, Fields
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, answers, command
from flows.sms.thread import Question
from flows.sms.writing import one_segment
from flows.wording import capitals, place
from models import agents, consent, dossiers, enrolment, places
from models.dossier_records import Candidate, Dependant, Dossier, Owner
from models.dossier_tables import AGENT, CITIZEN, STAFF
from models.places import Place

EXAMPLE = "INS TRAORE AWA F 1990 KATI"
MOST_CHOICES = 4
DRAWS = 24
"""Numbers that are tried for a new file."""

ORAL = "oral-2026-11"
"""The agreement that an agent or a nurse asked for by word of mouth."""

INFORMED = "dossier"
"""The kind of the SMS that tells somebody of a file about her."""

YES = ("OUI", "OK", "1")


@dataclass(frozen=True, slots=True)
class Role:
    """Who registers: the owner of the files, and the row of enrolment_roles that holds for her."""

    owner: Owner
    rule: str


def role_of(talk: Talk) -> Role:
    """The sender as an owner of files: an agent, the staff of a centre, or a citizen by her phone."""
    context = talk.context
    agent = agents.enroller(context.db, context.keys, context.phone)
    if agent:
        return Role(Owner(AGENT, context.phone, agent=agent[0]), agent[1])
    if talk.nurse:
        return Role(Owner(STAFF, context.phone, facility_id=talk.nurse.facility.facility_id), "STAFF")
    return Role(Owner(CITIZEN, context.phone), "CITIZEN")


@command("ENROL")
def enrol(talk: Talk) -> Answer:
    """INS name sex year commune [others] [scheme]. Raises Missing for what was not told, Mistake, Declined (E61)."""
    return _registered(talk, enrolment_fields.read(talk.said.args, talk.ask.today))


@answers("enrol_place")
def place_chosen(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """The digit of the commune."""
    codes = args["places"]
    if not answer.isdigit() or not 1 <= int(answer) <= len(codes):
        raise Mistake(talk.t("E22 Repondez 1 a {last}.", last=len(codes)))
    return _registered(talk, _again(talk, args), commune=codes[int(answer) - 1])


@answers("enrol_consent")
def agreed(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """OUI: the file may be kept. NON: nothing was."""
    if answer == "NON":
        return Answer(talk.t("C'est note: rien n'est garde."))
    if answer not in YES:
        raise Mistake(talk.t("E22 Repondez OUI ou NON."))
    return _registered(talk, _again(talk, args), commune=args["commune"], accepted=True)


def _again(talk: Talk, args: dict[str, Any]) -> Fields:
    said = grammar.parse(args["said"], talk.ask.today)
    return enrolment_fields.read(said.args, talk.ask.today)


def _registered(talk: Talk, found: Fields, commune: str = "", accepted: bool = False) -> Answer:
    today, role = talk.ask.today, role_of(talk)
    if found.odd:
        raise Mistake(
            talk.t("E22 {odd} pas compris. Ex: {example}", odd=found.odd[0][:14], example=EXAMPLE), EXAMPLE
        )
    candidates = () if commune else enrolment_fields.located(found, today)
    if not commune:
        _complete(talk, found, candidates)
        if len(candidates) > 1:
            return _which_commune(talk, found, candidates)
        commune = candidates[0].code
    who = _candidate(found, commune, found.scheme or enrolment.default_scheme(role.rule, today))
    context = talk.context
    known = dossiers.same(context.db, context.keys, role.owner, who)
    if known is not None:
        return Answer(noted(talk, known), (seen("dossier.again", known.code),))
    _within_the_most(talk, role)
    if role.owner.maker == CITIZEN and not accepted and not _has_agreed(talk):
        return _asked_to_agree(talk, found, who)
    return _opened(talk, role, who, accepted)


def _opened(talk: Talk, role: Role, who: Candidate, accepted: bool) -> Answer:
    context = talk.context
    draws = [int(context.reference(f"dossier {number}")) * 37 + number for number in range(DRAWS)]
    code = dossiers.free_code(context.db, draws)
    version = TEXT_VERSION if role.owner.maker == CITIZEN else ORAL
    effects: list[Effect] = [DossierOpened(code, role.owner, who, version), seen("dossier.opened", code)]
    if accepted:
        effects.insert(0, ConsentGiven(TOPIC, TEXT_VERSION))
    if who.phone and role.owner.maker != CITIZEN and who.phone != context.phone:
        told = talk.t(
            "Sante Mali: dossier {code} ({scheme}) fait au nom de {name}. Seuls votre organisme et le centre le"
            " voient. Pas d'accord? EFFACER",
            code=code,
            scheme=who.scheme,
            name=masked(who.given, who.family),
        )
        effects.append(MessageOwed(one_segment(told), INFORMED, who.phone))
    return Answer(_fresh(talk, code, who), tuple(effects))


def noted(talk: Talk, dossier: Dossier) -> str:
    """What a file that was made before says of itself, and what it still needs."""
    who = Candidate(
        dossier.given,
        dossier.family,
        dossier.sex,
        dossier.birth_year,
        dossier.commune_code,
        dossier.scheme,
        dossier.others,
    )
    head = talk.t("Deja note: dossier {code} {who}.", code=dossier.code, who=_told(who))
    return with_lacking(talk, head, still_lacking(talk, dossier), _how_to_add(talk, dossier.code))


def still_lacking(talk: Talk, dossier: Dossier) -> tuple[str, ...]:
    """The words for what a file needs: the NINA, then the papers of its household."""
    context = talk.context
    members = dossiers.members_of(context.db, context.keys, dossier.dossier_id)
    seen = dossiers.papers_of(context.db, dossier.dossier_id)
    return _words(talk, dossier.scheme, dossier.has_nina, members, seen)


def with_lacking(talk: Talk, head: str, lacking: tuple[str, ...], add: str) -> str:
    """One segment of `head`, as many words for what lacks as fit, and `add`."""
    for count in range(len(lacking), 0, -1):
        needs = talk.t("Manque: {papers}.", papers=", ".join(lacking[:count]))
        text = gsm7.fold(" ".join((head, needs, add)))
        if gsm7.septets(text) <= gsm7.SINGLE_SEPTETS:
            return text
    return one_segment(head, add, spare=(add,))


def masked(given: str, family: str) -> str:
    """AWA T***."""
    return f"{capitals(given)} {capitals(family)[:1]}***"


def seen(action: str, code: str) -> Disclosed:
    """The row of the trail about a file."""
    return Disclosed(action, f"dossier:{code}", "sms")


def _fresh(talk: Talk, code: str, who: Candidate) -> str:
    head = talk.t("Note dossier {code} {who}.", code=code, who=_told(who))
    lacking = _words(talk, who.scheme, who.nina is not None, (), ())
    return with_lacking(talk, head, lacking, _how_to_add(talk, code))


def _words(
    talk: Talk, scheme: str, has_nina: bool, members: Sequence[Dependant], papers: Collection[str]
) -> tuple[str, ...]:
    lacking = enrolment.lacking(scheme, members, papers, talk.ask.today)
    return (*(() if has_nina else ("NINA",)), *(talk.t(word) for _, word in lacking))


def _how_to_add(talk: Talk, code: str) -> str:
    return talk.t("Ajouter: AYD {code} prenom sexe annee lien", code=code)


def _told(who: Candidate) -> str:
    """AWA TRAORE F 1990 Kati RAMED +4."""
    year = str(who.birth_year or "")
    others = f"+{who.others}" if who.others else ""
    name = f"{capitals(who.given)} {capitals(who.family)}"
    parts = (name, who.sex, year, place(places.name_of(who.commune_code)), who.scheme, others)
    return " ".join(part for part in parts if part)


def _candidate(found: Fields, commune: str, scheme: str) -> Candidate:
    """The first word is the family's name, as registers write it."""
    family, *given = " ".join(found.name)[:LONGEST_NAME].split()
    return Candidate(
        " ".join(given).title(),
        family.title(),
        found.sex or "",
        found.birth_year,
        commune,
        scheme,
        found.others,
        found.nina,
        found.phone,
    )


def _complete(talk: Talk, found: Fields, candidates: tuple[Place, ...]) -> None:
    """Raises Missing with what was read, and what alone need be sent; nothing when all of it is there."""
    typed = " ".join(found.where)
    if not candidates:
        found.where = []
    send = []
    if len(found.name) < FEWEST_NAMES:
        send.append(talk.t("nom et prenom"))
    if not candidates:
        send.append(talk.t("la commune, ex: KATI"))
    if found.sex is None:
        send.append(talk.t("F ou M"))
    if found.year is None:
        send.append(talk.t("1990 (ou 0 si inconnue)"))
    if send:
        wants = "sex" if found.sex is None else "words"
        read = found.again("INS", talk.ask.today)
        raise Missing(read, ", ".join(send), wants, shown=_shown(talk, found, candidates, typed))


def _shown(talk: Talk, found: Fields, candidates: tuple[Place, ...], typed: str) -> str:
    """What was read, as people read it: nom AWA TRAORE, sexe F, annee ?, Kati."""
    family, *given = found.name or ["?"]
    name = f"{capitals(' '.join(given))} {capitals(family)}".strip()
    year = "?" if found.year is None else str(found.year)
    where = place(candidates[0].name) if candidates else f"{typed[:14]} ?".strip()
    told = talk.t("nom {name}, sexe {sex}, annee {year}", name=name, sex=found.sex or "?", year=year)
    return f"{told}, {where}"


def _which_commune(talk: Talk, found: Fields, candidates: tuple[Place, ...]) -> Answer:
    """Several communes are called so, or begin so: a digit tells which."""
    offered = candidates[:MOST_CHOICES]
    listed = " ".join(
        f"{key} {place(one.name)} ({place(one.cercle)})" for key, one in enumerate(offered, start=1)
    )
    text = talk.t("Quelle commune? {communes}. Repondez le chiffre.", communes=listed)
    args = {"said": found.again("INS", talk.ask.today), "places": [one.code for one in offered]}
    return Answer(one_segment(text), (), Question("enrol_place", args))


def _within_the_most(talk: Talk, role: Role) -> None:
    """Raises Declined (E61) when this owner has made as many files as she may."""
    context = talk.context
    most, days = enrolment.most_files(role.rule, talk.ask.today)
    made = dossiers.made_since(context.db, context.keys, role.owner, context.now - timedelta(days=days))
    if made >= most:
        raise Declined(
            talk.t(
                "E61 Deja {count} inscriptions ici. Un agent peut faire la suite: repondez 1.", count=made
            ),
            Question("callback", {"reason": "INSCRIPTION"}),
        )


def _has_agreed(talk: Talk) -> bool:
    caller = talk.ask.caller()
    return caller.phone_id is not None and bool(consent.state(talk.context.db, caller.phone_id).get(TOPIC))


def _asked_to_agree(talk: Talk, found: Fields, who: Candidate) -> Answer:
    text = talk.t(
        "Garder le dossier de {name}? Seuls votre organisme et le centre le voient. Effacer quand vous voulez:"
        " EFFACER. Accord: OUI, sinon NON",
        name=f"{capitals(who.given)} {capitals(who.family)}",
    )
    args = {"said": found.again("INS", talk.ask.today), "commune": who.commune_code}
    return Answer(one_segment(text), (), Question("enrol_consent", args))
