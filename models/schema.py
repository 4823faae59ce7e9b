"""The schema and its steps: brings a database up to date, or back, and says where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import MetaData
from sqlalchemy.exc import ProgrammingError

from config.faults import Fault
from models.database import Connection, Database, metadata

FOLDER = Path(__file__).parent / "migrations"


class Forbidden(Fault):
    """The database's user lacks a right."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a database stands: its step (None: empty), the newest step, and the steps still to do, in order."""

    current: str | None
    newest: str
    missing: tuple[str, ...]


def everything() -> MetaData:
    """The metadata with every table of the domain in it: a table is known once its module is imported."""
    for module in iter_modules([str(FOLDER.parent)], "models."):
        if not module.ispkg:
            import_module(module.name)
    return metadata


def migrate(url: str, to: str = "head") -> None:
    """Bring a database up to a step, the newest unless told otherwise. Raises DatabaseAway."""
    with _connected(url) as connection:
        command.upgrade(_config(connection), to)


def downgrade(url: str, to: str = "base") -> None:
    """Take a database back to a step; `base` leaves no table. Data of what goes is lost. Raises DatabaseAway."""
    with _connected(url) as connection:
        command.downgrade(_config(connection), to)


def standing(url: str) -> Standing:
    """Where a database stands. Raises DatabaseAway."""
    with _connected(url) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(_config(connection))
        steps = [script.revision for script in scripts.walk_revisions("base", "heads")]
    done = steps.index(current) if current in steps else len(steps)
    return Standing(current, steps[0], tuple(reversed(steps[:done])))


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    database = Database.open(url, deadline_ms=None)
    try:
        with database.begin() as connection:
            yield connection
    except ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise Forbidden(
                "the database's user may not make or read tables. Remedy: GRANT it the schema"
            ) from None
        raise
    finally:
        database.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
