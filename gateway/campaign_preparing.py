"""`ramu campaign check|size|test|sample`: every message is written once, counted, paid for, and shown."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from math import ceil

import click

from config.jobs import TRANSACTIONAL
from config.settings import load
from flows.campaign_text import price
from flows.gsm7 import SINGLE_SEPTETS, cut, fold, septets
from gateway.campaign_desk import SAMPLES, Desk, told
from gateway.campaign_effects import EXAMPLE
from gateway.console_audit import note
from gateway.register import opened
from gateway.register_progress import ProgressTeller
from gateway.staff_commands import PHONE
from models import campaigns, messages, phone_operators
from models.audiences import DEAD, OFF, RECENT, STOP, highest
from models.campaign_plan import asked
from models.database import Connection
from models.identifiers import Msisdn

REASONS = {STOP: "STOP", RECENT: "contactés cette semaine", DEAD: "décédés", OFF: "numéros éteints"}
LONGEST_AUTHOR = 24
number_of = click.argument("number", type=int)
for_programs = click.option("--json", "as_json", is_flag=True, help="For programs.")


@contextmanager
def at_the_desk(now: datetime) -> Iterator[Desk]:
    """A desk for one command."""
    settings = load()
    with opened(settings) as (database, keys):
        yield Desk(database, keys, settings, now)


@contextmanager
def _shown(desk: Desk, what: str, total: Callable[[Connection], int]) -> Iterator[Callable[[int], object]]:
    """Progress on standard error; how far is told to what comes out of it."""
    with desk.database.begin(reading=True) as conn:
        most = total(conn)
    with ProgressTeller(0) as teller:
        teller.begin(what, most)
        yield teller.advance


@click.command()
@number_of
@for_programs
def check(number: int, as_json: bool) -> None:
    """Write every message once: the longest and shortest, what is missing, what is too long.

    Example: ramu campaign check 12
    """
    now = datetime.now(UTC)

    with at_the_desk(now) as desk:

        def last(conn: Connection) -> int:
            whole = asked(conn, desk.keys, campaigns.load(conn, number), now)
            return int(conn.execute(highest(whole)).scalar() or 0)

        with _shown(desk, "messages écrits", last) as done:
            found, writer = desk.check(number, done)
        with desk.database.begin() as conn:
            note(
                conn, desk.keys, "campaign.check", f"campaign:{number}", f"{found.people.total()} texts", now
            )
    figures = {
        "campaign": number,
        "state": campaigns.CHECKED,
        "personalised": writer.personal,
        **found.told(),
    }
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    click.echo(f"{found.people.total()} messages, {found.segments.total()} SMS")
    for name, size in (("le plus long", found.longest), ("le plus court", found.shortest)):
        if size:
            click.echo(f"{name} : {size[1]} signes, {size[0]} SMS")


@click.command()
@number_of
@for_programs
def size(number: int, as_json: bool) -> None:
    """Count the audience as a subtraction, and price it by operator; refused above the budget.

    Example: ramu campaign size 12
    """
    now = datetime.now(UTC)
    with at_the_desk(now) as desk:
        with _shown(desk, "opérateurs trouvés", phone_operators.lacking) as done:
            desk.fill_operators(done)
        found = desk.size(number)
        with desk.database.begin() as conn:
            detail = f"{found.size.people} people, {found.bill.fcfa} FCFA"
            note(conn, desk.keys, "campaign.size", f"campaign:{number}", detail, now)
    if as_json:
        click.echo(json.dumps({"campaign": number, "state": campaigns.SIZED, **told(found)}))
        return
    less = " ".join(f"- {found.size.excluded[reason]} {words}" for reason, words in REASONS.items())
    click.echo(f"{found.size.found} trouvés {less} = {found.size.people} personnes")
    click.echo(f"dont {found.size.held_out} laissées sans message, pour mesurer l'effet")
    for operator, line in found.bill.operators.items():
        click.echo(f"{operator:<8} {line.people} tel, {line.segments} SMS, {line.fcfa} F, {line.minutes} min")
    click.echo(
        f"total {found.bill.fcfa} F, au moins {found.bill.minutes} min ; budget restant {found.left} F"
    )


@click.command()
@number_of
@click.option("--to", "phone", type=PHONE, required=True, help="The author's own phone.")
@for_programs
def test(number: int, phone: Msisdn, as_json: bool) -> None:
    """Send the author one message of each language, with nobody's data in it.

    Example: ramu campaign test 12 --to 70000101
    """
    now = datetime.now(UTC)
    with at_the_desk(now) as desk, desk.database.begin() as conn:
        one = campaigns.load(conn, number)
        written = desk.examples(conn, one)
        for text in written:
            _owe(conn, desk, phone, text, EXAMPLE, now)
        campaigns.move(conn, number, campaigns.TEST, now)
        note(conn, desk.keys, "campaign.test", f"campaign:{number}", f"{len(written)} texts", now)
    figures = {"campaign": number, "state": campaigns.TESTED, "texts": written, "to": phone.masked}
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else "\n".join(written))


@click.command()
@number_of
@click.option("--count", type=click.IntRange(1, 100), default=SAMPLES, show_default=True)
@click.option("--as", "approver", metavar="NAME", help="Who will approve; with --to she gets a code by SMS.")
@click.option("--to", "phone", type=PHONE, help="The approver's phone.")
@for_programs
def sample(number: int, count: int, approver: str | None, phone: Msisdn | None, as_json: bool) -> None:
    """Show final messages of people drawn by chance, and the mark by which exactly this is approved.

    Example: ramu campaign sample 12 --as "A. Diarra" --to 70000101
    """
    if (approver is None) != (phone is None):
        raise click.UsageError("--as and --to go together")
    now = datetime.now(UTC)
    with at_the_desk(now) as desk, desk.database.begin() as conn:
        one = campaigns.load(conn, number)
        drawn = desk.samples(conn, one, count)
        if approver and phone:
            code = f"{secrets.randbelow(1_000_000):06}"
            campaigns.ask_approval(conn, desk.keys, number, approver, code)
            _owe(conn, desk, phone, _request(one, code), "campaign_code", now)
            for text in desk.examples(conn, one):
                _owe(conn, desk, phone, text, EXAMPLE, now)
        note(conn, desk.keys, "campaign.sample", f"campaign:{number}", f"{len(drawn)} messages", now)
    mark = one.content_hash.hex() if one.content_hash else None
    if as_json:
        rows = [{"to": masked, "text": text, "segments": _segments(text)} for masked, text in drawn]
        click.echo(json.dumps({"campaign": number, "content": mark, "messages": rows}, ensure_ascii=False))
        return
    for masked, text in drawn:
        click.echo(f"{masked}  {text}")
    click.echo(f"marque du contenu : {mark or 'aucune avant check'}")


def _segments(text: str) -> int:
    return price(text, "GSM7" if fold(text) == text else "UCS2").segments


def _request(one: campaigns.Campaign, code: str) -> str:
    """What the approver is asked by SMS, in one segment: the name of the campaign is cut before anything else is."""
    people, fcfa = one.figures.get("people", 0), one.figures.get("fcfa", 0)
    begins = f"CAMP {one.campaign_id} de {cut(one.author, LONGEST_AUTHOR)}: {people} tel ("
    ends = f"), {_each(one)} SMS, {fcfa} F. Accord: CAMP {one.campaign_id} OK {code}. Texte suit."
    room = SINGLE_SEPTETS - septets(begins) - septets(ends)
    return f"{begins}{cut(one.name, room)}{ends}"


def _each(one: campaigns.Campaign) -> int:
    """SMS that a person gets: the mean of the operator with the longest texts, rounded up."""
    lines = one.figures.get("operators", {}).values()
    return max((ceil(line["segments"] / line["people"]) for line in lines if line["people"]), default=1)


def _owe(conn: Connection, desk: Desk, phone: Msisdn, text: str, kind: str, now: datetime) -> None:
    messages.owe(
        conn,
        desk.keys,
        to=phone,
        text=text,
        kind=kind,
        lane=TRANSACTIONAL,
        once=secrets.token_bytes(16),
        now=now,
    )
