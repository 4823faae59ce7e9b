"""The demonstration's world, with more holders in it: something to be guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.world import World
from tests.abuse.attack import Victims, enrolled
from tests.flows.conftest import built, world

__all__ = ["built", "world"]


@pytest.fixture
def victims(world: World, tmp_path: Path) -> Victims:
    """Holders of receipts in a range that attackers know."""
    return enrolled(world)
