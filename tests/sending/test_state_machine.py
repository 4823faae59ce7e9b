"""Claims, answers, doubts, reaping and reports in every order, beside a model that is simple enough to be right."""

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from config.jobs import TRANSACTIONAL
from models import chunks, doubts, messages, reports, sending
from models.identifiers import Msisdn
from models.phones import phone_index
from models.sending import Settled
from tests.sending.conftest import Office
from workers.sender import caps_of

LEASE = 60.0


@dataclass
class Copy:
    """What the model knows of one message and its chunk."""

    message: str = "PENDING"
    chunk: str = "READY"
    token: int | None = None
    sent: int = 0
    provider_id: str | None = None
    reported: bool = False


@dataclass
class Claim:
    """A claim somebody holds, or believes to hold."""

    place: int
    token: int
    asked: bool = field(default=False)


def machine_of(office: Office) -> type[RuleBasedStateMachine]:
    """A machine over one office; each of its runs begins with new messages and looks at these alone."""

    class Machine(RuleBasedStateMachine):
        claims: Bundle[Claim] = Bundle("claims")

        def __init__(self) -> None:
            super().__init__()
            self.copies: list[Copy] = []
            self.tokens = 0
            self.first = len(office.rows())
            # Nothing of an earlier run may be claimed in this one.
            with office.desk.database.begin() as conn:
                conn.exec_driver_sql("UPDATE chunks SET state = 'DONE' WHERE state IN ('READY', 'INTENT')")

        @rule()
        def owe(self) -> None:
            office.owe(to=f"+223701{self.first + len(self.copies):05d}")
            self.copies.append(Copy())

        @rule(target=claims)
        def claim(self) -> object:
            self.tokens += 1
            token = self.first * 1_000_000 + self.tokens
            desk = office.desk
            with desk.database.begin() as conn:
                taken = sending.take(
                    conn, desk.keys, TRANSACTIONAL, token, LEASE, desk.clock(), caps_of(desk.settings)
                )
            ready = [place for place, copy in enumerate(self.copies) if copy.chunk == "READY"]
            assert (taken is not None) == bool(ready)
            if taken is None:
                return multiple()
            copy = self.copies[ready[0]]
            copy.chunk, copy.token = "INTENT", token
            assert taken.sms[0].message_id == office.rows()[self.first + ready[0]].id
            return Claim(ready[0], token)

        @rule(data=st.data())
        def withdraw(self, data: st.DataObject) -> None:
            """What it was about is no longer so: it is taken back unless somebody holds it."""
            place = data.draw(st.integers(0, len(self.copies)))
            copy = self.copies[place] if place < len(self.copies) else Copy(message="", chunk="")
            waits = (copy.message, copy.chunk) == ("PENDING", "READY")
            desk, phone = office.desk, Msisdn(f"+223701{self.first + place:05d}")
            with desk.database.begin() as conn:
                assert messages.withdraw(conn, desk.keys, phone, "sms_answer") == waits
            if waits:
                copy.message, copy.chunk = "REJECTED", "DONE"

        @rule(claim=claims)
        def ask(self, claim: Claim) -> None:
            """The owner makes its one request, however late."""
            if not claim.asked and self.copies[claim.place].token == claim.token:
                claim.asked = True
                self.copies[claim.place].sent += 1

        @rule(claim=claims)
        def give_back(self, claim: Claim) -> None:
            """Only who has not asked may say that nothing was sent."""
            if claim.asked:
                return
            copy = self.copies[claim.place]
            held = copy.chunk == "INTENT" and copy.token == claim.token
            with office.desk.database.begin() as conn:
                assert chunks.give_back(conn, claim.token, -1, "not sent") == held
            if held:
                copy.chunk, copy.token = "READY", None

        @rule(claim=claims, accepted=st.booleans())
        def answered(self, claim: Claim, accepted: bool) -> None:
            copy = self.copies[claim.place]
            open_ = copy.chunk in ("INTENT", "UNKNOWN") and copy.token == claim.token
            if not claim.asked:
                return
            assert self.write(claim, accepted) == open_
            if open_:
                copy.chunk = "DONE"
                copy.message = "ACCEPTED" if accepted else "REJECTED"
                copy.provider_id = self.named(claim) if accepted else None
                if accepted and copy.reported:
                    copy.message = "DELIVERED"

        @rule(claim=claims)
        def doubted(self, claim: Claim) -> None:
            copy = self.copies[claim.place]
            held = copy.chunk == "INTENT" and copy.token == claim.token
            with office.desk.database.begin() as conn:
                chunk_id = office.rows()[self.first + claim.place].chunk_id
                now = office.desk.clock()
                assert sending.doubted(conn, chunk_id, claim.token, "timeout", now) == held
            if held:
                copy.chunk = copy.message = "UNKNOWN"

        @rule(claim=claims, wrong=st.integers(1, 5))
        def a_stranger_tries(self, claim: Claim, wrong: int) -> None:
            """Who does not hold the token changes nothing."""
            token = -wrong
            chunk_id = office.rows()[self.first + claim.place].chunk_id
            with office.desk.database.begin() as conn:
                assert not chunks.give_back(conn, token, 0, "")
                assert not chunks.doubt(conn, chunk_id, token, "")
                assert not chunks.finish(conn, chunk_id, token, office.desk.clock())

        @rule()
        def reap(self) -> None:
            office.end_leases()
            under_way = [copy for copy in self.copies if copy.chunk == "INTENT"]
            with office.desk.database.begin() as conn:
                assert sending.reaped(conn, office.desk.clock()) == len(under_way)
            for copy in under_way:
                copy.chunk = copy.message = "UNKNOWN"

        @rule(claim=consumes(claims))
        def delivered(self, claim: Claim) -> None:
            """The report of a message that was sent, before or after its answer is written down; twice."""
            copy = self.copies[claim.place]
            if not claim.asked:
                return
            phone = Msisdn(f"+223701{self.first + claim.place:05d}")
            desk, name = office.desk, self.named(claim)
            for _ in range(2):
                with desk.database.begin() as conn:
                    told = {"provider_id": name, "status": "Success", "reason": None, "phone": phone}
                    reports.take(conn, desk.keys, now=desk.clock() + timedelta(seconds=1), **told)
            with desk.database.begin() as conn:
                settled = doubts.settle(
                    conn,
                    name,
                    phone_index(desk.keys, phone),
                    desk.clock() + timedelta(seconds=1),
                    desk.clock(),
                )
                message_id = office.rows()[self.first + claim.place].id
                words = reports.words_on(desk.clock().date())
                if settled or copy.provider_id == name:
                    reports.apply_to(conn, message_id, name, words, desk.clock())
            assert (settled is not None) == (copy.message == "UNKNOWN")
            copy.reported = copy.reported or copy.message == "PENDING"
            if copy.message == "UNKNOWN":
                copy.chunk, copy.provider_id = "DONE", name
            if copy.provider_id == name:
                copy.message = "DELIVERED"

        def write(self, claim: Claim, accepted: bool) -> bool:
            row = office.rows()[self.first + claim.place]
            name = self.named(claim) if accepted else None
            one = Settled(row.id, accepted, "ACCEPTE" if accepted else "SANS_ROUTE", "", name)
            now = office.desk.clock()
            with office.desk.database.begin() as conn:
                words = reports.words_on(now.date())
                return sending.answered(conn, row.chunk_id, claim.token, [one], now, words)

        def named(self, claim: Claim) -> str:
            return f"id-{claim.token}"

        @invariant()
        def both_agree(self) -> None:
            expected = [(copy.message, copy.chunk) for copy in self.copies]
            assert office.states()[self.first :] == expected

        @invariant()
        def nothing_was_asked_twice(self) -> None:
            assert all(copy.sent <= 1 for copy in self.copies)

    return Machine


def test_no_order_of_events_sends_twice_or_parts_from_the_model(office: Office) -> None:
    machine = machine_of(office)
    limits = settings(
        max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine, settings=limits)
    assert office.rows()
