"""Reminders that a RAMED right ends: found once a day, owed once, and asked again at the moment of sending."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, update

from config.jobs import BULK
from models import consent, deaths, dossiers, erasures, phones, ramed_ends, reminders
from models.coverage import coverages
from models.days import day_of
from models.dossier_records import Candidate, Owner
from models.dossier_tables import CITIZEN
from models.identifiers import Msisdn
from models.people import persons
from models.reminders import OVER, SENT, STOPPED
from tests.register.conftest import COMMUNE, Register
from tests.sending.conftest import Office
from workers import reminding, retention

TOMORROW = datetime.now(UTC).date() + timedelta(days=1)
NOW = datetime.combine(TOMORROW, time(10), UTC)
NIGHT = datetime.combine(TOMORROW, time(22), UTC)
"""Ahead of the database's own clock, so that what is put off waits by that clock too."""

HERS = Msisdn("+22370000021")
NUMBER = "1111234567"


@dataclass
class World:
    """An office at a moment, and a register with one household whose right ends."""

    office: Office
    register: Register

    def at(self, moment: datetime) -> None:
        """It is this moment at the desk."""
        self.office.desk = replace(self.office.desk, clock=lambda: moment)

    def household(self, days: int = 90, phone: Msisdn | None = HERS) -> tuple[int, int]:
        """A holder and a spouse whose RAMED ends in so many days; (her row, her right's row)."""
        end = day_of(NOW) + timedelta(days=days)
        home = self.register.household()
        person = self.register.person(household=home)
        spouse = self.register.person(household=home, given="Moussa", relation="CONJOINT", sex="M")
        right = self.register.right(person, number=f"{NUMBER}{person:03}", end=end)
        self.register.right(spouse, role="AYANT_DROIT", end=end)
        if phone:
            with self.office.desk.database.begin() as conn:
                phones.link(conn, self.office.desk.keys, phone, person, "test", NOW)
        return person, right

    def refuses(self, topic: str, phone: Msisdn = HERS, given: bool = False) -> None:
        """She stops a topic, or takes it up again."""
        with self.office.desk.database.begin() as conn:
            phone_id = phones.note(conn, self.office.desk.keys, phone, NOW)
            consent.record(conn, phone_id, topic, given, "test", "SMS", NOW)

    def send(self) -> list[str]:
        """One job of the bulk lane to its end; the texts that left so far."""
        sender = self.office.sender()
        sender.turn(BULK)
        sender.drain()
        sender.close()
        return sorted(self.office.outside.sent.elements())

    def outcomes(self) -> list[str | None]:
        """What became of each reminder."""
        with self.office.desk.database.begin(reading=True) as conn:
            return list(
                conn.execute(
                    select(reminders.reminders.c.outcome).order_by(reminders.reminders.c.id)
                ).scalars()
            )


@pytest.fixture
def world(office: Office) -> Iterator[World]:
    made = World(office, Register(office.desk.database, office.desk.keys))
    made.at(NOW)
    return made


def other(place: int) -> Msisdn:
    """A phone of its own for each household."""
    return Msisdn(f"+223700003{place:02}")


def test_the_text_leaves_once_whoever_asks_how_often(world: World) -> None:
    world.household()
    for _ in range(3):
        reminding.remind_all(world.office.desk)
    day = (day_of(NOW) + timedelta(days=90)).strftime("%d/%m/%Y")
    assert world.send() == [
        f"{HERS.e164} Votre RAMED finit le {day}. Demandez tot: *212*2*4#. Pieces: *212*2*3#."
        " Deja fait? OK. STOP RAMED pour arreter"
    ]
    world.at(NOW + timedelta(days=1))
    reminding.remind_all(world.office.desk)
    assert len(world.send()) == 1
    assert world.outcomes() == [SENT]


DAYS = {
    91: "a day too early",
    90: "the day",
    88: "two days were missed",
    83: "a week was missed",
    82: "too late to call it early",
    -1: "over",
}


