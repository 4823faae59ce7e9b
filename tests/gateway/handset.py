"""A gateway for tests, and a handset that calls it through the provider's callback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import Client, TestResponse

from config.settings import Settings, load
from gateway.front import Front, front_of
from gateway.runtime import Runtime, utc_now
from gateway.web import make_app
from models.keyring import FILE_NAME
from tests.gateway.kept_people import give_keys, settle
from tests.gateway.loop import ThroughTheFront

AWA = "+22370000001"
"""A phone of the demonstration whose household is registered."""

STRANGER = "+22370000099"
"""A phone that the register does not know."""

CODE = "*212#"


@dataclass
class Gateway:
    """One process of the gateway, with the demonstration's people."""

    runtime: Runtime
    calls: int = 0
    app: Flask = field(init=False)
    front: Front = field(init=False)

    def __post_init__(self) -> None:
        self.app = make_app(self.runtime)
        self.front = front_of(self.app, self.runtime.settings)

    @property
    def client(self) -> Client:
        """A web client."""
        return Client(ThroughTheFront(self.front))

    def post(self, path: str = "/hooks/africastalking/demo/ussd", **told: Any) -> TestResponse:
        """Posts to the callback: `body` (bytes) or fields; headers as `headers`."""
        headers, body = told.pop("headers", {}), told.pop("body", None)
        if body is None:
            body = urlencode({**fields(), **told})
        return self.client.post(
            path, data=body, content_type="application/x-www-form-urlencoded", headers=headers
        )

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self.runtime.database.begin() as conn:
            return int(conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def fields(**changed: str) -> dict[str, str]:
    """The fields of a first hop of the provider."""
    return {
        "sessionId": "ATUid_1",
        "phoneNumber": AWA,
        "networkCode": "61001",
        "serviceCode": CODE,
        "text": "",
        **changed,
    }


LIMITS = ("database_ms", "redis_read_ms")
PATIENT = dict(zip(LIMITS, (10_000, 1_000), strict=True))
"""A machine that is busy with other tests is no fault of the database."""
AS_SHIPPED = {name: Settings.model_fields[name].default for name in LIMITS}
"""For tests of servers that hang: how long a hop waits for them."""


def open_gateway(
    folder: Path, database_url: str, redis_url: str, clock: Callable[[], datetime] = utc_now, **settings: Any
) -> Gateway:
    """A gateway on these servers, in no hurry unless told so; its keys are in `folder`."""
    told = load(
        data_folder=folder,
        database_url=database_url,
        redis_url=redis_url,
        **{"demo": True, "log_format": "json", **PATIENT, **settings},
    )
    give_keys(told.key_folder)
    runtime = Runtime.open(told, clock)
    return Gateway(runtime)


def people(gateway: Gateway) -> Gateway:
    """Fills the register with the demonstration's people."""
    now = datetime.now(UTC)
    with gateway.runtime.database.begin() as conn:
        settle(conn, gateway.runtime.keys, gateway.runtime.settings.key_folder / FILE_NAME, now)
    return gateway


@dataclass
class Handset:
    """A phone in somebody's hand: it dials, types and looks."""

    gateway: Gateway
    phone: str = AWA
    session: str = ""
    text: str = ""
    answer: TestResponse | None = None
    seen: list[str] = field(default_factory=list)

    def dial(self, tail: str = "") -> Handset:
        """A new call; `tail` is what followed the code."""
        self.gateway.calls += 1
        self.session, self.text = f"ATUid_{id(self.gateway)}_{self.gateway.calls}", tail
        return self.sends()

    def types(self, *keys: str) -> Handset:
        """Keys, one hop each."""
        for key in keys:
            self.text = f"{self.text}*{key}" if self.text else key
            self.sends()
        return self

    def sends(self) -> Handset:
        """Sends the present hop (once more)."""
        self.answer = self.gateway.post(sessionId=self.session, phoneNumber=self.phone, text=self.text)
        assert self.answer.status_code == 200, self.answer.text
        self.seen.append(self.answer.text)
        return self

    @property
    def screen(self) -> str:
        """What the provider was answered, CON or END included."""
        return self.seen[-1]

    def sees(self, *parts: str) -> Handset:
        """Each part is on the screen."""
        for part in parts:
            assert part in self.screen, f"{part!r} is not on\n{self.screen}"
        return self

    def ends(self) -> Handset:
        """The call is over."""
        assert self.screen.startswith("END "), self.screen
        return self

    def goes_on(self) -> Handset:
        """The call waits for a key."""
        assert self.screen.startswith("CON "), self.screen
        return self
