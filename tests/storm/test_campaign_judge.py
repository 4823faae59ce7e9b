"""The judge of campaigns finds each kind of fault, and nothing else: a sound storm, one fault put into it at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.storm.campaign_judge import Found, Judged, Row, Sent, judged
from tests.storm.campaign_weather import Counts, forecast
from tests.storm.weather import PAUSE, WORKER

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
NEWS, CALL = "Vaccination lundi", "Renouvelez votre carte"
PEOPLE = [f"+2237100000{place}" for place in range(6)]


def message(to: str, text: str, seconds: float = 0.0, name: str = "") -> Sent:
    return Sent(name or f"id-{to}-{text}", to, text, NOON + timedelta(seconds=seconds))


def campaign(name: str, policy: str, text: str, rows: list[Row], **more: Any) -> Judged:
    told: dict[str, Any] = {"state": "DONE", "size": 2, "audience": len(rows), **more}
    states = told.pop("states", Counter(row.state for row in rows))
    return Judged(name, policy, texts={row.to: text for row in rows}, rows=rows, states=states, **told)


def row(to: str, state: str, text: str, **more: Any) -> Row:
    with_id = {"provider_id": f"id-{to}-{text}"} if state in ("ACCEPTED", "DELIVERED") else {}
    return Row(to, state, **{**with_id, **more})


def sound() -> Found:
    """One of evidence, of which one message was sent again; one under at_most_once, with a doubt of each kind."""
    news = [
        row(PEOPLE[0], "DELIVERED", NEWS),
        row(PEOPLE[1], "ACCEPTED", NEWS, attempt=2, dup_risk=True),
        row(PEOPLE[2], "ACCEPTED", NEWS, provider_id=""),
        row(PEOPLE[3], "HELD_OUT", NEWS),
    ]
    call = [
        row(PEOPLE[3], "DELIVERED", CALL),
        row(PEOPLE[4], "UNKNOWN", CALL, why="lease over"),
        row(PEOPLE[5], "UNKNOWN", CALL, why="HTTP 500"),
        row(PEOPLE[0], "SKIPPED", CALL),
    ]
    ledger = [message(PEOPLE[place], NEWS) for place in range(3)]
    ledger += [message(PEOPLE[3], CALL, 30), message(PEOPLE[4], CALL)]
    silences = ((NOON + timedelta(seconds=10), NOON + timedelta(seconds=20)),)
    campaigns = (
        campaign("news", "evidence", NEWS, news),
        campaign("call", "at_most_once", CALL, call, silences=silences),
    )
    return Found(campaigns, ledger, killed=1, ambiguous=1)


def faults(found: Found) -> set[str]:
    return {kind for kind, some in judged(found).faults.items() if some}


def test_a_storm_without_a_fault() -> None:
    verdict = judged(sound())
    assert verdict.ok
    assert verdict.figures["news sent_again"] == 1
    assert (verdict.figures["call in_doubt_sent"], verdict.figures["call in_doubt_not_sent"]) == (1, 1)
    assert verdict.figures["in_doubt_at_most"] == 4


def of(place: int, **changes: Any) -> Callable[[Found], Found]:
    """The evidence with another campaign at a place."""

    def change(found: Found) -> Found:
        some = list(found.campaigns)
        some[place] = replace(some[place], **changes)
        return replace(found, campaigns=some)

    return change


def with_row(place: int, at: int, **changes: Any) -> Callable[[Found], Found]:
    """The evidence with another row in a campaign, which its report knows."""

    def change(found: Found) -> Found:
        rows = list(found.campaigns[place].rows)
        rows[at] = replace(rows[at], **changes)
        return of(place, rows=rows, states=Counter(one.state for one in rows))(found)

    return change


def more_sent(*sent: Sent) -> Callable[[Found], Found]:
    return lambda found: replace(found, ledger=[*found.ledger, *sent])


def fewer_rows(found: Found) -> Found:
    rows = list(found.campaigns[0].rows)[1:]
    return of(0, rows=rows, audience=4)(found)


FAULTS: dict[str, tuple[set[str], Callable[[Found], Found]]] = {
    "a person has no row": ({"lost", "report_does_not_add_up"}, fewer_rows),
    "a person has two rows": (
        {"lost", "report_does_not_add_up", "not_in_ledger"},
        lambda found: of(0, rows=[*found.campaigns[0].rows, found.campaigns[0].rows[0]])(found),
    ),
    "she was never sent to and nobody says so": (
        {"unsent", "sent_unasked"},
        with_row(0, 0, state="PENDING", provider_id=""),
    ),
    "taken, say our tables alone": (
        {"not_in_ledger"},
        lambda found: replace(found, ledger=found.ledger[1:]),
    ),
    "another id than the provider's": ({"not_in_ledger"}, with_row(0, 0, provider_id="id-other")),
    "accepted without an id and unknown to the provider": (
        {"not_in_ledger"},
        lambda found: replace(found, ledger=[*found.ledger[:2], *found.ledger[3:]]),
    ),
    "sent twice": (
        {"sent_twice", "undeclared_double"},
        more_sent(message(PEOPLE[0], NEWS, name="id-again")),
    ),
    "sent twice, and declared": ({"sent_twice"}, more_sent(message(PEOPLE[1], NEWS, name="id-again"))),
    "a doubt that was sent twice": (
        {"sent_twice", "undeclared_double"},
        more_sent(message(PEOPLE[4], CALL, name="id-again")),
    ),
    "an id twice in the ledger": (
        {"sent_twice", "undeclared_double", "not_in_ledger"},
        lambda found: replace(found, ledger=[*found.ledger, found.ledger[0]]),
    ),
    "sent to who is held out": ({"sent_unasked"}, more_sent(message(PEOPLE[3], NEWS))),
    "sent to who was passed over": ({"sent_unasked"}, more_sent(message(PEOPLE[0], CALL))),
    "sent to a stranger": ({"sent_unasked"}, more_sent(message("+22371999999", NEWS))),
    "another text": ({"sent_unasked"}, more_sent(message(PEOPLE[0], "Bonjour"))),
    "evidence leaves a doubt": (
        {"unsettled"},
        with_row(0, 1, state="UNKNOWN", why="lease over", provider_id=""),
    ),
    "a doubt without a reason": ({"doubt_without_why"}, with_row(1, 1, why="")),
    "more doubts than kills and ambiguous answers bring": (
        {"too_many_doubts"},
        lambda found: replace(found, killed=0, ambiguous=0),
    ),
    "sent while it was paused": (
        {"sent_in_silence"},
        lambda found: replace(
            found, ledger=[*found.ledger[:3], message(PEOPLE[3], CALL, 12.1), found.ledger[4]]
        ),
    ),
    "sent after it was cancelled": (
        {"sent_in_silence"},
        of(1, state="CANCELLED", silences=((NOON + timedelta(seconds=27), None),)),
    ),
    "a report that forgets one": ({"report_does_not_add_up"}, of(0, audience=3)),
    "a report with another count": (
        {"report_does_not_add_up"},
        of(0, states={"DELIVERED": 2, "ACCEPTED": 1, "HELD_OUT": 1}),
    ),
    "a campaign that does not end": ({"not_ended"}, of(0, state="SENDING")),
    "an answer in the journal": ({"left"}, lambda found: replace(found, left={"journal": 1, "spool": 0})),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault(name: str) -> None:
    expected, spoil = FAULTS[name]
    assert faults(spoil(sound())) == expected


def test_within_two_seconds_a_pause_takes_effect() -> None:
    late = message(PEOPLE[3], CALL, 12.0)
    found = sound()
    assert judged(replace(found, ledger=[*found.ledger[:3], late, found.ledger[4]])).ok


def test_what_a_cancelled_campaign_did_not_send_is_no_fault() -> None:
    waiting = row(PEOPLE[4], "PENDING", NEWS)
    found = replace(sound(), ledger=(), campaigns=[campaign("news", "evidence", NEWS, [waiting])])
    assert faults(found) == {"unsent"}
    assert not faults(of(0, state="CANCELLED")(found))


def test_blows_are_spread_over_the_work_in_their_numbers() -> None:
    counts = Counts(300, 12, 20, 3, 3, 60.0)
    blows = forecast(1, counts)
    assert Counter(blow.what for blow in blows) == counts.blows
    assert forecast(1, counts) == blows != forecast(2, counts)
    assert all(0 < blow.at < 0.9 for blow in blows)
    kills = [blow.at for blow in blows if blow.what == WORKER]
    assert max(later - before for before, later in pairwise(kills)) < 0.01
    assert {blow.rest for blow in blows if blow.what == PAUSE} == {60.0}
