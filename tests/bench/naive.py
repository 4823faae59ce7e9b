"""How campaigns are often sent: a job a message, which loads its row, calls the provider's library, saves the row.

Rows are loaded and saved by SQLAlchemy's mapped classes, in a session of the job, as its tutorials show.
"""

from __future__ import annotations

import os
from functools import cache

from africastalking.SMS import SMSService
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, sessionmaker

from flows.campaign_text import GSM7, parse
from models.campaign_tables import campaign_texts, recipients
from models.campaign_values import of_people
from models.keyring import KeyRing
from models.phones import PHONE


class _Base(DeclarativeBase):
    """The mapped classes."""


class _Recipient(_Base):
    __table__ = recipients
    campaign_id: Mapped[int]
    phone_index: Mapped[bytes]
    phone_sealed: Mapped[bytes]
    person_id: Mapped[int]
    language: Mapped[str]
    state: Mapped[str]
    provider_id: Mapped[str]


class _Text(_Base):
    __table__ = campaign_texts
    campaign_id: Mapped[int]
    language: Mapped[str]
    text: Mapped[str]


class _Service(SMSService):
    """The library as it comes, at another address."""

    def _init_service(self) -> None:
        super()._init_service()
        self._baseUrl = f"{os.environ['RAMU_PROVIDER_URL']}/version1"


@cache
def _session() -> sessionmaker[Session]:
    rest = os.environ["DATABASE_URL"].split("://", 1)[1]
    return sessionmaker(create_engine(f"postgresql+psycopg://{rest}"))


@cache
def _keys() -> KeyRing:
    return KeyRing.open(os.environ["RAMU_KEY_FOLDER"])


@cache
def _service() -> SMSService:
    return _Service("sandbox", "simulated")


def send_one(campaign_id: int, key: str, personalised: bool) -> None:
    """The job: one message, of which a personalised one tells of the person."""
    with _session()() as session:
        asked = select(_Recipient).filter_by(campaign_id=campaign_id, phone_index=bytes.fromhex(key))
        recipient = session.scalars(asked).one()
        words = select(_Text).filter_by(campaign_id=campaign_id, language=recipient.language)
        text = session.scalars(words).one().text
        if personalised:
            values = of_people(session.connection(), _keys(), [recipient.person_id])
            text = parse(text, GSM7).render(values.get(recipient.person_id, {}))
        answer = _service().send(text, [_keys().unseal(recipient.phone_sealed, PHONE)])
        (told,) = answer["SMSMessageData"]["Recipients"]
        recipient.state = "ACCEPTED"
        recipient.provider_id = told["messageId"]
        session.commit()
