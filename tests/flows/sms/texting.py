"""A telephone for tests of SMS: it sends, it reads, and what is asked for is really done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import select

from flows import gsm7
from flows.context import SMS
from flows.sms.conversation import reply
from flows.texts import Catalogues
from flows.world import World
from gateway.outbox import carry_out
from gateway.payments.settling import Settling
from models import payment_steps
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.messages import TEXT, messages
from models.payments import payments
from models.phones import phone_index


@dataclass(frozen=True)
class Desk:
    """What a settling needs of the gateway."""

    keys: KeyRing
    catalogues: Catalogues


@dataclass
class Texter:
    """A phone in a world. Each message comes a minute after the one before; what was said is kept."""

    world: World
    number: Msisdn
    sent: int = 0
    answer: str = ""
    copied_on: date | None = None
    service_code: str = "*212#"
    transcript: list[str] = field(default_factory=list)

    def sends(self, *texts: str) -> Texter:
        """Sends one SMS after the other and reads the answer to each."""
        for text in texts:
            self.sent += 1
            key = f"{self.number.e164} {self.sent} {text}"
            context = replace(
                self.world.context(self.number, key, channel=SMS),
                copied_on=self.copied_on,
                service_code=self.service_code,
            )
            found = reply(text, context)
            carry_out(self.world.register, found.effects, context)
            self.answer = found.text
            assert gsm7.septets(self.answer) <= gsm7.SINGLE_SEPTETS, self.answer
            assert self.answer
            self.transcript += [f">>> {text}", self.answer]
            self.world = self.world.moved(now=self.world.now + timedelta(minutes=1))
        return self

    def reads(self, *parts: str) -> Texter:
        """Each part stands in the answer."""
        for part in parts:
            assert part in self.answer, f"{part!r} is not in the answer:\n{self.answer}"
        return self

    def reads_not(self, *parts: str) -> Texter:
        """No part stands in the answer."""
        for part in parts:
            assert part not in self.answer, f"{part!r} is in the answer:\n{self.answer}"
        return self

    def waits(self, **time: float) -> Texter:
        """Time goes by: `hours=25`."""
        self.world = self.world.moved(now=self.world.now + timedelta(**time))
        return self

    def pays(self) -> Texter:
        """She types her secret code: the operator says that what she asked for last is paid."""
        keys = self.world.keys
        reference = next(line for line in reversed(self.transcript) if "en route" in line)[-6:]
        with self.world.register.begin() as conn:
            hers = select(payments.c.id).where(payments.c.reference == reference)
            held = payment_steps.hold_payment(conn, keys, conn.execute(hers).scalar_one())
            assert held is not None
            Settling(Desk(keys, self.world.catalogues)).confirm(
                conn, held, self.world.now, amount=held.amount
            )
        return self

    def received(self) -> list[str]:
        """The SMS that others' messages owe to this phone, oldest first."""
        keys = self.world.keys
        with self.world.register.begin(reading=True) as conn:
            rows = conn.execute(
                select(messages.c.text_sealed)
                .where(messages.c.to_index == phone_index(keys, self.number))
                .order_by(messages.c.id)
            )
            return [keys.unseal(row.text_sealed, TEXT) for row in rows]

    @property
    def code(self) -> str:
        """The visit code of the last answer that had one."""
        for line in reversed(self.transcript):
            _, found, rest = line.partition("PEC ")
            if found:
                return rest[:6]
        raise AssertionError("no code was given")

    @property
    def erasing(self) -> str:
        """The code that confirms an erasure."""
        return next(line for line in self.transcript if "Confirmez" in line).split()[-1]
