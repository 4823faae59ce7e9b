"""The pure parts of the benchmark: what is made of the figures, what counts as an answer, which calls are made."""

from collections import Counter
from urllib.parse import parse_qs

import pytest

from config.faults import Fault
from models.identifiers import Msisdn
from tests.bench.calls import PHONES, Calls, phone_number
from tests.bench.figures import GOALS, Goal, Sample, median_ratio, percentile, report, summary
from tests.bench.load import Outcome, kind_of, packed
from tests.bench.stage import check


def sample(cpu_us: float, latencies: tuple[float, ...] = (1.0,)) -> Sample:
    return Sample(requests=100, seconds=0.5, cpu_us=cpu_us, latencies_ms=latencies)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        pytest.param(0, 1, id="the smallest"),
        pytest.param(50, 50, id="half"),
        pytest.param(99, 99, id="99 in a hundred"),
        pytest.param(99.5, 100, id="between two ranks, the higher one"),
        pytest.param(100, 100, id="the largest"),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 99)


def test_a_ratio_is_taken_round_by_round_so_that_one_bad_round_does_not_count() -> None:
    flask = [sample(100), sample(1_000), sample(100)]
    hop = [sample(250), sample(2_500), sample(900)]
    assert median_ratio(hop, flask) == 2.5


@pytest.mark.parametrize(
    ("goal", "figure", "met"),
    [
        pytest.param(Goal(at_most=3), 3.0, True, id="just at most"),
        pytest.param(Goal(at_most=3), 3.001, False, id="just above"),
        pytest.param(Goal(at_least=1.5), 1.5, True, id="just at least"),
        pytest.param(Goal(at_least=1.5), 1.499, False, id="just below"),
        pytest.param(Goal(at_least=1.5), None, None, id="not measured"),
    ],
)
def test_a_goal_is_judged_on_both_sides_of_its_limit(
    goal: Goal, figure: float | None, met: bool | None
) -> None:
    assert goal.met_by(figure) is met


GOOD = {
    "hop_to_bare_flask": 2.9,
    "menu_builder_to_hop": 1.6,
    "large_to_small_register": 1.01,
    "p99_ms_at_200_hops_a_second": 12.0,
}


@pytest.mark.parametrize(
    ("changed", "ok"),
    [
        pytest.param({}, True, id="all met"),
        pytest.param({"hop_to_bare_flask": 3.2}, False, id="one missed"),
        pytest.param({"menu_builder_to_hop": None}, True, id="one not measured, the rest met"),
        pytest.param({"large_to_small_register": 1.1004}, True, id="judged as it is shown"),
    ],
)
def test_the_report_says_what_was_measured_the_goals_and_whether_all_is_well(
    changed: dict[str, float | None], ok: bool
) -> None:
    figures = {**GOOD, **changed}
    told = report({"people": 1_000_000}, figures)
    assert told["ok"] is ok
    assert set(told) == {"measured", "goal", "ok"}
    assert set(told["goal"]) == set(GOALS) <= set(told["measured"])
    assert told["goal"]["hop_to_bare_flask"]["at_most"] == 3.0


def test_a_summary_takes_medians_of_rounds_and_percentiles_of_all_requests() -> None:
    told = summary([sample(100, (1.0, 2.0)), sample(300, (3.0, 40.0)), sample(110, (4.0, 5.0))])
    assert (told["cpu_us"], told["requests_a_second"], told["p99_ms"], told["requests"]) == (
        110,
        200,
        40.0,
        300,
    )


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nAT-USSD-Hop-Metadata: home.home\r\nx: y", b"CON a", "home.home", id="screen"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: y", b"CON a", "CON", id="no screen named"),
        pytest.param(b"HTTP/1.1 404 Not Found\r\nx: y", b"Not Found", "404", id="refused"),
    ],
)
def test_an_answer_is_known_by_its_screen_else_by_its_first_word(head: bytes, body: bytes, kind: str) -> None:
    assert kind_of(head, body) == kind


@pytest.mark.parametrize(
    ("answers", "expected", "void"),
    [
        pytest.param({"rights.person": 100}, "rights.person", False, id="all as wanted"),
        pytest.param(
            {"rights.person": 98, "rights.unknown": 2}, "rights.person", False, id="two in a hundred"
        ),
        pytest.param(
            {"rights.person": 97, "rights.unknown": 3}, "rights.person", True, id="three in a hundred"
        ),
        pytest.param({"edge.redis": 100}, "", True, id="the edge's own words"),
        pytest.param({"slow.owed": 100}, "", True, id="an owed answer"),
        pytest.param({"404": 100}, "", True, id="refused"),
    ],
)
def test_a_run_with_other_answers_than_wanted_is_void(
    answers: Counter[str], expected: str, void: bool
) -> None:
    outcome = Outcome(answers=answers)
    if not void:
        assert check("gateway", outcome, expected) is None
        return
    with pytest.raises(Fault, match="gateway answered"):
        check("gateway", outcome, expected)


def test_every_call_is_new_and_comes_from_another_phone_about_another_card() -> None:
    calls = Calls([str(number) for number in range(50)])
    forms = [parse_qs(form) for batch in (calls.batch(20), calls.batch(20)) for form in batch.cards]
    for field in ("sessionId", "phoneNumber", "text"):
        assert len({form[field][0] for form in forms}) == 40


def test_a_call_keeps_its_session_and_phone_and_its_text_grows() -> None:
    batch = Calls(["1111234567890"]).batch(1)
    hops = [parse_qs(form[0], keep_blank_values=True) for form in (batch.dials, batch.menus, batch.submenus)]
    assert [hop["text"][0] for hop in hops] == ["", "4", "4*1"]
    assert len({hop["sessionId"][0] for hop in hops}) == len({hop["phoneNumber"][0] for hop in hops}) == 1


def test_in_a_stream_a_call_types_half_a_second_after_it_dialled() -> None:
    forms = [parse_qs(form, keep_blank_values=True) for form in Calls(["55"]).stream(400, abreast=100)]
    place = {(form["sessionId"][0], form["text"][0]): number for number, form in enumerate(forms)}
    assert len(forms) == 400
    assert {place[call, "55"] - number for (call, text), number in place.items() if not text} == {100}


@pytest.mark.parametrize("place", [0, PHONES - 1])
def test_every_calling_phone_has_a_malian_mobile_number(place: int) -> None:
    assert Msisdn.parse(phone_number(place)).is_malian


def test_a_form_is_packed_with_its_length() -> None:
    head, _, body = packed("/ussd", "text=4").partition(b"\r\n\r\n")
    assert head.startswith(b"POST /ussd HTTP/1.1\r\n")
    assert b"content-length: 6" in head
    assert body == b"text=4"
