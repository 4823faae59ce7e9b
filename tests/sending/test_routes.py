"""Two providers over real HTTP: one that fails is left alone, the other carries on, a probe finds the first again."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread

import pytest

from gateway.providers import provider_of
from gateway.simulated.callbacks import Callbacks
from gateway.simulated.faults import Chance
from gateway.simulated.ledger import Ledger
from gateway.simulated.provider import Simulation
from gateway.simulated.server import Server
from tests.sending.conftest import Office, open_office
from tests.sending.drive import FAST, OPEN_HOUR, Drive, number
from workers.campaign_sender import CampaignSender
from workers.pauses import FAILURES, FIRST_SECONDS, LONGEST_SECONDS, Pause
from workers.routes import Route, Routes, routes_of, second_of

NOWHERE = "http://127.0.0.1:1/hooks"


@dataclass
class Carrier:
    """A simulated provider on a port; while `faults` names one, every request goes wrong so."""

    folder: Path
    faults: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.simulation = Simulation(
            Ledger(self.folder), Callbacks(NOWHERE, threads=1), Chance(self.faults), 60.0
        )
        self.server = Server(0, self.simulation)
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def took(self, people: range) -> set[int]:
        """Which of these people it has taken a message for, each once."""
        counts = {place: len(self.simulation.ledger.to(number(place))) for place in people}
        assert set(counts.values()) <= {0, 1}
        return {place for place, times in counts.items() if times}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Watch:
    """A clock that a test sets."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """An office with one or two providers, and the sender of one of its processes."""

    office: Office
    first: Carrier
    second: Carrier
    watch: Watch = field(default_factory=Watch)

    def sender(self, *, both: bool = True) -> CampaignSender:
        settings = self.office.desk.settings
        some = [settings, second_of(settings)] if both else [settings]
        routes = [Route(provider, Pause(self.watch)) for one in some if (provider := provider_of(one))]
        return CampaignSender(self.office.desk, Routes(routes))

    def alarms(self) -> int:
        return int(self.office.desk.redis.hget("tallies", "ramu_alarms|FOURNISSEUR") or 0)


@pytest.fixture
def world(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[World]:
    """On SQLite, then on PostgreSQL, on a Thursday at ten; one request at a time."""
    carriers = [Carrier(tmp_path / name) for name in ("first", "second")]
    opened = open_office(
        tmp_path,
        database_url,
        redis_url,
        paces=FAST,
        provider="simulated",
        provider_url=carriers[0].url,
        provider2="simulated",
        provider2_url=carriers[1].url,
        provider_seconds=0.3,
        campaign_sends_at_once=1,
    )
    opened.desk = replace(opened.desk, clock=lambda: OPEN_HOUR)
    yield World(opened, carriers[0], carriers[1])
    for carrier in carriers:
        carrier.close()
    opened.desk.close()


def go(sender: CampaignSender) -> None:
    """One job, to its end."""
    sender.turn("bulk")
    sender.drain()


@pytest.mark.parametrize(
    ("fault", "tries", "state"),
    [
        pytest.param("timeout_after", FAILURES, "UNKNOWN", id="no answer in time"),
        pytest.param("e500_before", FAILURES, "UNKNOWN", id="it fails"),
        pytest.param("e429", FAILURES, "PENDING", id="it wants to be left alone"),
        pytest.param("e401", 1, "PENDING", id="it refuses us"),
    ],
)
def test_a_provider_that_fails_is_left_alone_and_the_second_carries_on(
    world: World, fault: str, tries: int, state: str
) -> None:
    people = range(24)
    world.first.faults[fault] = 1.0
    drive = Drive(world.office, people, size=2)
    go(world.sender())
    assert world.first.simulation.requests == tries
    assert world.alarms() == 1
    assert drive.states() == {state: 2 * tries, "ACCEPTED": 24 - 2 * tries}
    taken = world.second.took(people)
    assert len(taken) == 24 - 2 * tries
    assert not taken & world.first.took(people)


def test_without_a_second_one_the_campaign_waits_and_nobody_is_lost(world: World) -> None:
    world.first.faults["e500_before"] = 1.0
    drive, sender = Drive(world.office, range(24), size=2), world.sender(both=False)
    go(sender)
    go(sender)
    assert drive.states() == {"UNKNOWN": 2 * FAILURES, "PENDING": 24 - 2 * FAILURES}
    assert world.first.simulation.requests == FAILURES
    assert not world.second.simulation.requests


def test_after_the_pause_one_request_asks_whether_it_is_well_and_all_go_there_again(world: World) -> None:
    world.first.faults["e500_before"] = 1.0
    sender = world.sender()
    Drive(world.office, range(12), size=2)
    go(sender)
    world.watch.now += FIRST_SECONDS
    Drive(world.office, range(100, 112), size=2)
    go(sender)
    # The probe failed: twice as long a pause, and the others went the second way.
    assert world.first.simulation.requests == FAILURES + 1
    assert len(world.second.took(range(100, 112))) == 10
    world.watch.now += FIRST_SECONDS
    world.first.faults.clear()
    Drive(world.office, range(200, 212), size=2)
    go(sender)
    assert len(world.second.took(range(200, 212))) == 12
    world.watch.now += FIRST_SECONDS
    Drive(world.office, range(300, 312), size=2)
    go(sender)
    assert len(world.first.took(range(300, 312))) == 12
    assert world.alarms() == 2


def test_one_that_refuses_us_is_asked_again_after_five_minutes(world: World) -> None:
    world.first.faults["e401"] = 1.0
    drive, sender = Drive(world.office, range(4), size=2), world.sender(both=False)
    go(sender)
    world.first.faults.clear()
    world.office.end_pauses()
    world.watch.now += LONGEST_SECONDS - 1
    go(sender)
    assert drive.states() == {"PENDING": 4}
    world.watch.now += 1
    go(sender)
    assert drive.states() == {"ACCEPTED": 4}
    assert len(world.first.took(range(4))) == 4


def test_the_settings_name_both(world: World) -> None:
    settings = world.office.desk.settings
    both, one = routes_of(settings), routes_of(settings.model_copy(update={"provider2": ""}))
    assert both is not None
    assert one is not None
    found = both.pick()
    assert found is not None
    found.pause.failed(stop=True)
    other = both.pick()
    assert other is not None
    assert other is not found
    other.pause.failed(stop=True)
    assert both.pick() is None
    assert routes_of(settings.model_copy(update={"provider": ""})) is None
