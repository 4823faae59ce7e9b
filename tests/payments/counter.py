"""A gateway that is paid by mobile money: its desk, its web edge over real HTTP, an operator, one household."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Float, bindparam, func, insert, select, update
from werkzeug.serving import make_server

from config.settings import load
from gateway.payments.settling import Settling
from gateway.runtime import Runtime, utc_now
from gateway.simulated.faults import Chance
from gateway.simulated.money import MoneySimulation
from gateway.simulated.money_books import Books
from gateway.simulated.money_faults import MONEY_FAULTS, MONEY_MAGIC, MONEY_NUMBERS
from gateway.simulated.money_server import MoneyServer
from gateway.web import make_app
from models import contributions, memberships, messages, payments, phones, places
from models.coverage import coverages, number_index
from models.database_clock import SecondsFromNow
from models.households import households
from models.identifiers import Msisdn
from models.keyring import FILE_NAME, KeyRing
from models.mutuelle_tables import ledger_entries, ledger_lines
from models.mutuelles import mutuelles
from models.payment_callbacks import Told, payment_callbacks
from models.payments import payments as table
from models.people import identity_columns, persons
from tests.ports import free_pair
from workers.paying import Crews, crews_of, give_up_old
from workers.payment_crews import PAYMENTS

PAYER, MEMBER = Msisdn("+22370000021"), Msisdn("+22370000022")
PIN_SECONDS = 0.02
AMOUNT = 500
ONCE = count(1)


def magic(fault: str) -> Msisdn:
    """The number with which the simulated operator does this."""
    return Msisdn(MONEY_MAGIC + next(last for last, name in MONEY_NUMBERS.items() if name == fault))


def join(desk: Runtime, day: date) -> int:
    """A household whose opener has a phone joins a mutuelle; the membership."""
    now = desk.clock()
    with desk.database.begin() as conn:
        places.load(conn)
        values = {"code": "T-BEN", "name": "Benkadi", "cercle_pcode": "ML0202", "demo": True}
        mutuelle = conn.execute(insert(mutuelles).values(values).returning(mutuelles.c.id)).scalar_one()
        home = {"commune_code": "ML-C02020101"}
        household = conn.execute(insert(households).values(home).returning(households.c.id)).scalar_one()
        opener = {
            "household_id": household,
            "relation": "SOI",
            "sex": "F",
            "birth_year": 1990,
            "commune_code": "ML-C02020101",
            **identity_columns(desk.keys, "Awa", "Traoré", None),
        }
        person = conn.execute(insert(persons).values(opener).returning(persons.c.id)).scalar_one()
        phones.link(conn, desk.keys, MEMBER, person, "test", now)
        return memberships.join(conn, desk.keys, household, mutuelle, day, "MOIS", now=now)


@dataclass
class Counter:
    """Everything that a payment passes through, and what a test wants to know of it."""

    desk: Runtime
    money: MoneySimulation
    crews: Crews
    membership: int
    address: str
    closing: ExitStack

    def ask(self, payer: Msisdn = PAYER, amount: int = AMOUNT, operator: str = "OM", **more: Any) -> int:
        """Notes that a payment is to be asked for."""
        once = b"test-%d" % next(ONCE)
        told = {"membership_id": self.membership, "now": self.desk.clock(), "once": once, **more}
        with self.desk.database.begin() as conn:
            return payments.ask(
                conn,
                self.desk.keys,
                reference="713482",
                payer=payer,
                operator=operator,
                amount=amount,
                **told,
            )

    def requests(self) -> None:
        """The job that asks operators, to its end."""
        self.crews.asking.turn(PAYMENTS)
        self.crews.asking.drain()

    def questions(self) -> None:
        """The job that asks about payments, to its end; every open one is due."""
        past = {"next_at": SecondsFromNow(bindparam("ago", -1.0, Float))}
        with self.desk.database.begin() as conn:
            conn.execute(
                update(table).where(table.c.next_at.is_not(None), table.c.state != "ASKED").values(past)
            )
        self.crews.querying.turn(PAYMENTS)
        self.crews.querying.drain()

    def pays(self, payer: Msisdn = PAYER, **more: Any) -> int:
        """Asks, and has the operator asked."""
        payment_id = self.ask(payer, **more)
        self.requests()
        return payment_id

    def row(self, payment_id: int) -> Any:
        """The payment."""
        with self.desk.database.begin(reading=True) as conn:
            return conn.execute(select(table).where(table.c.id == payment_id)).one()

    def becomes(self, payment_id: int, *states: str, seconds: float = 10.0) -> Any:
        """Waits until the payment is in one of these states; its row."""
        until = monotonic() + seconds
        while (row := self.row(payment_id)).state not in states:
            assert monotonic() < until, row
            sleep(0.01)
        return row

    def quiet(self, seconds: float = 10.0) -> None:
        """Waits until the operator has nothing to tell any more."""
        until = monotonic() + seconds
        while (found := self.money.counts())["callbacks_waiting"] or found["planned"]:
            assert monotonic() < until, found
            sleep(0.01)

    def begins(self) -> None:
        """Nothing is open any more, and no operator is left alone."""
        self.crews.finish(everything=False)
        crews = crews_of(self.desk)
        assert crews is not None
        self.crews = crews
        with self.desk.database.begin() as conn:
            conn.execute(update(table).where(table.c.state.in_(payments.OPEN)).values(state="REFUSED"))
            conn.execute(update(table).values(next_at=None, token=None))

    def ages(self, payment_id: int, minutes: float) -> None:
        """As if it had been asked for so long ago."""
        seconds = bindparam("ago", -60 * minutes, Float)
        with self.desk.database.begin() as conn:
            row = conn.execute(select(table).where(table.c.id == payment_id)).one()
            past = {"asked_at": SecondsFromNow(seconds)}
            if row.sent_at:
                past["sent_at"] = SecondsFromNow(seconds)
            conn.execute(update(table).where(table.c.id == payment_id).values(past))

    def makes_due(self, payment_id: int) -> None:
        """It, and no other, may be asked about now."""
        past = {"next_at": SecondsFromNow(bindparam("ago", -1.0, Float))}
        with self.desk.database.begin() as conn:
            conn.execute(update(table).where(table.c.state != "ASKED").values(next_at=None))
            conn.execute(update(table).where(table.c.id == payment_id).values(past))

    def reverses(self, entry_id: int) -> None:
        """A person takes an entry back."""
        now = self.desk.clock()
        with self.desk.database.begin() as conn:
            contributions.reverse(conn, entry_id, "by hand", "console:1", f"hand:{entry_id}", now, now.date())

    def gives_up(self) -> int:
        """The part of the job that refuses what could not be asked for."""
        return give_up_old(self.desk)

    def hears(self, payment_id: int | None, *, order: str = "", amount: int = AMOUNT) -> str:
        """OM tells that a payment is confirmed, or an order that is none of ours."""
        name = self.row(payment_id).order_id if payment_id else order
        told = Told("OM", name, "CONFIRMED", amount, None)
        with self.desk.database.begin() as conn:
            return self.settling.heard(conn, told, "", self.desk.clock())

    def strange(self, ramu: Any) -> str:
        """The number of a callback that fits nothing."""
        self.hears(None, order=f"strange-{next(ONCE)}")
        return str(json.loads(ramu("unmatched", "--json").stdout)[-1]["callback_id"])

    def gives_number(self) -> str:
        """The member's number of the household."""
        number = "54000017"
        index = number_index(self.desk.keys, "MUTUELLE", number)
        with self.desk.database.begin() as conn:
            conn.execute(update(coverages).where(coverages.c.scheme == "MUTUELLE").values(number_index=index))
        return number

    def settles(self, payment_id: int) -> None:
        """Asks the operator until nothing is left to ask."""
        for _ in range(3):
            self.questions()
            self.quiet()

    def booked(self, payment_id: int) -> list[int]:
        """FCFA on the operator's account by each entry about a payment, the oldest first."""
        key = f"payment:{payment_id}"
        with self.desk.database.begin(reading=True) as conn:
            asked = (
                select(ledger_lines.c.amount, ledger_entries.c.once)
                .join(ledger_entries, ledger_lines.c.entry_id == ledger_entries.c.id)
                .where(ledger_lines.c.account == "MOBILE")
                .order_by(ledger_entries.c.id)
            )
            rows = conn.execute(asked).all()
        return [row.amount for row in rows if row.once == key or row.once.startswith(f"{key}:")]

    def said(self, phone: Msisdn) -> list[str]:
        """SMS that are owed to a phone, the newest first."""
        found = messages.latest(self.desk.database.reader(), self.desk.keys, phone, limit=50)
        return [text for _, text in found]

    def callbacks(self, **where: Any) -> int:
        """How many callbacks are kept so."""
        asked = select(func.count()).select_from(payment_callbacks).filter_by(**where)
        with self.desk.database.begin(reading=True) as conn:
            return int(conn.execute(asked).scalar_one())

    @property
    def settling(self) -> Settling:
        """What settles payments here."""
        return Settling(self.desk)

    def close(self) -> None:
        """Ends all of it."""
        self.closing.close()


