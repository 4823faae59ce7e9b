"""The order of the steps: a campaign is sent only after another person approved what is sent."""

import random
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models import campaigns
from models.campaign_content import Text, put_text
from models.campaigns import APPROVED, CANCELLED, DONE, DRAFT, PAUSED, SCHEDULED, SENDING, STEPS, TESTED
from models.database import Connection
from tests.campaigns.conftest import NOW, World

AUTHOR, OTHER = "B. Keita", "A. Diarra"
EVERY = {state for before, after in STEPS.values() for state in (*before, after)}


def ready(world: World, code: str | None = None) -> tuple[int, bytes]:
    """A campaign that waits for its approval, and the hash of what it says."""
    campaign_id = world.campaign(author=AUTHOR)
    with world.database.begin() as conn:
        campaigns.checked(conn, campaign_id, False, {}, NOW)
        campaigns.sized(conn, campaign_id, {}, NOW)
        campaigns.move(conn, campaign_id, campaigns.TEST, NOW)
        if code:
            campaigns.ask_approval(conn, world.keys, campaign_id, OTHER, code)
        seen = campaigns.load(conn, campaign_id).content_hash
    assert seen is not None
    return campaign_id, seen


def approve(world: World, campaign_id: int, approver: str, code: str | None, seen: bytes) -> str | None:
    with world.database.begin() as conn:
        return campaigns.approve(conn, world.keys, campaign_id, approver, code, seen, NOW)


def state_of(world: World, campaign_id: int) -> str:
    with world.database.begin(reading=True) as conn:
        return campaigns.load(conn, campaign_id).state


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_taken_from_its_states_alone(world: World, step: str) -> None:
    before, after = STEPS[step]
    campaign_id = world.campaign()
    for state in sorted(EVERY):
        with world.database.begin() as conn:
            conn.execute(campaigns.campaigns.update().values(state=state))
        with world.database.begin() as conn:
            if state in before:
                assert campaigns.move(conn, campaign_id, step, NOW) == after
            else:
                with pytest.raises(campaigns.WrongStep):
                    campaigns.move(conn, campaign_id, step, NOW)


@pytest.mark.parametrize(
    "approver",
    [
        pytest.param(AUTHOR, id="the author"),
        pytest.param("b. keïta", id="the author in other letters"),
        pytest.param("BKeita ", id="the author without the dot"),
        pytest.param(" ", id="nobody"),
    ],
)
def test_the_author_does_not_approve(world: World, approver: str) -> None:
    campaign_id, seen = ready(world)
    with pytest.raises(campaigns.NotApproved):
        approve(world, campaign_id, approver, None, seen)
    assert state_of(world, campaign_id) == TESTED


def test_another_person_approves_what_she_has_seen(world: World) -> None:
    campaign_id, seen = ready(world)
    with pytest.raises(campaigns.NotApproved):
        approve(world, campaign_id, OTHER, None, bytes(16))
    assert approve(world, campaign_id, OTHER, None, seen) is None
    assert state_of(world, campaign_id) == APPROVED


def test_a_code_is_good_for_one_approver_and_one_content(world: World) -> None:
    campaign_id, seen = ready(world, code="482913")
    assert approve(world, campaign_id, OTHER, "482914", seen) is not None
    assert approve(world, campaign_id, "C. Sow", "482913", seen) is not None
    assert state_of(world, campaign_id) == TESTED
    assert approve(world, campaign_id, OTHER, "482913", seen) is None
    assert state_of(world, campaign_id) == APPROVED


@pytest.mark.parametrize(("wrong", "state"), [(4, APPROVED), (5, TESTED)])
def test_a_code_is_worth_nothing_after_five_wrong_ones(world: World, wrong: int, state: str) -> None:
    campaign_id, seen = ready(world, code="482913")
    for _ in range(wrong):
        assert approve(world, campaign_id, OTHER, "000000", seen) is not None
    approve(world, campaign_id, OTHER, "482913", seen)
    assert state_of(world, campaign_id) == state


@pytest.mark.parametrize(
    "values",
    [{"audience": '{"sexe": "F"}'}, {"budget_fcfa": 7}, {"max_segments": 2}, {"hold_out_percent": 9}, {}],
    ids=["audience", "budget", "segments", "hold-out", "text"],
)
def test_a_change_forgets_the_approval(world: World, values: dict[str, object]) -> None:
    campaign_id, seen = ready(world)
    approve(world, campaign_id, OTHER, None, seen)
    with world.database.begin() as conn:
        campaigns.change(conn, campaign_id, NOW, **values)
        if not values:
            put_text(conn, campaign_id, Text("fr", "autre", "GSM7", None))
        changed = campaigns.load(conn, campaign_id)
        assert (changed.state, changed.approver, changed.content_hash) == (DRAFT, None, None)
        campaigns.checked(conn, campaign_id, False, {}, NOW)
        assert campaigns.load(conn, campaign_id).content_hash != seen


