"""Who may act for a centre: ACT asks for a phone, the centre's chief answers OUI or NON; CHEF adds and removes.

A sender's number can be forged, so that a yes carries a code which was sent to the chief's own phone.
"""

from __future__ import annotations

from dataclasses import replace

from flows.effects import (
    Disclosed,
    MessageOwed,
    Missed,
    Remembered,
    StaffAdded,
    StaffRemoved,
    StaffRequested,
    StaffSettled,
    StaffUsed,
)
from flows.sms.budget import Budget
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, command
from flows.sms.thread import Approval, Thread
from flows.sms.writing import one_segment
from flows.wording import place
from models import facilities, staff, threads
from models.facilities import KIND_LABELS, Facility
from models.identifiers import BadMsisdn, Msisdn
from models.staff import CHIEF, PENDING, Staff

MOST_APPROVALS, MOST_TRIES = 5, 5
"""Requests that a chief may have open, and wrong codes after which one is forgotten."""

ADD = ("AJOUTER", "AJOUT", "PLUS")
REMOVE = ("RETIRER", "ENLEVER", "SUPPRIMER", "MOINS")


@command("ACTIVATE")
def activate(talk: Talk) -> Answer:
    """ACT code code: asks the chief to tie this phone to the centre. A wrong code counts as a failed look-up."""
    typed = talk.said.args
    if not typed:
        raise Missing("ACT", talk.t("le code du centre, 2 fois"), "code")
    if len(typed) == 1:
        raise Missing(f"ACT {typed[0]}", talk.t("le meme code une 2e fois"), "code")
    if typed[0] != typed[1]:
        raise Mistake(talk.t("E22 Les deux codes different. Ex: ACT 482913 482913"), "ACT code code")
    budget = Budget.of(talk)
    context = talk.context
    facility = facilities.by_activation_code(context.db, context.keys, typed[0])
    if facility is None:
        budget.miss(talk)
        text = talk.t("E12 Code de centre inconnu. Demandez-le a votre chef de centre.")
        return Answer(one_segment(text, _ref(talk)), (Missed("activate"),))
    if talk.nurse is not None and talk.nurse.facility.facility_id == facility.facility_id:
        return Answer(one_segment(talk.t("Ce telephone est deja lie a {centre}.", centre=_centre(facility))))
    _refuse_tied_elsewhere(talk, context.phone, facility)
    chief = staff.chief(context.db, context.keys, facility.facility_id)
    if chief is None or chief == context.phone:
        raise Declined(
            talk.t("E02 {centre} n'a pas de chef connu. L'ANAM doit le nommer.", centre=_centre(facility))
        )
    approval = _approval(talk, context.phone, facility)
    told = talk.t(
        "Sante Mali: le {phone} demande a verifier pour {centre}. C'est votre agent? Repondez OUI {code}, sinon NON.",
        phone=_national(context.phone),
        centre=_centre(facility),
        code=approval.code,
    )
    text = talk.t("Demande envoyee au chef de {centre}. Vous recevez sa reponse.", centre=_centre(facility))
    return Answer(
        one_segment(text, _ref(talk)),
        (
            StaffRequested(facility.facility_id),
            Disclosed("staff.requested", f"facility:{facility.facility_id}"),
            MessageOwed(one_segment(told), "staff", chief),
            Remembered(_with_approval(talk, chief, approval), chief),
        ),
    )


def answered(talk: Talk) -> Answer | None:
    """A chief's OUI with a code that she was sent, or her NON; None when she is not asked anything.

    Wrong codes are counted, and end what she was asked: a forged sender does not guess for long.
    """
    code = talk.said.args[0] if talk.said.args else ""
    if talk.said.word == "YES":
        return _yes(talk, code) if talk.approvals or code else None
    return _no(talk) if talk.approvals and not code else None


