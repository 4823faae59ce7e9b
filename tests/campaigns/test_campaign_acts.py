"""What people did after a campaign: found where it shows, in time or not, in both arms, and kept of nobody else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from models import campaign_acts, consent, inbound, staff, verifications
from models.campaign_acts import (
    CARED,
    COVERED,
    DIALLED,
    STOPPED,
    TIED,
    WROTE,
    note_calls,
    note_shown,
)
from models.campaign_tables import campaigns
from models.facilities import facilities
from models.identifiers import Msisdn
from models.phones import keep_number, note, phone_index, phone_links
from tests.campaigns.conftest import KATI, NOW, World
from tests.campaigns.sent_campaigns import send, sent_campaign

DAY = timedelta(days=1)
STRANGER = Msisdn.parse("79999999")


def calls(world: World, phone: Msisdn, at: datetime, now: datetime | None = None) -> None:
    """A phone calls the service at a moment."""
    with world.database.begin() as conn:
        note_calls(conn, [(phone_index(world.keys, phone), at)], now or at)


def acts(world: World) -> set[tuple[int, str, bool]]:
    """(campaign, act, in time) of every row."""
    with world.database.begin(reading=True) as conn:
        rows = conn.execute(select(campaign_acts.campaign_acts)).all()
    return {(row.campaign_id, row.act, bool(row.in_time)) for row in rows}


def results(world: World, campaign_id: int) -> dict[tuple[str, bool], tuple[int, int]]:
    """(people, in time) by act and arm."""
    table = campaign_acts.campaign_results
    with world.database.begin() as conn:
        campaign_acts.count(conn, campaign_id)
        rows = conn.execute(select(table).where(table.c.campaign_id == campaign_id)).all()
    return {(row.act, bool(row.hold_out)): (row.people, row.in_time) for row in rows}


@pytest.mark.parametrize(
    ("at", "found"),
    [
        pytest.param(NOW - timedelta(seconds=1), None, id="before the campaign"),
        pytest.param(NOW, True, id="at the moment of the message"),
        pytest.param(NOW + 7 * DAY, True, id="the last moment of seven days"),
        pytest.param(NOW + 7 * DAY + timedelta(seconds=1), False, id="later, while the campaign goes on"),
    ],
)
def test_a_call_counts_within_seven_days_of_the_message(
    world: World, at: datetime, found: bool | None
) -> None:
    campaign_id = sent_campaign(world)
    (phone,) = send(world, campaign_id)
    calls(world, phone, at)
    assert acts(world) == (set() if found is None else {(campaign_id, DIALLED, found)})


@pytest.mark.parametrize(
    ("late", "kept"), [pytest.param(7 * DAY, True, id="7 days"), pytest.param(8 * DAY, False, id="8 days")]
)
def test_after_a_campaigns_end_acts_are_looked_for_during_seven_days(
    world: World, late: timedelta, kept: bool
) -> None:
    campaign_id = sent_campaign(world, began=NOW - DAY, ended=NOW)
    (phone,) = send(world, campaign_id)
    calls(world, phone, NOW + late - timedelta(seconds=1))
    assert bool(acts(world)) is kept


def test_nothing_is_kept_of_a_phone_that_no_campaign_wrote_to(world: World) -> None:
    send(world, sent_campaign(world))
    calls(world, STRANGER, NOW + DAY)
    assert acts(world) == set()


def test_a_call_before_the_message_does_not_hide_one_after_it(world: World) -> None:
    campaign_id = sent_campaign(world, began=NOW - DAY)
    (phone,) = send(world, campaign_id)
    calls(world, phone, NOW - timedelta(hours=3))
    assert acts(world) == {(campaign_id, DIALLED, False)}
    for hours in (1, 50, 500):
        calls(world, phone, NOW + timedelta(hours=hours))
    assert acts(world) == {(campaign_id, DIALLED, True)}
    assert results(world, campaign_id) == {(DIALLED, False): (1, 1)}


@pytest.mark.parametrize("state", ["REJECTED", "SKIPPED", "UNKNOWN"])
def test_who_was_sent_nothing_acts_never_in_time(world: World, state: str) -> None:
    campaign_id = sent_campaign(world)
    (phone,) = send(world, campaign_id, state=state)
    calls(world, phone, NOW + DAY)
    assert acts(world) == {(campaign_id, DIALLED, False)}


def test_both_arms_are_counted_and_the_counts_outlive_the_rows(world: World) -> None:
    campaign_id = sent_campaign(world, ended=NOW)
    messaged = send(world, campaign_id, 3) + send(world, campaign_id, state="UNDELIVERED")
    held_out = send(world, campaign_id, 2, state="HELD_OUT")
    for phone in (*messaged[1:], held_out[0]):
        calls(world, phone, NOW + DAY)
    counted = {(DIALLED, False): (3, 3), (DIALLED, True): (1, 0)}
    assert results(world, campaign_id) == counted
    with world.database.begin() as conn:
        assert campaign_acts.forget(conn, NOW - DAY) == 0
        assert campaign_acts.forget(conn, NOW + DAY) == 4
    assert acts(world) == set()
    assert results(world, campaign_id) == counted


def test_one_person_counts_for_each_campaign_that_wrote_to_her(world: World) -> None:
    one, other = sent_campaign(world), sent_campaign(world, began=NOW - DAY)
    (phone,) = send(world, one)
    send(world, other, phone=phone, settled_at=NOW - DAY)
    calls(world, phone, NOW + timedelta(hours=1))
    assert acts(world) == {(one, DIALLED, True), (other, DIALLED, True)}


def test_what_other_tables_show_is_found_there_and_twice_changes_nothing(world: World) -> None:
    campaign_id = sent_campaign(world)
    (phone,) = send(world, campaign_id)
    later = NOW + DAY
    person = world.person()
    with world.database.begin() as conn:
        told = {"once": b"1", "sender": phone.e164, "text": "AIDE", "service_code": "36212"}
        inbound.take(conn, world.keys, now=later, **told)
        inbound.take(conn, world.keys, **{**told, "once": b"2", "sender": STRANGER.e164}, now=later)
        phone_id = note(conn, world.keys, phone, later)
        consent.record(conn, phone_id, "CAMPAGNES", False, "v", "SMS", later)
        keep_number(conn, world.keys, phone, later)
        link = {"phone_id": phone_id, "person_id": person, "verified_at": later, "how": "ussd"}
        conn.execute(insert(phone_links).values(link))
    world.right(person, valid_from=(NOW + DAY).date())
    for _ in range(2):
        with world.database.begin() as conn:
            note_shown(conn, NOW + 2 * DAY)
    assert acts(world) == {(campaign_id, act, True) for act in (WROTE, STOPPED, TIED, COVERED)}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("given", True, id="she accepts"),
        pytest.param("topic", "RAPPELS", id="another topic"),
        pytest.param("at", NOW - DAY, id="before the campaign"),
        pytest.param("at", NOW + 30 * DAY, id="it has not happened yet"),
    ],
)
def test_what_is_no_stop_after_the_campaign(world: World, column: str, value: Any) -> None:
    (phone,) = send(world, sent_campaign(world))
    with world.database.begin() as conn:
        phone_id = note(conn, world.keys, phone, NOW)
        row = {"topic": "CAMPAGNES", "given": False, "text_version": "v", "channel": "SMS", "at": NOW + DAY}
        conn.execute(insert(consent.consents).values({**row, "phone_id": phone_id, column: value}))
        note_shown(conn, NOW + 2 * DAY)
    assert acts(world) == set()


def test_a_campaign_is_open_from_its_beginning_until_seven_days_after_its_end(world: World) -> None:
    campaign_id = sent_campaign(world, began=NOW, ended=NOW + DAY)
    reader = world.database.reader()
    moments = {days: campaign_acts.open_campaigns(reader, NOW + days * DAY) for days in (-1, 0, 5, 14, 16)}
    assert moments == {-1: [], 0: [campaign_id], 5: [campaign_id], 14: [campaign_id], 16: []}
    with world.database.begin() as conn:
        conn.execute(update(campaigns).values(ended_at=None))
    assert campaign_acts.open_campaigns(reader, NOW + 100 * DAY) == [campaign_id]


def test_a_verification_in_a_centre_is_found_by_the_person(world: World) -> None:
    campaign_id = sent_campaign(world)
    person = world.person()
    phone = world.phone(person)
    send(world, campaign_id, phone=phone)
    with world.database.begin() as conn:
        facility = {"name": "CSCom", "kind": "CSCOM", "commune_code": KATI, "cercle_code": "ML0204"}
        facility_id = conn.execute(
            insert(facilities).values(contracted=True, **facility).returning(facilities.c.id)
        ).scalar_one()
        staff_id = staff.add(conn, world.keys, STRANGER, facility_id, "STAFF", NOW)
        told = {"facility_id": facility_id, "staff_id": staff_id, "verdict": "VALIDE", "scheme": "RAMED"}
        verifications.note(conn, **told, person_id=person, now=NOW + DAY)
        note_shown(conn, NOW + 2 * DAY)
    assert acts(world) == {(campaign_id, CARED, True), (campaign_id, TIED, True)}
