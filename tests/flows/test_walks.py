"""Properties of any conversation: a thousand people who type anything, calls cut at every hop, hops that come twice."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows import gsm7
from flows.engine import advance, hop
from flows.inputs import Dial
from flows.session import Session
from flows.tree import HOME
from flows.world import UNKNOWN, World
from models.identifiers import Msisdn
from tests.flows.talking import Phone

NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)
KEYS = st.sampled_from(
    [*"0123456789", "00", "98", "99", "10", "1111234567890", "123456784", "KAT", "36", "1990", "*", "#"]
)
TYPED = st.one_of(KEYS, KEYS, KEYS, st.text(max_size=30))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that these tests only read."""
    built = World.build(tmp_path_factory.mktemp("shared"), NOW)
    yield built
    built.register.dispose()


@settings(
    max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(who=st.integers(0, 20), dial=st.lists(TYPED, max_size=3), typed=st.lists(TYPED, max_size=12))
def test_a_thousand_people_type_anything(shared: World, who: int, dial: list[str], typed: list[str]) -> None:
    phones = [UNKNOWN, *shared.phones.values()]
    phone = phones[who % len(phones)]
    step = advance(None, Dial(tuple(dial)), shared.context(phone))
    for key in typed:
        assert step.screen.text.strip()
        assert gsm7.septets(step.screen.text) <= gsm7.SCREEN_SEPTETS
        assert len(step.session.encode()) < 1024
        assert Session.decode(step.session.encode()) == step.session
        before = step.session
        step = advance(before, key, shared.context(phone, key))
        if key == "0" and before.back and not step.screen.ends:
            assert step.session.place.screen == before.back[-1].screen
            assert not step.effects
    assert gsm7.septets(step.screen.text) <= gsm7.SCREEN_SEPTETS


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(typed=st.lists(TYPED, min_size=1, max_size=8))
def test_every_hop_twice_says_and_asks_the_same(shared: World, typed: list[str]) -> None:
    text, session = "", None
    for key in ("", *typed):
        text = f"{text}*{key}" if text else key
        context = shared.context(UNKNOWN, text)
        first, second = hop(session, text, context), hop(session, text, context)
        assert first == second
        session = first.session


FORM = ["5", "1", "5", "2", "15", "1", "3", "2"]
"""Which scheme for a pupil of fifteen whose parent lives from the harvest: a call may drop at each step."""


@pytest.mark.parametrize("cut", range(4, len(FORM) + 1))
def test_a_form_cut_at_any_hop_is_finished_by_the_next_call(world: World, cut: int) -> None:
    whole = Phone(world, UNKNOWN).dial().types("1", *FORM)
    assert whole.step is not None
    phone = Phone(world, UNKNOWN).dial()
    phone.types(*FORM[:cut]).drops()
    if cut < len(FORM):
        phone.dial().sees_page("resume.offer").types("1", *FORM[cut:])
    assert phone.step is not None
    assert phone.screen == whole.screen
    assert phone.step.session.place == whole.step.session.place


def test_a_look_up_that_was_cut_simply_starts_again(world: World) -> None:
    phone = Phone(world, UNKNOWN).dial().types("1", "1", "1")
    phone.drops().dial().sees_page(HOME)


def test_a_form_can_be_started_again_or_left(world: World) -> None:
    phone = Phone(world, UNKNOWN).dial().types("1", *FORM[:5]).drops()
    phone.dial().sees_page("resume.offer").types("2").sees_page("advice.work")
    phone.drops().dial().sees_page("resume.offer").types("3").sees_page(HOME)


def test_an_offer_that_was_cut_is_offered_again(world: World) -> None:
    phone = (
        Phone(world, UNKNOWN).dial().types("1", *FORM[:5]).drops().dial().sees_page("resume.offer").drops()
    )
    phone.dial().sees_page("resume.offer").types("1", *FORM[5:]).sees_page("advice.result")


def test_a_shortcut_is_never_held_up_by_an_open_form(world: World) -> None:
    phone = Phone(world, UNKNOWN).dial().types("1", *FORM[:5]).drops()
    phone.dial("*212*6*3#").sees_page("callback.slot")


def test_an_open_form_survives_a_shortcut_and_the_language_screen(world: World) -> None:
    phone = Phone(world, UNKNOWN).dial("*212*5*1#").types("5", "2").sees_page("advice.child_age").drops()
    phone.dial("*212*4*1*36#").drops().dial().sees_page("language.first").types("1").drops()
    phone.dial().sees_page("resume.offer").types("1").sees_page("advice.child_age")


def test_a_finished_form_is_not_offered_again(world: World) -> None:
    phone = Phone(world, UNKNOWN).dial().types("1", *FORM).sees_page("advice.result").drops()
    phone.dial().sees_page(HOME)


def test_a_screen_of_another_version_goes_home_in_words(world: World) -> None:
    step = advance(None, Dial(()), world.context(Msisdn.parse("+22370000001")))
    gone = Session.decode(step.session.encode().replace(b"home.home", b"home.gone"))
    after = advance(gone, "1", world.context(Msisdn.parse("+22370000001")))
    assert after.session.place.screen == HOME
    assert "Le menu a changé" in after.screen.text
