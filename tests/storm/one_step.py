"""One step of a message's path, done by a process that is told by its environment to kill itself on the way."""

from __future__ import annotations

import os
from collections.abc import Mapping

from config.settings import load
from gateway.intake import Incoming, Intake
from gateway.logs import configure
from gateway.runtime import Runtime
from tests.gateway.correspondent import echo
from tests.sending.conftest import Office
from tests.sending.outside import Outside
from workers.inbox import answer_inbox
from workers.sending import reap_all

MESSAGE = Incoming("crash", "+22370000021", "AIDE", "36212")
"""The one message; the step `take` (with the database away: `spool`) receives it."""


def main(what: str, environment: Mapping[str, str]) -> None:
    """Does it: take, spool, answer, send, reap; with the settings of `environment`."""
    os.environ.update(environment)
    settings = load(log_level="ERROR")
    configure(settings)
    desk = Runtime.open(settings)
    office = Office(desk, Outside(desk.settings.data_folder / "ledger"))
    steps = {
        "take": lambda: Intake(desk).take(MESSAGE),
        "spool": lambda: Intake(desk).take(MESSAGE),
        "answer": lambda: answer_inbox(desk, echo),
        "send": office.turn,
        "reap": lambda: reap_all(desk),
    }
    steps[what]()
