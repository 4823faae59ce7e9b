"""Crashes on the path of a campaign: what leads to each numbered place, and what must have come of everybody."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import delete, update

from gateway.providers import Unknown
from models.campaign_tables import campaign_texts, campaigns, recipients
from models.chunks import AT_MOST_ONCE, chunks
from models.messages import ACCEPTED, DELIVERED, UNKNOWN
from models.reports import reports
from tests.sending.conftest import Office, open_office
from tests.sending.drive import FAST, OPEN_HOUR, Drive, number
from tests.sending.outside import always
from tests.sending.test_campaign_doubts import SILENCE, failing, spoken_for, told
from tests.storm.campaign_judge import EVIDENCE
from tests.storm.crashing import NUMBERS, Crash, Lane, Lanes, age, killed
from tests.storm.evidence import left_on_disk
from tests.storm.one_step import CAMPAIGNS, CARE, REAP, RETRY, WITNESSES
from workers.campaign_care import look_after_all, retry_all
from workers.sending import reap_all, replay

OF = "campaign"
PEOPLE, SIZE = 40, 20
"""Two requests, each large enough for its silence to prove something."""

HOURS = -SILENCE.total_seconds() / 60
"""Minutes from the hour of the crashes to that of a request about which silence has lasted long enough."""


@dataclass(frozen=True, slots=True)
class Path:
    """One campaign at a lane. `asked`: how often each person was asked for, beside the once that is right."""

    office: Office
    lane: Lane
    drive: Drive
    faults: list[str]
    asked: Counter[str]

    def killed(self, what: str, point: int) -> None:
        """A process does something and dies at a place."""
        self.faults.extend(killed(self.office, what, self.lane, point))


def _sending(path: Path, point: int) -> None:
    path.killed(CAMPAIGNS, point)


def _reaping(path: Path, point: int) -> None:
    path.killed(CAMPAIGNS, 22 if point == 31 else 25)
    age(path.office)
    path.killed(REAP, point)


def _settling(path: Path, point: int) -> None:
    """Every request was ambiguous, and one report about each has come."""
    path.drive.send(always(Unknown("HTTP 502")))
    with path.office.desk.database.begin() as conn:
        conn.execute(update(chunks).values(intent_at=OPEN_HOUR))
    for place in (1, SIZE + 1):
        told(path.drive, place, f"stranger-{place}", OPEN_HOUR)
    path.killed(CARE, point)


def _sending_again(path: Path, point: int) -> None:
    """A claim died before its request, a day ago; what was asked for before and after it was reported about."""
    spoken_for(path.office, range(1_000, 1_100), HOURS - 120)
    path.drive.set(state="SENDING")
    path.killed(CAMPAIGNS, 22)
    age(path.office)
    reap_all(path.office.desk)
    with path.office.desk.database.begin() as conn:
        mine = chunks.c.campaign_id == path.drive.id
        conn.execute(update(chunks).where(mine).values(intent_at=OPEN_HOUR - SILENCE))
    path.drive.set(state="PAUSED")
    spoken_for(path.office, range(2_000, 2_100), HOURS + 5)
    path.drive.set(state="SENDING")
    path.killed(CARE, point)
    look_after_all(path.office.desk)


def _trying_again(path: Path, point: int) -> None:
    """Everybody was refused for a reason that passes: asked for once, and taken by nobody."""
    path.drive.send(failing("PANNE_OPERATEUR"))
    path.asked.update(path.office.outside.sent)
    path.killed(RETRY, point)
    retry_all(path.office.desk)
    path.office.end_pauses()


PLACES: dict[int, Callable[[Path, int], None]] = {
    **dict.fromkeys(range(21, 29), _sending),
    **dict.fromkeys((31, 32, 33), _reaping),
    34: _settling,
    35: _sending_again,
    36: _trying_again,
}
"""Every numbered place on the path of a campaign, and what leads to it."""


def crash(lanes: Lanes, point: int) -> Crash:
    """One campaign, one crash, and what the other processes do afterwards."""
    lane = lanes.get()
    home = lane.folder / f"campaign-{next(NUMBERS)}"
    office = open_office(home, lane.database_url, lane.redis_url, paces=FAST, evidence_recipients=WITNESSES)
    office.desk = replace(office.desk, clock=lambda: OPEN_HOUR)
    try:
        again = point == 35
        drive = Drive(
            office,
            range(PEOPLE),
            size=SIZE,
            policy=EVIDENCE if again else AT_MOST_ONCE,
            state="PAUSED" if again else "SENDING",
        )
        path = Path(office, lane, drive, [], Counter())
        PLACES[point](path, point)
        return _judged(path, point)
    finally:
        _swept(office)
        office.desk.close()
        shutil.rmtree(home, ignore_errors=True)
        lanes.put(lane)


def _judged(path: Path, point: int) -> Crash:
    """Senders, reapers and care go on; then everybody is looked at."""
    office, drive, faults = path.office, path.drive, path.faults
    for _ in range(2):
        replay(office.desk, 0)
        office.end_leases()
        reap_all(office.desk)
        look_after_all(office.desk)
        drive.send()
    sent = office.outside.sent - path.asked
    for place, row in enumerate(drive.rows()):
        times = sent[f"{number(place)} Bonjour"]
        if times > 1:
            faults.append(f"person {place} was sent {times} times: {row.state}")
        if row.state not in (ACCEPTED, DELIVERED, UNKNOWN) or (times == 0 and row.state != UNKNOWN):
            faults.append(f"person {place} was sent {times} times and is {row.state}")
        if row.state == UNKNOWN and not row.why:
            faults.append(f"person {place} is in doubt, and nobody says why")
    left = left_on_disk(office.desk.settings.data_folder)
    faults += [f"{number} in {where}" for where, number in left.items() if number]
    states = ", ".join(f"{count} {state}" for state, count in sorted(drive.states().items()))
    mine = sum(sent[f"{number(place)} Bonjour"] for place in range(PEOPLE))
    return Crash(point, states, mine, tuple(faults), OF)


def _swept(office: Office) -> None:
    """The next crash of this lane finds no campaign."""
    with office.desk.database.begin() as conn:
        for table in (recipients, campaign_texts, campaigns, reports):
            conn.execute(delete(table))
        conn.execute(delete(chunks).where(chunks.c.campaign_id.is_not(None)))
