"""What a campaign's text says of a person: her given name, the last day of her right, her mutuelle."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Integer, and_, bindparam, case, func, or_, select

from models.campaign_tables import VALUES
from models.coverage import coverages
from models.database import Db, Prepared
from models.json_rows import JsonRows, packed
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.one_of import one_of
from models.people import opened_names, persons

_said = JsonRows("said")
_of_hers = and_(
    coverages.c.person_id == persons.c.id,
    or_(bindparam("every", type_=Integer) == 1, one_of(coverages.c.scheme, "schemes")),
)
_PEOPLE = Prepared(
    select(
        persons.c.id,
        persons.c.identity_sealed,
        func.max(coverages.c.valid_to).label("ends"),
        func.max(case((coverages.c.scheme == "MUTUELLE", mutuelles.c.name))).label("mutuelle"),
    )
    .select_from(
        _said.table.join(persons, persons.c.id == _said.whole(0))
        .outerjoin(coverages, _of_hers)
        .outerjoin(mutuelles, mutuelles.c.id == coverages.c.mutuelle_id)
    )
    .where(persons.c.died_on.is_(None), persons.c.erased_at.is_(None))
    .group_by(persons.c.id)
)


def of_people(
    db: Db, keys: KeyRing, person_ids: Sequence[int], schemes: Sequence[str] = ()
) -> dict[int, dict[str, str]]:
    """The values of each person: prenom, jour_fin (dd/mm/yyyy, the right that ends last), mutuelle; "" when unknown.

    `schemes`: only rights of these count, of all when there are none. People who are dead or erased are not among
    them. Raises KeyRingError, DatabaseAway.
    """
    if not person_ids:
        return {}
    said = packed([[person_id] for person_id in person_ids])
    rows = _PEOPLE.all(db, said=said, every=int(not schemes), schemes=list(schemes))
    return {
        person_id: {
            "prenom": opened_names(keys, identity)[0],
            "jour_fin": f"{ends.day:02}/{ends.month:02}/{ends.year:04}" if ends else "",
            "mutuelle": mutuelle or "",
        }
        for person_id, identity, ends, mutuelle in rows
    }


def sealed(keys: KeyRing, values: dict[str, str]) -> bytes:
    """The values of one line of a file, sealed."""
    return keys.seal(json.dumps(values, ensure_ascii=False), VALUES)


def opened(keys: KeyRing, blob: bytes | None) -> dict[str, str]:
    """The values that a line of a file brought; none of them without a line. Raises KeyRingError."""
    found: dict[str, str] = json.loads(keys.unseal(blob, VALUES)) if blob else {}
    return found