def _yes(talk: Talk, code: str) -> Answer:
    chief = talk.at_work()
    found = next((one for one in talk.approvals if one.code == code), None)
    here = chief.facility.facility_id
    if found is None:
        tried = tuple(
            replace(one, tries=one.tries + 1) for one in talk.approvals if one.tries + 1 < MOST_TRIES
        )
        talk.approvals = tried
        raise Declined(talk.t("E22 Repondez OUI et le code recu, ou NON. Ex: OUI 482100"))
    talk.approvals = tuple(one for one in talk.approvals if one is not found)
    if chief.role != CHIEF or here != found.facility:
        raise Declined(talk.t("E02 Seul le chef du centre peut le faire."))
    phone, centre = Msisdn.parse(found.phone), _centre(chief.facility)
    if found.remove:
        return _removed(talk, chief, phone)
    _refuse_tied_elsewhere(talk, phone, chief.facility)
    news = talk.t(
        "Votre telephone est lie a {centre}. Envoyez le numero d'une carte. Aide: AIDE", centre=centre
    )
    text = talk.t("C'est fait: le {phone} verifie pour {centre}.", phone=_national(phone), centre=centre)
    waiting = _waiting(talk, chief, phone)
    tied = StaffSettled(waiting.staff_id, True) if waiting else StaffAdded(phone, here)
    about = Disclosed("staff.tied", f"facility:{here}")
    told = MessageOwed(one_segment(news), "staff", phone)
    return Answer(one_segment(text, _ref(talk)), (tied, StaffUsed(chief.staff_id), about, told))


def _no(talk: Talk) -> Answer:
    """NON is about the newest request."""
    chief, newest = talk.at_work(), talk.approvals[-1]
    talk.approvals = talk.approvals[:-1]
    if newest.remove:
        return Answer(one_segment(talk.t("C'est note: rien ne change."), _ref(talk)))
    return _refused(talk, chief, Msisdn.parse(newest.phone))


def _refused(talk: Talk, chief: Staff, phone: Msisdn) -> Answer:
    text = one_segment(
        talk.t("C'est note: le {phone} n'est pas accepte.", phone=_national(phone)), _ref(talk)
    )
    waiting = _waiting(talk, chief, phone)
    if waiting is None:
        return Answer(text)
    news = talk.t("Le chef de {centre} n'a pas accepte ce telephone.", centre=_centre(chief.facility))
    return Answer(
        text,
        (
            StaffSettled(waiting.staff_id, False),
            Disclosed("staff.refused", f"staff:{waiting.staff_id}"),
            MessageOwed(one_segment(news), "staff", phone),
        ),
    )


def _waiting(talk: Talk, chief: Staff, phone: Msisdn) -> Staff | None:
    """The phone's own request to this centre, when it made one."""
    found = staff.of_phone(talk.context.db, talk.context.keys, phone, talk.context.now)
    here = found is not None and found.facility.facility_id == chief.facility.facility_id
    return found if here and found is not None and found.state == PENDING else None


def _approval(talk: Talk, phone: Msisdn, facility: Facility, *, remove: bool = False) -> Approval:
    return Approval(phone.e164, facility.facility_id, talk.context.reference("staff"), remove)


def _with_approval(talk: Talk, chief: Msisdn, approval: Approval) -> str:
    """The chief's own thread with one more request in it, instead of an older one about the same phone."""
    context = talk.context
    hers = Thread.decode(threads.load(context.db, context.keys, chief, context.now))
    return replace(hers, approvals=_added(hers.approvals, approval)).encode()


def _added(before: tuple[Approval, ...], approval: Approval) -> tuple[Approval, ...]:
    others = tuple(one for one in before if one.phone != approval.phone)
    return (*others, approval)[-MOST_APPROVALS:]


