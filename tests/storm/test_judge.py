"""The judge finds each kind of fault, and nothing else: one sound storm, and one fault put into it at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.storm import letters as kinds
from tests.storm.judge import Evidence, Inbound, Owed, Sent, expected_of, judged
from tests.storm.letters import IN_A_LOOP, LOOP, NAME, Letter

NURSE, CITIZEN, ROBOT = "+22378000001", "+22379000001", "OrangeMali"
ACT = Letter("act", NURSE, "S 482913 CON", ((kinds.ACT, "7"),), "Note: |E31 ")
AGAIN = Letter("again", NURSE, "S 482913 CON", ((kinds.ACT, "7"),), "Note: |E31 ")
HELP = Letter("help", CITIZEN, "AIDE")
AD = Letter("ad", ROBOT, "Votre solde", held=NAME)
LETTERS = (ACT, AGAIN, HELP, AD)


def answer(letter: Letter, text: str, state: str = "DELIVERED", why: str = "", name: str = "") -> Owed:
    named = name or (f"id-{letter.name}" if state != "UNKNOWN" else "")
    return Owed("sms_answer", letter.sender, text, state, why, named, letter.name)


def sound() -> Evidence:
    owed = (answer(ACT, "Note: 482913 CON"), answer(AGAIN, "E31 deja"), answer(HELP, "Aide"))
    return Evidence(
        inbox={one.name: [Inbound("ANSWERED", "")] for one in (ACT, AGAIN, HELP)}
        | {AD.name: [Inbound("HELD", NAME)]},
        owed=owed,
        ledger=tuple(Sent(one.provider_id, one.to, one.text) for one in owed),
        counted=Counter({(kinds.ACT, "7"): 1}),
    )


def doubted(was_sent: bool, why: str = "timeout") -> Evidence:
    """The help is in doubt."""
    found = sound()
    last = Sent("id-nobody-knows", CITIZEN, "Aide")
    return replace(
        found,
        owed=(*found.owed[:2], answer(HELP, "Aide", "UNKNOWN", why)),
        ledger=(*found.ledger[:2], *([last] if was_sent else [])),
    )


def faults(evidence: Evidence, told: tuple[Letter, ...] = LETTERS) -> set[str]:
    return {kind for kind, found in judged(told, evidence).faults.items() if found}


def test_a_storm_without_a_fault() -> None:
    verdict = judged(LETTERS, sound())
    assert verdict.ok
    assert verdict.as_json()["written"] == 4
    assert verdict.as_json()["held"] == 1
    assert verdict.as_json()["examples"] == {}


@pytest.mark.parametrize(("was_sent", "figure"), [(True, "in_doubt_and_sent"), (False, "in_doubt_not_sent")])
def test_a_doubt_that_is_told_is_no_fault(was_sent: bool, figure: str) -> None:
    verdict = judged(LETTERS, doubted(was_sent))
    assert verdict.ok
    assert verdict.figures[figure] == verdict.figures["answers_in_doubt"] == 1


def swapped(place: int, **changes: str) -> Callable[[Evidence], Evidence]:
    """The evidence with another SMS owed at a place."""

    def change(found: Evidence) -> Evidence:
        owed = list(found.owed)
        owed[place] = replace(owed[place], **changes)
        return replace(found, owed=tuple(owed))

    return change


TWIN = Sent("id-twin", CITIZEN, "Aide")
FAULTS: dict[str, tuple[set[str], Callable[[Evidence], Evidence]]] = {
    "a message is lost": (
        {"lost", "wrong_answer"},
        lambda found: replace(found, inbox={**found.inbox, "help": []}),
    ),
    "a message is stored twice": (
        {"lost", "wrong_answer"},
        lambda found: replace(found, inbox={**found.inbox, "help": [Inbound("ANSWERED", "")] * 2}),
    ),
    "a message still waits": (
        {"unsettled", "wrong_answer"},
        lambda found: replace(found, inbox={**found.inbox, "help": [Inbound("WAITING", "")]}),
    ),
    "a phone is held for nothing": (
        {"held_wrongly", "wrong_answer"},
        lambda found: replace(found, inbox={**found.inbox, "help": [Inbound("HELD", LOOP)]}),
    ),
    "a robot is answered": (
        {"held_wrongly", "unanswered"},
        lambda found: replace(found, inbox={**found.inbox, "ad": [Inbound("ANSWERED", "")]}),
    ),
    "no answer is owed": (
        {"unanswered", "sent_twice"},
        lambda found: replace(found, owed=found.owed[:2]),
    ),
    "two answers are owed": (
        {"unanswered", "not_in_ledger"},
        lambda found: replace(found, owed=(*found.owed, answer(HELP, "Aide", name="id-other"))),
    ),
    "it goes to somebody else": ({"unanswered", "not_in_ledger"}, swapped(2, to=NURSE)),
    "an answer was never sent": (
        {"unsent", "sent_twice"},
        swapped(2, state="PENDING", provider_id=""),
    ),
    "an answer is about something else": ({"wrong_answer", "not_in_ledger"}, swapped(0, text="C'est fait")),
    "an apology": ({"wrong_answer", "not_in_ledger"}, swapped(0, text="Votre SMS n'a pas pu")),
    "an SMS is sent twice": ({"sent_twice"}, lambda found: replace(found, ledger=(*found.ledger, TWIN))),
    "a ledger's id comes twice": (
        {"sent_twice"},
        lambda found: replace(found, ledger=(*found.ledger, found.ledger[0])),
    ),
    "taken, says the database alone": (
        {"not_in_ledger"},
        lambda found: replace(found, ledger=found.ledger[:2]),
    ),
    "an act twice": (
        {"wrong_effects"},
        lambda found: replace(found, counted=Counter({(kinds.ACT, "7"): 2})),
    ),
    "an act is missing": ({"wrong_effects"}, lambda found: replace(found, counted=Counter())),
    "an effect that nobody asked for": (
        {"wrong_effects"},
        lambda found: replace(found, counted=found.counted + Counter({(kinds.INCIDENT, "7"): 1})),
    ),
    "a changed audit trail": ({"audit"}, lambda found: replace(found, audit_faults=("row 3 was changed",))),
    "a trail that is not sealed": ({"audit"}, lambda found: replace(found, audit_unsealed=2)),
    "a file in the spool": ({"left"}, lambda found: replace(found, left={"spool": 1, "journal": 0})),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault(name: str) -> None:
    expected, spoil = FAULTS[name]
    assert faults(spoil(sound())) == expected


def test_a_doubt_without_a_reason_is_a_fault() -> None:
    assert faults(doubted(True, why="")) == {"doubt_without_why"}


def test_a_doubt_excuses_one_line_of_the_ledger() -> None:
    found = doubted(True)
    assert faults(replace(found, ledger=(*found.ledger, TWIN))) == {"sent_twice"}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(IN_A_LOOP - 6, {"held_wrongly"}, id="one answer too many"),
        pytest.param(IN_A_LOOP - 5, set(), id="five answers"),
        pytest.param(IN_A_LOOP - 4, {"held_wrongly"}, id="one answer too few"),
    ],
)
def test_a_loop_is_held_as_often_as_it_must_be(held: int, expected: set[str]) -> None:
    told = loop()
    assert faults(looped(told, held, len(told)), told) == expected


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        pytest.param(IN_A_LOOP, set(), id="all was done"),
        pytest.param(IN_A_LOOP - 1, {"wrong_effects"}, id="something held was not done"),
        pytest.param(IN_A_LOOP - 3, {"wrong_effects"}, id="nothing held was done"),
        pytest.param(IN_A_LOOP + 1, {"wrong_effects"}, id="something was done twice"),
    ],
)
def test_what_a_held_message_asks_for_is_done(counted: int, expected: set[str]) -> None:
    told = loop()
    assert faults(looped(told, IN_A_LOOP - 5, counted), told) == expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(0, set(), id="answered each time"),
        pytest.param(IN_A_LOOP - 5, {"held_wrongly"}, id="held as the public is"),
    ],
)
def test_staff_are_answered_more_often(held: int, expected: set[str]) -> None:
    told = tuple(replace(one, by_staff=True) for one in loop())
    assert faults(looped(told, held, len(told)), told) == expected


def loop() -> tuple[Letter, ...]:
    """A phone that complains without end."""
    case = (kinds.COMPLAINT, CITIZEN)
    return tuple(Letter(f"loop-{place}", CITIZEN, "PLAINTE", (case,)) for place in range(IN_A_LOOP))


def looped(told: tuple[Letter, ...], held: int, counted: int) -> Evidence:
    """Of a loop's messages the first so many are held, the others answered; so many complaints are noted."""
    owed = tuple(answer(one, f"Notee {one.name}") for one in told[held:])
    return Evidence(
        inbox={one.name: [Inbound("HELD", LOOP)] for one in told[:held]}
        | {one.name: [Inbound("ANSWERED", "")] for one in told[held:]},
        owed=owed,
        ledger=tuple(Sent(one.provider_id, one.to, one.text) for one in owed),
        counted=Counter({(kinds.COMPLAINT, CITIZEN): counted}),
    )


