"""A campaign that is being sent, row by row as a test wants it, and what became of its people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from config.jobs import BULK
from models.campaign_tables import campaign_texts, campaigns, recipients
from models.chunks import chunks
from models.identifiers import Msisdn
from models.phones import PHONE, note, phone_index
from tests.sending.conftest import Office
from tests.sending.outside import Say
from workers.campaign_sender import CampaignSender
from workers.pauses import Pause
from workers.routes import Route, Routes

OPEN_HOUR = datetime(2026, 11, 26, 10, tzinfo=UTC)
"""A Thursday at ten: decent hours everywhere."""

FAST = {"ORANGE": (100_000.0, 100_000), "MOOV": (100_000.0, 100_000)}


def number(place: int) -> str:
    """The number of the person of this place."""
    return f"+22370{place:06d}"


class Drive:
    """One campaign of an office, SENDING from the beginning."""

    def __init__(
        self,
        office: Office,
        people: Sequence[int],
        *,
        size: int = 50,
        policy: str = "at_most_once",
        text: str = "Bonjour",
        personalised: bool = False,
        operator: str = "ORANGE",
        region: str | None = "SEGOU",
        state: str = "SENDING",
    ) -> None:
        self.office = office
        desk = office.desk
        self.people = tuple(people)
        with desk.database.begin() as conn:
            row = {
                "name": "essai",
                "author": "awa",
                "state": state,
                "policy": policy,
                "personalised": personalised,
                "hold_out_percent": 0,
                "chunk_size": size,
                "max_segments": 1,
                "approval_tries": 0,
                "planned_to": 0,
                "created_at": desk.clock(),
                "content_hash": b"x",
            }
            self.id = int(conn.execute(insert(campaigns).values(row).returning(campaigns.c.id)).scalar_one())
            words = {"campaign_id": self.id, "language": "fr", "text": text, "charset": "GSM7"}
            conn.execute(insert(campaign_texts).values(words))
            for start in range(0, len(self.people), size):
                self._chunk(conn, self.people[start : start + size], policy, operator, region)

    def _chunk(
        self, conn: Any, people: Sequence[int], policy: str, operator: str, region: str | None
    ) -> None:
        keys, now = self.office.desk.keys, self.office.desk.clock()
        told = {"lane": BULK, "kind": "campaign", "policy": policy, "n": len(people), "attempt": 1}
        told |= {
            "claims": 0,
            "state": "READY",
            "campaign_id": self.id,
            "operator": operator,
            "region": region,
        }
        chunk_id = conn.execute(insert(chunks).values(told).returning(chunks.c.id)).scalar_one()
        rows = [
            {
                "campaign_id": self.id,
                "phone_index": phone_index(keys, Msisdn(number(place))),
                "phone_id": note(conn, keys, Msisdn(number(place)), now),
                "phone_sealed": keys.seal(number(place), PHONE),
                "language": "fr",
                "operator": operator,
                "region": region,
                "hold_out": False,
                "chunk_id": chunk_id,
                "state": "PENDING",
                "attempt": 1,
                "dup_risk": False,
            }
            for place in people
        ]
        conn.execute(insert(recipients), rows)

    def sender(self, say: Say | None = None, pause: Pause | None = None) -> CampaignSender:
        """A process's sender of campaigns; `say` is what the provider answers from now on."""
        self.office.outside.say = say
        route = Route(self.office.outside, pause or Pause())
        return CampaignSender(self.office.desk, Routes([route]))

    def send(self, say: Say | None = None, pause: Pause | None = None) -> None:
        """Sends until nothing of any campaign may be sent."""
        sender = self.sender(say, pause)
        sender.turn(BULK)
        sender.drain()
        sender.close()

    def rows(self) -> list[Any]:
        """The people's rows with their chunks', in the order of their numbers."""
        with self.office.desk.database.begin(reading=True) as conn:
            joined = recipients.outerjoin(chunks, recipients.c.chunk_id == chunks.c.id)
            asked = select(
                recipients,
                chunks.c.state.label("chunk"),
                chunks.c.why,
                chunks.c.not_before,
                chunks.c.intent_at,
            )
            mine = asked.select_from(joined).where(recipients.c.campaign_id == self.id)
            found = {row.phone_index: row for row in conn.execute(mine)}
        keys = self.office.desk.keys
        return [found[phone_index(keys, Msisdn(number(place)))] for place in self.people]

    def states(self) -> Counter[str]:
        """How many people are in which state."""
        return Counter(row.state for row in self.rows())

    def chunk_states(self) -> Counter[str]:
        """How many chunks are in which state."""
        with self.office.desk.database.begin(reading=True) as conn:
            asked = select(chunks.c.state, func.count()).where(chunks.c.campaign_id == self.id)
            return Counter(dict(tuple(row) for row in conn.execute(asked.group_by(chunks.c.state))))

    def standing(self) -> tuple[str, str | None]:
        """The campaign's state, and why."""
        with self.office.desk.database.begin(reading=True) as conn:
            row = conn.execute(
                select(campaigns.c.state, campaigns.c.why).where(campaigns.c.id == self.id)
            ).one()
        return row.state, row.why

    def set(self, **values: Any) -> None:
        """Changes the campaign's row."""
        with self.office.desk.database.begin() as conn:
            conn.execute(update(campaigns).where(campaigns.c.id == self.id).values(values))
