"""What a campaign's text says of a person: her given name, the last day of her right, her mutuelle."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import and_, case, func, select

from models.campaign_tables import VALUES
from models.coverage import coverages
from models.database import Connection
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.people import opened_names, persons

_MOST = 1_000
"""People that one statement asks for: SQLite takes so many values and more."""


def of_people(
    conn: Connection, keys: KeyRing, person_ids: Sequence[int], schemes: Sequence[str] = ()
) -> dict[int, dict[str, str]]:
    """The values of each person: prenom, jour_fin (dd/mm/yyyy, the right that ends last), mutuelle; "" when unknown.

    `schemes`: only rights of these count, of all when there are none. People who are dead or erased are not among
    them. Raises KeyRingError, DatabaseAway.
    """
    of_hers = [coverages.c.person_id == persons.c.id]
    if schemes:
        of_hers.append(coverages.c.scheme.in_(schemes))
    found: dict[int, dict[str, str]] = {}
    for start in range(0, len(person_ids), _MOST):
        rows = conn.execute(
            select(
                persons.c.id,
                persons.c.identity_sealed,
                func.max(coverages.c.valid_to).label("ends"),
                func.max(case((coverages.c.scheme == "MUTUELLE", mutuelles.c.name))).label("mutuelle"),
            )
            .select_from(
                persons.outerjoin(coverages, and_(*of_hers)).outerjoin(
                    mutuelles, mutuelles.c.id == coverages.c.mutuelle_id
                )
            )
            .where(
                persons.c.id.in_(person_ids[start : start + _MOST]),
                persons.c.died_on.is_(None),
                persons.c.erased_at.is_(None),
            )
            .group_by(persons.c.id)
        )
        for row in rows:
            found[row.id] = {
                "prenom": opened_names(keys, row.identity_sealed)[0],
                "jour_fin": f"{row.ends:%d/%m/%Y}" if row.ends else "",
                "mutuelle": row.mutuelle or "",
            }
    return found


def sealed(keys: KeyRing, values: dict[str, str]) -> bytes:
    """The values of one line of a file, sealed."""
    return keys.seal(json.dumps(values, ensure_ascii=False), VALUES)


def opened(keys: KeyRing, blob: bytes | None) -> dict[str, str]:
    """The values that a line of a file brought; none of them without a line. Raises KeyRingError."""
    found: dict[str, str] = json.loads(keys.unseal(blob, VALUES)) if blob else {}
    return found
