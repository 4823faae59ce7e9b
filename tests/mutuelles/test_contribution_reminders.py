"""Reminders of contributions: when they are planned, what holds them back, that each leaves once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from threading import Thread

import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select, update

from config.jobs import BULK, REMIND
from flows.world import LIMITS, World
from models import (
    already_reminded,
    caps,
    consent,
    contribution_reminders,
    deaths,
    membership_changes,
    mutuelle_terms,
    phones,
    reminders,
    reminders_wanted,
)
from models.already_reminded import Told
from models.contribution_reminder_figures import figures
from models.contribution_reminders import (
    ENOUGH,
    LEAN,
    LEFT,
    NOBODY,
    OTHER_SUM,
    PAID,
    SAID_OK,
)
from models.days import BAMAKO, day_of
from models.identifiers import Msisdn
from models.people import persons
from models.reminders import HELD_OUT, NO_PHONE, OVER, SENT, STOPPED
from tests.flows.sms.texting import Texter
from tests.mutuelles.conftest import Books, noon, opened
from tests.register.conftest import Register
from tests.sending.conftest import Office, open_office
from workers import reminding

JOINED = date(2026, 12, 20)
"""Cotton in Sikasso is asked for on 15 January, 15 February and 15 March."""

WEEK_BEFORE, DUE, TEN_DAYS_LATE = date(2027, 1, 8), date(2027, 1, 15), date(2027, 1, 25)
WHOLE = 17_720


def ten(day: date) -> datetime:
    """Ten in the morning."""
    return datetime(day.year, day.month, day.day, 10, tzinfo=BAMAKO)


@dataclass
class Season:
    """A mutuelle in January, with whoever joined it, and the desk that reminds them."""

    office: Office
    books: Books
    members: list[int] = field(default_factory=list)
    now: datetime = field(init=False)

    def at(self, moment: datetime) -> None:
        """It is this moment at the desk."""
        self.now = moment
        self.office.desk = replace(self.office.desk, clock=lambda: moment)

    def terms(self, **changed: int) -> None:
        """The assembly decided otherwise."""
        with self.books.database.begin() as conn:
            for term, value in changed.items():
                mutuelle_terms.change(conn, self.books.mutuelle_id, term, value, JOINED, "AG")

    def household(self, phone: bool = True, **more) -> int:
        """Five people pay by cotton, and have a phone of their own; the membership."""
        member = self.books.join(**{"plan": "COTON", "day": JOINED, **more})
        self.members.append(member)
        if phone:
            with self.books.database.begin() as conn:
                phones.link(conn, self.office.desk.keys, self.phone(member), self.head(member), "t", self.now)
        return member

    def phone(self, member: int) -> Msisdn:
        """The phone of a household."""
        return Msisdn(f"+223700{member:05}")

    def head(self, member: int) -> int:
        """Who opened the file of a household."""
        with self.books.database.begin(reading=True) as conn:
            asked = select(persons.c.id).where(persons.c.relation == "SOI").order_by(persons.c.id)
            return list(conn.execute(asked).scalars())[self.members.index(member)]

    def refuses(self, member: int, topic: str) -> None:
        """A household stops a topic."""
        with self.books.database.begin() as conn:
            phone_id = phones.note(conn, self.office.desk.keys, self.phone(member), self.now)
            consent.record(conn, phone_id, topic, False, "test", "SMS", self.now)

    def tick(self, day: date | None = None) -> None:
        """The job of a day, and the sending that follows."""
        if day:
            self.at(ten(day))
        reminding.remind_all(self.office.desk)
        self.send()

    def texter(self, member: int) -> Texter:
        """The phone of a household, five minutes later."""
        desk = self.office.desk
        moment = self.now + timedelta(minutes=5)
        world = World(desk.database, desk.keys, desk.catalogues, LIMITS, moment, {})
        return Texter(world, self.phone(member))

    def send(self) -> None:
        """One job of the bulk lane to its end."""
        sender = self.office.sender()
        sender.turn(BULK)
        sender.drain()
        sender.close()

    def sent(self, member: int) -> list[str]:
        """What a household was written so far."""
        number = self.phone(member).e164
        return [line[len(number) + 1 :] for line in self.office.outside.sent.elements() if number in line]

    def outcomes(self, member: int) -> dict[str, str | None]:
        """What became of each kind."""
        rows = reminders.reminders
        asked = select(rows.c.kind, rows.c.outcome).where(rows.c.subject_id == member)
        with self.books.database.begin(reading=True) as conn:
            return {row.kind: row.outcome for row in conn.execute(asked)}


@pytest.fixture
def season(tmp_path, database_url, redis_url) -> Iterator[Season]:
    """On SQLite and on PostgreSQL, a week before the first due date; nobody is held out."""
    office = open_office(tmp_path, database_url, redis_url)
    made = Season(office, opened(Register(office.desk.database, office.desk.keys)))
    made.terms(holdout_percent=0)
    made.at(ten(WEEK_BEFORE))
    yield made
    office.desk.close()


def test_the_whole_text(season: Season) -> None:
    member = season.household()
    for _ in range(3):
        season.tick()
    assert season.sent(member) == [
        "Benkadi: la paie du coton arrive. Il reste 17720 F pour 5 personnes, l'Etat paie autant."
        " Payer: *212*3*1#. Deja paye? OK. STOP"
    ]


LADDERS = {
    "as we assume": ({}, [8, 15]),
    "not on the day": ({"remind_same_day": 0}, [8, 25]),
    "not before": ({"remind_before_days": 0}, [15, 25]),
    "sooner and later": ({"remind_before_days": 3, "remind_same_day": 0, "remind_late_days": 5}, [12, 20]),
    "once": ({"remind_most": 1}, [8]),
    "never": ({"remind_most": 0}, []),
}


@pytest.mark.parametrize(("terms", "days"), LADDERS.values(), ids=LADDERS)
def test_the_ladder_of_a_mutuelle_never_more_than_its_most(season: Season, terms, days) -> None:
    season.terms(**terms)
    member, told = season.household(), []
    for day in range(5, 31):
        before = len(season.sent(member))
        season.tick(date(2027, 1, day))
        told += [day] * (len(season.sent(member)) - before)
    assert told == days


MISSED = {
    "two days before": ([10], {"COT_AVANT": SENT}),
    "the whole week": ([14], {"COT_AVANT": SENT}),
    "the week and the day": ([15], {"COT_JOUR": SENT}),
    "two days after": ([17], {"COT_JOUR": SENT}),
    "as late as it may be": ([18], {"COT_JOUR": SENT}),
    "a day more": ([19], {}),
    "late by ten days and two": ([27], {"COT_RETARD": SENT}),
    "late by ten days and four": ([29], {}),
    "both, two days late": ([10, 17], {"COT_AVANT": SENT, "COT_JOUR": SENT}),
}


@pytest.mark.parametrize(("days", "outcomes"), MISSED.values(), ids=MISSED)
def test_days_without_a_tick_are_made_up_for_once(season: Season, days, outcomes) -> None:
    member = season.household()
    for day in [one for one in days for _ in range(2)]:
        season.tick(date(2027, 1, day))
    assert season.outcomes(member) == outcomes
    assert len(season.sent(member)) == len(outcomes)


def test_what_was_to_be_said_before_is_not_said_on_the_day(season: Season) -> None:
    member = season.household()
    season.at(ten(date(2027, 1, 14)).replace(hour=20))
    reminding.remind_all(season.office.desk)
    season.tick(DUE)
    assert season.outcomes(member) == {"COT_AVANT": OVER, "COT_JOUR": SENT}


def pay_all(season: Season, member: int) -> None:
    season.books.pay(member, WHOLE, day=day_of(season.now))


def pay_the_part(season: Season, member: int) -> None:
    season.books.pay(member, season.books.account(member).next_due, day=day_of(season.now))


def pay_less(season: Season, member: int) -> None:
    season.books.pay(member, 1_000, day=day_of(season.now))


def stop_all(season: Season, member: int) -> None:
    season.refuses(member, "RAPPELS")


def stop_these(season: Season, member: int) -> None:
    season.refuses(member, "MUTUELLE")


def die(season: Season, member: int) -> None:
    with season.books.database.begin() as conn:
        gone = {"died_on": day_of(season.now)}
        conn.execute(update(persons).where(persons.c.id == season.head(member)).values(gone))


def be_said_dead(season: Season, member: int) -> None:
    with season.books.database.begin() as conn:
        for by in (b"one", b"two"):
            deaths.say(conn, f"person:{season.head(member)}", by, season.now)


def resign(season: Season, member: int) -> None:
    with season.books.database.begin() as conn:
        membership_changes.end(conn, member, "DEMISSIONNAIRE", day_of(season.now), now=season.now)


def say_ok(season: Season, member: int) -> None:
    rows = reminders.reminders
    with season.books.database.begin() as conn:
        conn.execute(update(rows).where(rows.c.subject_id == member).values(answered_at=season.now))


Change = Callable[[Season, int], None]
CHANGES: dict[Change, tuple[str, str]] = {
    pay_all: (PAID, PAID),
    pay_the_part: (PAID, PAID),
    pay_less: (SENT, PAID),
    stop_all: (STOPPED, STOPPED),
    stop_these: (STOPPED, STOPPED),
    die: (NO_PHONE, NOBODY),
    be_said_dead: (NO_PHONE, NOBODY),
    resign: (LEFT, LEFT),
    say_ok: (SAID_OK, SAID_OK),
}


@pytest.mark.parametrize("when", ["planned", "owed"])
def test_what_changes_between_plan_and_claim_holds_it_back(season: Season, when: str) -> None:
    changed = {season.household(): change for change in CHANGES}
    untouched = season.household()
    desk = season.office.desk
    assert reminding.plan(desk) == len(CHANGES) + 1
    if when == "owed":
        assert reminding.owe_planned(desk) == len(CHANGES) + 1
    for member, change in changed.items():
        change(season, member)
    season.tick()
    found = {change.__name__: season.outcomes(member)["COT_AVANT"] for member, change in changed.items()}
    assert found == {change.__name__: words[when == "owed"] for change, words in CHANGES.items()}
    assert season.outcomes(untouched) == {"COT_AVANT": SENT}
    told = [member for member in season.members if season.sent(member)]
    assert told == [member for member in season.members if season.outcomes(member)["COT_AVANT"] == SENT]


def test_a_sum_that_is_not_right_any_more_is_not_told(season: Season) -> None:
    paid = season.household()
    entry = season.books.pay(paid, 5_000, day=JOINED).entry_id
    reminding.remind_all(season.office.desk)
    season.books.reverse(entry, day=day_of(season.now))
    season.send()
    assert season.outcomes(paid) == {"COT_AVANT": OTHER_SUM}


def test_another_phone_of_the_household_is_written_to(season: Season) -> None:
    member = season.household()
    kin = Msisdn("+22370099999")
    with season.books.database.begin() as conn:
        phones.link(conn, season.office.desk.keys, kin, season.head(member) + 1, "test", season.now)
    season.refuses(member, "MUTUELLE")
    season.tick()
    assert [line.split()[0] for line in season.office.outside.sent.elements()] == [kin.e164]


def test_a_household_without_a_phone_is_counted_as_such(season: Season) -> None:
    member = season.household(phone=False)
    season.tick()
    assert season.outcomes(member) == {"COT_AVANT": NO_PHONE}


HOURS = {
    "at eight": (WEEK_BEFORE, 8, 0, None),
    "before eight": (WEEK_BEFORE, 7, 59, (8, 8, 0)),
    "before the prayer": (WEEK_BEFORE, 12, 29, None),
    "when the prayer begins": (WEEK_BEFORE, 12, 30, (8, 14, 30)),
    "before the evening": (WEEK_BEFORE, 18, 59, None),
    "in the evening": (WEEK_BEFORE, 19, 0, (9, 8, 0)),
}


@pytest.mark.parametrize(("day", "hour", "minute", "waits"), HOURS.values(), ids=HOURS)
def test_what_was_owed_waits_for_its_hour(season: Season, day, hour, minute, waits) -> None:
    member = season.household()
    reminding.remind_all(season.office.desk)
    season.at(ten(day).replace(hour=hour, minute=minute))
    season.send()
    (row,) = season.office.rows()
    assert bool(season.sent(member)) == (waits is None)
    if waits:
        local = row.not_before.astimezone(BAMAKO)
        assert (local.day, local.hour, local.minute) == waits
        season.at(local)
        season.office.end_pauses()
        season.send()
        assert season.outcomes(member) == {"COT_AVANT": SENT}


def test_nobody_is_asked_for_money_in_the_lean_months(season: Season) -> None:
    season.terms(remind_most=2)
    monthly = season.household(plan="MOIS", day=date(2026, 11, 30))
    season.tick(date(2027, 6, 29))
    reminding.plan(season.office.desk)
    assert season.outcomes(monthly) == {"COT_JOUR": SENT}
    season.at(ten(date(2027, 6, 30)).replace(hour=7))
    with season.books.database.begin() as conn:
        reminders_wanted.want(conn, [monthly], 204, season.now)
    assert reminding.plan(season.office.desk) == 1
    for day in (date(2027, 7, 1), date(2027, 9, 30)):
        season.tick(day)
    assert season.outcomes(monthly) == {"COT_JOUR": SENT, "COT_RAPPEL": LEAN}


def test_a_collector_has_a_household_reminded_within_the_cap(season: Season) -> None:
    season.terms(holdout_percent=100)
    asked, enough = season.household(), season.household()
    season.tick()
    assert season.outcomes(asked) == {"COT_AVANT": HELD_OUT}
    season.terms(holdout_percent=0, remind_most=1)
    season.tick(DUE)
    with season.books.database.begin() as conn:
        reminders_wanted.want(conn, [enough], 204, season.now)
    season.tick()
    assert season.outcomes(enough) == {"COT_AVANT": HELD_OUT, "COT_JOUR": SENT, "COT_RAPPEL": ENOUGH}
    assert [len(season.sent(member)) for member in (asked, enough)] == [1, 1]


def test_who_wishes_to_be_reminded_is_on_that_day(season: Season) -> None:
    season.terms(remind_most=0)
    member = season.household()
    with season.books.database.begin() as conn:
        reminders_wanted.want(conn, [member], reminders_wanted.HOUSEHOLD, ten(DUE))
    season.tick()
    assert season.sent(member) == []
    season.tick(DUE)
    assert season.outcomes(member)["COT_VOULU"] == SENT
    assert season.sent(member)[0].startswith("Benkadi: c'est la paie du coton. Il reste 17720 F")


def wants(season: Season, member: int, by: int = 204, at: datetime | None = None) -> int:
    with season.books.database.begin() as conn:
        return reminders_wanted.want(conn, [member], by, at or season.now)


def test_a_collector_is_told_that_a_due_date_was_reminded_of_and_nothing_more_is_sent(season: Season) -> None:
    season.terms(remind_before_days=0)
    member = season.household()
    assert already_reminded.told(season.books.database.reader(), member) == Told(DUE, 0, None, False, False)
    wants(season, member)
    season.tick()
    found = already_reminded.told(season.books.database.reader(), member)
    assert found == Told(DUE, 1, season.now, by_asking=True, said_ok=False)
    assert found.is_enough(2)
    for day in (date(2027, 1, 12), date(2027, 1, 14)):
        wants(season, member)
        season.tick(day)
    assert season.outcomes(member) == {"COT_RAPPEL": SENT}
    assert len(season.sent(member)) == 1
    season.books.pay(member, season.books.account(member).next_due, day=DUE)
    found = already_reminded.told(season.books.database.reader(), member)
    assert found == Told(date(2027, 2, 15), 0, None, False, False)


@pytest.mark.parametrize(
    ("sent", "asked", "ok", "most", "enough"),
    [
        pytest.param(0, False, False, 0, True, id="a mutuelle that sends none"),
        pytest.param(1, False, False, 2, False, id="one of two"),
        pytest.param(2, False, False, 2, True, id="as many as may be"),
        pytest.param(1, True, False, 2, True, id="one was asked for"),
        pytest.param(1, False, True, 2, True, id="said that it has paid"),
    ],
)
def test_what_is_enough(sent: int, asked: bool, ok: bool, most: int, enough: bool) -> None:
    assert Told(DUE, sent, None, asked, ok).is_enough(most) is enough


def test_what_was_withdrawn_is_sent_when_it_is_asked_for_again(season: Season) -> None:
    season.terms(remind_before_days=0)
    member = season.household(phone=False)
    wants(season, member)
    season.tick()
    assert season.outcomes(member) == {"COT_RAPPEL": NO_PHONE}
    with season.books.database.begin() as conn:
        phones.link(conn, season.office.desk.keys, season.phone(member), season.head(member), "t", season.now)
    wants(season, member)
    for _ in range(2):
        season.tick(date(2027, 1, 12))
    assert season.outcomes(member) == {"COT_RAPPEL": SENT}
    assert len(season.sent(member)) == 1


@pytest.mark.parametrize("first", ["the collector", "the household"])
def test_a_day_that_the_household_chose_takes_nothing_from_what_was_asked_for(
    season: Season, first: str
) -> None:
    season.terms(remind_before_days=0, remind_same_day=0)
    member = season.household()
    told = [(204, season.now), (reminders_wanted.HOUSEHOLD, ten(DUE))]
    for by, at in told if first == "the collector" else reversed(told):
        assert wants(season, member, by, at) == 1
        assert wants(season, member, by, at) == 0
    season.tick()
    assert season.outcomes(member) == {"COT_RAPPEL": SENT}
    season.tick(DUE)
    assert season.outcomes(member) == {"COT_RAPPEL": SENT, "COT_VOULU": SENT}
    assert len(season.sent(member)) == 2


def test_a_phone_of_many_households_is_written_to_so_often(season: Season) -> None:
    first = season.household()
    others = [season.household(phone=False) for _ in range(4)]
    with season.books.database.begin() as conn:
        for member in others:
            phones.link(
                conn, season.office.desk.keys, season.phone(first), season.head(member), "test", season.now
            )
    for _ in range(2):
        season.tick()
    outcomes = [season.outcomes(member)["COT_AVANT"] for member in (first, *others)]
    assert sorted(outcomes) == [ENOUGH] + [SENT] * 4


def test_what_a_cap_of_the_day_holds_back_is_not_called_sent(season: Season) -> None:
    member = season.household()
    reminding.remind_all(season.office.desk)
    number = phones.phone_index(season.office.desk.keys, season.phone(member))
    with season.books.database.begin() as conn:
        assert caps.spend(conn, WEEK_BEFORE, number, 1_000, times=1_000)
    season.send()
    assert season.outcomes(member) == {"COT_AVANT": caps.NUMBER_FULL}
    assert season.sent(member) == []


def test_who_is_held_out_has_a_row_without_a_message(season: Season) -> None:
    season.terms(holdout_percent=40)
    members = [season.household() for _ in range(40)]
    season.tick()
    held = {member for member in members if season.outcomes(member) == {"COT_AVANT": HELD_OUT}}
    assert 4 <= len(held) <= 30
    assert {member for member in members if not season.sent(member)} == held
    season.tick(DUE)
    assert {member for member in members if season.outcomes(member)["COT_JOUR"] == HELD_OUT} == held


def test_who_says_ok_hears_no_more_of_this_due_date(season: Season) -> None:
    member, silent = season.household(), season.household()
    season.tick()
    season.texter(member).sends("OK").reads("C'est note, merci: plus de rappel pour cette fois.")
    season.tick(DUE)
    assert season.outcomes(member) == {"COT_AVANT": SENT, "COT_JOUR": SAID_OK}
    assert season.outcomes(silent) == {"COT_AVANT": SENT, "COT_JOUR": SENT}
    season.tick(date(2027, 2, 8))
    assert len(season.sent(member)) == 2
    with season.books.database.begin(reading=True) as conn:
        counts = figures(conn, WEEK_BEFORE, DUE, DUE)[-1].counts
    assert (counts.planned, counts.sent, counts.said_ok, counts.running) == (4, 3, 1, 2)


@pytest.mark.parametrize("word", ["STOP", "STOP MUTUELLE", "STOP RAPPELS"])
def test_who_says_stop_hears_no_more_at_all(season: Season, word: str) -> None:
    member = season.household()
    season.tick()
    season.texter(member).sends(word).reads("C'est fait: plus de")
    for day in (DUE, TEN_DAYS_LATE, date(2027, 2, 12)):
        season.tick(day)
    assert len(season.sent(member)) == 1
    assert season.outcomes(member)["COT_JOUR"] == STOPPED


def test_stop_to_other_messages_leaves_these(season: Season) -> None:
    member = season.household()
    season.texter(member).sends("STOP RAMED")
    season.tick()
    assert len(season.sent(member)) == 1


def test_a_turn_without_time_asks_for_the_next(season: Season) -> None:
    member = season.household()
    desk = season.office.desk
    reminding.plan(desk)
    queue = Queue(BULK, connection=desk.redis, serializer=JSONSerializer)
    assert reminding.owe_planned(desk, seconds=0) == 0
    assert [(job.func_name, job.timeout) for job in queue.jobs] == [(REMIND, 300)]
    season.tick()
    assert season.outcomes(member) == {"COT_AVANT": SENT}


def test_ten_at_once_remind_each_once(season: Season) -> None:
    members = [season.household() for _ in range(12)]
    desk = season.office.desk
    threads = [Thread(target=reminding.remind_all, args=(desk,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reminding.remind_all(desk)
    season.send()
    assert [len(season.sent(member)) for member in members] == [1] * 12
    assert len(season.office.rows()) == 12


class Killed(Exception):
    """The process ends here."""


def test_who_is_killed_while_planning_leaves_nothing_or_everything(season: Season) -> None:
    member = season.household()
    planner = contribution_reminders.PLANNERS[0]

    def dies(conn, day, now):
        planner.plan(conn, day, now)
        raise Killed

    for _ in range(3):
        with pytest.raises(Killed), season.books.database.begin() as conn:
            reminders.plan_day(conn, replace(planner, plan=dies), season.now)
    assert season.outcomes(member) == {}
    season.tick()
    assert len(season.sent(member)) == 1
    assert noon(WEEK_BEFORE) > season.now
