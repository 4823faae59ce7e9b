"""How campaigns are often sent: a job a message, which reads a row, calls the provider's library, writes the row."""

from __future__ import annotations

import os
from functools import cache

from africastalking.SMS import SMSService
from sqlalchemy import Engine, create_engine, select, update

from flows.campaign_text import GSM7, parse
from models.campaign_tables import campaign_texts, recipients
from models.campaign_values import of_people
from models.keyring import KeyRing
from models.phones import PHONE


class _Service(SMSService):
    """The library as it comes, at another address."""

    def _init_service(self) -> None:
        super()._init_service()
        self._baseUrl = f"{os.environ['RAMU_PROVIDER_URL']}/version1"


@cache
def _engine() -> Engine:
    rest = os.environ["DATABASE_URL"].split("://", 1)[1]
    return create_engine(f"postgresql+psycopg://{rest}")


@cache
def _keys() -> KeyRing:
    return KeyRing.open(os.environ["RAMU_KEY_FOLDER"])


@cache
def _service() -> SMSService:
    return _Service("sandbox", "simulated")


def send_one(campaign_id: int, key: str, personalised: bool) -> None:
    """The job: one message, of which a personalised one tells of the person."""
    mine = (recipients.c.campaign_id == campaign_id) & (recipients.c.phone_index == bytes.fromhex(key))
    with _engine().begin() as conn:
        columns = (recipients.c.phone_sealed, recipients.c.language, recipients.c.person_id)
        row = conn.execute(select(*columns).where(mine)).one()
        text = conn.execute(
            select(campaign_texts.c.text).where(
                campaign_texts.c.campaign_id == campaign_id, campaign_texts.c.language == row.language
            )
        ).scalar_one()
        if personalised:
            values = of_people(conn, _keys(), [row.person_id])
            text = parse(text, GSM7).render(values.get(row.person_id, {}))
    answer = _service().send(text, [_keys().unseal(row.phone_sealed, PHONE)])
    (told,) = answer["SMSMessageData"]["Recipients"]
    with _engine().begin() as conn:
        conn.execute(update(recipients).where(mine).values(state="ACCEPTED", provider_id=told["messageId"]))
