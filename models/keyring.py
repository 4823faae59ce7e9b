"""The key ring: seals what names a person, and makes the keyed indexes by which it is found again.

It lives in a file outside of the database, so that a dump, a backup or a log names nobody. One primary key
seals; older ones still open until `ramu keys rotate` has sealed everything anew. The index key never rotates,
since what it made cannot be found by another. Law 2013-015 asks for confidentiality; how is our choice.
"""

from __future__ import annotations

import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config.faults import Fault
from models.nonces import Nonces

FILE_NAME = "keys.json"
KEY_ID_BYTES = 2
_NONCE_BYTES = 12
_KEY_BYTES = 32
_INDEX_BYTES = 16
_MAC_BYTES = 32

_nonces = Nonces(_NONCE_BYTES)

NOTICE_SECONDS = 1.0
"""How soon a key that one process adds seals in all others."""


class KeyRingError(Fault):
    """The key file is missing, unreadable or open to others, or a sealed value does not belong to it."""


class KeyRing:
    """The keys of one installation. Sealing costs a few microseconds; a change of the file is noticed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = 0
        self._next_look = 0.0
        self._load()

    @classmethod
    def create(cls, folder: Path | str) -> KeyRing:
        """Make the key file in `folder` (mode 0600), and the folder. Raises KeyRingError if there is one."""
        path = Path(folder) / FILE_NAME
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            raise KeyRingError(f"{path} exists: making new keys would lock everybody's data for ever")
        content = {"primary": 1, "keys": {"1": _new_key()}, "index": _new_key(), "audit": _new_key()}
        _write(path, content)
        return cls(path)

    @classmethod
    def open(cls, folder: Path | str) -> KeyRing:
        """Read the key file of `folder`. Raises KeyRingError."""
        return cls(Path(folder) / FILE_NAME)

    @property
    def primary(self) -> int:
        """The number of the key that seals now."""
        return self._primary

    @property
    def key_ids(self) -> tuple[int, ...]:
        """The numbers of all keys, oldest first."""
        return tuple(sorted(self._ciphers))

    @property
    def prefix(self) -> bytes:
        """The first bytes of everything that the primary key sealed."""
        return self._prefix

    def seal(self, text: str, purpose: str) -> bytes:
        """Encrypt `text` for `purpose` (AES-256-GCM): key number, nonce, text, tag. No two are alike."""
        return self.seal_bytes(text.encode(), purpose)

    def unseal(self, blob: bytes, purpose: str) -> str:
        """Decrypt what `seal` made for the same purpose. Raises KeyRingError."""
        return self.unseal_bytes(blob, purpose).decode()

    def seal_bytes(self, content: bytes, purpose: str) -> bytes:
        """Encrypt bytes, as `seal` does text."""
        self._notice_change()
        nonce = _nonces.next()
        return self._prefix + nonce + self._cipher.encrypt(nonce, content, purpose.encode())

    def unseal_bytes(self, blob: bytes, purpose: str) -> bytes:
        """Decrypt what `seal_bytes` made for the same purpose. Raises KeyRingError."""
        start = KEY_ID_BYTES + _NONCE_BYTES
        cipher = self._cipher_of(int.from_bytes(blob[:KEY_ID_BYTES]))
        try:
            return cipher.decrypt(blob[KEY_ID_BYTES:start], blob[start:], purpose.encode())
        except (InvalidTag, ValueError):
            raise KeyRingError(f"a sealed {purpose} is damaged, or was sealed for something else") from None

    def index(self, value: str, purpose: str) -> bytes:
        """Sixteen bytes by which an equal value of the same purpose is found again (BLAKE2b, keyed: RFC 7693)."""
        hasher = self._index_hasher.copy()
        hasher.update(f"{purpose}\0{value}".encode())
        return hasher.digest()

    def mac(self, content: bytes) -> bytes:
        """Thirty-two bytes that prove that a holder of the keys wrote `content` (BLAKE2b under the audit key)."""
        return blake2b(content, key=self._audit_key, digest_size=_MAC_BYTES).digest()

    def add_key(self) -> int:
        """Add a key, which seals from now on in every process that has the file open; its number."""
        with _locked(self._path):
            content = _read(self._path)
            number = max(map(int, content["keys"])) + 1
            content["keys"][str(number)] = _new_key()
            content["primary"] = number
            _write(self._path, content)
        self._load()
        return number

    def drop_key(self, number: int) -> None:
        """Forget a key for ever. Raises KeyRingError for the primary one, and for one that is not there."""
        with _locked(self._path):
            content = _read(self._path)
            if number == content["primary"] or str(number) not in content["keys"]:
                raise KeyRingError(f"key {number} cannot be dropped: it is the primary one, or there is none")
            del content["keys"][str(number)]
            _write(self._path, content)
        self._load()

    def _cipher_of(self, number: int) -> AESGCM:
        if number not in self._ciphers:
            self._load()
        try:
            return self._ciphers[number]
        except KeyError:
            raise KeyRingError(f"sealed by key {number}, which is not in the key ring") from None

    def _notice_change(self) -> None:
        # A key that was added must soon seal in every process, or the old one could never be dropped.
        now = monotonic()
        if now < self._next_look:
            return
        self._next_look = now + NOTICE_SECONDS
        with suppress(FileNotFoundError):
            if os.stat(self._path).st_mtime_ns != self._stamp:
                self._load()

    def _load(self) -> None:
        self._stamp = _stamp(self._path)
        content = _read(self._path)
        self._ciphers = {int(number): AESGCM(b64decode(key)) for number, key in content["keys"].items()}
        self._primary = int(content["primary"])
        self._cipher = self._ciphers[self._primary]
        self._prefix = self._primary.to_bytes(KEY_ID_BYTES)
        # A copy of a hasher that has its key already costs half of a new one.
        self._index_hasher = blake2b(key=b64decode(content["index"]), digest_size=_INDEX_BYTES)
        self._audit_key = b64decode(content["audit"])


def _new_key() -> str:
    return b64encode(os.urandom(_KEY_BYTES)).decode()


def _stamp(path: Path) -> int:
    try:
        status = path.stat()
    except OSError as error:
        raise KeyRingError(f"no key ring at {path}: {error.strerror}") from error
    if status.st_mode & 0o077:
        raise KeyRingError(f"{path} can be read by others: chmod 600 {path}")
    return status.st_mtime_ns


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise KeyRingError(f"the key ring {path} cannot be read: {error}") from error
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    # Written beside and renamed: a crash leaves the old ring or the new one, never half of one.
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
