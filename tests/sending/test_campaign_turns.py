"""What people do while a campaign is sent, how much a claim takes, and what a sender outlives."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.jobs import BULK, SEND_BULK
from config.settings import BadSettings, load
from gateway.providers import Answered
from models import campaign_report, campaigns
from models.campaigns import CANCEL, PAUSE, RESUME
from models.database import DatabaseAway, Db
from models.identifiers import Msisdn
from tests.sending.conftest import Office, open_office
from tests.sending.drive import FAST, OPEN_HOUR, Drive
from tests.sending.outside import accepted
from workers.campaign_sender import FIRST_AT_ONCE, MOST_AT_ONCE

PERSONAL = "Bonjour {prenom|cher assuré}"


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    """On SQLite, then on PostgreSQL, on a Thursday at ten."""
    opened = open_office(tmp_path, database_url, redis_url, paces=FAST)
    opened.desk = replace(opened.desk, clock=lambda: OPEN_HOUR)
    yield opened
    opened.desk.close()


def one_at_a_time(office: Office) -> None:
    settings = office.desk.settings.model_copy(update={"campaign_sends_at_once": 1})
    office.desk = replace(office.desk, settings=settings)


def move(drive: Drive, step: str) -> None:
    with drive.office.desk.database.begin() as conn:
        campaigns.move(conn, drive.id, step, OPEN_HOUR)


@dataclass
class Slow:
    """A provider that takes its time, and does something once it was asked so often."""

    seconds: float
    at: int
    act: Callable[[], None]
    asked: list[float] = field(default_factory=list)
    acted: float = 0.0

    def __call__(self, text: str, to: Sequence[Msisdn]) -> Answered:
        self.asked.append(monotonic())
        if len(self.asked) == self.at:
            self.act()
            self.acted = monotonic()
        sleep(self.seconds)
        return accepted(text, to)


def test_a_pause_of_a_personalised_campaign_takes_effect_within_two_seconds(office: Office) -> None:
    drive = Drive(office, range(300), size=1, personalised=True, text=PERSONAL)
    say = Slow(0.03, 40, lambda: move(drive, PAUSE))
    drive.send(say)
    assert max(say.asked) - say.acted < 2.0
    sent = office.outside.sent.total()
    assert 40 <= sent < 300
    assert drive.states() == {"ACCEPTED": sent, "PENDING": 300 - sent}
    move(drive, RESUME)
    drive.send()
    assert drive.states() == {"ACCEPTED": 300}
    assert set(office.outside.sent.values()) == {1}


def test_what_is_cancelled_leaves_the_rest_unsent_and_its_report_adds_up(office: Office) -> None:
    drive = Drive(office, range(120), size=3)
    say = Slow(0.005, 10, lambda: move(drive, CANCEL))
    drive.send(say)
    drive.send()
    sent = office.outside.sent.total()
    assert 30 <= sent < 120
    with office.desk.database.begin(reading=True) as conn:
        told = campaign_report.report(conn, drive.id)
    assert (told.audience, sum(told.states.values())) == (120, 120)
    assert (told.states["ACCEPTED"], told.states["PENDING"]) == (sent, 120 - sent)
    with pytest.raises(campaigns.WrongStep):
        move(drive, RESUME)


@pytest.mark.parametrize(
    ("seconds", "least", "most"),
    [
        pytest.param(0.0, FIRST_AT_ONCE + 1, MOST_AT_ONCE, id="a provider that answers at once"),
        pytest.param(0.1, 1, FIRST_AT_ONCE, id="a tenth of a second"),
        pytest.param(0.3, 1, FIRST_AT_ONCE, id="a slow one"),
    ],
)
def test_a_claim_is_no_more_than_half_a_second_of_work(
    office: Office, seconds: float, least: int, most: int
) -> None:
    one_at_a_time(office)
    drive = Drive(office, range(80 if not seconds else 8), size=1, personalised=True, text=PERSONAL)
    held: list[int] = []

    def say(text: str, to: Sequence[Msisdn]) -> Answered:
        held.append(drive.chunk_states()["INTENT"])
        sleep(seconds)
        return accepted(text, to)

    drive.send(say)
    assert least <= max(held) <= most
    assert seconds < 0.2 or max(held[FIRST_AT_ONCE:]) == 1
    assert set(office.outside.sent.values()) == {1}


def jobs(redis_url: str) -> list[str]:
    with Redis.from_url(redis_url) as client:
        return [str(job.func_name) for job in Queue(BULK, connection=client, serializer=JSONSerializer).jobs]


def test_who_begins_to_send_calls_another_process_once(office: Office, redis_url: str) -> None:
    drive = Drive(office, range(40), size=2)
    drive.send()
    assert jobs(redis_url) == [SEND_BULK]
    drive.send()
    assert jobs(redis_url) == [SEND_BULK]


class Away:
    """A database that is away when a claim's commit should have been answered, so many times."""

    def __init__(self, real: Any, times: int) -> None:
        self._real = real
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @contextmanager
    def begin_prepared(self, *, durable: bool = False) -> Iterator[Db]:
        with self._real.begin_prepared(durable=durable) as conn:
            yield conn
        if durable and self.times:
            self.times -= 1
            raise DatabaseAway("its answer was lost")


def test_a_sender_outlives_a_database_that_was_away_and_sends_what_it_had_claimed(office: Office) -> None:
    one_at_a_time(office)
    drive = Drive(office, range(6), size=2)
    away = Away(office.desk.database, 1)
    real, office.desk = office.desk, replace(office.desk, database=away)  # type: ignore[arg-type]
    drive.send()
    office.desk = real
    assert away.times == 0
    assert drive.states() == {"ACCEPTED": 6}
    assert set(office.outside.sent.values()) == {1}


def test_a_rehearsal_may_be_at_night(office: Office) -> None:
    night = OPEN_HOUR + timedelta(hours=12)
    drive = Drive(office, range(4), size=2)
    office.desk = replace(office.desk, clock=lambda: night)
    drive.send()
    assert drive.states() == {"PENDING": 4}
    told = load(provider="simulated", campaigns_at_any_hour=True, paces=FAST)
    assert told.campaigns_at_any_hour
    settings = office.desk.settings.model_copy(update={"campaigns_at_any_hour": True})
    office.desk = replace(office.desk, settings=settings)
    drive.send()
    assert drive.states() == {"ACCEPTED": 4}


@pytest.mark.parametrize(
    "carriers",
    [
        pytest.param({"provider": "africastalking"}, id="a real provider"),
        pytest.param({"provider": "simulated", "provider2": "africastalking"}, id="a real second one"),
    ],
)
def test_people_are_never_woken_by_a_rehearsal(carriers: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="campaigns_at_any_hour"):
        load(campaigns_at_any_hour=True, **carriers)
