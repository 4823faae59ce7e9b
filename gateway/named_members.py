"""Which mutuelle or household a command means: by a code, a name, a member's number."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from config.faults import Fault
from models import memberships, refunds
from models.coverage import coverages, number_index
from models.households import households
from models.identifiers import recognise
from models.keyring import KeyRing
from models.memberships import Membership
from models.mutuelles import MUTUELLE, mutuelles
from models.people import persons
from models.places import fold
from models.refunds import Left


class Unknown(Fault):
    """Nothing, or more than one, is called so."""


def the_mutuelle(conn: Connection, words: str) -> int:
    """The one mutuelle that a code, or enough of a name, means. Raises Unknown."""
    rows = conn.execute(
        select(mutuelles.c.id, mutuelles.c.code, mutuelles.c.name).where(mutuelles.c.kind == MUTUELLE)
    ).all()
    found = [row for row in rows if row.code == words.upper()]
    found = found or [row for row in rows if fold(words) in fold(row.name)]
    if len(found) != 1:
        some = ", ".join(row.code for row in found[:5])
        raise Unknown(f"{len(found)} mutuelles are called so{': ' + some if some else ''}")
    return int(found[0].id)


def the_household(conn: Connection, keys: KeyRing, words: str, day: date) -> int:
    """The household of a member's number, or with this file code. Raises Unknown."""
    found = None
    card = recognise(words, day) if words.isdigit() else None
    if card is not None:
        asked = (
            select(persons.c.household_id)
            .select_from(persons.join(coverages, coverages.c.person_id == persons.c.id))
            .where(coverages.c.number_index == number_index(keys, card.scheme, card.value))
        )
        found = conn.execute(asked).scalar()
    if found is None:
        found = conn.execute(select(households.c.id).where(households.c.code == words)).scalar()
    if found is None:
        raise Unknown("no household has this number or this code")
    return int(found)


def the_membership(conn: Connection, keys: KeyRing, words: str, day: date) -> Membership:
    """The running membership of a member's number or of a household's file code. Raises Unknown."""
    found = memberships.of_household(conn, the_household(conn, keys, words, day))
    if found is None:
        raise Unknown("this household is in no mutuelle: ramu mutuelle join")
    return found


def the_ended(conn: Connection, keys: KeyRing, words: str, day: date) -> Left:
    """What the last ended membership of a number's or code's household left behind. Raises Unknown."""
    household_id = the_household(conn, keys, words, day)
    found = [one for one in refunds.left_behind(conn) if one.household_id == household_id]
    if not found:
        raise Unknown("no ended membership of this household has an advance")
    return found[-1]
