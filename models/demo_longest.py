"""The longest names, places and amounts that real life may bring, put over a demo register to try the screens with."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from models.coverage import coverages
from models.facilities import facilities
from models.keyring import KeyRing
from models.mutuelle_tables import dues
from models.mutuelles import mutuelles
from models.payment_requests import payment_requests
from models.payments import payments
from models.people import opened_identity, persons, seal_identity

GIVEN, FAMILY = "Mahamadoulamine", "Diarrassoubadougou"
AMOUNT_FCFA = 9_999_990
PARTS = 12
"""Of a year of contributions, which in all asks for no more than that."""

MUTUELLE = "Mutuelle du cercle de Gourma-Rharous"
FACILITY = "Centre communautaire de Diafarabé Nord"


def stretch(conn: Connection, keys: KeyRing) -> None:
    """Gives everybody the longest of everything. For a register that is thrown away."""
    _rename_everybody(conn, keys)
    conn.execute(update(coverages).where(coverages.c.missing_fcfa > 0).values(missing_fcfa=AMOUNT_FCFA))
    conn.execute(update(mutuelles).values(name=MUTUELLE))
    conn.execute(update(dues).values(amount=AMOUNT_FCFA // PARTS))
    conn.execute(update(payments).values(amount=2 * (AMOUNT_FCFA // PARTS)))
    conn.execute(update(payment_requests).values(amount=AMOUNT_FCFA))
    conn.execute(update(facilities).values(name=FACILITY))


def _rename_everybody(conn: Connection, keys: KeyRing) -> None:
    """Days of birth stay as they are: what a child's right needs hangs on them."""
    known = conn.execute(select(persons.c.id, persons.c.identity_sealed)).all()
    renamed = [
        {"whose": person_id, "sealed": seal_identity(keys, GIVEN, FAMILY, opened_identity(keys, sealed)[2])}
        for person_id, sealed in known
    ]
    whose = persons.c.id == bindparam("whose")
    conn.execute(update(persons).where(whose).values(identity_sealed=bindparam("sealed")), renamed)
