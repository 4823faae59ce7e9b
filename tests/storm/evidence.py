"""What is found when a storm is over: the provider's ledger, the databases by message and by effect, what was left."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, select

from gateway import audit_head, journal, spool
from gateway.copies import REGISTER, Copies
from gateway.intake import INBOUND_ID
from models import acts, audit, complaints, consent, inbound, incidents, lookups, staff, verifications
from models.chunks import chunks
from models.complaints import COMPLAINT
from models.coverage import Verdict
from models.database import Connection, Database
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.messages import TEXT, messages
from models.phones import PHONE, phone_index, phones
from models.visit_codes import OPEN, visit_codes
from tests.storm import letters as kinds
from tests.storm.judge import CONFIRMATION, FINAL, PROVISIONAL, Evidence, Inbound, Owed, Sent
from tests.storm.letters import Cast, Key, Letter

COUNTED: tuple[Table, ...] = (
    verifications.verifications,
    visit_codes,
    lookups.lookup_misses,
    lookups.lookup_hits,
    acts.acts,
    incidents.incidents,
    consent.consents,
    complaints.complaints,
    staff.staff_phones,
)
"""Tables whose rows are effects."""

ANSWERS = (FINAL, CONFIRMATION, PROVISIONAL)
"""Kinds of SMS whose key ends with that of the message that they answer."""

UNKNOWN_CARD = "INCONNU"
"""The verdict of a verification that found nobody."""


@dataclass(frozen=True)
class Marks:
    """The newest row of each table before the storm."""

    before: dict[str, int]

    @classmethod
    def of(cls, conn: Connection) -> Marks:
        """As things stand."""
        return cls({table.name: conn.scalar(select(func.max(table.c.id))) or 0 for table in COUNTED})


def gathered(
    database: Database,
    keys: KeyRing,
    data: Path,
    ledger: Path,
    cast: Cast,
    marks: Marks,
    told: Sequence[Letter],
) -> Evidence:
    """Everything, once it is quiet. Raises DatabaseAway."""
    with database.begin(reading=True) as conn:
        names = {keys.index(letter.name, INBOUND_ID): letter.name for letter in told}
        report = audit.verify_chain(conn, keys, _kept_head(data))
        return Evidence(
            inbox=_inbox(conn, names),
            owed=tuple(owed_in(conn, keys, names)),
            ledger=tuple(sent_in(ledger)),
            counted=Counter(_Effects(conn, keys, cast, marks).all()) + _audited(conn, names, told),
            audit_faults=report.faults,
            audit_unsealed=report.unsealed,
            left=left_on_disk(data),
        )


def left_on_disk(data: Path) -> dict[str, int]:
    """What should be gone: callbacks that wait or were set aside, promises, answers of the provider, SMS of copies."""
    waiting, aside = spool.Spool.standing(data / spool.FOLDER)
    promises = sum(spool.Spool.standing(data / spool.PROMISES))
    entries = sum(path.suffix in (".json", journal.LOG) for path in _files(data / journal.FOLDER))
    copied = sum(_messages_in(folder / REGISTER) for folder in Copies(data).names())
    return {
        "spool": waiting,
        "spool aside": aside,
        "promises": promises,
        "journal": entries,
        "SMS of copies": copied,
    }


def _messages_in(file: Path) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        return int(copy.execute("SELECT count(*) FROM messages").fetchone()[0])


def _files(folder: Path) -> Iterable[Path]:
    return folder.iterdir() if folder.exists() else ()


def _kept_head(data: Path) -> audit.Head | None:
    file = data / audit_head.FILE_NAME
    return audit_head.read(file) if file.exists() else None


def _inbox(conn: Connection, names: dict[bytes, str]) -> dict[str, list[Inbound]]:
    found: dict[str, list[Inbound]] = {}
    table = inbound.inbound
    for once, state, why in conn.execute(select(table.c.once, table.c.state, table.c.why)):
        found.setdefault(names.get(bytes(once), f"stranger {bytes(once).hex()}"), []).append(
            Inbound(state, why or "")
        )
    return found


def owed_in(conn: Connection, keys: KeyRing, names: Mapping[bytes, str]) -> Iterator[Owed]:
    """Every SMS that is owed; `names` gives the messages that answers name."""
    rows = conn.execute(
        select(messages, chunks.c.why).select_from(
            messages.outerjoin(chunks, messages.c.chunk_id == chunks.c.id)
        )
    )
    for row in rows:
        once = bytes(row.once)
        answers = names.get(once.partition(b":")[2], "nobody") if row.kind in ANSWERS else ""
        yield Owed(
            kind=row.kind,
            to=keys.unseal(row.to_sealed, PHONE),
            text=keys.unseal(row.text_sealed, TEXT),
            state=row.state,
            why=row.why or "",
            provider_id=row.provider_id or "",
            answers=answers,
        )


def sent_in(ledger: Path) -> Iterator[Sent]:
    """The lines of the provider's ledger."""
    for line in ledger.read_text().splitlines():
        told = json.loads(line)
        yield Sent(told["id"], told["to"], told["text"])


