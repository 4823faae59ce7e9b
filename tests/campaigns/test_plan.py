"""Planning: which rows are made, how they are cut into chunks, and that a killed run makes the same ones."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import campaigns, erasures
from models.campaign_content import Text, put_text
from models.campaign_plan import plan_slice
from models.chunks import chunks
from tests.campaigns.conftest import KATI, NOW, SEGOU, World, days_ago


def chunk_rows(world: World, campaign_id: int) -> list[Any]:
    with world.database.begin(reading=True) as conn:
        asked = select(chunks).where(chunks.c.campaign_id == campaign_id).order_by(chunks.c.id)
        return list(conn.execute(asked))


def shape(world: World, campaign_id: int) -> Counter[tuple[Any, ...]]:
    """What a plan is, whatever ids its chunks got."""
    by_chunk: dict[int | None, list[bytes]] = {}
    rows = world.recipients(campaign_id)
    for row in rows:
        by_chunk.setdefault(row.chunk_id, []).append(row.phone_index)
    return Counter((row.state, row.operator, row.region, tuple(by_chunk[row.chunk_id])) for row in rows)


def many(world: World, count: int = 12) -> None:
    """People of two regions and three operators; one in three speaks Bambara."""
    for place in range(count):
        commune = KATI if place % 2 else SEGOU
        number = f"{('70', '60', '50')[place % 3]}{place:06}"
        world.phone(world.person(commune=commune), number=number, language="bm" if place % 3 == 0 else None)


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_a_chunk_has_one_operator_region_and_language_and_those_of_a_group_are_equally_large(
    world: World, size: int
) -> None:
    many(world, 24)
    campaign_id = world.approved(chunk_size=size)
    planned = world.plan(campaign_id)
    rows, made = world.recipients(campaign_id), {row.id: row for row in chunk_rows(world, campaign_id)}
    assert planned.done
    assert len(rows) == 24
    assert {row.state for row in rows} == {"PENDING"}
    groups: dict[int, set[tuple[str, str, str]]] = {}
    for row in rows:
        groups.setdefault(row.chunk_id, set()).add((row.operator, row.region, row.language))
    assert groups.keys() == made.keys()
    for chunk_id, group in groups.items():
        assert {(made[chunk_id].operator, made[chunk_id].region)} == {one[:2] for one in group}
        assert len(group) == 1
        assert made[chunk_id].n == sum(row.chunk_id == chunk_id for row in rows) <= size
    of_group: dict[tuple[str, str, str], set[int]] = {}
    for chunk_id, group in groups.items():
        of_group.setdefault(next(iter(group)), set()).add(made[chunk_id].n)
    assert all(max(counts) - min(counts) <= 1 for counts in of_group.values())
    whole = Counter((row.operator, row.region, row.language) for row in rows)
    assert len(made) == sum(-(-count // size) for count in whole.values())
    assert {(row.state, row.lane, row.kind, row.policy) for row in made.values()} == {
        ("READY", "bulk", "campaign", "evidence")
    }


def test_a_language_without_a_read_text_gets_the_french_one(world: World) -> None:
    many(world, 3)
    campaign_id = world.campaign()
    with world.database.begin() as conn:
        put_text(conn, campaign_id, Text("bm", "I ni ce", "GSM7", None))
    assert {row.language for row in planned_rows(world, campaign_id)} == {"fr"}


def test_a_language_with_a_read_text_gets_its_own(world: World) -> None:
    many(world, 3)
    campaign_id = world.campaign()
    with world.database.begin() as conn:
        put_text(conn, campaign_id, Text("bm", "I ni ce", "GSM7", "M. Coulibaly"))
    assert Counter(row.language for row in planned_rows(world, campaign_id)) == {"fr": 2, "bm": 1}


def planned_rows(world: World, campaign_id: int) -> list[Any]:
    with world.database.begin() as conn:
        campaigns.checked(conn, campaign_id, False, {}, NOW)
        campaigns.sized(conn, campaign_id, {}, NOW)
        campaigns.move(conn, campaign_id, campaigns.TEST, NOW)
        seen = campaigns.load(conn, campaign_id).content_hash
        assert seen is not None
        campaigns.approve(conn, world.keys, campaign_id, "A. Diarra", None, seen, NOW)
    world.plan(campaign_id)
    return world.recipients(campaign_id)


def test_a_personalised_message_is_a_chunk_of_its_own(world: World) -> None:
    many(world, 5)
    campaign_id = world.approved(personalised=True)
    world.plan(campaign_id)
    assert [row.n for row in chunk_rows(world, campaign_id)] == [1] * 5
    assert len({row.chunk_id for row in world.recipients(campaign_id)}) == 5


def test_who_is_excluded_has_no_row_and_who_is_held_out_no_chunk(world: World) -> None:
    many(world, 40)
    stopped = world.phone(world.person())
    world.says(stopped, False)
    campaign_id = world.approved(hold_out_percent=50)
    world.plan(campaign_id)
    rows = world.recipients(campaign_id)
    held = [row for row in rows if row.hold_out]
    assert len(rows) == 40
    assert 5 < len(held) < 35
    assert {(row.state, row.chunk_id) for row in held} == {("HELD_OUT", None)}
    assert all(row.chunk_id and row.state == "PENDING" for row in rows if not row.hold_out)
    assert sum(row.n for row in chunk_rows(world, campaign_id)) == 40 - len(held)


@pytest.mark.parametrize(("percent", "held"), [(0, 0), (100, 30)])
def test_nobody_and_everybody_can_be_held_out(world: World, percent: int, held: int) -> None:
    many(world, 30)
    campaign_id = world.approved(hold_out_percent=percent)
    world.plan(campaign_id)
    assert sum(row.hold_out for row in world.recipients(campaign_id)) == held


def test_the_same_people_are_held_out_again_and_others_in_another_campaign(world: World) -> None:
    many(world, 60)
    first, second = (world.approved(hold_out_percent=30, name=name) for name in ("un", "deux"))
    world.plan(first)
    once = {row.phone_index for row in world.recipients(first) if row.hold_out}
    with world.database.begin() as conn:
        campaigns.forget_plan(conn, first)
    world.plan(second)
    assert once
    assert once != {row.phone_index for row in world.recipients(second) if row.hold_out}


@pytest.mark.parametrize(
    "killed_after", [pytest.param(1, marks=pytest.mark.storm), 2, pytest.param(3, marks=pytest.mark.storm)]
)
def test_a_plan_that_is_killed_goes_on_and_makes_the_same_rows(world: World, killed_after: int) -> None:
    many(world, 30)
    whole, killed = (world.approved(hold_out_percent=0, name=name) for name in ("un", "deux"))
    world.plan(whole, slice_size=10)
    world.plan(killed, slice_size=10, slices=killed_after)
    with world.database.begin() as conn:
        plan_slice(conn, world.keys, killed, NOW, 10)
        conn.rollback()
    world.plan(killed, slice_size=10)
    assert shape(world, killed) == shape(world, whole)
    assert world.plan(killed, slice_size=10).rows == 0


def test_what_is_not_approved_is_not_planned(world: World) -> None:
    with pytest.raises(campaigns.WrongStep):
        world.plan(world.campaign())


def test_a_change_takes_the_plan_back(world: World) -> None:
    many(world, 4)
    campaign_id = world.approved()
    world.plan(campaign_id)
    with world.database.begin() as conn:
        campaigns.change(conn, campaign_id, NOW, budget_fcfa=5)
    assert world.recipients(campaign_id) == []
    assert chunk_rows(world, campaign_id) == []


def test_days_are_counted_from_the_approval(world: World) -> None:
    """A run that goes on a day later finds the same audience."""
    ends = NOW.date() + timedelta(days=5)
    for _ in range(4):
        person = world.person()
        world.right(person, valid_to=ends)
        world.was_sent(world.phone(person), "DELIVERED", days_ago(8))
    campaign_id = world.approved(audience='{"fin": "5..5"}')
    world.plan(campaign_id)
    assert len(world.recipients(campaign_id)) == 4


def test_who_is_erased_while_slices_are_written_is_in_none(world: World) -> None:
    phones = [world.phone(world.person()) for _ in range(6)]
    campaign_id = world.approved()
    world.plan(campaign_id, slice_size=2, slices=1)
    with world.database.begin() as conn:
        erasures.request(conn, world.keys, reference="713482", phone=phones[-1], now=NOW)
    with world.database.begin() as conn:
        ((erasure_id, _reference),) = erasures.waiting(world.database.reader())
        erasures.carry_out(conn, world.keys, erasure_id, NOW)
    world.plan(campaign_id, slice_size=2)
    assert {row.phone_index for row in world.recipients(campaign_id)} == {
        world.keys.index(phone.e164, "phone") for phone in phones[:-1]
    }
    assert sum(row.n for row in chunk_rows(world, campaign_id)) == 5


def test_a_plan_that_was_left_and_changed_begins_with_the_new_audience(world: World) -> None:
    women, men = ([world.phone(world.person(sex=sex)) for _ in range(3)] for sex in "FM")
    campaign_id = world.approved(audience='{"sexe": "F"}')
    world.plan(campaign_id, slice_size=2, slices=1)
    with world.database.begin() as conn:
        campaigns.change(conn, campaign_id, NOW, audience='{"sexe": "M"}')
    assert len(planned_rows(world, campaign_id)) == len(men) == len(women)
    assert {row.sex for row in world.recipients(campaign_id)} == {"M"}
