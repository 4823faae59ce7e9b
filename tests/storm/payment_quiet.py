"""The end of a storm of payments: what is left to do, and the time that is made to pass for what is in doubt."""

from __future__ import annotations

import json
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from time import monotonic, sleep

from sqlalchemy import Float, Interval, bindparam, update

from models.database import Database, DatabaseAway
from models.database_clock import SecondsFromNow
from models.payments import UNKNOWN, payments
from tests.storm.evidence import left_on_disk
from tests.storm.payment_evidence import left_in
from tests.storm.payment_people import People
from tests.storm.scene import Scene
from tests.storm.sms import TOLD_SECONDS, tell

PASSED, SURELY_GONE_SECONDS = timedelta(minutes=16), 30
"""So much time passes for what is in doubt, once no request for it can still be under way: before that the operator's
word that it never saw an order is not believed (parameter payment_unseen_minutes)."""


def wait_for_quiet(
    scene: Scene, database: Database, people: People, operator: int, patience: float, *, hurried: bool
) -> list[str]:
    """Until nothing is left to do; what is left when `patience` (seconds) is over. `hurried`: time is made to pass."""
    until, told = monotonic() + patience, monotonic()
    still = 0
    while True:
        scene.look()
        left = [] if people.done() else ["people who call"]
        left += _left(scene, database, operator)
        # What was just sent is read by somebody who answers: it is quiet when it stays so.
        still = 0 if left else still + 1
        if still > 8 or monotonic() > until:
            return left
        if monotonic() > told + TOLD_SECONDS:
            told = monotonic()
            tell(f"waiting for quiet: {', '.join(left)}")
        if hurried:
            _let_pass(database)
        sleep(0.5)


def _left(scene: Scene, database: Database, operator: int) -> list[str]:
    try:
        with database.begin(reading=True) as conn:
            left = left_in(conn)
    except DatabaseAway as away:
        return [str(away)]
    left["callbacks of the provider"] = scene.outside.counts()["callbacks_waiting"]
    money = counts_of(operator)
    left["the operator's callbacks"] = money.get("callbacks_waiting", 1)
    left["the operator's people"] = money.get("planned", 1)
    left |= left_on_disk(scene.data)
    left.pop("spool aside")
    return [f"{count} {what}" for what, count in left.items() if count]


def _let_pass(database: Database) -> None:
    """For what is in doubt, and was not made older yet, time has passed."""
    passed = bindparam("passed", PASSED, Interval)
    moments = {
        column: column - passed for column in (payments.c.asked_at, payments.c.sent_at, payments.c.next_at)
    }
    gone = payments.c.sent_at < SecondsFromNow(bindparam("gone", -float(SURELY_GONE_SECONDS), Float))
    young = payments.c.sent_at > SecondsFromNow(bindparam("young", -PASSED.total_seconds(), Float))
    try:
        with database.begin() as conn:
            conn.execute(update(payments).where(payments.c.state == UNKNOWN, gone, young).values(moments))
    except DatabaseAway:
        return


def counts_of(operator: int) -> dict[str, int]:
    """What the operator counts; nothing when it does not answer."""
    connection = HTTPConnection("127.0.0.1", operator, timeout=5)
    try:
        connection.request("GET", "/money/counts")
        counts: dict[str, int] = json.loads(connection.getresponse().read())
        return counts
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        connection.close()
