"""`ramu campaign`: prepare a campaign step by step, let a second person approve it, start it, steer it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from config.settings import load
from gateway.campaign_content_commands import audience, file, limits, text
from gateway.campaign_preparing import check, sample, size, test
from gateway.campaign_report_command import report
from gateway.campaign_steering import approve, cancel, pause, resume, schedule
from gateway.console_audit import note
from gateway.register import opened
from models import campaign_content, campaigns
from models.campaigns import Campaign
from models.chunks import AT_MOST_ONCE

EVIDENCE = "evidence"
POLICIES = {"information": EVIDENCE, "money": AT_MOST_ONCE}
"""What a campaign is about, and what becomes of a request of which nobody knows whether it was taken."""


@click.group("campaign")
def campaign() -> None:
    """Awareness campaigns by SMS."""


@campaign.command()
@click.argument("name")
@click.option("--author", required=True, metavar="NAME", help="Who prepares it; another person approves it.")
@click.option("--budget", required=True, type=click.IntRange(0), metavar="FCFA", help="What it may cost.")
@click.option("--about", type=click.Choice(list(POLICIES)), default="information", show_default=True)
@click.option(
    "--hold-out", type=click.IntRange(0, 50), default=5, show_default=True, help="Percent left out."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def new(name: str, author: str, budget: int, about: str, hold_out: int, as_json: bool) -> None:
    """Begin a campaign; the number that it gets is what every other command asks for.

    Example: ramu campaign new "Mutuelles en retard" --author "B. Keita" --budget 400000
    """
    if not 0 < len(name) <= 60 or not 0 < len(author) <= 40:
        raise click.UsageError("a name has 1 to 60 letters, an author 1 to 40")
    now = datetime.now(UTC)
    settings = load()
    with opened(settings) as (database, keys), database.begin() as conn:
        campaign_id = campaigns.make(
            conn,
            name=name,
            author=author,
            policy=POLICIES[about],
            budget_fcfa=budget,
            hold_out_percent=hold_out,
            chunk_size=settings.chunk_size,
            max_segments=1,
            now=now,
        )
        note(conn, keys, "campaign.new", f"campaign:{campaign_id}", f"budget {budget}", now)
    click.echo(json.dumps({"campaign": campaign_id}) if as_json else f"Campagne {campaign_id}")


@campaign.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_campaigns(as_json: bool) -> None:
    """List campaigns, the newest first.

    Example: ramu campaign list
    """
    with opened(load()) as (database, _), database.begin(reading=True) as conn:
        found = campaigns.every(conn)
    if as_json:
        click.echo(json.dumps({"campaigns": [_told(one) for one in found]}, ensure_ascii=False))
        return
    for one in found:
        people = one.figures.get("people", "?")
        click.echo(f"{one.campaign_id:>5}  {one.state:<10}  {people:>9} tel  {one.author}  {one.name}")


@campaign.command()
@click.argument("number", type=int)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(number: int, as_json: bool) -> None:
    """Show a campaign: its texts, its audience, its figures, and how far it is.

    Example: ramu campaign show 12
    """
    with opened(load()) as (database, _), database.begin(reading=True) as conn:
        one = campaigns.load(conn, number)
        texts = campaign_content.texts(conn, number)
    told = _told(one) | {
        "texts": [
            {"language": it.language, "text": it.text, "charset": it.charset, "read_by": it.read_by}
            for it in texts.values()
        ]
    }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, value in told.items():
        click.echo(
            f"{name}: {json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value}"
        )


def _told(one: Campaign) -> dict[str, Any]:
    return {
        "campaign": one.campaign_id,
        "name": one.name,
        "author": one.author,
        "state": one.state,
        "policy": one.policy,
        "personalised": one.personalised,
        "audience": "file" if one.has_file else one.audience,
        "columns": list(one.columns),
        "budget_fcfa": one.budget_fcfa,
        "hold_out_percent": one.hold_out_percent,
        "max_segments": one.max_segments,
        "content": one.content_hash.hex() if one.content_hash else None,
        "approver": one.approver,
        "starts_at": one.starts_at.isoformat() if one.starts_at else None,
        "ends_at": one.ends_at.isoformat() if one.ends_at else None,
        "planned": one.planned_at is not None,
        "figures": one.figures,
        "why": one.why,
    }


for command in (
    audience,
    file,
    text,
    limits,
    check,
    size,
    test,
    sample,
    approve,
    schedule,
    pause,
    resume,
    cancel,
    report,
):
    campaign.add_command(command)
