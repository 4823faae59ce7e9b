"""Whatever people ask for, by SMS and by USSD: no more SMS leave than the caps allow, and none leaves the country."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.message_kinds import SMS, STAFF, SYSTEM, USSD, endpoint
from models import messages, sending
from models.caps import Caps
from models.database import Database
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.sending import Taken
from tests.gateway.correspondent import Correspondent
from tests.gateway.handset import Gateway, Handset, open_gateway, people
from tests.sending.outside import Outside
from workers.inbox import answer_inbox
from workers.sender import Sender

LANE = "transactional"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CAPS = Caps(("+223",), 3, {USSD: 5, SMS: 6, STAFF: 2, SYSTEM: 4}, 11, timedelta(hours=72))

PHONES = [
    *(f"+2237000020{place}" for place in range(5)),
    "+22320223344",
    "+22170000001",
    "+33612345678",
    "+2230000",
    "+12025550123",
]
CALLERS = PHONES[:6]
"""From other numbers no call is let in at all."""

KINDS = ["sms_answer", "rights", "papers", "advice", "late_answer", "staff", "after_visit", "of no endpoint"]

OWED = st.tuples(st.sampled_from(PHONES), st.sampled_from(KINDS), st.integers(0, 50))
"""To whom, what, and the hour in which it is asked for."""


def owe_all(database: Database, keys: KeyRing, owed: list[tuple[str, str, int]]) -> None:
    for place, (to, kind, hour) in enumerate(owed):
        with database.begin() as conn:
            messages.owe(
                conn,
                keys,
                to=Msisdn(to),
                text=f"{place}",
                kind=kind,
                lane=LANE,
                once=b"%d" % place,
                now=NOW + timedelta(hours=hour),
            )


def taken(database: Database, keys: KeyRing, token: int, now: datetime) -> Taken | None:
    with database.begin() as conn:
        return sending.take(conn, keys, LANE, token, 60, now, CAPS)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(OWED, max_size=60), st.integers(1, 3))
def test_no_mix_of_requests_makes_more_sms_than_the_caps(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, owed: list[tuple[str, str, int]], days: int
) -> None:
    file = copy(migrated_file, tmp_path_factory.mktemp("cost") / "ramu.sqlite3")
    database, keys = Database.open(f"sqlite:///{file}", deadline_ms=None), KeyRing.create(Path(file).parent)
    owe_all(database, keys, owed)
    kinds = {str(place): kind for place, (_, kind, _) in enumerate(owed)}
    by_day: Counter[object] = Counter()
    token = 0
    for day in range(days):
        now = NOW + timedelta(days=day)
        while found := taken(database, keys, token := token + 1, now):
            for sms in found.sms:
                assert sms.to.e164.startswith("+223")
                by_day.update([day, (day, sms.to.e164), (day, endpoint(kinds[sms.text]))])
    database.dispose()
    for key, times in by_day.items():
        if isinstance(key, int):
            assert times <= CAPS.day
        else:
            _, scope = key  # type: ignore[misc]
            assert times <= CAPS.endpoints.get(scope, CAPS.number)


@pytest.fixture
def gateway(tmp_path: Path, sqlite_url: str, redis_url: str) -> Iterator[Gateway]:
    """A gateway of which little may leave in a day, and the loop guard out of the way."""
    few = {"cap_number": 4, "cap_ussd": 5, "cap_sms": 6, "cap_day": 9, "answers_in_ten_minutes": 1_000}
    opened = people(open_gateway(tmp_path, sqlite_url, redis_url, **few))
    yield opened
    opened.runtime.close()


CALL = "*"
"""In place of a text: a call, in which help by SMS is asked for."""

TEXTS = ["AIDE", "DROITS", "2600100000017", "STOP TOUT", "OUI", "PLAINTE rien", "EFFACER", "CENTRE Kati", "1"]


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_whatever_people_send_what_leaves_stays_within_the_caps(
    gateway: Gateway, data: st.DataObject
) -> None:
    """The same day goes on from one mix to the next: the caps hold for all of them together."""
    mix = st.lists(
        st.tuples(st.sampled_from(PHONES), st.sampled_from([*TEXTS, CALL])), min_size=8, max_size=14
    )
    for phone, text in [(PHONES[0], "AIDE"), *data.draw(mix)]:
        if text == CALL:
            if phone in CALLERS:
                Handset(gateway, phone).dial("5*1*1")
        else:
            assert Correspondent(gateway, phone).writes(text).status_code == 200
        answer_inbox(gateway.runtime)
    outside = Outside(gateway.runtime.settings.data_folder / "ledger")
    sender = Sender(gateway.runtime, outside)
    sender.turn(LANE)
    sender.drain()
    sender.close()
    sent = Counter(line.split()[0] for line in outside.sent.elements())
    assert 1 <= sent.total() <= 9
    assert all(times <= 4 for times in sent.values())
    assert all(number.startswith("+223") for number in sent)
