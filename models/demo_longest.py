"""The longest names, places and amounts that real life may bring, put over a demo register to try the screens with."""

from __future__ import annotations

from sqlalchemy import Connection, update

from models.coverage import coverages
from models.facilities import facilities
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.people import persons, sealed_names

GIVEN, FAMILY = "Mahamadoulamine", "Diarrassoubadougou"
AMOUNT_FCFA = 9_999_990
MUTUELLE = "Mutuelle du cercle de Gourma-Rharous"
FACILITY = "Centre communautaire de Diafarabé Nord"


def stretch(conn: Connection, keys: KeyRing) -> None:
    """Gives everybody the longest of everything. For a register that is thrown away."""
    conn.execute(update(persons).values(names_sealed=sealed_names(keys, GIVEN, FAMILY)["names_sealed"]))
    conn.execute(update(coverages).where(coverages.c.missing_fcfa > 0).values(missing_fcfa=AMOUNT_FCFA))
    conn.execute(update(mutuelles).values(name=MUTUELLE))
    conn.execute(update(facilities).values(name=FACILITY))
