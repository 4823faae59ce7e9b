"""STOP while a campaign runs: a claim that is committed after a refusal is committed has nobody who refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from dataclasses import replace
from pathlib import Path
from random import Random
from time import sleep

import pytest
from sqlalchemy import select

from config.jobs import BULK
from models import consent
from models.campaign_sending import Taken, take
from models.campaign_tables import recipients
from models.campaign_turns import turns
from models.chunks import chunks
from models.database import Connection
from models.identifiers import Msisdn
from models.phones import note, phone_index
from models.sending_windows import Open
from tests.sending.conftest import Office, open_office
from tests.sending.drive import FAST, OPEN_HOUR, Drive, number
from workers.sender import caps_of

EVERYWHERE = Open(True, frozenset())
A_WHILE = 0.3
"""Seconds after which somebody who is not held up would long have been through."""


@pytest.fixture
def office(tmp_path: Path, postgresql_url: str, redis_url: str) -> Iterator[Office]:
    """On PostgreSQL alone: on SQLite there is one writer at a time."""
    opened = open_office(tmp_path, postgresql_url, redis_url, paces=FAST)
    opened.desk = replace(opened.desk, clock=lambda: OPEN_HOUR)
    yield opened
    opened.desk.close()


def claim(office: Office, conn: Connection) -> Taken | None:
    desk = office.desk
    (turn,) = turns(conn, ["ORANGE"])
    return take(
        conn,
        desk.keys,
        turn,
        EVERYWHERE,
        1,
        lambda _conn, rows: ["Bonjour"] * len(rows),
        token=7,
        lease_seconds=60,
        route="outside",
        now=desk.clock(),
        caps=caps_of(desk.settings),
        cap_campaigns=1_000,
    )


def refuse(office: Office, place: int, before_the_commit: float = 0.0) -> None:
    desk = office.desk
    with desk.database.begin() as conn:
        phone_id = note(conn, desk.keys, Msisdn(number(place)), desk.clock())
        consent.record(conn, phone_id, "CAMPAGNES", False, "2026-11", "SMS", desk.clock())
        sleep(before_the_commit)


def test_a_refusal_waits_for_a_claim_that_is_about_to_be_committed(office: Office) -> None:
    drive = Drive(office, range(3))
    with ThreadPoolExecutor(1) as pool:
        with office.desk.database.begin() as conn:
            taken = claim(office, conn)
            refusal = pool.submit(refuse, office, 1)
            with pytest.raises(StillWaiting):
                refusal.result(A_WHILE)
        refusal.result(10)
    assert taken is not None
    assert [len(request.targets) for request in taken.requests] == [3]
    assert drive.states() == {"PENDING": 3}


def test_a_claim_waits_for_a_refusal_that_is_about_to_be_committed(office: Office) -> None:
    drive = Drive(office, range(3))
    with ThreadPoolExecutor(1) as pool:
        refusal = pool.submit(refuse, office, 1, A_WHILE)
        sleep(A_WHILE / 3)
        with office.desk.database.begin() as conn:
            taken = claim(office, conn)
        refusal.result(10)
    assert taken is not None
    assert [target.to.e164 for target in taken.requests[0].targets].count(number(1)) == 0
    assert drive.states() == {"PENDING": 2, "STOPPED": 1}


def test_claims_of_two_campaigns_never_hold_each_other_up_for_ever(office: Office) -> None:
    forwards = Drive(office, range(60), size=6)
    backwards = Drive(office, range(59, -1, -1), size=6)
    forwards.send()
    both = [
        (one.state, other.state) for one, other in zip(forwards.rows(), backwards.rows()[::-1], strict=True)
    ]
    assert set(both) <= {("ACCEPTED", "SKIPPED"), ("SKIPPED", "ACCEPTED")}
    assert set(office.outside.sent.values()) == {1}


def test_who_refused_before_her_claim_gets_nothing_whatever_the_order(office: Office) -> None:
    drive = Drive(office, range(120), size=2)
    sender = drive.sender()
    order = list(drive.people)
    Random(4).shuffle(order)

    def refused_before_the_claim(place: int) -> bool:
        """She refuses; whether nobody had claimed her when that was committed."""
        refuse(office, place)
        with office.desk.database.begin(reading=True) as conn:
            hers = phone_index(office.desk.keys, Msisdn(number(place)))
            asked = select(recipients.c.state, chunks.c.state.label("chunk")).join(
                chunks, chunks.c.id == recipients.c.chunk_id
            )
            row = conn.execute(asked.where(recipients.c.phone_index == hers)).one()
        return (row.state, row.chunk) == ("PENDING", "READY") or row.state == "STOPPED"

    with ThreadPoolExecutor(4) as pool:
        refusals = [pool.submit(refused_before_the_claim, place) for place in order[:60]]
        sender.turn(BULK)
        before = {place: one.result(60) for place, one in zip(order, refusals, strict=False)}
        sender.drain()
    sender.close()
    rows = dict(zip(drive.people, drive.rows(), strict=True))
    spared = {place for place, was_before in before.items() if was_before}
    assert spared
    assert {rows[place].state for place in spared} == {"STOPPED"}
    assert not [place for place in spared if office.outside.sent[f"{number(place)} Bonjour"]]
    assert {rows[place].state for place in order[60:]} == {"ACCEPTED"}
