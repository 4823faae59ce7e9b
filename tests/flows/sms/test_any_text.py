"""Whatever is sent has one answer, in one segment, without an exception."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows import gsm7
from flows.context import SMS
from flows.sms.conversation import reply
from flows.sms.helping import unanswered
from flows.world import World
from models.identifiers import Msisdn
from tests.flows.sms.conftest import AWA, CHIEF, NURSE, STRANGER

PHONES = st.sampled_from([AWA, CHIEF, NURSE, STRANGER])
SPOKEN = """
V S A F NON CH ACT CHEF AIDE DROITS CODE RECU CENTRE PLAINTE STOP OUI EFFACER STAT LISTE RUPT OK INS COT
2600100000017 482913 1 2 3 9 CON PAL MED 3500 1990 KATI TRAORE ? +22370000001 ٤٨٢ ߁ ² é ✂ \x00
"""
WORDS = st.sampled_from(SPOKEN.split())
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(WORDS, max_size=9).map(" ".join),
    st.text(min_size=900, max_size=1600),
)


def test_every_word_of_the_grammar_has_its_answer() -> None:
    assert unanswered() == set()


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, number=PHONES)
def test_any_text_has_one_answer(world: World, text: str, number: str) -> None:
    context = world.context(Msisdn.parse(number), text, channel=SMS)
    answer = reply(text, context).text
    assert answer
    assert gsm7.segments(answer) == 1


@pytest.mark.parametrize("number", [NURSE, STRANGER])
def test_the_corpus_of_misspellings_has_answers(world: World, number: str) -> None:
    lines = (Path(__file__).parent / "misspelt.csv").read_text(encoding="utf-8").splitlines()[1:]
    for line in lines:
        answer = reply(line.split(",")[0], world.context(Msisdn.parse(number), line, channel=SMS)).text
        assert gsm7.segments(answer) == 1, line
