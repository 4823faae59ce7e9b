"""One step of a message's path, done by a process that is told by its environment to kill itself on the way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from config.jobs import BULK
from config.settings import load
from gateway.intake import Incoming, Intake
from gateway.logs import configure
from gateway.runtime import Runtime
from tests.gateway.correspondent import echo
from tests.sending.conftest import Office
from tests.sending.drive import OPEN_HOUR
from tests.sending.outside import Outside
from workers.campaign_care import look_after_all, retry_all
from workers.campaign_sender import CampaignSender
from workers.inbox import answer_inbox
from workers.routes import Route, Routes
from workers.sending import reap_all

TAKE, SPOOL, ANSWER, SEND, REAP = "take", "spool", "answer", "send", "reap"
CAMPAIGNS, CARE, RETRY = "campaigns", "care", "retry"

WITNESSES = 50
"""Numbers that speak for the feed of reports."""

SETTINGS = {
    "RAMU_CAMPAIGN_SENDS_AT_ONCE": "1",
    "RAMU_PACES": "ORANGE=100000/100000",
    "RAMU_EVIDENCE_RECIPIENTS": str(WITNESSES),
}
"""One request of a campaign at a time, so that it is known which was under way; no pace."""

MESSAGE = Incoming("crash", "+22370000021", "AIDE", "36212")
"""The one message; the step `take` (with the database away: `spool`) receives it."""


def main(what: str, environment: Mapping[str, str]) -> None:
    """Does it, with the settings of `environment`; for campaigns it is always ten o'clock of a Thursday."""
    os.environ.update(environment)
    settings = load(log_level="ERROR")
    configure(settings)
    desk = Runtime.open(settings)
    office = Office(desk, Outside(desk.settings.data_folder / "ledger"))
    at_ten = replace(desk, clock=lambda: OPEN_HOUR)
    steps = {
        TAKE: lambda: Intake(desk).take(MESSAGE),
        SPOOL: lambda: Intake(desk).take(MESSAGE),
        ANSWER: lambda: answer_inbox(desk, echo),
        SEND: office.turn,
        REAP: lambda: reap_all(desk),
        CAMPAIGNS: lambda: _send_campaigns(at_ten, office.outside),
        CARE: lambda: look_after_all(at_ten),
        RETRY: lambda: retry_all(at_ten),
    }
    steps[what]()


def _send_campaigns(desk: Runtime, outside: Outside) -> None:
    crew = CampaignSender(desk, Routes([Route(outside)]))
    crew.turn(BULK)
    crew.drain()
