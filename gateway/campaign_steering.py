"""`ramu campaign approve|schedule|pause|resume|cancel`: what a campaign may do, and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import click

from config.faults import Fault
from gateway.campaign_preparing import at_the_desk, for_programs, number_of
from gateway.console_audit import note
from gateway.register_progress import ProgressTeller
from models import campaigns
from models.days import BAMAKO

MARK = 8
"""The least characters of the mark by which an approver says what she has seen."""

moment = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%d"])


@click.command()
@number_of
@click.option("--as", "approver", required=True, metavar="NAME", help="Who approves: not the author.")
@click.option("--seen", required=True, metavar="MARK", help="The mark that `ramu campaign sample` showed.")
@click.option("--code", metavar="DIGITS", help="The code that was sent to the approver.")
@for_programs
def approve(number: int, approver: str, seen: str, code: str | None, as_json: bool) -> None:
    """Approve, as another person than the author, exactly what the samples showed.

    Example: ramu campaign approve 12 --as "A. Diarra" --seen 3f9a51c2
    """
    now = datetime.now(UTC)
    with at_the_desk(now) as desk:
        with desk.database.begin() as conn:
            whole = _whole(campaigns.load(conn, number), seen)
            wrong = campaigns.approve(conn, desk.keys, number, approver[:40], code, whole, now)
            done = "campaign.refused" if wrong else "campaign.approved"
            note(
                conn,
                desk.keys,
                done,
                f"campaign:{number}",
                f"by {desk.keys.index(approver, 'audit').hex()}",
                now,
            )
        if wrong:
            raise campaigns.NotApproved(wrong)
    told = {"campaign": number, "state": campaigns.APPROVED, "approver": approver}
    click.echo(
        json.dumps(told, ensure_ascii=False) if as_json else f"Campagne {number} approuvée par {approver}"
    )


@click.command()
@number_of
@click.option("--at", "begins", type=moment, help="When it begins, in Bamako; else now.")
@click.option("--until", "ends", type=moment, help="When it stops at the latest, in Bamako.")
@for_programs
def schedule(number: int, begins: datetime | None, ends: datetime | None, as_json: bool) -> None:
    """Make the rows of an approved campaign and set its hour. After a stop, the same command goes on.

    Example: ramu campaign schedule 12 --at "2026-12-01 09:00"
    """
    now = datetime.now(UTC)
    start = begins.replace(tzinfo=BAMAKO) if begins else now
    end = ends.replace(tzinfo=BAMAKO) if ends else None
    if end and end <= max(start, now):
        raise click.UsageError("--until is before the beginning, or over")
    with at_the_desk(now) as desk:
        with desk.database.begin(reading=True) as conn:
            one = campaigns.load(conn, number)
            if one.planned_at is None:
                desk.priced(conn, one)
        with ProgressTeller(0) as teller:
            teller.begin("numéros planifiés", None)
            seen = 0

            def progress(position: int, last: int) -> None:
                nonlocal seen
                if not seen:
                    teller.begin("numéros planifiés", last)
                teller.advance(position - seen)
                seen = position

            began = perf_counter()
            rows = desk.plan(number, progress)
            seconds = perf_counter() - began
        with desk.database.begin() as conn:
            campaigns.set_hours(conn, number, start, end, now)
            note(conn, desk.keys, "campaign.schedule", f"campaign:{number}", f"{rows} rows", now)
    told: dict[str, Any] = {
        "campaign": number,
        "state": campaigns.SCHEDULED,
        "rows": rows,
        "plan_seconds": seconds,
    }
    told["starts_at"] = start.isoformat()
    summary = f"Campagne {number} : {rows} lignes, début le {start.astimezone(BAMAKO):%d/%m/%Y %Hh%M}"
    click.echo(json.dumps(told) if as_json else summary)


@click.command()
@number_of
@click.option("--why", metavar="WORDS", help="For those who come after.")
@for_programs
def pause(number: int, why: str | None, as_json: bool) -> None:
    """Stop a campaign that is being sent; what is in the provider's hands is finished.

    Example: ramu campaign pause 12
    """
    _step(number, campaigns.PAUSE, why, as_json)


@click.command()
@number_of
@for_programs
def resume(number: int, as_json: bool) -> None:
    """Go on with a paused campaign; nobody gets a message twice.

    Example: ramu campaign resume 12
    """
    _step(number, campaigns.RESUME, None, as_json)


@click.command()
@number_of
@click.option("--why", metavar="WORDS", help="For those who come after.")
@for_programs
def cancel(number: int, why: str | None, as_json: bool) -> None:
    """End a campaign for good; what was not sent stays unsent.

    Example: ramu campaign cancel 12 --why "texte dépassé"
    """
    _step(number, campaigns.CANCEL, why, as_json)


def _step(number: int, step: str, why: str | None, as_json: bool) -> None:
    now = datetime.now(UTC)
    with at_the_desk(now) as desk, desk.database.begin() as conn:
        state = campaigns.move(conn, number, step, now, why=why)
        note(conn, desk.keys, f"campaign.{step}", f"campaign:{number}", state, now)
    click.echo(
        json.dumps({"campaign": number, "state": state}) if as_json else f"Campagne {number} : {state}"
    )


def _whole(one: campaigns.Campaign, seen: str) -> bytes:
    """The mark in full, when what was typed begins it."""
    if one.content_hash is None or len(seen) < MARK or not one.content_hash.hex().startswith(seen.lower()):
        raise Fault("that is not the mark of what the campaign says now: ramu campaign sample")
    return one.content_hash