def _audited(conn: Connection, names: dict[bytes, str], told: Sequence[Letter]) -> Counter[Key]:
    """Rows of the audit trail by the message that they are about, for those messages that have one each."""
    wanted = {letter.name for letter in told if (kinds.AUDIT, letter.name) in letter.effects}
    confirmed = {_confirmation(once): name for once, name in names.items()}
    seeds = names | confirmed
    found = (seeds.get(bytes(once)[:16], "") for once in conn.scalars(select(audit.audit.c.once)))
    return Counter((kinds.AUDIT, name) for name in found if name in wanted)


def _confirmation(once: bytes) -> bytes:
    """The seed of what the register did when it confirmed a copy's answer to the SMS `once`."""
    return blake2b(CONFIRMATION.encode(), key=once, digest_size=16).digest()


class _Effects:
    """The rows that the storm's messages have made, each as a key."""

    def __init__(self, conn: Connection, keys: KeyRing, cast: Cast, marks: Marks) -> None:
        self._conn = conn
        self._keys = keys
        self._marks = marks
        crowd = [phone for some in cast.staff.values() for phone in some] + list(cast.citizens)
        self._phones = {phone_index(keys, Msisdn(phone)): phone for phone in crowd}
        self._askers = {lookups.asker_index(keys, Msisdn(phone)): phone for phone in crowd}

    def all(self) -> Iterator[Key]:
        """One key a row."""
        of_staff = {
            row.id: self._phones.get(bytes(row.phone_index), "?")
            for row in self._conn.execute(select(staff.staff_phones.c.id, staff.staff_phones.c.phone_index))
        }
        for row in self._new(verifications.verifications):
            who = of_staff[row.staff_id]
            if row.verdict == UNKNOWN_CARD:
                yield kinds.UNKNOWN, who
            else:
                word = kinds.VERIFIED if row.verdict == Verdict.VALIDE else str(row.verdict)
                yield word, who, str(row.person_id)
        for row in self._new(visit_codes):
            # A copy's code that the register did not confirm is worth nothing.
            if row.state == OPEN:
                yield kinds.VISIT, str(row.person_id), str(row.facility_id)
        for table, word in ((lookups.lookup_misses, kinds.MISS), (lookups.lookup_hits, kinds.HIT)):
            yield from ((word, self._askers.get(bytes(row.asker_index), "?")) for row in self._new(table))
        yield from ((kinds.ACT, str(row.visit_id)) for row in self._new(acts.acts))
        yield from ((kinds.INCIDENT, str(row.visit_id)) for row in self._new(incidents.incidents))
        yield from self._by_phone()

    def _by_phone(self) -> Iterator[Key]:
        known = {
            row.id: row.phone_index for row in self._conn.execute(select(phones.c.id, phones.c.phone_index))
        }
        for row in self._new(consent.consents):
            yield kinds.CONSENT, self._phones.get(bytes(known[row.phone_id]), "?")
        for row in self._new(complaints.complaints):
            text = self._keys.unseal(row.text_sealed, COMPLAINT)
            yield kinds.COMPLAINT, self._phones.get(bytes(row.phone_index), "?"), text[-11:-1]
        for row in self._new(staff.staff_phones):
            yield kinds.REQUEST, self._phones.get(bytes(row.phone_index), "?")
        rows = self._conn.execute(select(messages.c.to_sealed).where(messages.c.kind == "staff"))
        yield from ((kinds.TOLD, self._keys.unseal(row.to_sealed, PHONE)) for row in rows)

    def _new(self, table: Table) -> Iterable[Any]:
        return self._conn.execute(select(table).where(table.c.id > self._marks.before[table.name]))
