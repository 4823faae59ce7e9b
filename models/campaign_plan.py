"""Planning: the recipients of a campaign and the chunks in which they go, made slice by slice inside the database.

Who they are is asked once (models.campaign_stage). A slice is a range of phones, or of a file's lines, and one
transaction: cut into chunks of one operator, region and language, then written. A run that is killed asks again, goes
on with the next slice and makes the same rows, because what "today" means was settled when the campaign was approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    and_,
    case,
    func,
    insert,
    literal,
    not_,
    select,
    update,
)

from config.jobs import BULK
from models.audiences import Asked, Draw, by_sets, highest
from models.campaign_content import languages, texts
from models.campaign_stage import drop_stage, staged
from models.campaign_tables import HELD_OUT, campaigns, recipients
from models.campaigns import APPROVED, Campaign, WrongStep, drop_lines, load
from models.chunks import READY, chunks
from models.database import Connection
from models.keyring import KeyRing
from models.messages import PENDING

KIND = "campaign"
"""The kind of a campaign's chunks."""

SLICE = 200_000
"""Phones that one transaction looks at: a killed run repeats no more than these."""

_slice = Table(
    "campaign_slice",
    MetaData(),
    Column("phone_id", BigInteger),
    Column("phone_index", LargeBinary),
    Column("phone_sealed", LargeBinary),
    Column("person_id", BigInteger),
    Column("values_sealed", LargeBinary),
    Column("language", String(8)),
    Column("operator", String(12)),
    Column("region", String(12)),
    Column("sex", String(1)),
    Column("hold_out", Boolean),
    Column("part", BigInteger),
    prefixes=["TEMPORARY"],
)
"""`part` numbers the chunks of a slice from 1; who is held out has parts of their own, of which none is made."""

_CARRIED = (
    "phone_index",
    "phone_id",
    "phone_sealed",
    "person_id",
    "language",
    "operator",
    "region",
    "sex",
    "hold_out",
    "values_sealed",
)


@dataclass(frozen=True, slots=True)
class Planned:
    """How far planning is: up to which id of which last one, the rows that this slice made, and whether all is done."""

    position: int
    last: int
    rows: int
    done: bool


def asked(conn: Connection, keys: KeyRing, campaign: Campaign, now: datetime) -> Asked:
    """What a campaign asks of the register or of its file, as of `now`."""
    return Asked(
        campaign.campaign_id,
        None if campaign.has_file else campaign.audience or {},
        languages(texts(conn, campaign.campaign_id)),
        Draw.of(keys, campaign.campaign_id, campaign.hold_out_percent),
        now,
    )


def plan_slice(
    conn: Connection, keys: KeyRing, campaign_id: int, now: datetime, slice_size: int = SLICE
) -> Planned:
    """Plan the next slice of an APPROVED campaign, in the caller's transaction. Raises WrongStep, NoCampaign."""
    conn.execute(select(campaigns.c.id).where(campaigns.c.id == campaign_id).with_for_update())
    campaign = load(conn, campaign_id)
    if campaign.state != APPROVED or campaign.approved_at is None:
        raise WrongStep(f"campaign {campaign_id} is {campaign.state}; it is planned when it is {APPROVED}")
    whole = asked(conn, keys, campaign, campaign.approved_at)
    last = int(conn.execute(highest(whole)).scalar() or 0)
    low = campaign.planned_to
    if campaign.planned_at or low >= last:
        return _all_planned(conn, campaign, whole, last, now)
    high = min(low + slice_size, last)
    rows = _write(conn, campaign, staged(conn, whole, low, high))
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(planned_to=high))
    return Planned(high, last, rows, done=False)


def _all_planned(conn: Connection, campaign: Campaign, whole: Asked, last: int, now: datetime) -> Planned:
    if campaign.planned_at is None:
        same = campaigns.c.id == campaign.campaign_id
        conn.execute(update(campaigns).where(same).values(planned_at=now))
        drop_lines(conn, campaign.campaign_id)
        drop_stage(conn, whole)
    return Planned(last, last, 0, done=True)


