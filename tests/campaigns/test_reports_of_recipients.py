"""Delivery reports in volume: recipients and messages end the same whatever the order, and none is forgotten."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from models import overdue, reports
from models.campaign_tables import campaigns, recipients
from models.identifiers import Msisdn
from models.phones import phone_index
from models.reports import Told
from tests.sending.conftest import Office, open_office
from workers.deliveries import apply_all
from workers.retention import drop_old_of


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    """A worker's desk on SQLite, then on PostgreSQL."""
    opened = open_office(tmp_path, database_url, redis_url)
    yield opened
    opened.desk.close()


def phone(number: int) -> Msisdn:
    """A phone by its number, from 0."""
    return Msisdn(f"+2237{number:07}")


def send_to(office: Office, count: int, *, hours_ago: float = 0, state: str = "ACCEPTED") -> None:
    """A running campaign with so many recipients, taken as `id-0`, `id-1` ..."""
    now = office.desk.clock() - timedelta(hours=hours_ago)
    head = {
        "id": 1,
        "name": "essai",
        "author": "B. Keita",
        "state": "SENDING",
        "policy": "evidence",
        "personalised": False,
        "hold_out_percent": 0,
        "chunk_size": 50,
        "max_segments": 1,
        "created_at": now,
        "began_at": now,
    }
    rows = [
        {
            "campaign_id": 1,
            "phone_index": phone_index(office.desk.keys, phone(number)),
            "language": "fr",
            "operator": "ORANGE",
            "hold_out": False,
            "state": state,
            "code": "ACCEPTE",
            "provider_id": f"id-{number}",
            "attempt": 1,
            "dup_risk": False,
            "settled_at": now,
        }
        for number in range(count)
    ]
    with office.desk.database.begin() as conn:
        conn.execute(insert(campaigns).values(head))
        conn.execute(insert(recipients), rows)


def told(office: Office, *said: tuple[str, str], reason: str | None = None, seconds: float = 0) -> list[bool]:
    """Reports that come together."""
    at = office.desk.clock() + timedelta(seconds=seconds)
    with office.desk.database.begin() as conn:
        group = [Told(name, status, reason, phone(1), at) for name, status in said]
        return reports.take_all(conn, office.desk.keys, group)


def ends(office: Office) -> dict[str, tuple[str, str | None]]:
    """(state, code) by the provider's id."""
    with office.desk.database.begin(reading=True) as conn:
        rows = conn.execute(select(recipients.c.provider_id, recipients.c.state, recipients.c.code)).all()
    return {name: (state, code) for name, state, code in rows}


def test_a_group_is_stored_once_and_each_is_told_whether_it_was_new(office: Office) -> None:
    group = [("a", "Sent"), ("b", "Success"), ("a", "Sent"), ("a", "Success")]
    assert told(office, *group) == [True, True, False, True]
    assert told(office, *group, ("c", "Failed")) == [False, False, False, False, True]
    with office.desk.database.begin(reading=True) as conn:
        assert len(conn.execute(select(reports.reports)).all()) == 4


@pytest.mark.parametrize("order", list(permutations(["Sent", "Failed", "Success", "Buffered"])), ids="-".join)
def test_each_order_ends_the_same_for_a_recipient(office: Office, order: tuple[str, ...]) -> None:
    send_to(office, 2)
    for status in order:
        told(office, ("id-0", status), ("id-0", status))
        apply_all(office.desk)
    assert ends(office) == {"id-0": ("DELIVERED", None), "id-1": ("ACCEPTED", "ACCEPTE")}


