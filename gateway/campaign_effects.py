"""Does what an agent asks of a campaign from her phone: approve, steer, be sent its texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from config.jobs import TRANSACTIONAL
from flows.context import Context
from flows.effects import CampaignApproved, CampaignShown, CampaignSteered
from gateway.campaign_writing import writer_of
from models import campaigns, messages
from models.locks import Overtaken

EXAMPLE = "campaign_test"
"""The kind of an SMS that shows an agent what people would read."""


def _approved(conn: Connection, effect: CampaignApproved, context: Context, once: bytes) -> None:
    try:
        campaigns.approve(
            conn,
            context.keys,
            effect.campaign_id,
            effect.approver,
            effect.code,
            effect.content,
            context.now,
        )
    except (campaigns.NotApproved, campaigns.WrongStep) as changed:
        raise Overtaken from changed


def _steered(conn: Connection, effect: CampaignSteered, context: Context, once: bytes) -> None:
    try:
        campaigns.move(conn, effect.campaign_id, effect.step, context.now, why=effect.why or None)
    except campaigns.WrongStep as changed:
        raise Overtaken from changed


def _shown(conn: Connection, effect: CampaignShown, context: Context, once: bytes) -> None:
    one = campaigns.load(conn, effect.campaign_id)
    writer = writer_of(conn, one, context.service_code)
    for place, language in enumerate(sorted(writer.templates)):
        messages.owe(
            conn,
            context.keys,
            to=context.phone,
            text=writer.example(language, one.columns),
            kind=EXAMPLE,
            lane=TRANSACTIONAL,
            once=once + bytes([place]),
            now=context.now,
        )
    if effect.is_test:
        _steered(conn, CampaignSteered(effect.campaign_id, campaigns.TEST, ""), context, once)


DOING: dict[type[Any], Callable[[Connection, Any, Context, bytes], None]] = {
    CampaignApproved: _approved,
    CampaignShown: _shown,
    CampaignSteered: _steered,
}
"""What each kind of effect does."""
