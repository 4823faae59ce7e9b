"""Who may act for a centre: ACT asks for a phone, the centre's chief answers OUI or NON; CHEF adds and removes.

A sender's number can be forged, so that a yes carries a code which was sent to the chief's own phone.
"""

from __future__ import annotations

from typing import Any

from flows.effects import (
    Disclosed,
    MessageOwed,
    Missed,
    Remembered,
    StaffAdded,
    StaffRemoved,
    StaffRequested,
    StaffSettled,
)
from flows.sms.budget import Budget
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, answers, command
from flows.sms.thread import Question, Thread
from flows.sms.writing import one_segment
from flows.wording import place
from models import facilities, staff
from models.facilities import KIND_LABELS, Facility
from models.identifiers import BadMsisdn, Msisdn
from models.staff import CHIEF, PENDING, Staff

ADD = ("AJOUTER", "AJOUT", "PLUS")
REMOVE = ("RETIRER", "ENLEVER", "SUPPRIMER", "MOINS")


@command("ACTIVATE")
def activate(talk: Talk) -> Answer:
    """ACT code code: asks the chief to tie this phone to the centre. A wrong code counts as a failed look-up."""
    typed = talk.said.args
    if not typed:
        raise Missing("ACT", talk.t("le code du centre, 2 fois"), "number")
    if len(typed) == 1:
        raise Missing(f"ACT {typed[0]}", talk.t("le meme code une 2e fois"), "number")
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
    chief = staff.chief(context.db, context.keys, facility.facility_id)
    if chief is None or chief == context.phone:
        raise Declined(
            talk.t("E02 {centre} n'a pas de chef connu. L'ANAM doit le nommer.", centre=_centre(facility))
        )
    question = _question(talk, context.phone, facility)
    told = talk.t(
        "Sante Mali: le {phone} demande a verifier pour {centre}. C'est votre agent? Repondez OUI {code}, sinon NON.",
        phone=_national(context.phone),
        centre=_centre(facility),
        code=question.args["code"],
    )
    text = talk.t("Demande envoyee au chef de {centre}. Vous recevez sa reponse.", centre=_centre(facility))
    return Answer(
        one_segment(text, _ref(talk)),
        (
            StaffRequested(facility.facility_id),
            Disclosed("staff.requested", f"facility:{facility.facility_id}"),
            MessageOwed(one_segment(told), "staff", chief),
            Remembered(Thread(question=question).encode(), chief),
        ),
    )


@answers("staff")
def settled(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """The chief's OUI with the code she was sent, or NON; the phone concerned is told."""
    chief = talk.at_work()
    phone = Msisdn.parse(args["phone"])
    if chief.role != CHIEF or chief.facility.facility_id != args["facility"]:
        raise Declined(talk.t("E02 Seul le chef du centre peut le faire."))
    if answer == "NON":
        return _refused(talk, chief, phone)
    if answer != "OUI" or talk.said.args[:1] != (args["code"],):
        raise Mistake(talk.t("E22 Repondez OUI et le code recu, ou NON. Ex: OUI 4821"))
    centre = _centre(chief.facility)
    news = talk.t(
        "Votre telephone est lie a {centre}. Envoyez le numero d'une carte. Aide: AIDE", centre=centre
    )
    text = talk.t("C'est fait: le {phone} verifie pour {centre}.", phone=_national(phone), centre=centre)
    waiting = _waiting(talk, chief, phone)
    tied = StaffSettled(waiting.staff_id, True) if waiting else StaffAdded(phone, chief.facility.facility_id)
    about = Disclosed("staff.tied", f"facility:{chief.facility.facility_id}")
    return Answer(
        one_segment(text, _ref(talk)), (tied, about, MessageOwed(one_segment(news), "staff", phone))
    )


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


def _question(talk: Talk, phone: Msisdn, facility: Facility) -> Question:
    code = talk.context.reference("staff")[:4]
    return Question("staff", {"phone": phone.e164, "facility": facility.facility_id, "code": code})


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
        raise Missing(f"CHEF {what}", talk.t("le telephone"), "words")
    phone = _phone(talk, "".join(typed))
    if phone == talk.context.phone:
        raise Declined(talk.t("E02 Un chef ne change pas son propre telephone. L'ANAM le fait."))
    centre, facility_id = _centre(chief.facility), chief.facility.facility_id
    if what in ADD:
        question = _question(talk, phone, chief.facility)
        text = talk.t(
            "Lier le {phone} a {centre}? Confirmez: OUI {code}. Pas vous? NON",
            phone=_national(phone),
            centre=centre,
            code=question.args["code"],
        )
        return Answer(one_segment(text), (), question)
    present = staff.of_phone(talk.context.db, talk.context.keys, phone, talk.context.now)
    if present is None or present.facility.facility_id != facility_id:
        raise Declined(talk.t("E12 Ce telephone n'est pas lie a {centre}.", centre=centre))
    return Answer(
        one_segment(
            talk.t("C'est fait: le {phone} est retire de {centre}.", phone=_national(phone), centre=centre)
        ),
        (
            StaffRemoved(phone, facility_id),
            Disclosed("staff.removed", f"facility:{facility_id}"),
            MessageOwed(
                one_segment(talk.t("Votre telephone n'est plus lie a {centre}.", centre=centre)),
                "staff",
                phone,
            ),
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
