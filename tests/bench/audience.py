"""A register large enough for a campaign: people with one phone each, made inside PostgreSQL in seconds."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from config import facts
from models import places
from models.database import Database
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.people import identity_columns
from models.phones import PHONE

IN_A_HOUSEHOLD = 5


def fill_phones(url: str, keys: KeyRing, phones: int, household: int = IN_A_HOUSEHOLD) -> None:
    """So many people of all communes, `household` of them in one, each with a phone that may be written to.

    In a migrated, empty database. The keyed indexes are as random as real ones; the sealed number and names are one and
    the same, since nothing that is measured opens them.
    """
    database = Database.open(url, deadline_ms=None)
    with database.begin() as conn:
        places.load(conn)
    database.dispose()
    codes = [row["code_2023"] for row in facts.reference("mali_communes_2023") if row["code_2023"]]
    names = identity_columns(keys, "Awa", "Traore", None)
    homes = phones // household + 1
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO households (id, commune_code) SELECT n, (%s::text[])[1 + n %% %s]"
            " FROM generate_series(1, %s) n",
            [codes, len(codes), homes],
        )
        connection.execute(
            "INSERT INTO persons (id, household_id, relation, sex, birth_year, commune_code, pupil, disabled,"
            " identity_sealed, given_key, family_key)"
            " SELECT n, h.id, 'SOI', CASE n %% 2 WHEN 0 THEN 'F' ELSE 'M' END, 1950 + n %% 60, h.commune_code,"
            " false, false, %s, %s, %s FROM generate_series(1, %s) n JOIN households h ON h.id = 1 + n / %s",
            [
                names["identity_sealed"],
                names["given_key"],
                names["family_key"],
                phones,
                household,
            ],
        )
        connection.execute(
            "INSERT INTO phones (id, phone_index, phone_sealed, language, charset, created_at, operator)"
            " SELECT n, decode(md5('ramu' || n), 'hex'), %s, CASE n %% 3 WHEN 0 THEN 'bm' ELSE 'fr' END, 'GSM7', %s,"
            " CASE WHEN n %% 10 < 6 THEN 'ORANGE' WHEN n %% 10 < 9 THEN 'MOOV' ELSE 'TELECEL' END"
            " FROM generate_series(1, %s) n",
            [keys.seal(Msisdn("+22370000001").e164, PHONE), datetime.now(UTC), phones],
        )
        connection.execute(
            "INSERT INTO phone_links (phone_id, person_id, verified_at, how)"
            " SELECT n, n, %s, 'ussd' FROM generate_series(1, %s) n",
            [datetime.now(UTC), phones],
        )
        for table in ("households", "persons", "phones"):
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
