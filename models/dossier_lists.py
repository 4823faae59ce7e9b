"""Files in lists, for those who keep the registers."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, select

from models.database import Connection
from models.dossier_records import COLUMNS, Dossier, dossier_from
from models.dossier_tables import DEAD, DONE, dossiers
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import PHONE

AT_ONCE = 500

_twin = dossiers.alias("twin")
_DOUBLE = exists().where(
    _twin.c.id != dossiers.c.id,
    _twin.c.family_key == dossiers.c.family_key,
    _twin.c.given_key == dossiers.c.given_key,
    _twin.c.birth_year == dossiers.c.birth_year,
    _twin.c.commune_code == dossiers.c.commune_code,
    _twin.c.sex == dossiers.c.sex,
    _twin.c.state.not_in((DONE, DEAD)),
)
"""Another open file of somebody called so, born that year, who lives there: whether it is she, a person decides."""


def newest(
    conn: Connection, keys: KeyRing, state: str | None, *, doubles: bool, limit: int
) -> tuple[Dossier, ...]:
    """Files, the newest first; of one state when told, or only those that may be somebody's second."""
    asked = select(*COLUMNS).order_by(dossiers.c.id.desc()).limit(limit)
    if state:
        asked = asked.where(dossiers.c.state == state)
    if doubles:
        asked = asked.where(_DOUBLE, dossiers.c.state.not_in((DONE, DEAD)))
    return tuple(dossier_from(keys, tuple(row)) for row in conn.execute(asked))


def every(conn: Connection, keys: KeyRing, state: str) -> Iterator[Dossier]:
    """Every file of a state, the oldest first, read some at a time."""
    last = 0
    while True:
        asked = select(*COLUMNS).where(dossiers.c.state == state, dossiers.c.id > last)
        rows = conn.execute(asked.order_by(dossiers.c.id).limit(AT_ONCE)).all()
        for row in rows:
            yield dossier_from(keys, tuple(row))
        if len(rows) < AT_ONCE:
            return
        last = rows[-1][0]


def private(conn: Connection, keys: KeyRing, dossier_id: int) -> tuple[str, Msisdn | None, str]:
    """(NINA or nothing, phone, the wording that was accepted) of one file."""
    columns = (dossiers.c.nina_sealed, dossiers.c.phone_sealed, dossiers.c.consent_version)
    row = conn.execute(select(*columns).where(dossiers.c.id == dossier_id)).one()
    nina = keys.unseal(row.nina_sealed, "nina") if row.nina_sealed else ""
    phone = Msisdn.parse(keys.unseal(row.phone_sealed, PHONE)) if row.phone_sealed else None
    return nina, phone, row.consent_version