def from_a_copy(*kinds_and_states: tuple[str, str]) -> Evidence:
    """The help was answered by SMS of these kinds; what was not sent is not in the ledger."""
    found = sound()
    owed = [
        Owed(kind, CITIZEN, f"Aide {place}", state, "", f"id-{place}" if state == "DELIVERED" else "", "help")
        for place, (kind, state) in enumerate(kinds_and_states)
    ]
    sent = [Sent(one.provider_id, one.to, one.text) for one in owed if one.provider_id]
    return replace(found, owed=(*found.owed[:2], *owed), ledger=(*found.ledger[:2], *sent))


SENT, REPLACED = "DELIVERED", "REJECTED"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(
            [("copied_answer", SENT), ("confirmation", SENT)], set(), id="a copy, then the register"
        ),
        pytest.param(
            [("copied_answer", REPLACED), ("sms_answer", SENT)], set(), id="the copy's was not sent"
        ),
        pytest.param([("copied_answer", SENT)], {"unanswered"}, id="a copy alone"),
        pytest.param([("confirmation", SENT)], {"unanswered"}, id="a confirmation of nothing"),
        pytest.param([("copied_answer", SENT), ("sms_answer", SENT)], {"unanswered"}, id="both on their own"),
        pytest.param(
            [("sms_answer", SENT), ("copied_answer", SENT), ("confirmation", SENT)],
            {"unanswered"},
            id="three",
        ),
    ],
)
def test_a_copy_may_answer_first(told: list[tuple[str, str]], expected: set[str]) -> None:
    assert faults(from_a_copy(*told)) == expected


def test_misses_are_counted_up_to_the_budget() -> None:
    batch = Letter("batch", NURSE, "1 2 3", ((kinds.MISS, NURSE),) * 8)
    assert expected_of([batch, batch])[kinds.MISS, NURSE] == 5
    assert expected_of([Letter("one", NURSE, "1", ((kinds.MISS, NURSE),))])[kinds.MISS, NURSE] == 1
