"""Pre-registration files (dossiers): who asked to be covered, with whom, and how far that has come. All names sealed.

    OPEN -> READY (her card waits somewhere) -> DONE (it was handed over)        DEAD from anywhere

A file belongs to who made it: a citizen's phone, an agent, or the staff of a centre. The same name, year, place and sex
from the same owner is the same file, however often it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models import names
from models.database import Connection, Db, Prepared
from models.dossier_records import COLUMNS, Candidate, Dependant, Dossier, Owner, dossier_from
from models.dossier_tables import (
    AGENT,
    CITIZEN,
    DEAD,
    DONE,
    OPEN,
    READY,
    dossier_members,
    dossier_papers,
    dossiers,
)
from models.identifiers import Msisdn, NinaNumber, with_check_digit
from models.keyring import KeyRing
from models.locks import Overtaken
from models.people import identity_columns, nina_columns, opened_identity
from models.phones import PHONE, phone_index


class Twice(Overtaken):
    """Since the caller looked, the number or the person's file has been made: look again."""


_BY_ID = Prepared(select(*COLUMNS).where(dossiers.c.id == bindparam("dossier_id")))
_PHONE = Prepared(select(dossiers.c.phone_sealed).where(dossiers.c.id == bindparam("dossier_id")))
_BY_CODE = Prepared(select(*COLUMNS).where(dossiers.c.code == bindparam("code")))
_SAME = Prepared(select(*COLUMNS).where(dossiers.c.same_index == bindparam("same")))
_OF_PHONE = Prepared(
    select(*COLUMNS)
    .where(dossiers.c.phone_index == bindparam("phone"), dossiers.c.state != DEAD)
    .order_by(dossiers.c.created_at.desc(), dossiers.c.id.desc())
    .limit(1)
)
_OF_PERSON = Prepared(
    select(*COLUMNS)
    .where(dossiers.c.person_id == bindparam("person_id"))
    .order_by(dossiers.c.id.desc())
    .limit(1)
)
_TAKEN = Prepared(select(dossiers.c.id).where(dossiers.c.code == bindparam("code")))
_NEWEST = Prepared(select(func.max(dossiers.c.id)))
_COUNT_PHONE = Prepared(
    select(func.count()).where(
        dossiers.c.phone_index == bindparam("phone"),
        dossiers.c.maker == CITIZEN,
        dossiers.c.created_at >= bindparam("since"),
    )
)
_COUNT_AGENT = Prepared(
    select(func.count()).where(
        dossiers.c.agent == bindparam("agent"), dossiers.c.created_at >= bindparam("since")
    )
)
_COUNT_FACILITY = Prepared(
    select(func.count()).where(
        dossiers.c.facility_id == bindparam("facility_id"), dossiers.c.created_at >= bindparam("since")
    )
)
_PAPERS = Prepared(
    select(dossier_papers.c.paper).where(dossier_papers.c.dossier_id == bindparam("dossier_id"))
)
_MEMBERS_OF = Prepared(
    select(
        dossier_members.c.identity_sealed,
        dossier_members.c.sex,
        dossier_members.c.birth_year,
        dossier_members.c.link,
    )
    .where(dossier_members.c.dossier_id == bindparam("dossier_id"))
    .order_by(dossier_members.c.id)
)

_FEW, _MORE = 45_000, 450_000


def by_id(db: Db, keys: KeyRing, dossier_id: int) -> Dossier | None:
    """The file of a row, or None. Raises DatabaseAway."""
    row = _BY_ID.first(db, dossier_id=dossier_id)
    return dossier_from(keys, row) if row else None


def phone_of(db: Db, keys: KeyRing, dossier_id: int) -> Msisdn | None:
    """The phone that is written to about a file, or None. Raises DatabaseAway."""
    row = _PHONE.first(db, dossier_id=dossier_id)
    return Msisdn.parse(keys.unseal(row[0], PHONE)) if row and row[0] else None


def by_code(db: Db, keys: KeyRing, code: str) -> Dossier | None:
    """The file of a number, or None. Raises DatabaseAway."""
    row = _BY_CODE.first(db, code=code)
    return dossier_from(keys, row) if row else None


