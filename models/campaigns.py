"""Campaigns: their states, the order of the steps, and the second person without whom none is sent.

    DRAFT -> CHECKED -> SIZED -> TESTED -> APPROVED -> SCHEDULED -> SENDING <-> PAUSED;  SENDING -> DONE

Whatever changes a text, the audience or a figure takes a campaign back to DRAFT, and its approval with it. It can be
cancelled until it is done.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from config.faults import Fault
from models.campaign_content import content_hash
from models.campaign_tables import campaigns, lines, recipients
from models.chunks import chunks
from models.database import Connection, Db, Prepared
from models.database_clock import DatabaseNow
from models.keyring import KeyRing
from models.places import fold

DRAFT, CHECKED, SIZED, TESTED, APPROVED = "DRAFT", "CHECKED", "SIZED", "TESTED", "APPROVED"
SCHEDULED, SENDING, PAUSED = "SCHEDULED", "SENDING", "PAUSED"
CANCELLED, DONE = "CANCELLED", "DONE"

CHANGE, CHECK, SIZE, TEST, APPROVE = "change", "check", "size", "test", "approve"
SCHEDULE, BEGIN, PAUSE, RESUME, CANCEL, FINISH = "schedule", "begin", "pause", "resume", "cancel", "finish"

STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    CHANGE: ((DRAFT, CHECKED, SIZED, TESTED, APPROVED, SCHEDULED), DRAFT),
    CHECK: ((DRAFT, CHECKED), CHECKED),
    SIZE: ((CHECKED, SIZED), SIZED),
    TEST: ((SIZED, TESTED), TESTED),
    APPROVE: ((TESTED,), APPROVED),
    SCHEDULE: ((APPROVED,), SCHEDULED),
    BEGIN: ((SCHEDULED,), SENDING),
    PAUSE: ((SENDING,), PAUSED),
    RESUME: ((PAUSED,), SENDING),
    CANCEL: ((DRAFT, CHECKED, SIZED, TESTED, APPROVED, SCHEDULED, SENDING, PAUSED), CANCELLED),
    FINISH: ((SENDING,), DONE),
}
"""What may be done in which states, and the state after it. Nothing else changes a campaign's state."""

_NOTED = {
    CHECK: "checked_at",
    SIZE: "sized_at",
    TEST: "tested_at",
    APPROVE: "approved_at",
    BEGIN: "began_at",
    CANCEL: "ended_at",
    FINISH: "ended_at",
}
_UNAPPROVED = {
    "checked_at": None,
    "sized_at": None,
    "tested_at": None,
    "approved_at": None,
    "approver": None,
    "approval_code_index": None,
    "approval_tries": 0,
    "content_hash": None,
    "figures": None,
    "planned_to": 0,
    "planned_at": None,
    "starts_at": None,
    "ends_at": None,
}
CODE_TRIES = 5
"""Wrong codes after which an approval by code must be asked for anew."""

CODE = "campaign code"
"""Purpose of the keyed hash of an approval's code."""


class NoCampaign(Fault):
    """There is no campaign of that number."""


class WrongStep(Fault):
    """The campaign is in a state in which this is not done."""


class NotApproved(Fault):
    """The approval is not valid: the wrong person, the wrong code, or another content than was seen."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One row of campaigns: `audience` is None when the numbers come from a file, `figures` what sizing found."""

    campaign_id: int
    name: str
    author: str
    state: str
    policy: str
    personalised: bool
    audience: dict[str, str] | None
    has_file: bool
    columns: tuple[str, ...]
    budget_fcfa: int | None
    hold_out_percent: int
    chunk_size: int
    max_segments: int
    content_hash: bytes | None
    figures: dict[str, Any]
    approver: str | None
    approved_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    planned_to: int
    planned_at: datetime | None
    why: str | None


_RUNNING = Prepared(
    select(campaigns.c.id)
    .where(
        campaigns.c.state == SENDING,
        or_(campaigns.c.ends_at.is_(None), campaigns.c.ends_at > DatabaseNow()),
    )
    .order_by(campaigns.c.id)
)
_DUE = (
    select(campaigns.c.id)
    .where(
        campaigns.c.state == SCHEDULED,
        campaigns.c.planned_at.is_not(None),
        campaigns.c.starts_at <= bindparam("now"),
    )
    .order_by(campaigns.c.id)
)


