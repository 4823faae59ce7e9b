"""A worker is killed (SIGKILL) at each numbered place of an outage: never two provisional answers, never no answer."""

from __future__ import annotations

import pytest

from gateway.crash_points import POINTS
from tests.gateway.correspondent import inbox
from tests.standby.outage import NURSE, RAMED, Outage, pec

pytestmark = pytest.mark.storm

STANDING_IN, COMING_BACK, TIDYING = (41, 42), (43, 44), (45,)
SENDING = (21, 22, 23, 24, 25, 26, 27, 28)

NOT_SENT = {22}
"""Places after which nobody may send it: it is in doubt, and listed."""


def settled(outage: Outage) -> None:
    """In the end: one answer of the register, and at most one before it with the same code."""
    outage.turn().tidies().turn()
    *before, final = outage.reads(NURSE)
    assert final.startswith("OK RAMED valide au ")
    assert [text[:3] for text in before] in ([], ["OK?"])
    assert {pec(text) for text in before} <= {pec(final)}
    assert outage.codes() == [(pec(final), "OPEN", False)]
    assert inbox(outage.gateway) == [("ANSWERED", None)]
    assert outage.untold() == 0
    assert outage.gateway.count("messages WHERE kind = 'copied_answer' AND chunk_id IS NOT NULL") == 1


@pytest.mark.parametrize("point", [*STANDING_IN, *SENDING])
def test_killed_while_the_copy_stands_in(outage: Outage, point: int) -> None:
    outage.copy()
    outage.begins().writes(NURSE, RAMED).dies(point).turn().tidies().turn()
    assert len(outage.reads(NURSE)) == (point not in NOT_SENT)
    outage.ends()
    settled(outage)


@pytest.mark.parametrize("point", COMING_BACK)
def test_killed_while_the_register_is_told(outage: Outage, point: int) -> None:
    outage.copy()
    outage.begins().writes(NURSE, RAMED).turn().ends().dies(point)
    assert outage.untold() == 1
    settled(outage)


@pytest.mark.parametrize("point", TIDYING)
def test_killed_while_messages_are_brought_over(outage: Outage, point: int) -> None:
    outage.copy()
    outage.begins().writes(NURSE, RAMED).turn().ends().turn().dies(point, "tidy")
    settled(outage)


def test_each_place_is_killed_at() -> None:
    ours = {point for point, what in POINTS.items() if what.startswith(("standing in:", "coming back:"))}
    assert ours == {*STANDING_IN, *COMING_BACK, *TIDYING}