def _write(conn: Connection, campaign: Campaign, found: Select[Any]) -> int:
    by_sets(conn)
    _slice.create(conn)
    names = [column.name for column in _slice.columns]
    conn.execute(insert(_slice).from_select(names, _numbered(found, _size(campaign))))
    before = conn.execute(select(func.coalesce(func.max(chunks.c.id), 0))).scalar_one()
    conn.execute(_cut(campaign))
    counted = {"preserve_rowcount": True}
    rows = conn.execute(_filled(campaign.campaign_id, before), execution_options=counted).rowcount
    _slice.drop(conn)
    return rows


def _size(campaign: Campaign) -> int:
    """One request carries one text."""
    return 1 if campaign.personalised else campaign.chunk_size


def _numbered(found: Select[Any], size: int) -> Select[Any]:
    """The people of a slice, each with the number of her chunk.

    Chunks are numbered group by group, those who are held out last, and those of a group are equally large: silence
    about a few proves nothing. One sort of two numbers finds everybody's place in her group; where a group begins is
    known from the few groups alone.
    """
    stay_cte = found.cte("stay").prefix_with("MATERIALIZED")
    same = [stay_cte.c[name] for name in ("hold_out", "operator", "region", "language")]
    counted = select(*same, func.count().label("n")).group_by(*same).subquery("counted")
    order = tuple(counted.c[name] for name in ("hold_out", "operator", "region", "language"))
    chunks_of = (counted.c.n + size - 1) // size
    groups = select(
        *order,
        counted.c.n,
        chunks_of.label("chunks_of"),
        func.row_number().over(order_by=order).label("number"),
        (func.sum(chunks_of).over(order_by=order) - chunks_of).label("chunks_before"),
    ).subquery("groups")
    place = func.row_number().over(partition_by=groups.c.number, order_by=stay_cte.c.position)
    columns = [stay_cte.c[column.name] for column in _slice.columns if column.name != "part"]
    joined = stay_cte.join(
        groups,
        and_(
            groups.c.hold_out == stay_cte.c.hold_out,
            groups.c.operator == stay_cte.c.operator,
            func.coalesce(groups.c.region, "") == func.coalesce(stay_cte.c.region, ""),
            groups.c.language == stay_cte.c.language,
        ),
    )
    within = (place - 1) * groups.c.chunks_of // groups.c.n
    return select(*columns, groups.c.chunks_before + within + 1).select_from(joined)


def _cut(campaign: Campaign) -> Any:
    """The chunks, in the order of their parts: ids are given in that order, too."""
    columns = [
        "lane",
        "kind",
        "policy",
        "n",
        "attempt",
        "claims",
        "state",
        "campaign_id",
        "operator",
        "region",
    ]
    rows = (
        select(
            literal(BULK),
            literal(KIND),
            literal(campaign.policy),
            func.count(),
            literal(1),
            literal(0),
            literal(READY),
            literal(campaign.campaign_id),
            _slice.c.operator,
            _slice.c.region,
        )
        .where(not_(_slice.c.hold_out))
        .group_by(_slice.c.part, _slice.c.operator, _slice.c.region)
        .order_by(_slice.c.part)
    )
    return insert(chunks).from_select(columns, rows, include_defaults=False)


def _filled(campaign_id: int, before: int) -> Any:
    """The recipients, each in her chunk; those who are held out in none.

    No number is there twice: phones and a file's lines have each once, and no slice is written twice, because
    `planned_to` is committed with it. So nothing is looked up before each row, which takes a fifth of the work.
    """
    part = func.row_number().over(order_by=chunks.c.id).label("part")
    made = (
        select(chunks.c.id, part)
        .where(chunks.c.campaign_id == campaign_id, chunks.c.id > before)
        .subquery("made")
    )
    rows = (
        select(
            literal(campaign_id),
            *(_slice.c[name] for name in _CARRIED),
            made.c.id,
            case((_slice.c.hold_out, HELD_OUT), else_=PENDING),
            literal(1),
            literal(False),
        )
        .select_from(_slice.outerjoin(made, and_(made.c.part == _slice.c.part, not_(_slice.c.hold_out))))
        .order_by(made.c.id)
    )
    columns = ["campaign_id", *_CARRIED, "chunk_id", "state", "attempt", "dup_risk"]
    return insert(recipients).from_select(columns, rows, include_defaults=False)
