"""Twenty calls of one phone at the same moment: what may exist once exists once, and every screen is true."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest

from tests.gateway.handset import AWA, STRANGER, Gateway, Handset

CALLS = 20
UNKNOWN = 2_699_999_990_000
"""The first of numbers that nobody has, each of a possible shape."""


def at_once(gateway: Gateway, phone: str, tail: Callable[[int], str]) -> list[str]:
    """The screens of CALLS calls that begin together, each its own session."""
    barrier = Barrier(CALLS)
    phones = [Handset(gateway, phone, f"ATUid_{number}", tail(number)) for number in range(CALLS)]

    def call(handset: Handset) -> None:
        barrier.wait()
        handset.sends()

    threads = [Thread(target=call, args=(handset,)) for handset in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [handset.screen for handset in phones]


def column(gateway: Gateway, select: str) -> list[str]:
    with gateway.runtime.database.begin() as conn:
        return [str(value) for value in conn.exec_driver_sql(select).scalars()]


def test_one_person_gets_one_visit_code_and_one_sms(each_gateway: Gateway) -> None:
    before = each_gateway.count("messages")
    screens = at_once(each_gateway, AWA, lambda _: "1*1")
    (code,) = column(each_gateway, "SELECT code FROM visit_codes")
    assert all(f"{code[:3]} {code[3:]}" in screen for screen in screens), screens
    assert each_gateway.count("messages") == before + 1


def test_one_phone_has_one_open_request(each_gateway: Gateway) -> None:
    Handset(each_gateway, STRANGER).dial().types("1")
    screens = at_once(each_gateway, STRANGER, lambda _: "6*3*1")
    (reference,) = column(each_gateway, "SELECT reference FROM callbacks")
    assert all(f"Ref {reference}" in screen for screen in screens), screens
    assert sum("C'est noté" in screen for screen in screens) == 1


@pytest.mark.parametrize("round_number", range(2))
def test_no_more_look_ups_are_answered_than_allowed(each_gateway: Gateway, round_number: int) -> None:
    Handset(each_gateway, STRANGER).dial().types("1")
    first = UNKNOWN + CALLS * round_number
    screens = at_once(each_gateway, STRANGER, lambda number: f"1*{first + number}")
    allowed = each_gateway.runtime.limits.misses
    assert each_gateway.count("lookup_misses") == allowed
    locked = [screen for screen in screens if "Trop d'essais" in screen]
    assert len(locked) == CALLS - allowed, screens
    assert all("introuvable" in screen for screen in screens if screen not in locked)
