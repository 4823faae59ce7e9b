"""What canaries write by SMS: citizens, nurses, a chief and who wants to be one; and callbacks that are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlencode

from models import facilities, staff
from models.database import Connection
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.staff import CHIEF as IS_CHIEF
from models.staff import STAFF
from tests.e2e.outside import Mobile, Outside
from tests.privacy.canaries import CANARIES, COMMUNE, Canary
from tests.privacy.conversations import FORM, Request, neighbour, wrong_digit

CENTRE, ACTIVATION = "Kati Koko", "898515"
"""A contracted centre of the demonstration."""

CHIEF = CANARIES[3]
NURSES = CANARIES[5::40]
"""Staff of the centre, by their second phones; the last one is kept for what goes wrong."""

NEWCOMERS = CANARIES[7:9]
HOOKS = "/hooks/africastalking/demo/"
CITIZENS_AT_ONCE = 4


def appoint(conn: Connection, keys: KeyRing, now: datetime) -> None:
    """Ties the chief's and the nurses' phones to the centre."""
    (centre,) = facilities.named(conn, CENTRE)
    for one in NURSES:
        staff.add(conn, keys, Msisdn(one.second), centre.facility_id, STAFF, now)
    staff.add(conn, keys, Msisdn(CHIEF.second), centre.facility_id, IS_CHIEF, now)


def everybody(outside: Outside) -> None:
    """Citizens several at a time, who do not wait for answers; then staff, who do."""
    with ThreadPoolExecutor(CITIZENS_AT_ONCE) as citizens:
        assert set(citizens.map(lambda one: writes(outside, one), CANARIES)) == {(200, "OK\n")}
    chief = _phone(outside, CHIEF)
    for place, nurse in enumerate(NURSES[:-1]):
        (_records, _refuses)[place % 2](_phone(outside, nurse), CANARIES[20 + 4 * place])
    for newcomer, answer in zip(NEWCOMERS, ("OUI", "NON"), strict=True):
        _is_tied(outside, newcomer, chief, answer)


def writes(outside: Outside, one: Canary) -> tuple[int, str]:
    """One message of a citizen; staff have their turn later, and write nothing now."""
    if one in (CHIEF, *NURSES, *NEWCOMERS):
        return (200, "OK\n")
    other = neighbour(one)
    texts = (
        f"DROITS {other.number} {other.born}",
        f"Bonjour je suis {one.name}, {other.number}",
        f"PLAINTE on m'a pris 5000 F, {one.name} {one.phone}",
        f"CH {other.name} {other.born} {COMMUNE}",
        f"STOP {one.given}",
        f"{one.nina} {one.second}",
        "DROITS",
        f"CHEF AJOUTER {other.second}",
    )
    return outside.brings((one.second, one.phone)[one.place % 2], texts[one.place // 2 % len(texts)])


def _phone(outside: Outside, one: Canary) -> Mobile:
    """The second phone of a canary, of which all SMS are read."""
    return Mobile(outside, one.second, read=len(outside.received(one.second)))


def _records(nurse: Mobile, patient: Canary) -> None:
    """A verification, the act, the act again, its end, the day."""
    code = _verified(nurse, patient)
    nurse.writes(f"S {code} CON")
    nurse.writes(f"CH {patient.name.upper()} {patient.born} {COMMUNE}")
    nurse.writes(f"A {code}")
    nurse.writes("F")


def _refuses(nurse: Mobile, patient: Canary) -> None:
    """Not the holder; a slip of the thumb; two at once; a complaint."""
    code = _verified(nurse, patient)
    nurse.writes(f"NON {code}")
    nurse.writes(wrong_digit(patient))
    nurse.writes(f"{patient.number} {neighbour(patient).number}")
    nurse.writes(f"PLAINTE {patient.name} {patient.number} s'est fâchée")


def _verified(nurse: Mobile, patient: Canary) -> str:
    answer = nurse.writes(patient.number)
    found = re.search(r"PEC (\d{6})", answer)
    assert found is not None, answer
    return found[1]


def _is_tied(outside: Outside, newcomer: Canary, chief: Mobile, answer: str) -> None:
    phone = _phone(outside, newcomer)
    assert "chef" in phone.writes(f"ACT {ACTIVATION} {ACTIVATION}")
    asked = re.search(r"OUI (\d{6})", chief.reads())
    assert asked is not None
    chief.writes(f"OUI {asked[1]}" if answer == "OUI" else "NON")
    assert CENTRE.split()[0] in phone.reads()


def callbacks(outside: Outside, one: Canary) -> None:
    """Reports and an objection that name a canary where they may."""
    told = {"id": f"ATXid_{one.place}", "phoneNumber": one.phone, "networkCode": "61002"}
    for status, reason in (("Failed", one.name), ("Success", ""), (one.given[:4] + "x", one.number)):
        outside.calls_back("delivery", **told, status=status, failureReason=reason)
    assert outside.calls_back("opt-out", senderId=one.given, phoneNumber=one.phone) == (200, "OK\n")


def ill_behaved(one: Canary) -> Iterator[Request]:
    """Callbacks about SMS that no provider would send, each with a canary in the part that is wrong."""
    told = {"from": one.phone, "id": f"bad-{one.place}", "text": one.number, "to": "36212"}
    report = {"id": f"bad-{one.place}", "status": "Success", "phoneNumber": one.phone}
    for path, fields in (
        ("sms", {**told, "from": one.name}),
        ("sms", {**told, "from": one.phone + "0" * 30}),
        ("sms", {**told, "id": f"{one.name} {one.phone}"}),
        ("sms", {**told, "id": f"{one.phone}", "text": f"{one.name} {one.number} " * 900}),
        ("sms", {one.given: one.name, one.number: one.phone}),
        ("delivery", {**report, "status": f"{one.name}{one.number}" * 3}),
        ("delivery", {**report, "id": one.name}),
        ("delivery", {**report, "phoneNumber": one.name}),
        ("opt-out", {"phoneNumber": one.name}),
        ("opt-out", {"senderId": one.number}),
    ):
        yield "POST", HOOKS + path, urlencode(fields).encode(), FORM
    yield "POST", f"/hooks/africastalking/{one.number}/sms", urlencode(told).encode(), FORM
    yield "POST", HOOKS + "sms", urlencode(told).encode() + b"&text=" + one.given.encode(), FORM
    yield "GET", f"{HOOKS}sms?from={one.phone}", b"", FORM
