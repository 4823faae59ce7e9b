"""Phones of a contracted centre's chief and nurse, of a nurse without a convention, and of citizens."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.world import World
from models.identifiers import Msisdn
from tests.flows.sms.texting import Texter

CHIEF, NURSE, WITHOUT_CONVENTION = "+22370000101", "+22370000102", "+22370000103"
AWA, STRANGER = "+22370000001", "+22370999999"
FANTA, SIAKA = "+22370000021", "+22366000022"

Texting = Callable[[str], Texter]


@pytest.fixture
def texter(world: World) -> Texting:
    """A phone by its number, in one world."""

    def of(number: str) -> Texter:
        return Texter(replace(world), Msisdn.parse(number))

    return of


@pytest.fixture
def nurse(texter: Texting) -> Texter:
    """The nurse of the contracted CSCom."""
    return texter(NURSE)


@pytest.fixture
def stranger(texter: Texting) -> Texter:
    """A phone that the register does not know."""
    return texter(STRANGER)
