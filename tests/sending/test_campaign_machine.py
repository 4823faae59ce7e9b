"""Claims, answers, doubts, pauses, STOP and reports of a campaign in every order, beside a model simple enough."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
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
from sqlalchemy import bindparam, select

from models import campaign_doubts, campaign_sending, chunks, consent, reports, sending
from models.campaign_sending import Answer, Request, Target
from models.campaign_tables import recipients
from models.campaign_turns import turns
from models.chunks import chunks as chunk_table
from models.database import Prepared
from models.identifiers import Msisdn
from models.phones import note
from models.reports import Told
from models.sending import Settled
from models.sending_windows import Open
from tests.sending.conftest import Office, open_office
from tests.sending.drive import Drive, number
from tests.sending.test_campaign_doubts import OPEN_HOUR
from workers.sender import caps_of

SIZE = 3
PEOPLE = 3 * SIZE
"""Of one history: three chunks."""
EVERYWHERE = Open(True, frozenset())
_STANDING = Prepared(
    select(recipients.c.phone_index, recipients.c.state, chunk_table.c.id, chunk_table.c.state)
    .select_from(recipients.join(chunk_table, chunk_table.c.id == recipients.c.chunk_id))
    .where(recipients.c.campaign_id == bindparam("campaign_id"))
)
"""What is compared after each step; it is asked for more often than anything else."""


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    """On SQLite, then on PostgreSQL."""
    opened = open_office(tmp_path, database_url, redis_url)
    opened.desk = replace(opened.desk, clock=lambda: OPEN_HOUR)
    yield opened
    opened.desk.close()


@dataclass
class Part:
    """What the model knows of one chunk and its people."""

    state: str = "READY"
    token: int | None = None
    people: list[str] = field(default_factory=lambda: ["PENDING"] * SIZE)
    sent: list[int] = field(default_factory=lambda: [0] * SIZE)


@dataclass
class Claim:
    """A claim somebody holds, or believes to hold."""

    place: int
    request: Request
    asked: bool = False


def machine_of(office: Office) -> type[RuleBasedStateMachine]:
    """A machine over one office; each of its runs has a campaign of its own."""

    class Machine(RuleBasedStateMachine):
        claims: Bundle[Claim] = Bundle("claims")
        first = 0

        def __init__(self) -> None:
            super().__init__()
            type(self).first += PEOPLE
            # Nothing of an earlier run may be claimed or reaped in this one.
            with office.desk.database.begin() as conn:
                conn.exec_driver_sql("UPDATE chunks SET state = 'DONE' WHERE state IN ('READY', 'INTENT')")
            people = range(self.first, self.first + PEOPLE)
            self.drive = Drive(office, people, size=SIZE, policy="evidence")
            self.parts = [Part() for _ in range(3)]
            rows = self.drive.rows()
            self.ids = sorted({row.chunk_id for row in rows})
            self.indexes = [bytes(row.phone_index) for row in rows]
            self.running = True
            self.stopped: set[int] = set()
            self.tokens = self.first * 1_000

        def teardown(self) -> None:
            self.drive.set(state="CANCELLED")

        @rule(target=claims)
        def claim(self) -> Any:
            self.tokens += 1
            ready = [place for place, part in enumerate(self.parts) if part.state == "READY"]
            desk = office.desk
            with desk.database.begin() as conn:
                found = turns(conn, ["ORANGE"])
                assert bool(found) == (bool(ready) and self.running)
                if not found:
                    return multiple()
                taken = campaign_sending.take(
                    conn,
                    desk.keys,
                    found[0],
                    EVERYWHERE,
                    1,
                    lambda _conn, rows: ["Bonjour"] * len(rows),
                    token=self.tokens,
                    lease_seconds=60,
                    route="outside",
                    now=desk.clock(),
                    caps=caps_of(desk.settings),
                    cap_campaigns=10**9,
                )
            assert taken is not None
            part = self.parts[ready[0]]
            for place, state in enumerate(part.people):
                if state == "PENDING" and ready[0] * SIZE + place in self.stopped:
                    part.people[place] = "STOPPED"
            waiting = part.people.count("PENDING")
            part.state, part.token = ("INTENT" if waiting else "DONE"), self.tokens
            assert [len(one.targets) for one in taken.requests] == ([waiting] if waiting else [])
            return Claim(ready[0], taken.requests[0]) if waiting else multiple()

        @rule(claim=claims)
        def ask(self, claim: Claim) -> None:
            """The owner makes its one request, however late."""
            part = self.parts[claim.place]
            if not claim.asked and part.token == claim.request.token:
                claim.asked = True
                for place, state in enumerate(part.people):
                    part.sent[place] += state in ("PENDING", "UNKNOWN")

        @rule(claim=claims)
        def give_back(self, claim: Claim) -> None:
            part = self.parts[claim.place]
            held = part.state == "INTENT" and part.token == claim.request.token
            if claim.asked:
                return
            with office.desk.database.begin() as conn:
                assert campaign_sending.give_back(conn, [claim.request], -1, "not sent") == held
            if held:
                part.state, part.token = "READY", None

        @rule(claim=claims, refused=st.sets(st.integers(0, SIZE - 1)))
        def answered(self, claim: Claim, refused: set[int]) -> None:
            part = self.parts[claim.place]
            held = part.state in ("INTENT", "UNKNOWN") and part.token == claim.request.token
            if not claim.asked:
                return
            settled = [
                Settled(
                    one.key,
                    place not in refused,
                    "ACCEPTE" if place not in refused else "SANS_ROUTE",
                    "",
                    f"id-{one.to.e164}" if place not in refused else None,
                )
                for place, one in enumerate(claim.request.targets)
            ]
            answer = Answer(self.drive.id, claim.request.chunk.chunk_id, claim.request.token, tuple(settled))
            for again in (held, False):
                with office.desk.database.begin() as conn:
                    assert campaign_sending.answered(conn, [answer], office.desk.clock()) == again
            if held:
                part.state = "DONE"
                for target, one in zip(claim.request.targets, settled, strict=True):
                    part.people[self._place(claim, target)] = "ACCEPTED" if one.accepted else "REJECTED"

        @rule(claim=claims)
        def doubted(self, claim: Claim) -> None:
            part = self.parts[claim.place]
            held = part.state == "INTENT" and part.token == claim.request.token
            with office.desk.database.begin() as conn:
                assert campaign_sending.doubted(conn, [claim.request], "timeout", OPEN_HOUR) == held
            if held:
                self._doubt(part)

        @rule(claim=claims, wrong=st.integers(1, 5))
        def a_stranger_tries(self, claim: Claim, wrong: int) -> None:
            """Who does not hold the token changes nothing."""
            foreign = claim.request._replace(token=-wrong)
            answer = Answer(self.drive.id, foreign.chunk.chunk_id, foreign.token, ())
            with office.desk.database.begin() as conn:
                assert campaign_sending.give_back(conn, [foreign], 0, "") == 0
                assert campaign_sending.doubted(conn, [foreign], "", OPEN_HOUR) == 0
                assert campaign_sending.answered(conn, [answer], OPEN_HOUR) == 0
                assert not chunks.give_back(conn, foreign.token, 0, "")

        @rule()
        def reap(self) -> None:
            office.end_leases()
            under_way = [part for part in self.parts if part.state == "INTENT"]
            with office.desk.database.begin() as conn:
                assert sending.reaped(conn, OPEN_HOUR) == len(under_way)
            for part in under_way:
                self._doubt(part)

        @rule(claim=consumes(claims), place=st.integers(0, SIZE - 1))
        def reported(self, claim: Claim, place: int) -> None:
            """A report of a message that was sent, about whose answer we may never hear."""
            part = self.parts[claim.place]
            if not claim.asked or part.state != "UNKNOWN" or part.token != claim.request.token:
                return
            target = claim.request.targets[min(place, len(claim.request.targets) - 1)]
            to = target.to
            # The database's own clock said when it was asked.
            heard = self.drive.rows()[0].intent_at or OPEN_HOUR
            at = max(heard, OPEN_HOUR) + timedelta(days=1)
            with office.desk.database.begin() as conn:
                told = Told(f"id-{to.e164}", "Success", None, to, at)
                reports.take_all(conn, office.desk.keys, [told])
            with office.desk.database.begin() as conn:
                found = campaign_doubts.strangers(conn, OPEN_HOUR - timedelta(days=9))
                mine = [one for one in found if one.provider_id == told.provider_id]
                assert campaign_doubts.settle(conn, mine, OPEN_HOUR) == [told.provider_id]
                reports.apply(conn, [told.provider_id], reports.words_on(OPEN_HOUR.date()), OPEN_HOUR)
            part.state = "DONE"
            hers = self._place(claim, target)
            for other, state in enumerate(part.people):
                if state == "UNKNOWN":
                    part.people[other] = "DELIVERED" if other == hers else "ACCEPTED"

        @rule(running=st.booleans())
        def pause_or_go_on(self, running: bool) -> None:
            self.running = running
            self.drive.set(state="SENDING" if running else "PAUSED")

        @rule(place=st.integers(0, 3 * SIZE - 1))
        def stop(self, place: int) -> None:
            desk = office.desk
            with desk.database.begin() as conn:
                phone_id = note(conn, desk.keys, Msisdn(number(self.first + place)), OPEN_HOUR)
                consent.record(conn, phone_id, "CAMPAGNES", False, "2026-11", "SMS", OPEN_HOUR)
            self.stopped.add(place)

        def _place(self, claim: Claim, target: Target) -> int:
            """Which of her chunk's people she is: a request has them in the order of their keyed indexes."""
            return int(target.to.e164[-6:]) - self.first - claim.place * SIZE

        def _doubt(self, part: Part) -> None:
            part.state = "UNKNOWN"
            part.people = ["UNKNOWN" if state == "PENDING" else state for state in part.people]

        @invariant()
        def both_agree(self) -> None:
            rows = _STANDING.all(office.desk.database.reader(), campaign_id=self.drive.id)
            states = {bytes(index): state for index, state, _, _ in rows}
            assert [states[index] for index in self.indexes] == [
                state for part in self.parts for state in part.people
            ]
            by_id = {chunk_id: state for _, _, chunk_id, state in rows}
            assert [by_id[chunk_id] for chunk_id in self.ids] == [part.state for part in self.parts]

        @invariant()
        def nobody_was_asked_for_twice(self) -> None:
            assert all(times <= 1 for part in self.parts for times in part.sent)

        @invariant()
        def who_refused_before_her_claim_was_not_asked_for(self) -> None:
            for part in self.parts:
                for state, times in zip(part.people, part.sent, strict=True):
                    assert state != "STOPPED" or times == 0

    return Machine


def test_no_order_of_events_doubles_anybody_or_parts_from_the_model(office: Office) -> None:
    machine = machine_of(office)
    limits = settings(
        max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine, settings=limits)
    assert not office.outside.sent
