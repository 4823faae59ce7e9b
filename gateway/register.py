"""The register for a command: the database without a deadline, the keys, and the fictional people when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from config.faults import Fault
from config.settings import Settings
from models import demo, facilities, rotation
from models.database import Connection, Database
from models.facilities import KIND_LABELS, Facility
from models.keyring import FILE_NAME, KeyRing
from models.schema import migrate, standing

BAMAKO = ZoneInfo("Africa/Bamako")


class NotMigrated(Fault):
    """The database lacks tables that this version needs."""


def url_of(settings: Settings) -> str:
    """The database's address; a SQLite file's folder is made when it is not there."""
    url = settings.database_url.get_secret_value()
    if url.startswith("sqlite"):
        settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return url


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Database, KeyRing]]:
    """The database, up to date, and the keys. Raises NotMigrated, KeyRingError, DatabaseAway."""
    url = url_of(settings)
    if standing(url).missing:
        raise NotMigrated("the database is not up to date: ramu db migrate")
    database = Database.open(url, deadline_ms=None)
    try:
        yield database, KeyRing.open(settings.key_folder)
    finally:
        database.dispose()


def the_facility(conn: Connection, words: str) -> Facility:
    """The one facility that an id, or enough of a name, means. Raises Fault."""
    found = facilities.named(conn, words)
    if len(found) != 1:
        some = "; ".join(f"{one.facility_id} {KIND_LABELS[one.kind]} {one.name}" for one in found[:5])
        raise Fault(f"{len(found)} facilities are called so{': ' if some else ''}{some}")
    return found[0]


def keys_made_if_missing(settings: Settings) -> KeyRing:
    """The key ring, made when there is none. Raises KeyRingError, OSError."""
    if (settings.key_folder / FILE_NAME).exists():
        return KeyRing.open(settings.key_folder)
    return KeyRing.create(settings.key_folder)


def keys_of(settings: Settings, database: Database) -> KeyRing:
    """The key ring of this register, made when there is none and nothing was ever sealed. Raises KeyRingError."""
    with database.begin(reading=True) as conn:
        sealed = sum(rotation.values_by_key(conn).values())
    return KeyRing.open(settings.key_folder) if sealed else keys_made_if_missing(settings)


def prepare_demo(settings: Settings, now: datetime) -> int:
    """Bring the schema and the fictional people up to date, keys included; how many people.

    Raises KeyRingError, DatabaseAway.
    """
    migrate(url_of(settings))
    keys = keys_made_if_missing(settings)
    with opened(settings) as (database, _), database.begin() as conn:
        return demo.load(conn, keys, now.astimezone(BAMAKO).date(), now)
