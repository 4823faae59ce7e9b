"""What a copy told, as the inbox keeps it, and the words that settle it: always one segment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows import gsm7
from flows.context import SMS
from flows.sms import confirming
from flows.sms.confirming import Given
from flows.sms.conversation import reply
from flows.world import World
from models.identifiers import Msisdn
from models.inbound import PROVISIONAL
from tests.flows.sms.conftest import NURSE
from tests.flows.sms.test_texts import AMO, EXPIRED, MUTUELLE, RAMED, SUSPENDED, WAITING

LONGEST_MUTUELLE = "54100111"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(Given(1, ()), id="no code"),
        pytest.param(Given(17, ("482913",)), id="one"),
        pytest.param(Given(17, ("482913",), ("555551",)), id="one and one lost"),
        pytest.param(Given(2**53, (), tuple(f"48291{n}" for n in range(8))), id="the most"),
    ],
)
def test_what_was_given_is_read_as_it_was_written(given: Given) -> None:
    assert Given.decode(given.encode()) == given
    assert len(given.encode()) <= PROVISIONAL


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (RAMED, True),
        (f"V {RAMED}", True),
        (f"{RAMED} {AMO}", True),
        ("482913", False),
        ("S 482913 CON", False),
        ("AIDE", False),
        ("", False),
        ("CH TRAORE AWA 1987 KATI", False),
    ],
)
def test_only_a_verification_is_answered_from_a_copy(world: World, text: str, asked: bool) -> None:
    context = world.context(Msisdn.parse(NURSE), "x", channel=SMS)
    assert confirming.is_verification(text, context) is asked


NUMBERS = [RAMED, AMO, MUTUELLE, EXPIRED, SUSPENDED, WAITING, LONGEST_MUTUELLE, "2600199999986", "54100089"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_code_that_is_taken_back_is_named_first_and_all_fits(world: World, number: str) -> None:
    context = world.context(Msisdn.parse(NURSE), number, channel=SMS)
    given = Given(1, (), ("482913",))
    there = confirming.surroundings(context, given)
    answer = confirming.settled(reply(number, there), given, there)
    assert answer.text.startswith("PEC 482913 n'est pas confirme. ")
    assert gsm7.septets(answer.text) <= gsm7.SINGLE_SEPTETS
    plain = reply(number, context).text
    assert plain[:8] in answer.text
    if "PEC" in plain:
        assert plain.partition("PEC ")[2][:6] in answer.text


@pytest.mark.parametrize("number", NUMBERS)
def test_a_copys_word_says_whose_it_is_and_fits(world: World, number: str) -> None:
    context = world.context(Msisdn.parse(NURSE), number, channel=SMS)
    answer = reply(number, replace(context, copied_on=context.today))
    assert gsm7.septets(answer.text) <= gsm7.SINGLE_SEPTETS
    assert "elon liste du 22/11" in answer.text


def test_a_full_batch_of_a_copy_names_every_code(world: World) -> None:
    context = replace(world.context(Msisdn.parse(NURSE), "batch", channel=SMS), copied_on=world.now.date())
    answer = reply(
        " ".join([RAMED, AMO, MUTUELLE, "54100089", LONGEST_MUTUELLE, EXPIRED, SUSPENDED]), context
    )
    codes = [effect.code for effect in answer.effects if hasattr(effect, "hours")]
    assert len(codes) >= 3
    assert all(code in answer.text for code in codes)
    assert gsm7.septets(answer.text) <= gsm7.SINGLE_SEPTETS


def test_what_costs_is_paid_once(world: World) -> None:
    context = world.context(Msisdn.parse(NURSE), "paid", channel=SMS)
    given = Given(1, ())
    there = confirming.surroundings(context, given)
    answer = confirming.settled(reply(f"{RAMED} 2600199999986", there), given, there)
    assert not {"HitsSpent", "Missed"} & {type(effect).__name__ for effect in answer.effects}
    assert "missed" in [getattr(effect, "detail", "") for effect in answer.effects]


@pytest.mark.parametrize("text", ["123", f"{RAMED} 00000", "2600100000018999"])
def test_what_was_not_looked_up_is_not_answered_from_a_copy(world: World, text: str) -> None:
    context = replace(world.context(Msisdn.parse(NURSE), text, channel=SMS), copied_on=world.now.date())
    assert confirming.of_copy(text, reply(text, context), context) is None
