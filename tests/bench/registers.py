"""The registers that are read: so many fictional people in a PostgreSQL database, kept between runs.

A database's name holds everything it was made from, so that a change of the schema, the seed or the keys makes
another; it gets the name only when it is whole.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

import psycopg
from sqlalchemy.schema import CreateTable

from models.coverage import NUMBER
from models.database import Database
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import GSM7, phone_index, phones
from models.schema import everything, migrate
from tests.bench.calls import PHONES, phone_number
from tests.bench.fill import fill
from workers.servers import PostgresServer

NUMBERS = 50_000
"""Cards that are asked about, drawn from the whole register."""


@dataclass(frozen=True, slots=True)
class Register:
    """A register that is ready: its address, how many people, and numbers of cards in it."""

    url: str
    people: int
    numbers: list[str]


def register_of(server: PostgresServer, keys: KeyRing, people: int, seed: int, *, fresh: bool) -> Register:
    """The register of so many people, made when it is not there yet, or anew when it must be `fresh`."""

    def make(url: str) -> None:
        migrate(url)
        fill(url, keys, people, seed)
        _add_phones(url, keys)
        _add_plain_cards(url, people, card_numbers(url, keys))

    beginning = f"people_{people}_"
    url = kept(server, beginning, f"{seed}_{_made_from(keys)}", make, fresh=fresh)
    return Register(url, people, card_numbers(url, keys))


def kept(
    server: PostgresServer, beginning: str, ending: str, make: Callable[[str], None], *, fresh: bool
) -> str:
    """The address of a database that is kept between runs, made when it is not there or must be `fresh`.

    Others whose name begins alike go first: nothing can read them any more, or they were left half made.
    """
    name = f"{beginning}{ending}"
    if fresh:
        server.drop_database(name)
    if not _exists(server, name):
        _drop_older(server, beginning)
        half_made = f"{name}_half_made"
        url = server.create_database(half_made)
        make(url)
        _settle(url)
        server.order("ALTER DATABASE {} RENAME TO {}", half_made, name)
    return server.url_of(name)


def _exists(server: PostgresServer, name: str) -> bool:
    with psycopg.connect(server.url) as connection:
        return bool(connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone())


def _drop_older(server: PostgresServer, beginning: str) -> None:
    with psycopg.connect(server.url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database").fetchall()
    for (name,) in rows:
        if name.startswith(beginning):
            server.drop_database(name)


def _made_from(keys: KeyRing) -> str:
    """A short name of the schema and of the keys: what was sealed by others could not be read."""
    tables = "".join(str(CreateTable(table)) for table in everything().sorted_tables)
    callers = f"{PHONES} {phone_number(0)}"
    return blake2b(f"{tables}{callers}".encode() + keys.index("register", "bench"), digest_size=4).hexdigest()


def _add_phones(url: str, keys: KeyRing) -> None:
    """Phones that have called before and chosen French, so that a call begins at the home screen."""
    now = datetime.now(UTC)
    rows = [
        {
            "phone_index": phone_index(keys, Msisdn(phone_number(place))),
            "language": "fr",
            "charset": GSM7,
            "created_at": now,
        }
        for place in range(PHONES)
    ]
    database = Database.open(url, deadline_ms=None)
    with database.begin() as connection:
        connection.execute(phones.insert(), rows)
    database.dispose()


def _add_plain_cards(url: str, people: int, numbers: list[str]) -> None:
    """The same cards in one flat table in clear, for the contender that seals nothing and joins nothing."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE plain_cards (number text PRIMARY KEY, scheme text NOT NULL, status text NOT NULL,"
            " valid_to text NOT NULL, given text NOT NULL, family text NOT NULL)"
        )
        rest = max(0, people - len(numbers))
        connection.execute(
            "INSERT INTO plain_cards SELECT number, 'RAMED', 'VALIDE', '31/12/2027', 'Awa', 'Traore' FROM"
            " (SELECT unnest(%s::text[]) UNION ALL SELECT 'X' || md5(n::text) FROM generate_series(1, %s) n)"
            " AS cards(number) ORDER BY md5(number)",
            [numbers, rest],
        )


def _settle(url: str) -> None:
    """Statistics and visibility as autovacuum would leave them, so that it does not come in the middle."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def card_numbers(url: str, keys: KeyRing) -> list[str]:
    """Card numbers of living people, drawn evenly from the register, in no order."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT number_sealed FROM coverages JOIN persons ON persons.id = person_id"
            " WHERE number_sealed IS NOT NULL AND died_on IS NULL AND erased_at IS NULL"
            " ORDER BY md5(coverages.id::text) LIMIT %s",
            [NUMBERS],
        ).fetchall()
    numbers = [keys.unseal(bytes(sealed), NUMBER) for (sealed,) in rows]
    random.Random(0).shuffle(numbers)
    return numbers
