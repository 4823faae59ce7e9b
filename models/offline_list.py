"""A list of a facility's holders for a day without network: it names nobody to whoever has no card before him.

Each holder is one line under a name that only her card's number gives, sealed under a key that only the number gives:
both are drawn out of it slowly (scrypt, RFC 7914), so that trying numbers by the million takes years. The whole is
signed (Ed25519, RFC 8032): a line, a date or a name that somebody changed is found without any other key.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from config.faults import Fault
from models.coverage import LIVING, NUMBER, Verdict, coverages, verdict
from models.database import Connection
from models.keyring import KeyRing
from models.people import opened_identity, persons

FORMAT = "ramu-offline-list-1"
SALT_BYTES = 16
_COST = 2**12
"""Of one number: about ten milliseconds and four megabytes."""

_NAME_BYTES, _KEY_BYTES = 16, 32
_PADDED_TO = 128
_NONCE = bytes(12)
"""A key seals one line of one list, so that its nonce need not differ from others."""

_SIGNATURE = "signature "


class BadList(Fault):
    """A list that was changed, cut or made by somebody else; or that is none."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a right as the list tells it: what a nurse needs to see that it is she, and no more."""

    name: str
    sex: str
    birth_year: int


@dataclass(frozen=True, slots=True)
class Holder:
    """What the list holds under a number: the scheme, the last day (None: no end), and who is covered, her first."""

    scheme: str
    valid_to: date | None
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class OfflineList:
    """A list whose signature is good."""

    facility: str
    made: datetime
    valid_until: datetime
    salt: bytes
    lines: Mapping[str, str]

    def find(self, number: str) -> Holder | None:
        """Whom the digits of a card lead to, or None. Takes some milliseconds."""
        name, key = _drawn(number, self.salt)
        sealed = self.lines.get(name)
        if sealed is None:
            return None
        try:
            content = json.loads(AESGCM(key).decrypt(_NONCE, b64decode(sealed), self.salt))
        except (InvalidTag, ValueError) as fault:
            raise BadList("cette ligne de la liste est abîmée") from fault
        scheme, valid_to, people = content
        last = date.fromisoformat(valid_to) if valid_to else None
        return Holder(scheme, last, tuple(Person(*person) for person in people))


def holders(conn: Connection, keys: KeyRing, commune: str, day: date) -> Iterable[tuple[str, Holder]]:
    """(number, holder) of everybody of a commune whose right is worth something on `day`. Raises DatabaseAway."""
    columns = (
        coverages.c.scheme,
        coverages.c.status,
        coverages.c.valid_from,
        coverages.c.valid_to,
        coverages.c.covered_from,
        coverages.c.number_sealed,
        persons.c.household_id,
        persons.c.relation,
        persons.c.identity_sealed,
        persons.c.sex,
        persons.c.birth_year,
    )
    rows = conn.execute(
        select(*columns)
        .join(persons, persons.c.id == coverages.c.person_id)
        .where(persons.c.commune_code == commune, LIVING)
        .order_by(persons.c.household_id, persons.c.id)
    ).all()
    good = [row for row in rows if verdict(*row[:5], day) is Verdict.VALIDE]
    depending: dict[tuple[int, str], list[Person]] = {}
    for row in good:
        if row.number_sealed is None:
            depending.setdefault((row.household_id, row.scheme), []).append(_person(keys, row))
    for row in good:
        if row.number_sealed is not None:
            others = depending.get((row.household_id, row.scheme), []) if row.relation == "SOI" else []
            yield (
                keys.unseal(row.number_sealed, NUMBER),
                Holder(row.scheme, row.valid_to, (_person(keys, row), *others)),
            )


def _person(keys: KeyRing, row: Any) -> Person:
    given, family, _ = opened_identity(keys, row.identity_sealed)
    return Person(f"{given} {family[:1]}.", row.sex, row.birth_year)


def line_of(number: str, holder: Holder, salt: bytes) -> str:
    """A holder's line. Takes some milliseconds, on purpose."""
    name, key = _drawn(number, salt)
    people = [[person.name, person.sex, person.birth_year] for person in holder.people]
    content = json.dumps(
        [holder.scheme, holder.valid_to.isoformat() if holder.valid_to else None, people], ensure_ascii=False
    ).encode()
    # Of equal length whatever the name: else a long one could be told from a short one.
    padded = content + b" " * (-len(content) % _PADDED_TO)
    return f"{name} {b64encode(AESGCM(key).encrypt(_NONCE, padded, salt)).decode()}"


def signed(
    key: Ed25519PrivateKey,
    facility: str,
    made: datetime,
    valid_until: datetime,
    salt: bytes,
    lines: Sequence[str],
) -> str:
    """The whole list as text; the order of its lines says nothing."""
    head = {
        "format": FORMAT,
        "facility": facility,
        "made": made.isoformat(),
        "valid_until": valid_until.isoformat(),
        "salt": b64encode(salt).decode(),
        "holders": len(lines),
    }
    text = "\n".join([json.dumps(head, ensure_ascii=False), *sorted(lines), ""])
    return f"{text}{_SIGNATURE}{b64encode(key.sign(text.encode())).decode()}\n"


def read(text: str, key: Ed25519PublicKey) -> OfflineList:
    """A list, once its signature is found good. Raises BadList."""
    body, mark, signature = text.rpartition(_SIGNATURE)
    if not mark:
        raise BadList("ce n'est pas une liste signée, ou sa fin manque")
    try:
        key.verify(b64decode(signature.strip(), validate=True), body.encode())
    except (InvalidSignature, BadBase64):
        raise BadList(
            "la signature n'est pas bonne : la liste a été modifiée, ou elle vient d'ailleurs"
        ) from None
    first, *lines = body.splitlines()
    head = json.loads(first)
    if head.get("format") != FORMAT:
        raise BadList("cette liste est d'une autre version")
    return OfflineList(
        head["facility"],
        datetime.fromisoformat(head["made"]),
        datetime.fromisoformat(head["valid_until"]),
        b64decode(head["salt"]),
        dict(line.split(" ", 1) for line in lines),
    )


def _drawn(number: str, salt: bytes) -> tuple[str, bytes]:
    drawn = hashlib.scrypt(number.encode(), salt=salt, n=_COST, r=8, p=1, dklen=_NAME_BYTES + _KEY_BYTES)
    return b64encode(drawn[:_NAME_BYTES]).decode(), drawn[_NAME_BYTES:]