def test_a_content_that_changed_behind_the_steps_is_not_approved(world: World) -> None:
    campaign_id, seen = ready(world)
    with world.database.begin() as conn:
        put_text(conn, campaign_id, Text("fr", "autre", "GSM7", None))
    with pytest.raises(campaigns.NotApproved):
        approve(world, campaign_id, OTHER, None, seen)


def test_a_campaign_begins_when_its_rows_are_made_and_its_hour_has_come(world: World) -> None:
    campaign_id = world.approved()
    world.plan(campaign_id)
    with world.database.begin() as conn:
        campaigns.set_hours(conn, campaign_id, NOW, None, NOW)
        assert campaigns.begin_due(conn, NOW.replace(hour=9)) == ()
        assert campaigns.running(conn) == ()
        assert campaigns.begin_due(conn, NOW) == (campaign_id,)
        assert campaigns.running(conn) == (campaign_id,)
        campaigns.move(conn, campaign_id, campaigns.PAUSE, NOW)
        assert campaigns.running(conn) == ()


@dataclass
class History:
    """What the test itself knows: the content as it is, and the one that another person approved."""

    content: bytes
    approved: bytes | None = None


STEERED = tuple(step for step in STEPS if step not in (campaigns.CHANGE, campaigns.APPROVE))
ACTIONS = (*STEERED, "text", "the author approves", "another approves", "another approves unseen")
SENT = (APPROVED, SCHEDULED, SENDING, PAUSED, DONE)


def played(conn: Connection, world: World, chance: random.Random, campaign_id: int, length: int) -> set[str]:
    """One random order of actions; the states that it reached."""
    reached = set()
    history = History(campaigns.content_hash(conn, campaign_id))
    for _ in range(length):
        with suppress(campaigns.WrongStep, campaigns.NotApproved):
            act(conn, world, campaign_id, chance.choice(ACTIONS), history)
        state = conn.execute(STATE).scalar_one()
        reached.add(state)
        if state in SENT:
            assert history.approved == history.content
    return reached


STATE = select(campaigns.campaigns.c.state)


def act(conn: Connection, world: World, campaign_id: int, action: str, history: History) -> None:
    """One action, as the console would take it."""
    if action == "text":
        campaigns.change(conn, campaign_id, NOW)
        put_text(conn, campaign_id, Text("fr", f"texte {history.content.hex()}", "GSM7", None))
        history.content = campaigns.content_hash(conn, campaign_id)
    elif action == campaigns.CHECK:
        campaigns.checked(conn, campaign_id, False, {}, NOW)
    elif action == campaigns.SIZE:
        campaigns.sized(conn, campaign_id, {}, NOW)
    elif action == "the author approves":
        campaigns.approve(conn, world.keys, campaign_id, AUTHOR, None, history.content, NOW)
    elif action == "another approves unseen":
        campaigns.approve(conn, world.keys, campaign_id, OTHER, None, bytes(16), NOW)
    elif action == "another approves":
        campaigns.approve(conn, world.keys, campaign_id, OTHER, None, history.content, NOW)
        history.approved = history.content
    else:
        campaigns.move(conn, campaign_id, action, NOW)


ORDERS = 100
"""Orders of an example; ten examples make a thousand, and in a storm a hundred make ten thousand."""


LENGTH = 8


@pytest.mark.parametrize("examples", [10, pytest.param(100, marks=pytest.mark.storm)])
def test_no_order_of_actions_sends_what_nobody_else_approved(sqlite_world: World, examples: int) -> None:
    reached: set[str] = set()
    campaign_id = sqlite_world.campaign(author=AUTHOR)

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.randoms(use_true_random=False), st.sampled_from([DRAFT, TESTED]))
    def orders(chance: random.Random, start: str) -> None:
        with sqlite_world.database.begin() as conn:
            if start == TESTED:
                campaigns.checked(conn, campaign_id, False, {}, NOW)
                campaigns.sized(conn, campaign_id, {}, NOW)
                campaigns.move(conn, campaign_id, campaigns.TEST, NOW)
            for _ in range(ORDERS):
                here = conn.begin_nested()
                reached.update(played(conn, sqlite_world, chance, campaign_id, LENGTH))
                here.rollback()
            conn.rollback()

    orders()
    assert {SENDING, CANCELLED} <= reached
