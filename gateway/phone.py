"""`ramu phone`: a telephone in the terminal, which calls the running gateway as the provider would."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import click

from config import settings
from config.faults import Fault
from flows import gsm7

ANSWER_SECONDS = 10
"""How long the provider waits for an answer."""

FRAME = 32


class NoAnswer(Fault):
    """The gateway did not answer, or not as the provider expects."""


class Unreadable(Fault):
    """What was typed cannot be read."""


@dataclass(slots=True)
class Call:
    """One call: where the gateway is, who calls, what was dialled, and what was typed and shown so far."""

    url: str
    phone: str
    service_code: str
    dialled: str
    session: str = field(default_factory=lambda: f"phone-{secrets.token_hex(8)}")
    typed: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def send(self, text: str) -> tuple[str, bool]:
        """One hop with the whole text so far; gives the screen and whether the call goes on. Raises NoAnswer."""
        form = {
            "sessionId": self.session,
            "phoneNumber": self.phone,
            "networkCode": "61002",
            "serviceCode": self.service_code,
            "text": text,
        }
        request = Request(self.url, data=urlencode(form).encode(), method="POST")
        try:
            # The address is the operator's own, given on the command line.
            with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # nosec B310
                body = answer.read().decode()
        except URLError as fault:
            raise NoAnswer(
                f"no answer from {self.url.split('/hooks')[0]} ({fault}): is `ramu run` running?"
            ) from fault
        kind, _, screen = body.partition(" ")
        if kind not in ("CON", "END"):
            raise NoAnswer(f"the answer begins with neither CON nor END: {body[:40]!r}")
        self.shown.append(screen)
        return screen, kind == "CON"

    def as_test(self) -> str:
        """What was typed and shown, as a test of a conversation for tests/flows."""
        steps = [("dial", self.dialled), *(("types", typed) for typed in self.typed)]
        lines = ["def test_a_call(phone: Dialling) -> None:", f"    caller = phone({self.phone!r})"]
        for (verb, typed), screen in zip(steps, self.shown, strict=True):
            lines.append(f"    caller.{verb}({typed!r}).sees({screen.splitlines()[0]!r})")
        return "\n".join(lines)


@click.command()
@click.option("--number", default="+22370000001", show_default=True, help="The phone that calls.")
@click.option(
    "--dial", "code", help="What is dialled, e.g. '*212*2*1*1111234567890#'. The plain code by default."
)
@click.option("--url", help="The gateway's USSD address; that of `ramu run` by default.")
@click.option("--as-test", is_flag=True, help="At the end, print what was typed as a test.")
def phone(number: str, code: str | None, url: str | None, as_test: bool) -> None:
    """A telephone in the terminal. Type what the screen asks; an empty line or Ctrl-D hangs up.

    Example: ramu phone --number +22370000001 --dial '*212#'
    """
    chosen = settings.load(demo=True)
    address = url or f"{chosen.address}/hooks/africastalking/{settings.DEMO_SECRET}/ussd"
    call = Call(address, number, chosen.service_code, code or chosen.service_code)
    base = chosen.service_code.rstrip("#")
    text = (code or chosen.service_code).removeprefix(base).strip("*").rstrip("#")
    for screen in _conversation(call, text):
        click.echo(_framed(screen))
    click.echo("-- fin de l'appel --")
    if as_test:
        click.echo(call.as_test())


def _conversation(call: Call, text: str) -> Iterator[str]:
    """The screens of a call, one after each key typed, until it ends or the person hangs up. Raises Unreadable."""
    screen, going_on = call.send(text)
    yield screen
    while going_on:
        try:
            typed = click.prompt("", prompt_suffix="> ", default="", show_default=False)
        except UnicodeDecodeError:
            raise Unreadable("what was typed is not UTF-8. Remedy: a terminal in UTF-8") from None
        if not typed:
            return
        call.typed.append(typed)
        text = f"{text}*{typed}" if text else typed
        screen, going_on = call.send(text)
        yield screen


def _framed(screen: str) -> str:
    """The screen in a frame, with its length in septets (or characters, when it is sent in UCS-2)."""
    plain = gsm7.ALPHABET.issuperset(screen)
    used = (
        f"{gsm7.septets(screen)}/{gsm7.SCREEN_SEPTETS}"
        if plain
        else f"{len(screen)}/{gsm7.SCREEN_UCS2} UCS-2"
    )
    width = max([FRAME, *(len(line) for line in screen.splitlines())])
    rows = [f"| {line:<{width}} |" for line in screen.splitlines()]
    edge = "+" + "-" * (width + 2) + "+"
    return "\n".join([edge, *rows, f"+- {used} ".ljust(width + 3, "-") + "+"])
