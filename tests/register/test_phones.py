"""Phones: who calls, what is remembered, and to whom a warning goes."""

from datetime import date

import pytest
from sqlalchemy import select

from models import phones
from models.coverage import Verdict
from models.identifiers import Msisdn
from tests.register.conftest import ASKER, NOW, PHONE, TODAY


def called(register, phone=PHONE):
    return phones.caller(register.reader, register.keys, phone, TODAY)


def linked(register, person, phone=PHONE):
    with register.database.begin() as conn:
        return phones.link(conn, register.keys, phone, person, "ussd", NOW)


def test_an_unknown_phone_has_nothing(register):
    assert called(register) == phones.Caller(None, None, "GSM7", ())


def test_a_phone_with_a_language_alone(register):
    with register.database.begin() as conn:
        phone_id = phones.remember_language(conn, register.keys, PHONE, "bm", NOW)
    assert called(register) == phones.Caller(phone_id, "bm", "GSM7", ())
    assert called(register, ASKER).phone_id is None


def test_each_choice_leaves_the_others(register):
    with register.database.begin() as conn:
        first = phones.note(conn, register.keys, PHONE, NOW)
        ids = {
            phones.remember_language(conn, register.keys, PHONE, "bm", NOW),
            phones.set_charset(conn, register.keys, PHONE, "UCS2", NOW),
            phones.keep_number(conn, register.keys, PHONE, NOW),
            phones.note(conn, register.keys, PHONE, NOW),
        }
        assert ids == {first}
    assert (called(register).language, called(register).charset) == ("bm", "UCS2")


def test_the_number_is_kept_sealed_and_only_when_asked(register):
    stored = select(phones.phones.c.phone_sealed, phones.phones.c.phone_index)
    with register.database.begin() as conn:
        phones.remember_language(conn, register.keys, PHONE, "fr", NOW)
        assert conn.execute(stored).one().phone_sealed is None
        phones.keep_number(conn, register.keys, PHONE, NOW)
        row = conn.execute(stored).one()
    assert register.keys.unseal(row.phone_sealed, phones.PHONE) == PHONE.e164
    assert b"70009902" not in row.phone_sealed + row.phone_index


def test_rights_of_everybody_tied_to_the_phone_come_best_first(register):
    daughter, father = register.person(given="Rokia"), register.person(given="Lamine")
    register.right(daughter, scheme="MUTUELLE", status="SUSPENDU")
    register.right(father, scheme="RAMED")
    for person in (daughter, father, father):
        linked(register, person)
    rights = called(register).rights
    assert [(right.given, right.verdict) for right in rights] == [
        ("Lamine", Verdict.VALIDE),
        ("Rokia", Verdict.SUSPENDU),
    ]


def test_a_tied_person_who_died_or_has_no_right_leaves_the_phone_known(register):
    linked(register, register.person(died=date(2026, 1, 1)))
    linked(register, register.person())
    assert called(register).phone_id is not None
    assert called(register).rights == ()


def test_phones_of_a_person_are_told_in_the_order_of_tying(register):
    person = register.person()
    for number in ("+22370009903", "+22370009902", "+22370009903"):
        linked(register, person, Msisdn(number))
    found = phones.linked_phones(register.reader, register.keys, person)
    assert [phone.e164 for phone in found] == ["+22370009903", "+22370009902"]


def test_a_phone_whose_number_is_not_kept_cannot_be_told(register):
    person = register.person()
    linked(register, person)
    with register.database.begin() as conn:
        conn.execute(phones.phones.update().values(phone_sealed=None))
    assert phones.linked_phones(register.reader, register.keys, person) == ()


@pytest.mark.parametrize("other", [Msisdn("+22370009900"), Msisdn("+33612345678")])
def test_phones_do_not_meet(register, other):
    linked(register, register.person())
    assert called(register, other).phone_id is None
