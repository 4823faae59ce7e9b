"""What a campaign says and to whom: its texts, its audience, its file; and the hash that an approval is bound to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import delete, insert, select

from models.audience_filters import FRENCH
from models.campaign_tables import campaign_texts, campaigns
from models.database import Connection

HASHED = (
    "audience",
    "file_index",
    "columns",
    "policy",
    "budget_fcfa",
    "hold_out_percent",
    "chunk_size",
    "max_segments",
)
"""Columns of a campaign that an approval covers, beside its texts."""


@dataclass(frozen=True, slots=True)
class Text:
    """One language's text; `charset` is GSM7 or UCS2. A text that no speaker has read is not sent."""

    language: str
    text: str
    charset: str
    read_by: str | None

    @property
    def is_sent(self) -> bool:
        """Whether people of this language get it: French is the author's own word."""
        return self.language == FRENCH or self.read_by is not None


def texts(conn: Connection, campaign_id: int) -> dict[str, Text]:
    """The texts of a campaign by their language."""
    rows = conn.execute(
        select(campaign_texts)
        .where(campaign_texts.c.campaign_id == campaign_id)
        .order_by(campaign_texts.c.language)
    )
    return {row.language: Text(row.language, row.text, row.charset, row.read_by) for row in rows}


def languages(found: dict[str, Text]) -> tuple[str, ...]:
    """The languages, French aside, whose people get a text of their own."""
    return tuple(one.language for one in found.values() if one.is_sent and one.language != FRENCH)


def put_text(conn: Connection, campaign_id: int, text: Text) -> None:
    """Write a text in place of the one that its language had; the caller makes the campaign a draft again."""
    same = campaign_texts.c.campaign_id == campaign_id, campaign_texts.c.language == text.language
    conn.execute(delete(campaign_texts).where(*same))
    row = {
        "campaign_id": campaign_id,
        "language": text.language,
        "text": text.text,
        "charset": text.charset,
        "read_by": text.read_by,
    }
    conn.execute(insert(campaign_texts), row)


def content_hash(conn: Connection, campaign_id: int) -> bytes:
    """Sixteen bytes that are others when a letter of a text, the audience or a limit is another."""
    row = conn.execute(select(*(campaigns.c[name] for name in HASHED)).where(campaigns.c.id == campaign_id))
    settings = {name: _plain(value) for name, value in row.one()._mapping.items()}
    said = [[one.language, one.text, one.charset, one.read_by] for one in texts(conn, campaign_id).values()]
    content = json.dumps([campaign_id, settings, said], sort_keys=True, ensure_ascii=True)
    return blake2b(content.encode(), digest_size=16).digest()


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