def running(db: Db) -> tuple[int, ...]:
    """The campaigns that may be sent at this moment, the oldest first. Raises DatabaseAway."""
    return tuple(campaign_id for (campaign_id,) in _RUNNING.all(db))


def make(
    conn: Connection,
    *,
    name: str,
    author: str,
    policy: str,
    budget_fcfa: int | None,
    hold_out_percent: int,
    chunk_size: int,
    max_segments: int,
    now: datetime,
) -> int:
    """A new campaign, in DRAFT; its id."""
    row = {
        "name": name,
        "author": author,
        "state": DRAFT,
        "policy": policy,
        "personalised": False,
        "budget_fcfa": budget_fcfa,
        "hold_out_percent": hold_out_percent,
        "chunk_size": chunk_size,
        "max_segments": max_segments,
        "approval_tries": 0,
        "planned_to": 0,
        "created_at": now,
    }
    return int(conn.execute(insert(campaigns).values(row).returning(campaigns.c.id)).scalar_one())


def load(conn: Connection, campaign_id: int) -> Campaign:
    """A campaign as it stands. Raises NoCampaign."""
    row = conn.execute(select(campaigns).where(campaigns.c.id == campaign_id)).first()
    if row is None:
        raise NoCampaign(f"no campaign {campaign_id}: ramu campaign list")
    return _campaign(row)


def every(conn: Connection) -> tuple[Campaign, ...]:
    """Every campaign, the newest first."""
    return tuple(_campaign(row) for row in conn.execute(select(campaigns).order_by(campaigns.c.id.desc())))


def move(conn: Connection, campaign_id: int, step: str, now: datetime, *, why: str | None = None) -> str:
    """Take one step of STEPS, in the order that they have; the state after it. Raises WrongStep, NoCampaign.

    The one place where a state changes. A CHANGE forgets checks, figures, approval and what was planned.
    """
    before, after = STEPS[step]
    values: dict[str, Any] = {"state": after, "why": why and why[:80]}
    if step in _NOTED:
        values[_NOTED[step]] = now
    if step == CHANGE:
        values |= _UNAPPROVED
    changed = conn.execute(
        update(campaigns).where(campaigns.c.id == campaign_id, campaigns.c.state.in_(before)).values(values)
    ).rowcount
    if not changed:
        state = load(conn, campaign_id).state
        raise WrongStep(f"campaign {campaign_id} is {state}; to {step} it must be {' or '.join(before)}")
    if step == CHANGE:
        forget_plan(conn, campaign_id)
    return after


def change(conn: Connection, campaign_id: int, now: datetime, **values: Any) -> None:
    """Change columns of what is sent or to whom: the campaign is a DRAFT again. Raises WrongStep, NoCampaign."""
    move(conn, campaign_id, CHANGE, now)
    if values:
        conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(values))


def forget_plan(conn: Connection, campaign_id: int) -> None:
    """Take away the recipients and chunks of a campaign of which nothing was sent."""
    conn.execute(delete(recipients).where(recipients.c.campaign_id == campaign_id))
    conn.execute(delete(chunks).where(chunks.c.campaign_id == campaign_id))


def checked(
    conn: Connection, campaign_id: int, personalised: bool, rendered: dict[str, Any], now: datetime
) -> None:
    """The texts are in order: CHECKED, with what was found of the rendered ones. Raises WrongStep.

    What the campaign says from now on is what is approved.
    """
    move(conn, campaign_id, CHECK, now)
    values = {
        "personalised": personalised,
        "content_hash": content_hash(conn, campaign_id),
        "figures": json.dumps({"rendered": rendered}, sort_keys=True),
    }
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(values))


def sized(conn: Connection, campaign_id: int, figures: dict[str, Any], now: datetime) -> None:
    """The audience is counted and paid for: SIZED, with what was found. Raises WrongStep."""
    move(conn, campaign_id, SIZE, now)
    before = load(conn, campaign_id).figures
    values = {"figures": json.dumps({**before, **figures}, sort_keys=True)}
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(values))


def ask_approval(conn: Connection, keys: KeyRing, campaign_id: int, approver: str, code: str) -> None:
    """Let `approver` approve by `code`, of which only a keyed hash is kept, bound to this content.

    Raises NotApproved for the author, WrongStep before the campaign is tested.
    """
    asked = load(conn, campaign_id)
    _refuse_author(asked, approver)
    if asked.state != TESTED:
        raise WrongStep(f"campaign {campaign_id} is {asked.state}; approval is asked for when it is {TESTED}")
    index = code_index(keys, campaign_id, approver, code, asked.content_hash or b"")
    values = {"approval_code_index": index, "approval_tries": 0}
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(values))


