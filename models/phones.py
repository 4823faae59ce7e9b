"""Phones and the people they are tied to: many to many. A phone is not a person.

A number is found by its keyed index alone; the sealed number is kept only once the person has consented, since only
then is there a reason to write to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models.coverage import LIVING, RIGHT_COLUMNS, Right, rights_from, with_rights
from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.days import day_of
from models.identifiers import BadMsisdn, Msisdn
from models.keyring import KeyRing, KeyRingError
from models.operators import operator_of
from models.people import persons

PHONE = "phone"
"""Purpose of a phone's index and of its sealed number."""

GSM7 = "GSM7"

phones = Table(
    "phones",
    metadata,
    Column("id", Id, primary_key=True),
    Column("phone_index", LargeBinary, nullable=False, unique=True),
    Column("phone_sealed", Sealed(PHONE)),
    Column("language", String(8)),
    Column("charset", String(4), nullable=False, default=GSM7),
    Column("created_at", UtcDateTime, nullable=False),
    Column("operator", String(12)),
)
"""`operator` is a guess by the first digits, kept because they cannot be read from the sealed number in SQL."""

phone_links = Table(
    "phone_links",
    metadata,
    Column("phone_id", ForeignKey("phones.id"), primary_key=True, autoincrement=False),
    Column("person_id", ForeignKey("persons.id"), primary_key=True, autoincrement=False, index=True),
    Column("verified_at", UtcDateTime, nullable=False),
    Column("how", String(16), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a calling phone: its language (None before the first choice) and the rights of its people."""

    phone_id: int | None
    language: str | None
    charset: str
    rights: tuple[Right, ...]


UNKNOWN = Caller(None, None, GSM7, ())

_CALLER = Prepared(
    select(*RIGHT_COLUMNS, phones.c.id, phones.c.language, phones.c.charset)
    .select_from(
        with_rights(
            phones.outerjoin(phone_links, phone_links.c.phone_id == phones.c.id).outerjoin(
                persons, (persons.c.id == phone_links.c.person_id) & LIVING
            )
        )
    )
    .where(phones.c.phone_index == bindparam("phone"))
)
_LINKED = Prepared(
    select(phones.c.phone_sealed)
    .select_from(phones.join(phone_links, phone_links.c.phone_id == phones.c.id))
    .where(phone_links.c.person_id == bindparam("person_id"), phones.c.phone_sealed.is_not(None))
    .order_by(phone_links.c.verified_at, phones.c.id)
)
_ADD = Prepared(
    insert(phones)
    .values(
        phone_index=bindparam("phone"),
        phone_sealed=bindparam("sealed"),
        language=bindparam("language"),
        charset=bindparam("charset"),
        created_at=bindparam("now"),
        operator=bindparam("operator"),
    )
    .on_conflict_do_nothing(index_elements=["phone_index"])
)
_ID = Prepared(select(phones.c.id).where(phones.c.phone_index == bindparam("phone")))
_REACHABLE = Prepared(
    select(phones.c.phone_sealed, phones.c.language).where(
        phones.c.phone_index == bindparam("phone"), phones.c.phone_sealed.is_not(None)
    )
)
_CHANGE = Prepared(
    update(phones)
    .where(phones.c.id == bindparam("phone_id"))
    .values(
        language=func.coalesce(bindparam("new_language", type_=String), phones.c.language),
        charset=func.coalesce(bindparam("new_charset", type_=String), phones.c.charset),
        phone_sealed=func.coalesce(bindparam("sealed", type_=LargeBinary), phones.c.phone_sealed),
    )
)
_LINK = Prepared(
    insert(phone_links)
    .values(
        phone_id=bindparam("phone_id"),
        person_id=bindparam("person_id"),
        verified_at=bindparam("now"),
        how=bindparam("how"),
    )
    .on_conflict_do_nothing(index_elements=["phone_id", "person_id"])
)


def masked(keys: KeyRing, sealed: bytes | None) -> str:
    """A sealed number as a list may show it: "-" for one that was forgotten, "?" for one that cannot be opened."""
    if sealed is None:
        return "-"
    try:
        return Msisdn.parse(keys.unseal(sealed, PHONE)).masked
    except (KeyRingError, BadMsisdn):
        return "?"


def phone_index(keys: KeyRing, phone: Msisdn) -> bytes:
    """The keyed index under which a phone is stored."""
    return keys.index(phone.e164, PHONE)


def caller(db: Db, keys: KeyRing, phone: Msisdn, day: date) -> Caller:
    """Who calls, and the rights of everybody tied to the phone, best first: one select. Raises DatabaseAway."""
    rows = _CALLER.all(db, phone=phone_index(keys, phone))
    if not rows:
        return UNKNOWN
    phone_id, language, charset = rows[0][-3:]
    return Caller(phone_id, language, charset, rights_from(keys, rows, day))


def remember_language(conn: Connection, keys: KeyRing, phone: Msisdn, language: str, now: datetime) -> int:
    """Note the phone's language (a code of languages.csv); its row's id, made when it is new."""
    return _remember(conn, keys, phone, now, language=language)


def set_charset(conn: Connection, keys: KeyRing, phone: Msisdn, charset: str, now: datetime) -> int:
    """Note which letters the phone wants, GSM7 or UCS2; its row's id, made when it is new."""
    return _remember(conn, keys, phone, now, charset=charset)


def note(conn: Connection, keys: KeyRing, phone: Msisdn, now: datetime) -> int:
    """The id of the phone's row, made when it is new; nothing else is kept."""
    return _remember(conn, keys, phone, now)


def keep_number(conn: Connection, keys: KeyRing, phone: Msisdn, now: datetime) -> int:
    """Keep the sealed number, so that messages can be sent to it: only after consent. Its row's id."""
    return _remember(conn, keys, phone, now, sealed=keys.seal(phone.e164, PHONE))


def link(conn: Connection, keys: KeyRing, phone: Msisdn, person_id: int, how: str, now: datetime) -> int:
    """Tie a phone to a person, `how` she proved it in a word; nothing changes when it is tied already. Its row's id."""
    phone_id = keep_number(conn, keys, phone, now)
    _LINK.run(conn, phone_id=phone_id, person_id=person_id, now=now, how=how)
    return phone_id


def linked_phones(db: Db, keys: KeyRing, person_id: int) -> tuple[Msisdn, ...]:
    """The phones tied to a person whose number is kept, the first tied first. Raises DatabaseAway."""
    found = _LINKED.all(db, person_id=person_id)
    return tuple(Msisdn.parse(keys.unseal(sealed, PHONE)) for (sealed,) in found)


def id_of_index(db: Db, index: bytes | None) -> int | None:
    """The row of the phone with a keyed index, or None: it was forgotten. Raises DatabaseAway."""
    row = _ID.first(db, phone=index) if index else None
    return int(row[0]) if row else None


def reachable(db: Db, keys: KeyRing, index: bytes) -> tuple[Msisdn, str | None] | None:
    """(number, language) of the phone with a keyed index, or None when its number is not kept. Raises DatabaseAway."""
    row = _REACHABLE.first(db, phone=index)
    return (Msisdn.parse(keys.unseal(row[0], PHONE)), row[1]) if row else None


def _remember(
    conn: Connection,
    keys: KeyRing,
    phone: Msisdn,
    now: datetime,
    *,
    language: str | None = None,
    charset: str | None = None,
    sealed: bytes | None = None,
) -> int:
    index = phone_index(keys, phone)
    told = {"sealed": sealed, "language": language, "charset": charset or GSM7}
    added = _ADD.run(conn, phone=index, now=now, operator=operator_of(phone, day_of(now)), **told)
    (phone_id,) = _ID.all(conn, phone=index)[0]
    if not added:
        _CHANGE.run(conn, phone_id=phone_id, new_language=language, new_charset=charset, sealed=sealed)
    return int(phone_id)
