"""What somebody at the console did or saw, in the trail: who is the account of the machine."""

from __future__ import annotations

import os
import secrets
from datetime import datetime

from sqlalchemy import Connection

from models import audit
from models.keyring import KeyRing


def note(conn: Connection, keys: KeyRing, action: str, subject: str, detail: str, now: datetime) -> None:
    """Add one row in the transaction of what is done; `subject` is an opaque id such as `facility:12`."""
    audit.record(
        conn,
        keys,
        actor=f"console:{os.getuid()}",
        action=action,
        subject=subject,
        detail=detail,
        once=secrets.token_bytes(16),
        now=now,
    )
