"""Carries out requests for erasure, and owes the SMS that confirms each."""

from __future__ import annotations

from datetime import timedelta

import structlog

from config.jobs import SEND_READY, TRANSACTIONAL
from gateway.runtime import Runtime
from gateway.wake import wake
from models import erasures, messages
from models.database import DatabaseAway
from workers.desk import runtime

log = structlog.get_logger(__name__)

CONFIRMED = "Ce que ce téléphone avait confié est effacé. Vos droits restent. Ref {reference}"

LEAVING = timedelta(hours=1)
"""The answers to a phone are sent before it is forgotten; one that cannot be sent does not hold the law up."""


def carry_out_all() -> int:
    """The job: erases what waits to be erased; how many requests."""
    return erase_waiting(runtime())


def erase_waiting(desk: Runtime) -> int:
    """Each request in its own transaction, with its confirmation. How many were carried out."""
    done = 0
    # Without a provider nothing leaves, and nothing is waited for.
    leaving_since = desk.clock() - LEAVING if desk.settings.provider else None
    try:
        for erasure_id, reference in erasures.waiting(desk.database.reader(), leaving_since=leaving_since):
            done += _carry_out(desk, erasure_id, reference)
    except DatabaseAway as away:
        log.warning("erasures wait", reason=str(away))
    if done:
        wake(desk.redis, SEND_READY)
    return done


def _carry_out(desk: Runtime, erasure_id: int, reference: str) -> bool:
    now = desk.clock()
    with desk.database.begin() as conn:
        phone = erasures.carry_out(conn, desk.keys, erasure_id, now)
        if phone is None:
            return False
        messages.owe(
            conn,
            desk.keys,
            to=phone,
            text=CONFIRMED.format(reference=reference),
            kind="erased",
            lane=TRANSACTIONAL,
            once=f"erased:{erasure_id}".encode(),
            now=now,
        )
    return True
