"""Whether the phones of reminders may be written to: what their owners have stopped, and who has died."""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, cast, exists, literal

from models.consent import consents
from models.deaths import CONFIRMED, deaths
from models.people import persons
from models.phones import phones

_newer = consents.alias("newer")

DEAD = exists().where(
    deaths.c.state == CONFIRMED,
    deaths.c.subject == literal("person:") + cast(persons.c.id, String),
)
"""Two phones have said that a person died."""


def stopped(topic: str) -> ColumnElement[bool]:
    """Whether the newest word of a phone about a topic is a refusal."""
    after = exists().where(
        _newer.c.phone_id == consents.c.phone_id, _newer.c.topic == topic, _newer.c.id > consents.c.id
    )
    return exists().where(
        consents.c.phone_id == phones.c.id, consents.c.topic == topic, ~consents.c.given, ~after
    )
