"""Writes the demonstration's world into a database, again and again without doubling: days are brought up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, insert, select, update

from config.faults import Fault
from models import consent, demo_collectors, demo_contributions, phones, places, staff
from models.coverage import NUMBER, coverages, number_index
from models.database import Connection
from models.demo_world import households as told_households
from models.demo_world import on_day, table
from models.demo_world import staff as told_staff
from models.facilities import activation_columns, cercle_of, facilities
from models.households import households
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.people import identity_columns, nina_columns, persons
from models.receipts import receipt_columns, receipts

ROLES = {
    "AMO": ("OUVRANT_DROIT", "AYANT_DROIT"),
    "RAMED": ("OUVRANT_DROIT", "AYANT_DROIT"),
    "MUTUELLE": ("ADHERENT", "BENEFICIAIRE"),
}
"""What the opener of a right and those who depend on her are called, by scheme."""

DAYS_OF_A_RIGHT = {
    "from": "valid_from",
    "to": "valid_to",
    "covered_from": "covered_from",
    "late_since": "late_since",
}
CONSENT = ("DOSSIER", "demo", "DEMO")
"""Topic, wording and channel of the consent that a linked phone of the demonstration has given."""


class RealRegister(Fault):
    """The database belongs to a real installation."""


def load(conn: Connection, keys: KeyRing, today: date, now: datetime) -> int:
    """Bring places, mutuelles, facilities and fictional people up to date; how many people. Days count from `today`.

    Raises RealRegister for a database with mutuelles or facilities that are not of the demonstration.
    """
    _refuse_real(conn)
    places.load(conn)
    of_mutuelle = {
        row["code"]: _put(conn, mutuelles, {"code": row["code"]}, {**row, "demo": True})
        for row in table("mutuelles")
    }
    _load_facilities(conn, keys)
    _load_staff(conn, keys, now)
    people = sum(_load_household(conn, keys, told, of_mutuelle, today, now) for told in told_households())
    demo_collectors.load(conn, keys, of_mutuelle, now)
    return people


def _refuse_real(conn: Connection) -> None:
    for real in (mutuelles, facilities):
        if conn.execute(select(real.c.id).where(~real.c.demo).limit(1)).first():
            raise RealRegister(
                f"the database holds real {real.name}: fictional people are not mixed with real ones"
            )


def _load_facilities(conn: Connection, keys: KeyRing) -> None:
    for told in table("facilities"):
        row: dict[str, Any] = {**told}
        code = activation_columns(keys, row.pop("activation_code"))
        key = {"name": row["name"], "commune_code": row["commune_code"]}
        contracted, cercle = row["contracted"] == "oui", cercle_of(row["commune_code"])
        _put(
            conn,
            facilities,
            key,
            {**row, **code, "contracted": contracted, "cercle_code": cercle, "demo": True},
        )


def _load_staff(conn: Connection, keys: KeyRing, now: datetime) -> None:
    """Tie the phones that are not tied yet; a phone that somebody flagged or moved meanwhile stays so."""
    for told in told_staff():
        phone = Msisdn.parse(told.phone)
        before = staff.of_phone(conn, keys, phone, now)
        if before:
            staff.used(conn, before.staff_id, now)
            continue
        where = select(facilities.c.id).where(facilities.c.name == told.facility, facilities.c.demo)
        staff.add(conn, keys, phone, conn.execute(where).scalar_one(), told.role, now)


def _load_household(
    conn: Connection,
    keys: KeyRing,
    told: Mapping[str, Any],
    of_mutuelle: Mapping[str, int],
    today: date,
    now: datetime,
) -> int:
    mutuelle_id = of_mutuelle.get(told.get("mutuelle", ""))
    values = {"code": told["code"], "commune_code": told["commune"], "mutuelle_id": mutuelle_id}
    household_id = _put(conn, households, {"code": told["code"]}, values)
    people = list(_load_members(conn, keys, told, household_id, today))
    for place, right in enumerate(told["right"]):
        code = right.get("mutuelle", told.get("mutuelle", "")) if right["scheme"] == "MUTUELLE" else ""
        for person_id in people:
            _load_right(
                conn, keys, right, place, person_id, person_id == people[0], of_mutuelle.get(code), today
            )
    if mutuelle_id and "contributes" in told:
        demo_contributions.load(
            conn, keys, told["contributes"], told["code"], household_id, mutuelle_id, today, now
        )
    for number in told.get("phones", ()):
        _load_phone(conn, keys, Msisdn.parse(number), told.get("language", "fr"), people[0], today, now)
    return len(people)


def _load_members(
    conn: Connection, keys: KeyRing, told: Mapping[str, Any], household_id: int, today: date
) -> Iterator[int]:
    query = select(persons.c.id).where(persons.c.household_id == household_id).order_by(persons.c.id)
    known = list(conn.execute(query).scalars())
    for place, member in enumerate(told["members"]):
        born = on_day(member["born"], today)
        values = {
            "household_id": household_id,
            "relation": member["relation"],
            "sex": member["sex"],
            "birth_year": born.year if born else None,
            "commune_code": told["commune"],
            "pupil": member.get("pupil", False),
            "disabled": member.get("disabled", False),
            **identity_columns(keys, member["given"], member["family"], born),
            **(nina_columns(keys, member["nina"]) if "nina" in member else {}),
        }
        yield _put(conn, persons, {"id": known[place] if place < len(known) else 0}, values)


def _load_right(
    conn: Connection,
    keys: KeyRing,
    right: Mapping[str, Any],
    place: int,
    person_id: int,
    opens: bool,
    mutuelle_id: int | None,
    today: date,
) -> None:
    query = select(coverages.c.id).where(coverages.c.person_id == person_id).order_by(coverages.c.id)
    known = list(conn.execute(query).scalars())
    scheme, number = right["scheme"], right["number"] if opens else None
    values = {
        "person_id": person_id,
        "scheme": scheme,
        "role": right.get("role", ROLES[scheme][0]) if opens else ROLES[scheme][1],
        "status": right.get("status", "ACTIF"),
        **{column: on_day(right.get(told), today) for told, column in DAYS_OF_A_RIGHT.items()},
        "number_index": number_index(keys, scheme, number) if number else None,
        "number_sealed": keys.seal(number, NUMBER) if number else None,
        "organism": right.get("organism"),
        "mutuelle_id": mutuelle_id,
        "missing_fcfa": right.get("missing_fcfa", 0),
    }
    coverage_id = _put(conn, coverages, {"id": known[place] if place < len(known) else 0}, values)
    if opens and "receipt" in right:
        whose = {"coverage_id": coverage_id}
        _put(conn, receipts, whose, {**whose, **receipt_columns(keys, right["receipt"])})


def _load_phone(
    conn: Connection, keys: KeyRing, phone: Msisdn, language: str, person_id: int, today: date, now: datetime
) -> None:
    phone_id = phones.link(conn, keys, phone, person_id, "demo", now)
    if phones.caller(conn, keys, phone, today).language is None:
        phones.remember_language(conn, keys, phone, language, now)
    if CONSENT[0] not in consent.state(conn, phone_id):
        topic, wording, channel = CONSENT
        consent.record(conn, phone_id, topic, True, wording, channel, now)


def _put(conn: Connection, into: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Update the row that `key` names, or insert it; its id."""
    (identity,) = into.primary_key
    where = [into.c[column] == value for column, value in key.items()]
    found = conn.execute(select(identity).where(*where)).scalar()
    if found is None:
        return int(conn.execute(insert(into).values(dict(values)).returning(identity)).scalar_one())
    conn.execute(update(into).where(identity == found).values(dict(values)))
    return int(found)
