"""What is found when the campaigns are over: the provider's ledger, our rows and reports, what was left."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from models import campaign_report
from models.campaign_tables import recipients
from models.chunks import INTENT, chunks
from models.database import Connection, Database
from models.keyring import KeyRing
from models.phones import PHONE
from tests.storm.campaign_cast import SIZE, Made
from tests.storm.campaign_judge import IN_DOUBT, Found, Judged, Row, Sent
from tests.storm.evidence import left_on_disk

Silences = Mapping[int, Sequence[tuple[datetime, datetime | None]]]
"""By campaign: from when until when it was paused, or cancelled for good."""

WINDOW_SECONDS = 10


def gathered(
    database: Database,
    keys: KeyRing,
    folders: Iterable[Path],
    ledger: Path,
    made: Sequence[Made],
    silences: Silences,
    killed: int,
    ambiguous: int,
) -> Found:
    """Everything, once it is quiet. `folders` are the data folders of all machines. Raises DatabaseAway."""
    left = sum((Counter(left_on_disk(folder)) for folder in folders), Counter())
    with database.begin(reading=True) as conn:
        under_way = select(func.count()).where(chunks.c.state == INTENT)
        left["requests under way"] = conn.scalar(under_way) or 0
        found = [_campaign(conn, keys, one, silences.get(one.campaign_id, ())) for one in made]
    return Found(found, tuple(sent_of(ledger)), killed, ambiguous, left)


def sent_of(ledger: Path) -> Iterable[Sent]:
    """The lines of the provider's ledger."""
    for line in ledger.read_text().splitlines():
        told = json.loads(line)
        yield Sent(told["id"], told["to"], told["text"], datetime.fromisoformat(told["at"]))


def _campaign(
    conn: Connection, keys: KeyRing, made: Made, silences: Sequence[tuple[datetime, datetime | None]]
) -> Judged:
    told = campaign_report.report(conn, made.campaign_id)
    joined = recipients.outerjoin(chunks, chunks.c.id == recipients.c.chunk_id)
    asked = select(recipients, chunks.c.why).select_from(joined)
    rows = tuple(
        Row(
            to=keys.unseal(row.phone_sealed, PHONE),
            state=row.state,
            attempt=row.attempt,
            dup_risk=bool(row.dup_risk),
            provider_id=row.provider_id or "",
            why=(row.why or "") if row.state == IN_DOUBT else "",
        )
        for row in conn.execute(asked.where(recipients.c.campaign_id == made.campaign_id))
    )
    return Judged(
        name=made.name,
        policy=made.policy,
        state=told.campaign.state,
        size=SIZE,
        texts=made.texts,
        rows=rows,
        audience=told.audience,
        states=told.states,
        silences=silences,
    )


def fastest(ledger: Iterable[Sent], beginnings: Mapping[str, str]) -> dict[str, float]:
    """By operator the most messages a second that the provider took in any ten seconds."""
    moments: defaultdict[str, list[float]] = defaultdict(list)
    for sent in ledger:
        operator = next(name for beginning, name in beginnings.items() if sent.to.startswith(beginning))
        moments[operator].append(sent.at.timestamp())
    return {name: round(_most_within(sorted(some)) / WINDOW_SECONDS, 1) for name, some in moments.items()}


def _most_within(moments: Sequence[float]) -> int:
    most, first = 0, 0
    for place, moment in enumerate(moments):
        while moment - moments[first] > WINDOW_SECONDS:
            first += 1
        most = max(most, place - first + 1)
    return most
