"""The pure parts of `ramu bench verify`: which answer belongs to which question, the backlog, the verdict."""

from datetime import date
from urllib.parse import parse_qs

import pytest

from models.identifiers import Msisdn, recognise
from tests.bench.questions import UNKNOWN_EVERY, Asking, Question, matched, waiting_at
from tests.bench.receipts import PHONES, nurse
from tests.bench.verify import GOALS, judged

ONE, OTHER = (Question(phone, "7000000000001", True, "") for phone in ("+22361000000", "+22361000001"))
UNKNOWN = Question("+22361000000", "7000000000002", False, "")
OK, E12 = "OK RAMED valide", "E12 7000000000002 inconnu."


@pytest.mark.parametrize(
    ("asked", "sent", "expected"),
    [
        pytest.param([ONE], {ONE.phone: [(3.5, OK)]}, ((2.5,), 0, 0, 0), id="answered"),
        pytest.param([ONE], {}, ((), 0, 1, 0), id="missing"),
        pytest.param([ONE], {ONE.phone: [(2.0, OK), (3.0, OK)]}, ((1.0,), 0, 0, 1), id="answered again"),
        pytest.param([ONE], {ONE.phone: [(2.0, E12)]}, ((1.0,), 1, 0, 0), id="a wrong answer"),
        pytest.param([UNKNOWN], {ONE.phone: [(2.0, E12)]}, ((1.0,), 0, 0, 0), id="an unknown receipt"),
        pytest.param(
            [ONE, UNKNOWN, OTHER],
            {ONE.phone: [(2.0, OK), (4.0, E12)], OTHER.phone: [(2.0, OK)]},
            ((1.0, 3.0, 1.0), 0, 0, 0),
            id="a phone's answers in its order",
        ),
    ],
)
def test_each_question_has_its_own_answer(
    asked: list[Question], sent: dict[str, list[tuple[float, str]]], expected: tuple[object, ...]
) -> None:
    found = matched([(1.0, question) for question in asked], sent, {})
    assert (found.seconds, found.wrong, found.missing, found.again) == expected
    assert found.each_once is (expected[1:] == (0, 0, 0))


def test_what_a_phone_got_before_answers_nothing_now() -> None:
    sent = {ONE.phone: [(0.5, OK), (2.0, OK)]}
    assert matched([(1.0, ONE)], sent, {ONE.phone: 1}).seconds == (1.0,)


def test_the_backlog_is_what_was_asked_and_not_answered_yet() -> None:
    assert waiting_at([1.0, 2.5, 9.0], asked=[1.0, 2.0, 3.0], came=[2.1, 4.0, 5.0]) == [1, 1, 0]


def test_questions_come_from_every_nurse_about_receipts_all_over_the_register() -> None:
    questions = Asking(3_000_000).some(3_000)
    forms = [parse_qs(question.form) for question in questions]
    assert len({form["from"][0] for form in forms}) == 3_000
    assert len({form["id"][0] for form in forms}) == 3_000
    assert len({question.number for question in questions}) == 3_000
    assert sum(not question.known for question in questions) == 3_000 // UNKNOWN_EVERY
    assert all(recognise(form["text"][0], _DAY) for form in forms[:50])


_DAY = date(2026, 11, 22)


@pytest.mark.parametrize("place", [0, PHONES - 1])
def test_every_nurse_has_a_malian_mobile_number(place: int) -> None:
    assert Msisdn.parse(nurse(place)).is_malian


GOOD = {"idle_p95_s": 0.06, "not_answered_once": 0, "waiting_at_the_end": 4, "rows_in_doubt": 0}


@pytest.mark.parametrize(
    ("changed", "ok"),
    [
        pytest.param({}, True, id="all met"),
        pytest.param({"idle_p95_s": 1.0}, True, id="a second"),
        pytest.param({"idle_p95_s": 1.001}, False, id="more than a second"),
        pytest.param({"waiting_at_the_end": 101}, False, id="a queue that grew"),
        pytest.param({"not_answered_once": 1}, False, id="one was not answered once"),
        pytest.param({"rows_in_doubt": 1}, False, id="one is in doubt"),
    ],
)
def test_the_verdict_needs_every_goal(changed: dict[str, float], ok: bool) -> None:
    told = judged({**GOOD, **changed})
    assert told["ok"] is ok
    assert set(told["goal"]) == set(GOALS)
