"""`ramu provider`: rehearse sending, with the simulated provider or with the real one."""

from __future__ import annotations

import json
import signal
from contextlib import suppress
from dataclasses import asdict
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import click

from config.faults import Fault
from config.settings import DEMO_SECRET, Settings, load
from flows import gsm7
from gateway.providers import Answered, Outcome, Unknown, provider_of
from gateway.providers.line import Line
from gateway.providers.simulated import simulated
from gateway.simulated.callbacks import Callbacks
from gateway.simulated.faults import FAULTS, MAGIC, MAGIC_FAULTS, Chance
from gateway.simulated.ledger import Ledger
from gateway.simulated.money import MONEY, MoneySimulation, money_simulation
from gateway.simulated.money_server import MoneyServer
from gateway.simulated.provider import Simulation
from models.identifiers import BadMsisdn, Msisdn

REFUSED, IN_DOUBT = 1, 3
"""Exit codes of `send`, besides 0."""


@click.group("provider")
def provider() -> None:
    """Who carries our SMS: a simulated provider, and one message as a test."""


@provider.command()
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Where to listen; the gateway's port + 1 by default."
)
@click.option(
    "--hooks", help="The gateway's callbacks with their secret; by default those of this installation."
)
@click.option(
    "--faults", default="", help="By chance: delay=0.2,timeout_after=0.01 (seconds; shares of one)."
)
@click.option("--seed", type=int, help="The same seed brings the same faults.")
@click.option(
    "--report-seconds", default=1.0, show_default=True, help="Delivery reports follow after so long."
)
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Of the ledger; data_folder/provider by default."
)
def simulate(
    port: int | None,
    hooks: str | None,
    faults: str,
    seed: int | None,
    report_seconds: float,
    folder: Path | None,
) -> None:
    """Serve a provider that reaches no phone and fails on purpose, until Ctrl-C.

    What it has accepted is in the ledger, one JSON line a number. `ramu provider numbers` lists the numbers that fail.
    An operator of mobile money is served beside it, as by `ramu payments simulate`.

    Example: ramu provider simulate --port 8001 --faults delay=0.2,timeout_after=0.01
    """
    settings = load()
    ledger = Ledger(folder or settings.data_folder / "provider")
    chance = Chance.parse(faults, seed)
    simulation = Simulation(ledger, Callbacks(hooks or own_hooks(settings)), chance, report_seconds)
    money = money_simulation(settings.data_folder / MONEY)
    server = _listening(port or settings.port + 1, simulation, money)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: Thread(target=server.shutdown).start())
    click.echo(f"simulated provider on http://127.0.0.1:{server.server_port}, ledger {ledger.file}", err=True)
    with server:
        server.serve_forever(poll_interval=0.1)
    money.close()
    ledger.close()


@provider.command("numbers")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def numbers(as_json: bool) -> None:
    """List the numbers for which the simulated provider fails, and how.

    Example: ramu provider numbers --json
    """
    rows = [(MAGIC + last, fault, FAULTS[fault]) for last, fault in MAGIC_FAULTS.items()]
    if as_json:
        click.echo(json.dumps([{"number": row[0], "fault": row[1], "what": row[2]} for row in rows]))
        return
    for number, fault, what in rows:
        click.echo(f"{number}  {fault:18}{what}")


@provider.command()
@click.option("--to", required=True, help="The number to send to.")
@click.option("--text", required=True, help="What to send; it is charged as any message.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def send(to: str, text: str, as_json: bool) -> None:
    """Send one SMS now, past the queue, and say what the provider made of it.

    Exit code 0 accepted, 1 refused or not sent, 3 in doubt. Without a provider in the settings the simulated one of
    `ramu run` is asked.

    Example: ramu provider send --to +22370000001 --text 'Essai du service'
    """
    try:
        number = Msisdn.parse(to)
    except BadMsisdn as fault:
        raise Fault(f"--to: {fault}") from None
    settings = load()
    chosen = provider_of(settings) or simulated(settings, Line(settings.provider_seconds, 1))
    outcome = chosen.send(text, [number])
    chosen.close()
    told = _told(chosen.name, number, text, outcome)
    click.echo(json.dumps(told) if as_json else "  ".join(f"{name}: {what}" for name, what in told.items()))
    raise SystemExit(_code(outcome))


def own_hooks(settings: Settings) -> str:
    """The callbacks of the gateway on this machine, with a secret that it accepts."""
    secret = settings.secrets[0] if settings.secrets else DEMO_SECRET
    host = settings.host
    with suppress(ValueError):  # a name
        host = "127.0.0.1" if ip_address(host).is_unspecified else host
    return f"http://{host}:{settings.port}/hooks/africastalking/{secret}"


def _listening(port: int, simulation: Simulation, money: MoneySimulation) -> MoneyServer:
    try:
        return MoneyServer(port, money, simulation)
    except OSError as fault:
        raise Fault(f"port {port}: {fault.strerror}. Remedy: end who listens there, or --port") from None


def _told(name: str, number: Msisdn, text: str, outcome: Outcome) -> dict[str, object]:
    """The outcome for people and programs, the number masked."""
    told: dict[str, object] = {
        "provider": name,
        "to": number.masked,
        "septets": gsm7.septets(text) if gsm7.ALPHABET.issuperset(text) else None,
        "outcome": type(outcome).__name__,
    }
    if isinstance(outcome, Answered):
        (recipient,) = outcome.recipients
        return told | {"code": recipient.code, "id": recipient.provider_id, "cost": recipient.cost}
    return told | asdict(outcome)


def _code(outcome: Outcome) -> int:
    if isinstance(outcome, Unknown):
        return IN_DOUBT
    accepted = isinstance(outcome, Answered) and outcome.recipients[0].accepted
    return 0 if accepted else REFUSED
