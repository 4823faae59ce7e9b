"""What staff reads about one number: the right to care and the code to bill, or why not and what restores it.

While the register is away the words say so: they come from its copy, and the register will confirm them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flows.effects import Effect
from flows.sms.cure import cure
from flows.sms.talk import Talk
from flows.sms.writing import (
    day_month,
    hour,
    household,
    one_segment,
    patient,
    pronoun,
    scheme,
    short_day,
    who,
)
from flows.wording import LATE, payer, place
from models import gratuites, visit_codes
from models.coverage import Right, Verdict
from models.people import age_on
from models.staff import Staff


@dataclass(frozen=True, slots=True)
class Finding:
    """What one number came to: an error code of the grammar, or the person's rights and, if one is good, a code."""

    number: str
    error: str = ""
    rights: tuple[Right, ...] = ()
    code: str = ""
    effects: tuple[Effect, ...] = ()

    @property
    def right(self) -> Right:
        """The right that decides: the first of those that are good, else the nearest to it."""
        return self.rights[0]


def valid(talk: Talk, nurse: Staff, finding: Finding) -> str:
    """OK: the right and its end, the person, what she pays, and the code. Raises models.database.DatabaseAway."""
    right, today = finding.right, talk.ask.today
    if talk.context.copied_on is not None:
        return _provisional(talk, finding, talk.context.copied_on)
    gone = unconfirmed(talk, finding.code)
    pec = talk.t("PEC {code} ({hours}h).", code=finding.code, hours=talk.context.limits.visit_code_hours)
    seen = visit_codes.seen_today(talk.context.db, right.person_id, today, nurse.facility.facility_id)
    if seen is not None:
        warning = talk.t(
            "ATTENTION: deja vue ce jour {hour} a {centre}.",
            hour=hour(seen.at),
            centre=place(seen.facility_name),
        )
        doubt = talk.t("Doute: NON {code}", code=finding.code)
        return one_segment(
            gone, f"OK {scheme(right)}", f"{who(right, today)}.", warning, pec, doubt, spare=(gone,)
        )
    place_and_size = household(right)
    patient_pays = patient(talk, right, nurse.facility.kind)
    paper = talk.t("Doute: piece d'identite.") if right.scheme == "RAMED" else ""
    then = _then(talk, finding.rights)
    wrong = f"{pronoun(talk, right)} NON {finding.code}"
    return one_segment(
        gone,
        _ok(talk, right),
        who(right, today) + ("" if place_and_size else "."),
        f"{place_and_size}." if place_and_size else "",
        then,
        patient_pays,
        paper,
        pec,
        wrong,
        # The code of now is worth more than the news of the one before, and both more than how to take it back.
        spare=(*((gone, wrong) if gone else ()), then, paper, f"{place_and_size}."),
    )


def _provisional(talk: Talk, finding: Finding, copied_on: date) -> str:
    """While the register is away: what its copy says, and a code that the register will confirm."""
    right = finding.right
    return one_segment(
        talk.t(
            "OK? {scheme} valide selon liste du {day} (ANAM ne repond pas).",
            scheme=scheme(right),
            day=day_month(copied_on),
        ),
        f"{who(right, talk.ask.today)}.",
        talk.t("PEC {code} provisoire, confirme par SMS.", code=finding.code),
    )


def _ok(talk: Talk, right: Right) -> str:
    if right.status == LATE:
        return talk.t("OK {scheme}, cotisation en retard.", scheme=scheme(right))
    if right.valid_to is None:
        return f"OK {scheme(right)}."
    if right.scheme == "MUTUELLE":
        return talk.t("OK {scheme} au {day}.", scheme=scheme(right), day=short_day(right.valid_to))
    return talk.t("OK {scheme} valide au {day}.", scheme=right.scheme, day=short_day(right.valid_to))


def _then(talk: Talk, found: tuple[Right, ...]) -> str:
    """Who pays after the first payer, when another right of hers is good too."""
    others = [right for right in found[1:] if right.verdict is Verdict.VALIDE]
    return talk.t("Ensuite {payer}.", payer=place(payer(others[0]))) if others else ""


def refused(talk: Talk, finding: Finding) -> str:
    """NON: why, what restores the right, and what is free all the same. What a copy told before is taken back first."""
    right, today = finding.right, talk.ask.today
    age = age_on(right.birth_year, right.born, today)
    names = [free.short for free in gratuites.kept_after_refusal(age, today)]
    free = talk.t("Reste gratuit: {care}.", care=", ".join(names)) if names else ""
    person = f"{who(right, today)}."
    restores = cure(talk, right, finding.number)
    why = f"NON {_why(talk, right)}"
    gone, listed = unconfirmed(talk), of_list(talk)
    return one_segment(gone, why, person, restores, free, listed, ref(talk), spare=(restores, person, free))


def _why(talk: Talk, right: Right) -> str:
    label, feminine = scheme(right), right.scheme == "MUTUELLE"
    match right.verdict:
        case Verdict.EXPIRE:
            word = talk.t("expiree") if feminine else talk.t("expire")
            return f"{label} {word} {short_day(right.valid_to)}."
        case Verdict.SUSPENDU:
            word = talk.t("suspendue") if feminine else talk.t("suspendu")
            missing = talk.t(", manque {amount} F", amount=right.missing_fcfa)
            return f"{label} {word}{missing if right.missing_fcfa else ''}."
        case Verdict.EN_OBSERVATION if right.covered_from is None:
            return talk.t("{scheme}: adhesion pas encore payee.", scheme=label)
        case Verdict.EN_OBSERVATION:
            return talk.t(
                "{scheme}: attente, couvert des le {day}.", scheme=label, day=short_day(right.covered_from)
            )
        case Verdict.PAS_ENCORE_VALIDE:
            return talk.t(
                "{scheme} pas encore valide, des le {day}.", scheme=label, day=short_day(right.valid_from)
            )
        case _:
            word = talk.t("radiee") if feminine else talk.t("radie")
            return f"{label} {word}."


def unconfirmed(talk: Talk, *standing: str) -> str:
    """That codes which a copy gave are worth nothing, all but those that stand; "" when there are none."""
    gone = [code for code in talk.context.unsettled if code not in standing]
    if not gone:
        return ""
    if len(gone) == 1:
        return talk.t("PEC {code} n'est pas confirme.", code=gone[0])
    return talk.t("PEC {codes} pas confirmes.", codes=" ".join(gone))


def of_list(talk: Talk) -> str:
    """Whose word this is while the register is away; "" when it is the register's own."""
    copied_on = talk.context.copied_on
    return "" if copied_on is None else talk.t("Selon liste du {day}.", day=day_month(copied_on))


def ref(talk: Talk) -> str:
    """Ref 123456: what a help desk finds the message by."""
    return talk.t("Ref {reference}", reference=talk.reference)