def of_phone(db: Db, keys: KeyRing, phone: Msisdn) -> Dossier | None:
    """The newest file about which this phone is written to, or None. Raises DatabaseAway."""
    row = _OF_PHONE.first(db, phone=phone_index(keys, phone))
    return dossier_from(keys, row) if row else None


def of_person(db: Db, keys: KeyRing, person_id: int) -> Dossier | None:
    """The newest file of somebody who is in the register by now, or None. Raises DatabaseAway."""
    row = _OF_PERSON.first(db, person_id=person_id)
    return dossier_from(keys, row) if row else None


def same(db: Db, keys: KeyRing, owner: Owner, who: Candidate) -> Dossier | None:
    """The file that this owner made of this person before, or None. Raises DatabaseAway."""
    row = _SAME.first(db, same=_same_index(keys, owner, who))
    return dossier_from(keys, row) if row else None


def made_since(db: Db, keys: KeyRing, owner: Owner, since: datetime) -> int:
    """How many files an owner has made since a moment. Raises DatabaseAway."""
    if owner.maker == CITIZEN and owner.phone:
        found = _COUNT_PHONE.all(db, phone=phone_index(keys, owner.phone), since=since)
    elif owner.maker == AGENT:
        found = _COUNT_AGENT.all(db, agent=owner.agent, since=since)
    else:
        found = _COUNT_FACILITY.all(db, facility_id=owner.facility_id, since=since)
    return int(found[0][0])


def free_code(db: Db, draws: Sequence[int]) -> str:
    """The number of a new file, out of random whole numbers: the first that nobody has. Raises Twice, DatabaseAway.

    Five digits and a check digit, more once tens of thousands are taken: never the next in a row, and a slip is seen.
    """
    newest = (_NEWEST.all(db)[0][0]) or 0
    digits = 5 if newest < _FEW else 6 if newest < _MORE else 7
    for draw in draws:
        code = with_check_digit(str(10 ** (digits - 1) + draw % (9 * 10 ** (digits - 1))))
        if not _TAKEN.all(db, code=code):
            return code
    raise Twice


def open_dossier(
    conn: Connection,
    keys: KeyRing,
    code: str,
    owner: Owner,
    who: Candidate,
    consent_version: str,
    now: datetime,
) -> int:
    """Keep a new file; its id. Raises Twice when the number or the person's file has been made meanwhile."""
    told = owner.phone if owner.maker == CITIZEN else who.phone
    values = {
        "code": code,
        "same_index": _same_index(keys, owner, who),
        "scheme": who.scheme,
        "state": OPEN,
        "sex": who.sex,
        "birth_year": who.birth_year,
        "commune_code": who.commune_code,
        **identity_columns(keys, who.given, who.family, None),
        **(nina_columns(keys, who.nina.value) if who.nina else {}),
        "others": who.others,
        "phone_index": phone_index(keys, told) if told else None,
        "phone_sealed": keys.seal(told.e164, PHONE) if told else None,
        "maker": owner.maker,
        "agent": owner.agent,
        "facility_id": owner.facility_id,
        "consent_version": consent_version,
        "created_at": now,
        "changed_at": now,
    }
    made = conn.execute(
        insert(dossiers).values(values).on_conflict_do_nothing().returning(dossiers.c.id)
    ).scalar()
    if made is None:
        raise Twice
    return int(made)


def add_member(conn: Connection, keys: KeyRing, dossier_id: int, one: Dependant, now: datetime) -> bool:
    """Name a dependant; False when she was named before."""
    told = f"{dossier_id}|{_folded(one.given, one.family)}|{one.sex}|{one.birth_year}"
    values = {
        "dossier_id": dossier_id,
        "link": one.link,
        "sex": one.sex,
        "birth_year": one.birth_year,
        "identity_sealed": identity_columns(keys, one.given, one.family, None)["identity_sealed"],
        "same_index": keys.index(told, "dossier.member"),
        "added_at": now,
    }
    new = insert(dossier_members).values(values).on_conflict_do_nothing()
    added = conn.execute(new.returning(dossier_members.c.id)).first()
    if added:
        _touch(conn, dossier_id, now)
    return added is not None


