"""On both sides of each limit: days, hours, Ramadan, lean months, and the length of every text."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, create_engine, literal, select

from flows import gsm7
from flows.reminder_texts import CROP_MONEY, contribution
from models.audiences import Draw
from models.contribution_reminder_rules import (
    ASKED,
    BEFORE,
    LATE,
    SAME_DAY,
    due_days,
    is_lean,
    is_timely,
)
from models.contributions import Account
from models.mutuelle_terms import TERMS, Terms, default
from models.sending_windows import next_open, open_at

DAY = date(2027, 1, 15)
USUAL = Terms(**{term: default(term, DAY)[0] for term in TERMS})


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        pytest.param(BEFORE, 1, 7, id="tomorrow at the earliest, in a week at the latest"),
        pytest.param(SAME_DAY, -3, 0, id="today, or a few days late"),
        pytest.param(LATE, -13, -10, id="ten days late, or a few more"),
    ],
)
def test_the_due_dates_of_a_step(kind, first, last):
    found = due_days(kind, USUAL, DAY)
    assert (found[0] - DAY, found[-1] - DAY) == (timedelta(first), timedelta(last))
    inside = [
        is_timely(kind, USUAL, DAY + timedelta(days), DAY) for days in (first - 1, first, last, last + 1)
    ]
    assert inside == [False, True, True, False]


@pytest.mark.parametrize(
    ("kind", "off"),
    [
        (BEFORE, {"remind_before_days": 0}),
        (SAME_DAY, {"remind_same_day": 0}),
        (LATE, {"remind_late_days": 0}),
    ],
)
def test_a_step_that_is_left_out(kind, off):
    assert due_days(kind, replace(USUAL, **off), DAY) == ()


def test_what_is_asked_for_is_always_in_time():
    assert is_timely(ASKED, USUAL, date(2020, 1, 1), DAY)


@pytest.mark.parametrize(
    ("day", "lean"),
    [
        pytest.param("2027-06-30", False, id="the last day before"),
        pytest.param("2027-07-01", True, id="the first of July"),
        pytest.param("2027-09-30", True, id="the last of September"),
        pytest.param("2027-10-01", False, id="the day after"),
    ],
)
@pytest.mark.parametrize("cercle", ["ML0305", "ML0801", ""])
def test_lean_months(cercle, day, lean):
    assert is_lean(cercle, date.fromisoformat(day)) is lean


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        pytest.param("2027-02-07T08:00", True, id="the day before Ramadan, at eight"),
        pytest.param("2027-02-07T18:59", True, id="the day before, in the evening"),
        pytest.param("2027-02-08T08:59", False, id="Ramadan, before nine"),
        pytest.param("2027-02-08T09:00", True, id="Ramadan, at nine"),
        pytest.param("2027-02-08T17:29", True, id="Ramadan, before the fast is broken"),
        pytest.param("2027-02-08T17:30", False, id="Ramadan, when it is about to be"),
        pytest.param("2027-02-12T12:29", True, id="a Friday of Ramadan, before the prayer"),
        pytest.param("2027-02-12T12:30", False, id="a Friday of Ramadan, at the prayer"),
        pytest.param("2027-02-12T14:30", True, id="a Friday of Ramadan, after it"),
        pytest.param("2027-03-09T18:00", False, id="the last evening"),
        pytest.param("2027-03-10T08:00", True, id="the day after, at eight"),
    ],
)
def test_the_hours_of_reminders(moment, is_open):
    assert open_at("reminder", at(moment)).at("SIKASSO") is is_open


def test_what_waits_in_ramadan_waits_for_its_hours():
    assert next_open("reminder", "SIKASSO", at("2027-02-07T19:00")) == at("2027-02-08T09:00")
    assert next_open("reminder", "SIKASSO", at("2027-03-09T17:30")) == at("2027-03-10T08:00")


def account(**more):
    told = dict.fromkeys(Account.__slots__, 0) | {"mutuelle": "Benkadi", "persons": 5, "missing": 6_600}
    return Account(**{**told, "crop": "COTON", **more})


STAGES = {"before": DAY - timedelta(7), "on the day": DAY, "late": DAY + timedelta(10)}


@pytest.mark.parametrize("today", STAGES.values(), ids=STAGES)
@pytest.mark.parametrize("crop", [*CROP_MONEY, "MOIS"])
def test_the_longest_values_fit_one_segment(crop, today):
    for percent, people in product((0, 75, 100), (1, 99)):
        long = account(mutuelle="M" * 40, missing=999_000, persons=people, crop=crop)
        text = contribution(str, DAY, long, percent, "*212*99#", today)
        assert gsm7.septets(text) <= gsm7.SINGLE_SEPTETS
        assert text.endswith("Payer: *212*99*3*1#. Deja paye? OK. STOP")


@pytest.mark.parametrize(
    ("today", "crop", "percent", "begins", "state"),
    [
        (STAGES["before"], "COTON", 100, "Benkadi: la paie du coton arrive. Il", ", l'Etat paie autant."),
        (STAGES["on the day"], "RIZ", 50, "Benkadi: c'est la vente du riz. Il", ", l'Etat ajoute 50%."),
        (STAGES["late"], "COTON", 0, "Benkadi: cotisation coton en retard (15/01). Il", "personnes."),
        (STAGES["before"], "MOIS", 100, "Benkadi: cotisation a payer au 15/01. Il", ", l'Etat paie autant."),
        (STAGES["late"], "MOIS", 100, "Benkadi: cotisation en retard (15/01). Il", "autant."),
    ],
)
def test_which_money_and_what_the_state_adds(today, crop, percent, begins, state):
    text = contribution(str, DAY, account(crop=crop), percent, "*212#", today)
    assert text.startswith(begins + " reste 6600 F pour 5 personnes")
    assert f"{state} Payer: *212*3*1#." in text


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16), st.integers(0, 100))
def test_one_phone_is_drawn_as_the_database_draws(mark, index, percent):
    draw = Draw(mark, percent)
    with ENGINE.connect() as conn:
        drawn = conn.execute(select(draw.condition(literal(index, LargeBinary)))).scalar()
    assert draw.holds(index) is bool(drawn)


ENGINE = create_engine("sqlite://")
