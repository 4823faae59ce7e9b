"""What payments forget: the numbers of who paid, some time after the end, and those of who asks for it at once.

The rows stay for the books, without a number. A payment that is not settled keeps its number until it is: somebody
must be told what became of her money.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from models.database import Connection
from models.keyring import KeyRing
from models.payment_callbacks import payment_callbacks
from models.payments import CONFIRMED, EXPIRED, REFUSED, payments

_settled = payments.c.state.in_((CONFIRMED, REFUSED, EXPIRED))


def forget_numbers(conn: Connection, before: datetime) -> int:
    """Drop the numbers of payments that were settled before a moment (aware), and of callbacks; how many payments."""
    old = payments.c.payer_sealed.is_not(None) & (payments.c.settled_at < before)
    bare = {"payer_sealed": None, "member_sealed": None}
    found = conn.execute(update(payments).where(_settled, old).values(bare)).rowcount
    told = payment_callbacks.c.payer_sealed.is_not(None) & (payment_callbacks.c.settled_at < before)
    conn.execute(update(payment_callbacks).where(told).values(payer_sealed=None))
    return int(found)


def forget_phone(conn: Connection, keys: KeyRing, index: bytes, erasure_id: int) -> None:
    """Let nobody find a phone among settled payments."""
    hers = _settled & (payments.c.payer_index == index)
    ids = list(conn.execute(select(payments.c.id).where(hers)).scalars())
    if not ids:
        return
    nobody = {
        "payer_index": keys.index(str(erasure_id), "erased"),
        "payer_sealed": None,
        "member_sealed": None,
    }
    conn.execute(update(payments).where(payments.c.id.in_(ids)).values(nobody))
    conn.execute(
        update(payment_callbacks).where(payment_callbacks.c.payment_id.in_(ids)).values(payer_sealed=None)
    )
