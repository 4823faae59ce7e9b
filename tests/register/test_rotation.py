"""New keys while the register is used: nothing becomes unreadable, whatever is killed when."""

import time

import pytest
from sqlalchemy import insert, select

from models import demo, phones, rotation
from models.database import Database
from models.keyring import KEY_ID_BYTES, KeyRing
from models.people import opened_identity, opened_names, persons, seal_identity
from tests.forks import FORKS
from tests.register.conftest import NOW, PHONE, TODAY, Register


def rotate(url, folder, told):
    """Everything is sealed anew; each count is told through a pipe."""
    rotation.reseal(Database.open(url, deadline_ms=None), KeyRing.open(folder), told.send)


@pytest.fixture
def keys(tmp_path):
    """A key ring of this test's own."""
    return KeyRing.create(tmp_path / "own-keys")


def left(register):
    with register.database.begin(reading=True) as conn:
        return rotation.left_over(conn, register.keys)


def every_value_opens(register):
    """Open each sealed value of the database; how many there are."""
    opened = 0
    with register.database.begin(reading=True) as conn:
        for column in rotation.sealed_columns():
            for (sealed,) in conn.execute(select(column).where(column.is_not(None))):
                register.keys.unseal_bytes(sealed, column.type.purpose)
                opened += 1
    return opened


def load(register):
    with register.database.begin() as conn:
        demo.load(conn, register.keys, TODAY, NOW)


def test_everything_is_sealed_anew_and_the_old_key_can_go(register):
    load(register)
    values = every_value_opens(register)
    assert left(register) == 0
    register.keys.add_key()
    assert left(register) == values
    told = []
    assert rotation.reseal(register.database, register.keys, told.append) == sum(told) == values
    assert left(register) == 0
    register.keys.drop_key(1)
    assert every_value_opens(register) == values


def test_sealing_again_finds_nothing_to_do(register):
    load(register)
    assert rotation.reseal(register.database, register.keys, print) == 0


def test_names_and_look_ups_stay_the_same(register):
    load(register)
    before = phones.caller(register.reader, register.keys, PHONE, TODAY)
    with register.database.begin(reading=True) as conn:
        named = [
            opened_identity(register.keys, row)
            for row in conn.execute(select(persons.c.identity_sealed)).scalars()
        ]
    register.keys.add_key()
    rotation.reseal(register.database, register.keys, print)
    with register.database.begin(reading=True) as conn:
        rows = conn.execute(select(persons.c.identity_sealed).order_by(persons.c.id)).scalars()
        assert sorted(opened_identity(register.keys, row) for row in rows) == sorted(named)
    assert phones.caller(register.reader, register.keys, PHONE, TODAY) == before


def test_a_value_that_somebody_else_changes_meanwhile_is_left_alone(register):
    load(register)
    register.keys.add_key()
    mine = seal_identity(register.keys, "Awa", "Diarra", None)
    with register.database.begin() as conn:
        conn.execute(persons.update().where(persons.c.id == 1).values(identity_sealed=mine))
    rotation.reseal(register.database, register.keys, print)
    with register.database.begin(reading=True) as conn:
        assert conn.execute(select(persons.c.identity_sealed).where(persons.c.id == 1)).scalar_one() == mine


def many_people(register, count):
    row = {
        "household_id": register.household(),
        "relation": "SOI",
        "sex": "F",
        "birth_year": 1990,
        "commune_code": "x",
    }
    names = (
        {"identity_sealed": seal_identity(register.keys, "Awa", str(number), None)} for number in range(count)
    )
    with register.database.begin() as conn:
        conn.execute(insert(persons), [{**row, **name} for name in names])


def test_killed_again_and_again_it_ends_with_nothing_lost(register: Register, database_url, tmp_path):
    count = 6 * rotation.BATCH
    many_people(register, count)
    register.keys.add_key()
    for _ in range(3):
        ours, theirs = FORKS.Pipe()
        run = FORKS.Process(target=rotate, args=(database_url, tmp_path / "own-keys", theirs))
        run.start()
        ours.recv()
        time.sleep(0.005)
        run.kill()
        run.join()
    assert 0 < left(register) < count
    assert every_value_opens(register) == count
    while left(register):
        rotation.reseal(register.database, register.keys, print)
    register.keys.drop_key(1)
    with register.database.begin(reading=True) as conn:
        sealed = conn.execute(select(persons.c.identity_sealed)).scalars().all()
    assert {blob[:KEY_ID_BYTES] for blob in sealed} == {register.keys.prefix}
    assert {opened_names(register.keys, blob)[1] for blob in sealed} == {
        str(number) for number in range(count)
    }


def test_counts_are_told_by_key(register):
    many_people(register, 10)
    register.keys.add_key()
    many_people(register, 4)
    with register.database.begin(reading=True) as conn:
        assert rotation.values_by_key(conn) == {1: 10, 2: 4}
