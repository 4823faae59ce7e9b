"""The job that sends campaigns, at a desk where it is always noon: a measurement may be made at any hour."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from config.jobs import BULK
from config.settings import load
from gateway.runtime import Runtime
from workers.campaign_sender import CampaignSender
from workers.desk import STATEMENT_MS
from workers.routes import Routes, routes_of

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def send() -> None:
    """The job: begins to send whatever campaigns there are."""
    _sender().turn(BULK)


@cache
def _sender() -> CampaignSender:
    settings = load(database_ms=STATEMENT_MS)
    return CampaignSender(Runtime.open(settings, clock=lambda: NOON), routes_of(settings) or Routes(()))