def test_the_days_on_which_it_is_planned(world: World) -> None:
    ends = {world.household(days, other(place))[1]: days for place, days in enumerate(DAYS)}
    assert reminding.plan(world.office.desk) == 3
    with world.office.desk.database.begin(reading=True) as conn:
        planned = set(conn.execute(select(reminders.reminders.c.subject_id)).scalars())
    assert {ends[subject] for subject in planned} == {90, 88, 83}


def test_a_tick_that_was_missed_for_two_days_catches_up_once(world: World) -> None:
    world.household(92)
    assert reminding.plan(world.office.desk) == 0
    for later in (4, 5):
        world.at(NOW + timedelta(days=later))
        reminding.plan(world.office.desk)
    assert world.outcomes() == [None]


def test_two_ticks_of_a_day_plan_once(world: World) -> None:
    world.household()
    desk = world.office.desk
    with desk.database.begin() as conn:
        assert reminders.plan_day(conn, ramed_ends.PLANNER, NOW) == 1
    with desk.database.begin() as conn:
        assert reminders.plan_day(conn, ramed_ends.PLANNER, NOW + timedelta(hours=3)) is None
        assert ramed_ends.plan(conn, day_of(NOW), NOW) == 0


def test_a_right_with_a_new_end_is_told_of_again(world: World) -> None:
    _, right = world.household()
    reminding.plan(world.office.desk)
    with world.office.desk.database.begin() as conn:
        later = {"valid_to": day_of(NOW) + timedelta(days=91)}
        conn.execute(update(coverages).where(coverages.c.id == right).values(later))
    world.at(NOW + timedelta(days=1))
    reminding.remind_all(world.office.desk)
    assert len(world.send()) == 1
    assert world.outcomes() == [OVER, SENT]


Change = Callable[[World, int, int, Msisdn], None]


def die(world: World, person: int, right: int, phone: Msisdn) -> None:
    with world.office.desk.database.begin() as conn:
        conn.execute(update(persons).where(persons.c.id == person).values(died_on=day_of(NOW)))


def dead_by_two(world: World, person: int, right: int, phone: Msisdn) -> None:
    with world.office.desk.database.begin() as conn:
        for by in (b"one", b"two"):
            deaths.say(conn, f"person:{person}", by, NOW)


def renew(world: World, person: int, right: int, phone: Msisdn) -> None:
    world.register.right(person, number=f"2222234567{person:03}", end=day_of(NOW) + timedelta(days=900))


def leave(world: World, person: int, right: int, phone: Msisdn) -> None:
    with world.office.desk.database.begin() as conn:
        conn.execute(update(coverages).where(coverages.c.id == right).values(status="RADIE"))


def stop_ramed(world: World, person: int, right: int, phone: Msisdn) -> None:
    world.refuses("RAMED", phone)


def stop_all(world: World, person: int, right: int, phone: Msisdn) -> None:
    world.refuses("RAPPELS", phone)


def be_forgotten(world: World, person: int, right: int, phone: Msisdn) -> None:
    desk = world.office.desk
    with desk.database.begin() as conn:
        erasures.request(conn, desk.keys, reference="123456", phone=phone, now=NOW)
        for erasure_id, _ in erasures.waiting(conn):
            erasures.carry_out(conn, desk.keys, erasure_id, NOW)


CHANGES: tuple[Change, ...] = (die, dead_by_two, renew, leave, stop_ramed, stop_all, be_forgotten)


@pytest.mark.parametrize("when", ["before", "planned", "owed"])
def test_what_changes_at_any_moment_before_it_is_sent_holds_it_back(world: World, when: str) -> None:
    households = [(world.household(phone=other(place)), other(place)) for place in range(len(CHANGES))]
    world.household()
    if when != "before":
        assert reminding.plan(world.office.desk) == len(CHANGES) + 1
    if when == "owed":
        assert reminding.owe_planned(world.office.desk) == len(CHANGES) + 1
    for change, ((person, right), phone) in zip(CHANGES, households, strict=True):
        change(world, person, right, phone)
    reminding.remind_all(world.office.desk)
    assert [line.split()[0] for line in world.send()] == [HERS.e164]
    assert world.outcomes().count(SENT) == 1