def _refuse_tied_elsewhere(talk: Talk, phone: Msisdn, facility: Facility) -> None:
    """Raises Declined (E02) for a phone that acts for another centre: that one lets it go first."""
    found = staff.of_phone(talk.context.db, talk.context.keys, phone, talk.context.now)
    if found is not None and found.active and found.facility.facility_id != facility.facility_id:
        raise Declined(
            talk.t(
                "E02 Le {phone} est lie a un autre centre, qui doit d'abord le retirer.",
                phone=_national(phone),
            )
        )


@command("CHIEF")
def chief_changes(talk: Talk) -> Answer:
    """CHEF ajouter tel, CHEF retirer tel: told to the phone concerned. Raises Declined (E02) for who is no chief."""
    chief = talk.at_work()
    if chief.role != CHIEF:
        raise Declined(talk.t("E02 Seul le chef du centre peut le faire."))
    if not talk.said.args:
        raise Missing("CHEF", talk.t("AJOUTER ou RETIRER et le telephone"), "words")
    what, *typed = talk.said.args
    if what not in (*ADD, *REMOVE):
        raise Mistake(talk.t("E22 Ex: CHEF AJOUTER 70123456 ou CHEF RETIRER 70123456"))
    if not typed:
        raise Missing(f"CHEF {what}", talk.t("le telephone"), "phone")
    phone = _phone(talk, "".join(typed))
    if phone == talk.context.phone:
        raise Declined(talk.t("E02 Un chef ne change pas son propre telephone. L'ANAM le fait."))
    removes = what in REMOVE
    if removes:
        _refuse_not_here(talk, chief, phone)
    else:
        _refuse_tied_elsewhere(talk, phone, chief.facility)
    approval = _approval(talk, phone, chief.facility, remove=removes)
    talk.approvals = _added(talk.approvals, approval)
    asked = (
        talk.t("Retirer le {phone} de {centre}?", phone=_national(phone), centre=_centre(chief.facility))
        if removes
        else talk.t("Lier le {phone} a {centre}?", phone=_national(phone), centre=_centre(chief.facility))
    )
    confirm = talk.t("Confirmez: OUI {code}. Pas vous? NON", code=approval.code)
    return Answer(one_segment(asked, confirm), (StaffUsed(chief.staff_id),))


def _refuse_not_here(talk: Talk, chief: Staff, phone: Msisdn) -> None:
    present = staff.of_phone(talk.context.db, talk.context.keys, phone, talk.context.now)
    if present is None or present.facility.facility_id != chief.facility.facility_id:
        raise Declined(talk.t("E12 Ce telephone n'est pas lie a {centre}.", centre=_centre(chief.facility)))


def _removed(talk: Talk, chief: Staff, phone: Msisdn) -> Answer:
    _refuse_not_here(talk, chief, phone)
    centre, facility_id = _centre(chief.facility), chief.facility.facility_id
    text = talk.t("C'est fait: le {phone} est retire de {centre}.", phone=_national(phone), centre=centre)
    news = talk.t("Votre telephone n'est plus lie a {centre}.", centre=centre)
    return Answer(
        one_segment(text),
        (
            StaffRemoved(phone, facility_id),
            StaffUsed(chief.staff_id),
            Disclosed("staff.removed", f"facility:{facility_id}"),
            MessageOwed(one_segment(news), "staff", phone),
        ),
    )


def _phone(talk: Talk, typed: str) -> Msisdn:
    try:
        phone = Msisdn.parse(typed)
    except BadMsisdn:
        raise Mistake(
            talk.t("E22 {typed}: pas un telephone. Ex: CHEF AJOUTER 70123456", typed=typed[:14])
        ) from None
    if not phone.is_malian:
        raise Mistake(talk.t("E22 Un telephone du Mali, svp. Ex: CHEF AJOUTER 70123456"))
    return phone


def _national(phone: Msisdn) -> str:
    """70000001: whole, because a chief must know whom he lets in."""
    return phone.e164.removeprefix("+223")


def _centre(facility: Facility) -> str:
    return f"{KIND_LABELS[facility.kind]} {place(facility.name)}"


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)