def approve(
    conn: Connection,
    keys: KeyRing,
    campaign_id: int,
    approver: str,
    code: str | None,
    seen: bytes,
    now: datetime,
) -> str | None:
    """Approve what has the hash `seen`, by the code that was sent to `approver`, or at the console (None).

    None when it is APPROVED; else why not, in a word for the approver: the try is counted, so the caller commits.
    Raises NotApproved for the author, and when the content is not the one that was seen; WrongStep before TESTED.
    """
    asked = load(conn, campaign_id)
    _refuse_author(asked, approver)
    if not (asked.content_hash and hmac.compare_digest(content_hash(conn, campaign_id), asked.content_hash)):
        raise NotApproved("the content changed since it was checked: ramu campaign check")
    if not hmac.compare_digest(asked.content_hash, seen):
        raise NotApproved("this is not the content that was shown: ramu campaign sample")
    if code is not None and (wrong := _wrong_code(conn, keys, asked, approver, code)):
        return wrong
    move(conn, campaign_id, APPROVE, now)
    values = {"approver": approver, "approval_code_index": None}
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(values))
    return None


def set_hours(
    conn: Connection, campaign_id: int, starts_at: datetime, ends_at: datetime | None, now: datetime
) -> None:
    """Its rows are made: SCHEDULED from a moment on, and until another. Raises WrongStep."""
    move(conn, campaign_id, SCHEDULE, now)
    values = {"starts_at": starts_at, "ends_at": ends_at}
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(values))


def begin_due(conn: Connection, now: datetime) -> tuple[int, ...]:
    """Let the campaigns begin whose rows are made and whose hour has come: SENDING; their ids."""
    due = [campaign_id for (campaign_id,) in conn.execute(_DUE, {"now": now})]
    for campaign_id in due:
        move(conn, campaign_id, BEGIN, now)
    return tuple(due)


def drop_lines(conn: Connection, campaign_id: int) -> None:
    """Forget the numbers of a campaign's file."""
    conn.execute(delete(lines).where(lines.c.campaign_id == campaign_id))


def _wrong_code(conn: Connection, keys: KeyRing, asked: Campaign, approver: str, code: str) -> str | None:
    """Count a try; why the code is not good, or None."""
    of_it = campaigns.c.id == asked.campaign_id
    tries = campaigns.c.approval_tries
    row = conn.execute(
        update(campaigns)
        .where(of_it)
        .values(approval_tries=tries + 1)
        .returning(tries, campaigns.c.approval_code_index)
    ).one()
    if row.approval_code_index is None or row.approval_tries > CODE_TRIES:
        return "no code is valid any more: ramu campaign sample sends another"
    index = code_index(keys, asked.campaign_id, approver, code, asked.content_hash or b"")
    return None if hmac.compare_digest(index, row.approval_code_index) else "the code is wrong"


def code_index(keys: KeyRing, campaign_id: int, approver: str, code: str, content: bytes) -> bytes:
    """The keyed hash of an approval's code: good for one campaign, one approver and one content."""
    return keys.index(f"{campaign_id}\0{fold(approver)}\0{code}\0{content.hex()}", CODE)


def _refuse_author(asked: Campaign, approver: str) -> None:
    if not fold(approver) or fold(approver) == fold(asked.author):
        raise NotApproved(f"campaign {asked.campaign_id} is {asked.author}'s: another person approves it")


def _campaign(row: Any) -> Campaign:
    return Campaign(
        campaign_id=row.id,
        name=row.name,
        author=row.author,
        state=row.state,
        policy=row.policy,
        personalised=row.personalised,
        audience=json.loads(row.audience) if row.audience else None,
        has_file=row.file_index is not None,
        columns=tuple(json.loads(row.columns or "[]")),
        budget_fcfa=row.budget_fcfa,
        hold_out_percent=row.hold_out_percent,
        chunk_size=row.chunk_size,
        max_segments=row.max_segments,
        content_hash=row.content_hash,
        figures=json.loads(row.figures or "{}"),
        approver=row.approver,
        approved_at=row.approved_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        planned_to=row.planned_to,
        planned_at=row.planned_at,
        why=row.why,
    )
