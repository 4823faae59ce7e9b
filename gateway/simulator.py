"""The phone simulator: a basic handset in a web page, served in the demonstration only.

It calls the provider's callbacks inside of this process, as the provider would, so that what it shows is what a
phone gets. The page works without JavaScript: each press of a key is then one form. With it, SMS appear as they come.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, render_template, request, send_from_directory
from werkzeug.datastructures import MultiDict
from werkzeug.test import Client

from config.settings import DEMO_SECRET
from flows import gsm7
from gateway.guards import guarded
from gateway.runtime import Runtime
from gateway.simulator_sms import LONGEST_SMS, fields, received
from gateway.simulator_sms import PATH as SMS_PATH
from models import demo_world

PATH = f"/hooks/africastalking/{DEMO_SECRET}/ussd"
KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")
FILES = frozenset({"simulator.css", "simulator.js"})
LONGEST_HISTORY = 4_000
ROLES = {"STAFF": "agent de santé", "CHIEF": "chef de centre"}


@dataclass(frozen=True, slots=True)
class Handset:
    """The phone between two presses; all of it travels in the page's form. `text` is the history of the call."""

    phone: str
    dialled: str
    session: str = ""
    text: str = ""
    typed: str = ""
    screen: str = ""
    waits: str = ""
    sent: str = ""
    received: str = ""

    @property
    def in_call(self) -> bool:
        """Whether the network waits for a key."""
        return bool(self.waits)

    @property
    def length(self) -> str:
        """How long the screen is, in the unit of its letters."""
        if gsm7.ALPHABET.issuperset(self.screen):
            return f"{gsm7.septets(self.screen)} / {gsm7.SCREEN_SEPTETS} septets (GSM-7)"
        units = len(self.screen.encode("utf-16-be")) // 2
        return f"{units} / {gsm7.SCREEN_UCS2} caractères (UCS-2)"


class Network:
    """Between the handset and the gateway: what the provider does."""

    def __init__(self, app: Flask, service_code: str) -> None:
        self._app = app
        self._code = service_code

    def call(self, handset: Handset) -> Handset:
        """A new call; what was dialled after the code is a shortcut."""
        root = self._code.rstrip("#")
        tail = handset.dialled.removeprefix(root).strip("*#") if handset.dialled.startswith(root) else ""
        fresh = replace(handset, session=f"sim-{secrets.token_hex(8)}", text=tail, typed="")
        return self._hop(fresh)

    def send(self, handset: Handset) -> Handset:
        """What was typed, joined to the history."""
        text = f"{handset.text}*{handset.typed}" if handset.text else handset.typed
        return self._hop(replace(handset, text=text, typed=""))

    def _hop(self, handset: Handset) -> Handset:
        body = urlencode(
            {
                "sessionId": handset.session,
                "phoneNumber": handset.phone,
                "networkCode": "99999",
                "serviceCode": self._code,
                "text": handset.text,
            }
        )
        told, handset = self._post(handset, PATH, body)
        return replace(
            handset,
            screen=told.removeprefix("CON ").removeprefix("END "),
            waits="yes" if told.startswith("CON ") else "",
        )

    def write(self, handset: Handset, text: str) -> Handset:
        """An SMS; a call that goes on is not disturbed. The answer comes by SMS, too."""
        body = urlencode(fields(handset.phone, text, self._code.strip("*#")))
        return self._post(handset, SMS_PATH, body)[1]

    def _post(self, handset: Handset, path: str, body: str) -> tuple[str, Handset]:
        """What was answered, and the handset with the raw request and answer."""
        # The layer in front of Flask is asked, as it is set up now.
        client = Client(self._app.wsgi_app)
        answer = client.post(path, data=body, content_type="application/x-www-form-urlencoded")
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
        raw = f"HTTP {answer.status}\n{headers}\n\n{answer.text}"
        return answer.text, replace(handset, sent=f"POST {path}\n\n{body}", received=raw)


def add_simulator(app: Flask, runtime: Runtime) -> None:
    """The pages under /simulator. Only called in the demonstration: elsewhere they do not exist."""
    pages = Blueprint("simulator", __name__, template_folder="templates")
    network = Network(app, runtime.settings.service_code)

    @pages.get("/simulator")
    @guarded("demo")
    def show() -> str:
        return page(Handset(phone=next(iter(_phones())), dialled=runtime.settings.service_code))

    @pages.post("/simulator")
    @guarded("demo")
    def press() -> str:
        return page(_pressed(_handset_of(request.form, runtime.settings.service_code), request.form, network))

    @pages.get("/simulator/sms")
    @guarded("demo")
    def sms() -> dict[str, Any]:
        return {"messages": [asdict(one) for one in received(runtime, request.args.get("phone", ""))]}

    @pages.get("/simulator/<name>")
    @guarded("demo")
    def file(name: str) -> Response:
        return send_from_directory("static", name if name in FILES else "absent")

    def page(handset: Handset) -> str:
        return render_template(
            "simulator.html",
            handset=handset,
            keys=KEYS,
            phones=_phones(),
            numbers=_numbers(),
            inbox=received(runtime, handset.phone),
            longest_sms=LONGEST_SMS,
        )

    app.register_blueprint(pages)


def _handset_of(form: MultiDict[str, str], service_code: str) -> Handset:
    return Handset(
        phone=(form.get("other") or form.get("phone") or "")[:32].strip(),
        dialled=form.get("dialled", service_code)[:200],
        session=form.get("session", "")[:64],
        text=form.get("text", "")[:LONGEST_HISTORY],
        typed=form.get("typed", "")[:200],
        screen=form.get("screen", "")[:400],
        waits=form.get("waits", "")[:3],
        sent=form.get("sent", "")[:LONGEST_HISTORY],
        received=form.get("received", "")[:LONGEST_HISTORY],
    )


def _pressed(handset: Handset, form: MultiDict[str, str], network: Network) -> Handset:
    """The handset after the button that was pressed."""
    if key := form.get("key"):
        if handset.in_call:
            return replace(handset, typed=handset.typed + key)
        return replace(handset, dialled=handset.dialled + key)
    pressed = form.get("do")
    if pressed == "end":
        return Handset(phone=handset.phone, dialled=handset.dialled)
    if pressed == "look":
        return handset
    if pressed == "sms":
        return network.write(handset, form.get("sms", "")[:LONGEST_SMS])
    return network.send(handset) if pressed == "send" and handset.in_call else network.call(handset)


def _phones() -> dict[str, str]:
    """Phones of the demonstration: number to what it is good for."""
    people = {one.phone: one.why for one in demo_world.expected() if one.phone}
    return people | {one.phone: f"{ROLES[one.role]}, {one.facility}" for one in demo_world.staff()}


def _numbers() -> list[Any]:
    return [one for one in demo_world.expected() if one.number]