def see_papers(conn: Connection, dossier_id: int, papers: Sequence[str], now: datetime) -> int:
    """Note papers (codes of documents) that somebody has seen; how many had not been seen."""
    before = papers_of(conn, dossier_id)
    rows = [{"dossier_id": dossier_id, "paper": one, "seen_at": now} for one in papers if one not in before]
    if rows:
        conn.execute(insert(dossier_papers).values(rows).on_conflict_do_nothing())
        _touch(conn, dossier_id, now)
    return len(rows)


def note_nina(conn: Connection, keys: KeyRing, dossier_id: int, nina: NinaNumber, now: datetime) -> None:
    """Keep the national number of the person of a file."""
    mine = dossiers.c.id == dossier_id
    conn.execute(update(dossiers).where(mine).values(**nina_columns(keys, nina.value), changed_at=now))


def papers_of(db: Db, dossier_id: int) -> frozenset[str]:
    """The papers that were seen. Raises DatabaseAway."""
    return frozenset(paper for (paper,) in _PAPERS.all(db, dossier_id=dossier_id))


def members_of(db: Db, keys: KeyRing, dossier_id: int) -> tuple[Dependant, ...]:
    """The dependants that were named, in the order in which they were. Raises DatabaseAway."""
    return tuple(
        Dependant(*opened_identity(keys, sealed)[:2], sex, birth_year, link)
        for sealed, sex, birth_year, link in _MEMBERS_OF.all(db, dossier_id=dossier_id)
    )


def make_ready(
    conn: Connection, dossier_id: int, place: str, told_at: datetime | None, now: datetime
) -> bool:
    """Her card waits at `place`, and she is told at a moment; False when it did before, or was handed over."""
    values = {"state": READY, "place": place[:60], "told_at": told_at, "changed_at": now}
    mine = (dossiers.c.id == dossier_id, dossiers.c.state == OPEN)
    return conn.execute(update(dossiers).where(*mine).values(values)).rowcount == 1


def hand_over(conn: Connection, dossier_id: int, now: datetime) -> bool:
    """She has her card: the file is closed, and the next one about her is a new one. False when it was before."""
    return _close(conn, dossier_id, DONE, now)


def close_as_dead(conn: Connection, dossier_id: int, now: datetime) -> bool:
    """Nobody is written to about this file any more."""
    return _close(conn, dossier_id, DEAD, now)


def forget(conn: Connection, before: datetime) -> int:
    """Drop the files that nobody has touched since a moment; how many."""
    return drop(
        conn, list(conn.execute(select(dossiers.c.id).where(dossiers.c.changed_at < before)).scalars())
    )


def erase_of(conn: Connection, index: bytes) -> int:
    """Drop the files about which a phone (its keyed index) is written to; how many."""
    return drop(
        conn, list(conn.execute(select(dossiers.c.id).where(dossiers.c.phone_index == index)).scalars())
    )


def drop(conn: Connection, dossier_ids: Sequence[int]) -> int:
    """Drop files with what hangs on them; how many."""
    for part in (dossier_members, dossier_papers):
        conn.execute(delete(part).where(part.c.dossier_id.in_(dossier_ids)))
    return conn.execute(delete(dossiers).where(dossiers.c.id.in_(dossier_ids))).rowcount


def _touch(conn: Connection, dossier_id: int, now: datetime) -> None:
    conn.execute(update(dossiers).where(dossiers.c.id == dossier_id).values(changed_at=now))


def _close(conn: Connection, dossier_id: int, state: str, now: datetime) -> bool:
    values = {"state": state, "done_at": now, "changed_at": now, "same_index": None}
    mine = (dossiers.c.id == dossier_id, dossiers.c.state.in_((OPEN, READY)))
    return conn.execute(update(dossiers).where(*mine).values(values)).rowcount == 1


def _same_index(keys: KeyRing, owner: Owner, who: Candidate) -> bytes:
    """A phone of her own tells one household from another; without one, who made the file does."""
    scope = f"phone:{who.phone.e164}" if who.phone else owner.scope
    told = f"{scope}|{_folded(who.given, who.family)}|{who.sex}|{who.birth_year}|{who.commune_code}"
    return keys.index(told, "dossier")


def _folded(given: str, family: str) -> str:
    """The words of a name in one order, whichever of them was typed first."""
    return " ".join(sorted(names.words(f"{given} {family}")))
