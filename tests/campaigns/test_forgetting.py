"""What campaigns forget of people: after a term, and at once on request."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import campaign_forgetting, campaign_tables, campaigns, erasures
from models.identifiers import Msisdn
from models.overdue import SLICES
from models.phones import phone_index
from tests.campaigns.conftest import NOW, World

TERM = timedelta(days=90)


def ended(world: World) -> int:
    """A campaign to two phones that was cancelled at NOW."""
    for number in ("+22370000001", "+22370000002"):
        world.phone(world.person(), number=number)
    campaign_id = world.approved()
    world.plan(campaign_id)
    with world.database.begin() as conn:
        campaigns.move(conn, campaign_id, campaigns.CANCEL, NOW)
    return campaign_id


def known(world: World, campaign_id: int) -> int:
    """How many recipients of a campaign still have a number."""
    return sum(row.phone_sealed is not None for row in world.recipients(campaign_id))


@pytest.mark.parametrize(
    ("days", "found"),
    [pytest.param(90, False, id="on the last day"), pytest.param(91, True, id="a day later")],
)
def test_numbers_go_when_their_term_is_over(world: World, days: int, found: bool) -> None:
    campaign_id = ended(world)
    before = NOW + timedelta(days=days) - TERM
    listed = campaign_forgetting.ended_before(world.database.reader(), before)
    assert listed == ([campaign_id] if found else [])


def test_what_is_forgotten_is_counted_all_the_same(world: World) -> None:
    campaign_id = ended(world)
    assert known(world, campaign_id) == 2
    for piece in range(SLICES):
        with world.database.begin() as conn:
            campaign_forgetting.forget_numbers(conn, campaign_id, piece)
    with world.database.begin() as conn:
        campaign_forgetting.forgotten(conn, campaign_id, NOW)
    assert (known(world, campaign_id), len(world.recipients(campaign_id))) == (0, 2)
    assert campaign_forgetting.ended_before(world.database.reader(), NOW + TERM) == []


def test_a_campaign_that_runs_forgets_nobody(world: World) -> None:
    world.phone(world.person(), number="+22370000001")
    world.plan(world.approved())
    assert campaign_forgetting.ended_before(world.database.reader(), NOW + timedelta(days=400)) == []


def test_who_asks_to_be_erased_is_nobody_in_any_campaign(world: World) -> None:
    first, second = ended(world), world.approved(name="second")
    world.plan(second)
    phone = Msisdn.parse("+22370000001")
    with world.database.begin() as conn:
        erasures.request(conn, world.keys, reference="713482", phone=phone, now=NOW)
    [(erasure_id, _)] = erasures.waiting(world.database.reader())
    with world.database.begin() as conn:
        assert erasures.carry_out(conn, world.keys, erasure_id, NOW) == phone
    index = phone_index(world.keys, phone)
    with world.database.begin(reading=True) as conn:
        found = select(campaign_tables.recipients).where(campaign_tables.recipients.c.phone_index == index)
        assert conn.execute(found).all() == []
    for campaign_id in (first, second):
        rows = world.recipients(campaign_id)
        assert len(rows) == 2
        gone = [row for row in rows if row.phone_sealed is None]
        assert [(row.phone_id, row.person_id, row.values_sealed) for row in gone] == [(None, None, None)]
