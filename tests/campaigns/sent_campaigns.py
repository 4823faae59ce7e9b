"""Campaigns that were sent, row by row as a test wants them."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import insert, update

from models.campaign_tables import campaigns, recipients
from models.identifiers import Msisdn
from tests.campaigns.conftest import NOW, World

NUMBERS = count(76_000_000)


def sent_campaign(world: World, *, began: datetime = NOW, ended: datetime | None = None, **more: Any) -> int:
    """A campaign that began to be sent at a moment; its id."""
    campaign_id = world.campaign()
    values = {"state": "DONE" if ended else "SENDING", "began_at": began, "ended_at": ended, **more}
    with world.database.begin() as conn:
        conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(values))
    return campaign_id


def send(
    world: World, campaign_id: int, times: int = 1, *, phone: Msisdn | None = None, **more: Any
) -> list[Msisdn]:
    """So many recipients alike; their phones."""
    phones = [phone] if phone else [Msisdn.parse(str(next(NUMBERS))) for _ in range(times)]
    told = {
        "campaign_id": campaign_id,
        "language": "fr",
        "operator": "ORANGE",
        "region": "SEGOU",
        "sex": "F",
        "hold_out": more.get("state") == "HELD_OUT",
        "state": "DELIVERED",
        "attempt": 1,
        "dup_risk": False,
        "settled_at": None if more.get("state") == "HELD_OUT" else NOW,
        **more,
    }
    rows = [{**told, "phone_index": world.keys.index(one.e164, "phone")} for one in phones]
    with world.database.begin() as conn:
        conn.execute(insert(recipients), rows)
    return phones
