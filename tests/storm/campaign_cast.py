"""The campaigns of a storm: prepared from files, approved by a second person, planned, as in an office."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.settings import load
from flows.campaign_text import GSM7
from gateway.campaign_desk import Desk
from gateway.campaign_files import take
from models import campaigns, places
from models.campaign_content import Text, put_text
from models.chunks import AT_MOST_ONCE
from models.database import Database
from models.keyring import KeyRing
from models.schema import migrate
from tests.storm.campaign_judge import EVIDENCE

AUTHOR, APPROVER = "B. Keita", "A. Diarra"
SIZE = 50
HELD_OUT_PERCENT = 2
BOTH = 0.01
"""Share of the smaller campaigns' people to whom the first one writes, too."""

OPERATORS = (("+22371", 6), ("+22365", 3), ("+22350", 1))
"""Beginnings of invented numbers of Orange, Moov and Telecel, and of ten numbers how many are theirs."""

INFORMATION, APPEAL, PERSONAL, DROPPED = "information", "appeal", "personal", "dropped"
"""Under `evidence`; then, under `at_most_once`, an appeal, one that names each, one that is cancelled."""


@dataclass(frozen=True, slots=True)
class Made:
    """A campaign whose rows are made: who is to get which text."""

    campaign_id: int
    name: str
    policy: str
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a campaign says, and to which share of all messages."""

    name: str
    policy: str
    share: float
    text: str
    personal: bool = False


PLANS = (
    Wanted(INFORMATION, EVIDENCE, 0.60, "RAMU: vaccination gratuite au CSCom lundi. STOP au 36212"),
    Wanted(APPEAL, AT_MOST_ONCE, 0.26, "RAMU: renouvelez votre carte avant fin mars. STOP au 36212"),
    Wanted(
        PERSONAL, AT_MOST_ONCE, 0.14, "RAMU: {nom}, votre dossier est complet. STOP au 36212", personal=True
    ),
    Wanted(DROPPED, AT_MOST_ONCE, 0.06, "RAMU: reunion samedi a la mairie. STOP au 36212"),
)
"""What is sent, and to which share of the messages; what is dropped comes on top."""


def prepared(url: str, keys: KeyRing, folder: Path, messages: int) -> list[Made]:
    """Makes the tables and the campaigns in an empty database; they wait for their hour, which has come."""
    migrate(url)
    database = Database.open(url, deadline_ms=None)
    try:
        with database.begin() as conn:
            places.load(conn)
        first = 0
        made: list[Made] = []
        for plan in PLANS:
            count = round(messages * plan.share)
            numbers = [number(place) for place in range(first, first + count)]
            if made:
                # Who is written to by two campaigns hears from one of them.
                numbers[: int(count * BOTH)] = list(made[0].texts)[: int(count * BOTH)]
            made.append(made_of(Desk(database, keys, load(), datetime.now(UTC)), folder, plan, numbers))
            first += count
        return made
    finally:
        database.dispose()


def number(place: int) -> str:
    """The invented number of this place; each has another."""
    rest = place % 10
    for beginning, share in OPERATORS:
        if rest < share:
            return f"{beginning}{place:06}"
        rest -= share
    raise ValueError(place)


def made_of(desk: Desk, folder: Path, plan: Wanted, numbers: Sequence[str]) -> Made:
    """Prepares one campaign for these numbers, to the moment when it waits for its hour, which has come."""
    now = desk.now
    with desk.database.begin() as conn:
        campaign_id = campaigns.make(
            conn,
            name=plan.name,
            author=AUTHOR,
            policy=plan.policy,
            budget_fcfa=None,
            hold_out_percent=HELD_OUT_PERCENT if plan.policy == EVIDENCE else 0,
            chunk_size=SIZE,
            max_segments=1,
            now=now,
        )
        put_text(conn, campaign_id, Text("fr", plan.text, GSM7, None))
    file = folder / f"{plan.name}.csv"
    file.write_text("\n".join(["telephone;nom", *(f"{one};{_name(one)}" for one in numbers)]) + "\n")
    take(
        desk.database,
        desk.keys,
        campaign_id,
        file,
        now,
        encoding=None,
        most=1,
        done=lambda _: None,
    )
    file.unlink()
    _approved(desk, campaign_id)
    texts = {one: plan.text.replace("{nom}", _name(one)) for one in numbers}
    return Made(campaign_id, plan.name, plan.policy, texts)


def _name(number: str) -> str:
    return f"P{number[4:]}"


def _approved(desk: Desk, campaign_id: int) -> None:
    desk.check(campaign_id, lambda _: None)
    desk.size(campaign_id)
    with desk.database.begin() as conn:
        campaigns.move(conn, campaign_id, campaigns.TEST, desk.now)
        seen = campaigns.load(conn, campaign_id).content_hash or b""
        campaigns.approve(conn, desk.keys, campaign_id, APPROVER, None, seen, desk.now)
    desk.plan(campaign_id, lambda _position, _last: None)
    with desk.database.begin() as conn:
        campaigns.set_hours(conn, campaign_id, desk.now, None, desk.now)


def expected(made: Iterable[Made]) -> int:
    """About how many messages will be sent: the measure of the work."""
    return sum(len(one.texts) for one in made if one.name != DROPPED)
