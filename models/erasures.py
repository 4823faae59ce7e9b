"""Erasure on request: what a phone has entrusted goes, its refusals of messages stay as an index alone.

Law 2013-015 gives the right; the register's own people and rights belong to the schemes and stay.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, bindparam, delete, exists, insert, select, update

from models import campaign_forgetting, dossiers, payment_forgetting, reminders
from models.callbacks import callbacks
from models.campaign_acts import campaign_acts
from models.complaints import complaints
from models.consent import consents
from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.inbound import WAITING, inbound
from models.keyring import KeyRing
from models.messages import PENDING, messages
from models.phones import GSM7, PHONE, phone_index, phone_links, phones
from models.reports import reports
from models.threads import threads
from models.visit_answers import visit_questions

REQUESTED, DONE = "REQUESTED", "DONE"

erasures = Table(
    "erasures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reference", String(12), nullable=False, index=True),
    Column("phone_index", LargeBinary),
    Column("phone_sealed", Sealed(PHONE)),
    Column("state", String(10), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
)
"""The phone is known until the erasure is carried out, so that its end can be confirmed; then it is not."""

_INSERT = Prepared(
    insert(erasures).values(
        reference=bindparam("reference"),
        phone_index=bindparam("phone"),
        phone_sealed=bindparam("sealed"),
        state=REQUESTED,
        created_at=bindparam("now"),
    )
)
_WAITING = Prepared(
    select(erasures.c.id, erasures.c.reference)
    .where(erasures.c.state == REQUESTED)
    .order_by(erasures.c.id)
    .limit(bindparam("limit"))
)
_answer_leaves = exists().where(
    messages.c.to_index == erasures.c.phone_index,
    messages.c.state == PENDING,
    messages.c.created_at >= bindparam("since"),
)
_WAITING_UNANSWERED = Prepared(
    select(erasures.c.id, erasures.c.reference)
    .where(erasures.c.state == REQUESTED, ~_answer_leaves)
    .order_by(erasures.c.id)
    .limit(bindparam("limit"))
)


def request(conn: Connection, keys: KeyRing, *, reference: str, phone: Msisdn, now: datetime) -> None:
    """Note that `phone` wants everything it has stored erased."""
    sealed = keys.seal(phone.e164, PHONE)
    _INSERT.run(conn, reference=reference, phone=phone_index(keys, phone), sealed=sealed, now=now)


def waiting(db: Db, limit: int = 100, *, leaving_since: datetime | None = None) -> list[tuple[int, str]]:
    """(id, reference) of the requests to carry out, the oldest first. Raises DatabaseAway.

    Without those of phones for which an SMS is on its way that was owed since `leaving_since`: it is sent first.
    """
    if leaving_since is None:
        found = _WAITING.all(db, limit=limit)
    else:
        found = _WAITING_UNANSWERED.all(db, since=leaving_since, limit=limit)
    return [(erasure_id, reference) for erasure_id, reference in found]


def carry_out(conn: Connection, keys: KeyRing, erasure_id: int, now: datetime) -> Msisdn | None:
    """Erase, and give back the phone to which the end is confirmed; None when that was done before.

    Gone are its links, its agreements, its files, requests and complaints, its messages, its language; campaigns
    keep a row that is nobody's. Refusals of messages stay with the phone's keyed index (assumption: without
    limit), or nobody would know whom not to write to.
    """
    row = conn.execute(
        select(erasures.c.phone_index, erasures.c.phone_sealed).where(
            erasures.c.id == erasure_id, erasures.c.state == REQUESTED
        )
    ).first()
    if row is None:
        return None
    phone = Msisdn.parse(keys.unseal(row.phone_sealed, PHONE))
    _forget(conn, row.phone_index)
    campaign_forgetting.forget_phone(conn, keys, row.phone_index, erasure_id)
    payment_forgetting.forget_phone(conn, keys, row.phone_index, erasure_id)
    gone = {"state": DONE, "done_at": now, "phone_index": None, "phone_sealed": None}
    conn.execute(update(erasures).where(erasures.c.id == erasure_id).values(gone))
    return phone


def _forget(conn: Connection, index: bytes) -> None:
    ours = select(phones.c.id).where(phones.c.phone_index == index).scalar_subquery()
    conn.execute(delete(phone_links).where(phone_links.c.phone_id == ours))
    conn.execute(delete(consents).where(consents.c.phone_id == ours, consents.c.given))
    conn.execute(delete(callbacks).where(callbacks.c.phone_index == index))
    conn.execute(delete(messages).where(messages.c.to_index == index))
    conn.execute(delete(reports).where(reports.c.phone_index == index))
    conn.execute(delete(campaign_acts).where(campaign_acts.c.phone_index == index))
    # The row of what came stays without its words: the provider may deliver it again, and it was answered.
    blank = {"from_index": None, "from_sealed": None, "text_sealed": None}
    conn.execute(
        update(inbound).where(inbound.c.from_index == index, inbound.c.state != WAITING).values(blank)
    )
    dossiers.erase_of(conn, index)
    reminders.forget_phone(conn, index)
    for ours_alone in (complaints, threads, visit_questions):
        conn.execute(delete(ours_alone).where(ours_alone.c.phone_index == index))
    refused = exists().where(consents.c.phone_id == phones.c.id)
    conn.execute(delete(phones).where(phones.c.phone_index == index, ~refused))
    bare = {"phone_sealed": None, "language": None, "charset": GSM7}
    conn.execute(update(phones).where(phones.c.phone_index == index).values(bare))