def open_counter(folder: Path, database_url: str, redis_url: str, **settings: Any) -> Counter:
    """A counter whose files are in `folder`."""
    stack = ExitStack()
    money = MoneySimulation(Books(folder / "money"), Chance.parse("", 1, MONEY_FAULTS), PIN_SECONDS)
    stack.callback(money.close)
    server = MoneyServer(0, money)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    port = free_pair()
    told = load(
        data_folder=folder,
        database_url=database_url,
        redis_url=redis_url,
        **{
            "demo": True,
            "port": port,
            "database_ms": 10_000,
            "money": "simulated",
            "money_url": f"http://127.0.0.1:{server.server_port}",
            "money_seconds": 0.5,
            "payment_query_seconds": 30,
            **settings,
        },
    )
    if not (told.key_folder / FILE_NAME).exists():
        KeyRing.create(told.key_folder)
    desk = Runtime.open(told, utc_now)
    stack.callback(desk.close)
    web = make_server("127.0.0.1", port, make_app(desk), threaded=True)
    Thread(target=web.serve_forever, daemon=True).start()
    stack.callback(web.shutdown)
    crews = crews_of(desk)
    assert crews is not None
    membership = join(desk, datetime.now(UTC).date())
    opened = Counter(desk, money, crews, membership, told.address, stack)
    stack.callback(lambda: opened.crews.finish(everything=False))
    return opened
