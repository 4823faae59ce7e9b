"""`ramu sms`: one SMS from a phone to the running demonstration, and what the phone gets back."""

from __future__ import annotations

import json
from http.client import HTTPException
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import click

from config import settings
from config.faults import Fault
from gateway.simulator_sms import PATH, fields

ANSWER_SECONDS = 10
"""Of one request."""

LOOK_SECONDS = 0.2
GRACE_SECONDS = 1.0
"""An answer may be followed by another SMS, to somebody who has two."""


class NoAnswer(Fault):
    """The gateway did not answer, or not as the demonstration does."""


@click.command()
@click.option("--from", "number", default="+22370000001", show_default=True, help="The phone that writes.")
@click.option("--url", help="The gateway's address; that of `ramu run` by default.")
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0, 120),
    default=10.0,
    show_default=True,
    help="For so many seconds.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.argument("text")
def sms(number: str, url: str | None, seconds: float, as_json: bool, text: str) -> None:
    """Send one SMS as a phone and print the answers, with their length. Exit code 1 when none came.

    Example: ramu sms --from +22370000001 'V 2600100000017'
    """
    chosen = settings.load(demo=True)
    base = (url or chosen.address).rstrip("/")
    before = {one["id"] for one in _received(base, number)}
    _post(base, fields(number, text, chosen.service_code.strip("*#")))
    answers = _answers(base, number, before, seconds)
    if as_json:
        click.echo(json.dumps({"from": number, "text": text, "answers": answers}, ensure_ascii=False))
    for one in () if as_json else answers:
        click.echo(f"{one['text']}\n  -- {one['length']}")
    if not answers:
        click.echo(f"no answer to {number} within {seconds:g} s: ramu messages, ramu doctor", err=True)
        raise SystemExit(1)


def _answers(base: str, number: str, before: set[str], seconds: float) -> list[dict[str, Any]]:
    """What came since, the oldest first: as soon as something is there, and a little after."""
    found: list[dict[str, Any]] = []
    until = monotonic() + seconds
    while monotonic() < until:
        sleep(LOOK_SECONDS)
        now = [one for one in reversed(_received(base, number)) if one["id"] not in before]
        if len(now) > len(found):
            until = min(until, monotonic() + GRACE_SECONDS) if not found else until
            found = now
    return found


def _received(base: str, number: str) -> list[dict[str, Any]]:
    told = json.loads(_asked(Request(f"{base}/simulator/sms?{urlencode({'phone': number})}")))
    messages: list[dict[str, Any]] = told["messages"]
    return messages


def _post(base: str, told: dict[str, str]) -> None:
    _asked(Request(f"{base}{PATH}", data=urlencode(told).encode(), method="POST"))


def _asked(request: Request) -> bytes:
    """The body of the answer. Raises NoAnswer."""
    where = request.full_url.partition("?")[0]
    try:
        # The address is the operator's own, given on the command line.
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # nosec B310
            body: bytes = answer.read()
            return body
    except HTTPError as fault:
        raise NoAnswer(f"{where} answers {fault.code}: is it the demonstration (ramu run)?") from fault
    except (URLError, HTTPException, OSError) as fault:
        raise NoAnswer(f"no answer from {where} ({fault}): is `ramu run` running?") from fault