def test_another_phone_of_the_household_is_written_to(world: World) -> None:
    person, _ = world.household()
    kin = other(1)
    with world.office.desk.database.begin() as conn:
        phones.link(conn, world.office.desk.keys, kin, person + 1, "test", NOW)
    world.refuses("RAMED")
    reminding.remind_all(world.office.desk)
    assert [line.split()[0] for line in world.send()] == [kin.e164]


def test_who_comes_back_is_reminded(world: World) -> None:
    world.household()
    world.refuses("RAMED")
    world.refuses("RAMED", given=True)
    reminding.remind_all(world.office.desk)
    assert len(world.send()) == 1


def test_nobody_without_a_phone_is_planned(world: World) -> None:
    world.household(phone=None)
    assert reminding.plan(world.office.desk) == 0


def test_nothing_is_owed_at_night(world: World) -> None:
    world.household()
    world.at(NIGHT)
    assert reminding.remind_all(world.office.desk) == 0
    assert world.send() == []


def test_what_is_owed_by_day_does_not_leave_at_night(world: World) -> None:
    world.household()
    reminding.remind_all(world.office.desk)
    world.at(NIGHT)
    assert world.send() == []
    (row,) = world.office.rows()
    assert (row.chunk, row.not_before.hour) == ("READY", 8)
    world.at(NOW + timedelta(days=1))
    world.office.end_pauses()
    assert len(world.send()) == 1


def test_a_stop_after_the_night_still_counts(world: World) -> None:
    world.household()
    reminding.remind_all(world.office.desk)
    world.at(NIGHT)
    world.send()
    world.refuses("RAMED")
    world.at(NOW + timedelta(days=1))
    world.office.end_pauses()
    assert world.send() == []
    assert world.outcomes() == [STOPPED]


def test_an_answer_counts_once(world: World) -> None:
    world.household()
    reminding.remind_all(world.office.desk)
    world.send()
    desk = world.office.desk
    with desk.database.begin() as conn:
        (reminder_id, _, _) = reminders.asked(conn, desk.keys, HERS, NOW + timedelta(hours=2)) or (0, "", NOW)
        assert reminders.asked(conn, desk.keys, HERS, NOW + timedelta(hours=25)) is None
        assert [reminders.answered(conn, reminder_id, NOW) for _ in range(2)] == [True, False]
        assert reminders.figures(conn, ramed_ends.KIND) == {SENT: 1, "ANSWERED": 1}
        days = select(func.count()).where(reminders.reminder_days.c.kind == ramed_ends.KIND)
        assert conn.execute(days).scalar_one() == 1


def test_a_card_that_was_imported_is_told_once_and_its_file_is_dropped_in_time(world: World) -> None:
    desk = world.office.desk
    awa = Candidate("Awa", "Traoré", "F", 1990, COMMUNE, "RAMED")
    with desk.database.begin() as conn:
        dossiers.open_dossier(conn, desk.keys, "482213", Owner(CITIZEN, HERS), awa, "test", NOW)
    assert reminding.remind_all(desk) == 0
    person = world.register.person(born=date(1990, 5, 1))
    world.register.right(
        person, number="1111234567801", start=day_of(NOW), end=day_of(NOW) + timedelta(days=900)
    )
    assert [reminding.remind_all(desk) for _ in range(2)] == [1, 0]
    world.office.turn()
    (line,) = world.office.outside.sent.elements()
    assert "Carte RAMED de AWA T*** prete a la mairie de Kati, lun-ven 8h-15h" in line
    world.at(NOW + timedelta(days=364))
    retention.drop_old_of(world.office.desk)
    with desk.database.begin(reading=True) as conn:
        assert dossiers.by_code(conn, desk.keys, "482213") is not None
    world.at(NOW + timedelta(days=366))
    retention.drop_old_of(world.office.desk)
    with desk.database.begin(reading=True) as conn:
        assert dossiers.by_code(conn, desk.keys, "482213") is None
