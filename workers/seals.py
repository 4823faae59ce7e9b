"""Chains the rows of the audit trail, so that none can be changed or taken away unseen."""

from __future__ import annotations

import structlog

from gateway import audit_head
from gateway.runtime import Runtime
from models import audit
from models.database import DatabaseAway
from workers.desk import runtime

log = structlog.get_logger(__name__)


def seal() -> int:
    """The job: chains every row that is not chained yet; how many."""
    return seal_all(runtime())


def seal_all(desk: Runtime) -> int:
    """Chains in batches, each its own transaction, and keeps the newest link outside of the database. How many rows."""
    sealed = 0
    try:
        while True:
            with desk.database.begin() as conn:
                batch = audit.seal_pending(conn, desk.keys)
                newest = audit.head(conn)
            sealed += batch
            if batch < audit.BATCH:
                break
    except DatabaseAway as away:
        log.warning("seals wait", reason=str(away))
        return sealed
    if sealed:
        audit_head.keep(desk.settings.data_folder, newest)
    return sealed
