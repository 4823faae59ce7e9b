"""Folders that a server may use: private, reachable by its user, and short enough for a socket."""

import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.faults import Fault

# sun_path of a unix socket holds 108 bytes with its closing NUL (man 7 unix).
LONGEST_SOCKET_PATH = 107


@dataclass(frozen=True, slots=True)
class User:
    """Who a server runs as."""

    uid: int
    gid: int
    steps_down: bool  # from root to this user


def current_user() -> User:
    """Whoever runs this."""
    return User(os.geteuid(), os.getegid(), steps_down=False)


def unprivileged_user() -> User:
    """This user, or, for root, one without rights: PostgreSQL refuses to run as root. Raises Fault."""
    if os.geteuid() != 0:
        return current_user()
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known.get("nobody")
    if entry is None:
        raise Fault("root has no user to run PostgreSQL as. Remedy: sudo useradd --system postgres")
    return User(entry.pw_uid, entry.pw_gid, steps_down=True)


def reachable(path: Path, user: User) -> bool:
    """Whether the user may pass through every folder that leads to the path."""
    return all(may_pass(folder, user) for folder in path.resolve().parents)


def may_pass(folder: Path, user: User) -> bool:
    """Whether the user may pass through this one folder (its x bit for owner, group or others)."""
    state = folder.stat()
    if state.st_uid == user.uid:
        return bool(state.st_mode & 0o100)
    if state.st_gid == user.gid:
        return bool(state.st_mode & 0o010)
    return bool(state.st_mode & 0o001)


def private(folder: Path, user: User) -> Path:
    """The folder, made if need be, that only this user (and root) can open (0700)."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if user.steps_down:
        os.chown(folder, user.uid, user.gid)
    return folder


def scratch(user: User) -> Path:
    """A new private folder that this user can reach; the caller removes it.

    Raises Fault when none of the usual places will do.
    """
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):  # nosec B108
        parent = Path(place)
        if parent.is_dir() and reachable(parent / "new", user):
            return private(Path(tempfile.mkdtemp(prefix="ramu-", dir=parent)), user)
    raise Fault("no temporary folder is open to all. Remedy: set TMPDIR to one that is.")


def fits_socket(path: Path) -> bool:
    """Whether a unix socket can have this path."""
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def within_reach(programs: Path, folder: Path, user: User) -> Path:
    """The folder of the programs, or a copy of them with their libraries when the user cannot get to them.

    An environment below a private home (/root, 0700) is closed to the user that root steps down to.
    """
    if reachable(programs / "x", user):
        return programs
    installed, package = programs.parent, programs.parents[1]
    copy = folder / "programs"
    shutil.copytree(installed, copy / package.name / installed.name, symlinks=True, dirs_exist_ok=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy / libraries.name, symlinks=True, dirs_exist_ok=True)
    return copy / package.name / installed.name / programs.name