@pytest.mark.parametrize(
    ("status", "reason", "state", "code"),
    [
        pytest.param("Failed", "UserIsInactive", "UNDELIVERED", "ABSENT", id="phone off"),
        pytest.param("Failed", "NotNetworkSubcriber", "UNDELIVERED", "AUTRE_RESEAU", id="as it is misspelt"),
        pytest.param("Failed", "NotNetworkSubscriber", "UNDELIVERED", "AUTRE_RESEAU", id="as it should be"),
        pytest.param("Rejected", "userInBlacklist", "UNDELIVERED", "LISTE_NOIRE", id="in other letters"),
        pytest.param("AbsentSubscriber", None, "UNDELIVERED", "ABSENT", id="the word itself is the reason"),
        pytest.param("Expired", None, "EXPIRED", "DELAI_PASSE", id="expired"),
        pytest.param("Failed", "SomethingNew", "UNDELIVERED", "AUTRE", id="a reason nobody knows"),
        pytest.param("Failed", None, "UNDELIVERED", "SANS_MOTIF", id="no reason"),
        pytest.param("Exploded", "UserIsInactive", "ACCEPTED", "ACCEPTE", id="a word nobody knows"),
    ],
)
def test_why_it_failed_is_kept_in_our_words(
    office: Office, status: str, reason: str | None, state: str, code: str
) -> None:
    send_to(office, 1)
    told(office, ("id-0", status), reason=reason)
    apply_all(office.desk)
    assert ends(office)["id-0"] == (state, code)


def test_thousands_shuffled_doubled_and_half_of_them_before_the_record(office: Office) -> None:
    chance = random.Random(4)
    people = 1_200
    outcomes = {f"id-{number}": chance.choice(["Success", "Failed"]) for number in range(people)}
    said = [(name, "Sent") for name in outcomes] + list(outcomes.items())
    said += chance.sample(said, 300) + [(f"nobody-{number}", "Success") for number in range(200)]
    chance.shuffle(said)
    early, late = said[: len(said) // 2], said[len(said) // 2 :]
    told(office, *early)
    assert apply_all(office.desk) == 0
    send_to(office, people)
    told(office, *late)
    assert apply_all(office.desk) == people
    wanted = {name: "DELIVERED" if word == "Success" else "UNDELIVERED" for name, word in outcomes.items()}
    assert {name: state for name, (state, _code) in ends(office).items()} == wanted
    with office.desk.database.begin(reading=True) as conn:
        left = set(
            conn.execute(select(reports.reports.c.provider_id).where(~reports.reports.c.matched)).scalars()
        )
    assert left == {f"nobody-{number}" for number in range(200)}


def test_a_report_that_came_long_before_its_record_is_found_when_all_are_looked_at(office: Office) -> None:
    told(office, ("id-0", "Success"), seconds=-3_600)
    apply_all(office.desk)
    told(office, ("nobody", "Success"))
    apply_all(office.desk)
    send_to(office, 1)
    assert apply_all(office.desk) == 0
    office.desk.redis.flushall()
    assert apply_all(office.desk) == 1
    assert ends(office)["id-0"][0] == "DELIVERED"


@pytest.mark.parametrize("state", ["PENDING", "UNKNOWN", "REJECTED", "SKIPPED", "STOPPED", "HELD_OUT"])
def test_what_was_not_taken_is_not_moved_by_a_report(office: Office, state: str) -> None:
    send_to(office, 1, state=state)
    told(office, ("id-0", "Success"))
    apply_all(office.desk)
    assert ends(office)["id-0"][0] == state


def test_after_three_days_of_silence_there_is_no_receipt_until_one_comes_all_the_same(office: Office) -> None:
    send_to(office, 40, hours_ago=80)
    with office.desk.database.begin() as conn:
        recent = {"settled_at": office.desk.clock() - timedelta(hours=71)}
        conn.execute(update(recipients).where(recipients.c.provider_id == "id-1").values(recent))
    told(office, ("id-2", "Failed"))
    apply_all(office.desk)
    drop_old_of(office.desk)
    found = ends(office)
    assert (found["id-1"][0], found["id-2"][0]) == ("ACCEPTED", "UNDELIVERED")
    assert {state for name, (state, _) in found.items() if name not in ("id-1", "id-2")} == {"NO_RECEIPT"}
    told(office, ("id-3", "Success"))
    apply_all(office.desk)
    assert ends(office)["id-3"][0] == "DELIVERED"


def test_a_campaign_that_ended_long_ago_is_not_looked_through(office: Office) -> None:
    send_to(office, 1, hours_ago=24 * 90)
    now = office.desk.clock()
    with office.desk.database.begin() as conn:
        conn.execute(update(campaigns).values(ended_at=now - timedelta(days=60)))
    assert overdue.campaigns_with_silence(office.desk.database.reader(), now) == []
