"""`ramu payments`: what was asked of mobile money operators, what came of it, and a simulated operator to rehearse."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from secrets import randbits
from threading import Thread

import click

from config.faults import Fault
from config.settings import load
from gateway.payment_desk import payment_desk
from gateway.payment_matching_commands import drop, match, unmatched
from gateway.payments import operators_of
from gateway.payments.settling import Settling
from gateway.register import opened
from gateway.simulated.money import MONEY, PIN_SECONDS, money_simulation
from gateway.simulated.money_faults import MONEY_FAULTS, MONEY_MAGIC, MONEY_NUMBERS
from gateway.simulated.money_server import MoneyServer
from models import payment_lists, payment_steps
from models.payment_lists import Listed
from models.payments import ASKED, CONFIRMED, EXPIRED, REFUSED, SENT, UNKNOWN

STATES = (ASKED, UNKNOWN, SENT, CONFIRMED, REFUSED, EXPIRED)
WITHIN_SECONDS = 120.0
"""Nobody else asks about a payment while a person does."""


@click.group("payments")
def payments() -> None:
    """Payments by mobile money."""


payments.add_command(unmatched)
payments.add_command(match)
payments.add_command(drop)


@payments.command("list")
@click.option("--state", type=click.Choice(STATES), help="Of one state; all by default.")
@click.option("--doubt", is_flag=True, help="What the operator has not settled for a day.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_payments(state: str | None, doubt: bool, as_json: bool) -> None:
    """List payments, the newest first; numbers are masked.

    Example: ramu payments list --doubt
    """
    with opened(load()) as (database, keys), database.begin(reading=True) as conn:
        rows = (
            payment_lists.doubtful(conn, keys, datetime.now(UTC))
            if doubt
            else payment_lists.listed(conn, keys, state)
        )
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
    else:
        _print(rows)


@payments.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(name: str, as_json: bool) -> None:
    """Show the payments of a reference, or one by its id (P12), with what the operator told about each.

    Example: ramu payments show 713482
    """
    with opened(load()) as (database, keys), database.begin(reading=True) as conn:
        found = _named(payment_lists.named(conn, keys, name), name)
        told = [
            {**asdict(row), "heard": [asdict(one) for one in payment_lists.heard_of(conn, row.id)]}
            for row in found
        ]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for one in told:
        heard = one.pop("heard")
        click.echo("  ".join(f"{key}: {value}" for key, value in one.items() if value != ""))
        for callback in heard:
            click.echo("    " + "  ".join(f"{key}: {value}" for key, value in callback.items()))


@payments.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def query(name: str, as_json: bool) -> None:
    """Ask the operator now what became of a payment, and do what it says.

    Example: ramu payments query P12
    """
    with payment_desk() as runtime:
        with runtime.database.begin(reading=True) as conn:
            row = _named(payment_lists.named(conn, runtime.keys, name), name)[0]
        operators = operators_of(runtime.settings, runtime.clock().date())
        if row.operator not in operators:
            raise Fault(f"{row.operator} is not in the settings. Remedy: RAMU_MONEY, see docs/payments.md")
        with runtime.database.begin() as conn:
            question = payment_steps.question_about(conn, row.id, randbits(63), WITHIN_SECONDS)
        if question is None:
            raise Fault("nothing was asked of the operator yet")
        status = operators[row.operator].status(question.order_id)
        with runtime.database.begin() as conn:
            became = Settling(runtime).answered(conn, question, status, runtime.clock())
    told = {"payment": f"P{row.id}", "answer": type(status).__name__, "became": became}
    click.echo(json.dumps(told) if as_json else "  ".join(f"{key}: {value}" for key, value in told.items()))


@payments.command()
@click.option("--port", type=click.IntRange(1, 65_535), help="Where to listen; the gateway's + 1 by default.")
@click.option("--faults", default="", help="By chance: delay=0.2,told_twice=0.05 (seconds; shares of one).")
@click.option("--seed", type=int, help="The same seed brings the same faults.")
@click.option(
    "--pin-seconds",
    default=PIN_SECONDS,
    show_default=True,
    help="People type their secret code after so long.",
)
@click.option("--folder", type=click.Path(path_type=Path), help="Of its books; data_folder/money by default.")
def simulate(
    port: int | None, faults: str, seed: int | None, pin_seconds: float, folder: Path | None
) -> None:
    """Serve an operator that moves no money and fails on purpose, until Ctrl-C.

    What it took and moved is in its own books (SQLite). `ramu payments numbers` lists the numbers that fail.

    Example: ramu payments simulate --port 8001 --faults told_twice=0.1
    """
    settings = load()
    money = money_simulation(folder or settings.data_folder / MONEY, faults, seed, pin_seconds)
    listening = port or settings.port + 1
    try:
        server = MoneyServer(listening, money)
    except OSError as fault:
        raise Fault(f"port {listening}: {fault.strerror}. Remedy: end who listens there, or --port") from None
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: Thread(target=server.shutdown).start())
    click.echo(
        f"simulated operator on http://127.0.0.1:{server.server_port}, books {money.books.file}", err=True
    )
    with server:
        server.serve_forever(poll_interval=0.1)
    money.close()


@payments.command("numbers")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def numbers(as_json: bool) -> None:
    """List the numbers for which the simulated operator fails, and how.

    Example: ramu payments numbers --json
    """
    rows = [(MONEY_MAGIC + last, fault, MONEY_FAULTS[fault]) for last, fault in MONEY_NUMBERS.items()]
    if as_json:
        click.echo(json.dumps([{"number": row[0], "fault": row[1], "what": row[2]} for row in rows]))
        return
    for number, fault, what in rows:
        click.echo(f"{number}  {fault:18}{what}")


def _named(found: list[Listed], name: str) -> list[Listed]:
    if not found:
        raise Fault(f"no payment is called {name}. Remedy: a reference of six digits, or P and an id")
    return found


def _print(rows: Sequence[Listed]) -> None:
    for row in rows:
        became = f"{row.state} {row.reason}".strip()
        told = f"P{row.id:<8}{row.reference:8}{row.operator:6}{row.amount:>9} F  {row.payer:12}{became:20}"
        click.echo(f"{told}{row.asked_at[:16].replace('T', ' ')}  {row.why}".rstrip())
    click.echo(f"{len(rows)} payments", err=True)
