"""Finding a commune by three letters or its code, in both divisions; the operator of a number."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from models import places
from models.identifiers import Msisdn
from models.operators import operator_of

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        pytest.param("KAT", ("Kati", "Kati"), id="three letters"),
        pytest.param(" kati ", ("Kati", "Kati"), id="whole name"),
        pytest.param("katié", ("Katiéna", "Ségou"), id="with its accent"),
        pytest.param("KATIE", ("Katiéna", "Ségou"), id="without its accent"),
        pytest.param("ngoura", ("N'Gouraba", "Kati"), id="apostrophe left out"),
        pytest.param("N’GOURA", ("N'Gouraba", "Kati"), id="another apostrophe"),
        pytest.param("diogare", ("Dio-Gare", "Kati"), id="hyphen left out"),
        pytest.param("Dembaya", ("Hawa Dembaya", "Kayes"), id="a later word"),
        pytest.param("02040101", ("Kati", "Kati"), id="code"),
        pytest.param("ML-C02040101", ("Kati", "Kati"), id="code with its letters"),
        pytest.param("٠٢٠٤٠١٠١", ("Kati", "Kati"), id="code in Arabic-Indic digits"),
        pytest.param("Bamako IV", ("Commune IV", "Bamako"), id="Bamako's commune"),
        pytest.param("bamako commune iv", ("Commune IV", "Bamako"), id="Bamako's commune in full"),
        pytest.param("ML090104", ("Commune IV", "Bamako"), id="Bamako's p-code"),
    ],
)
def test_a_commune_is_found(typed, first):
    found = places.search(typed, DAY)
    assert (found[0].name, found[0].cercle) == first


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("KA", id="two letters"),
        pytest.param("02", id="two digits"),
        pytest.param("ZZZ", id="no such beginning"),
        pytest.param("99999999", id="no such code"),
        pytest.param("\x00\x00\x00", id="NUL"),
        pytest.param("K" * 5000, id="5,000 letters"),
        pytest.param("🏠🏠🏠", id="emoji"),
    ],
)
def test_nothing_is_found(typed):
    assert places.search(typed, DAY) == ()


def test_the_six_communes_of_bamako_come_together():
    found = [commune.name for commune in places.search("BAMAKO", DAY)]
    assert found == ["Commune I", "Commune II", "Commune III", "Commune IV", "Commune V", "Commune VI"]


def test_names_that_begin_so_come_before_later_words():
    begins = [commune.name.startswith("San") for commune in places.search("san", DAY)]
    assert begins == sorted(begins, reverse=True)
    assert set(begins) == {True, False}


def test_a_commune_knows_the_mutual_of_its_former_cercle():
    kati, *_ = places.search("Kati", DAY)
    siby = next(place for place in places.search("Bancoumana", DAY))
    assert (kati.region, kati.cercle_2021_pcode) == ("Koulikoro", "ML0204")
    assert siby.cercle_2021_pcode is None


def test_the_division_follows_the_day():
    assert [place.code for place in places.search("KAT", date(2022, 12, 31))] == ["ML0204"]
    assert places.search("KAT", date(2023, 1, 1))[0].code == "ML-C02040101"


@given(st.text(max_size=12))
def test_searching_never_fails(text):
    assert len(places.search(text, DAY)) == len(set(places.search(text, DAY)))


def test_every_commune_is_found_by_its_name_and_code():
    for commune in places.search("ML-C0", DAY):
        assert commune in places.search(commune.name, DAY)
        assert places.search(commune.code, DAY) == (commune,)


def test_both_divisions_are_loaded_whole_and_once():
    engine = create_engine("sqlite://")
    places.places.create(engine)
    with engine.begin() as conn:
        places.load(conn)
        places.load(conn)
        counts = Counter(conn.execute(select(places.places.c.division, places.places.c.level)).all())
        parents = set(conn.scalars(select(places.places.c.parent).where(places.places.c.parent.is_not(None))))
        codes = set(conn.scalars(select(places.places.c.code)))
    assert {tuple(kind): count for kind, count in counts.items()} == {
        ("2021", "REGION"): 11,
        ("2021", "CERCLE"): 58,
        ("2021", "COMMUNE"): 6,
        ("2023", "REGION"): 20,
        ("2023", "CERCLE"): 159,
        ("2023", "COMMUNE"): 820,
    }
    assert parents <= codes


@pytest.mark.parametrize(
    ("national", "operator"),
    [
        pytest.param("50000000", "TELECEL", id="50"),
        pytest.param("53999999", "TELECEL", id="53"),
        pytest.param("60000000", "MOOV", id="60"),
        pytest.param("69999999", "MOOV", id="69"),
        pytest.param("70000000", "ORANGE", id="70"),
        pytest.param("79999999", "ORANGE", id="79"),
        pytest.param("80000000", "AUTRE", id="80 toll free"),
        pytest.param("82000000", "ORANGE", id="82"),
        pytest.param("85999999", "ORANGE", id="85"),
        pytest.param("89000000", "MOOV", id="89"),
        pytest.param("90000000", "ORANGE", id="90"),
        pytest.param("94999999", "ORANGE", id="94"),
        pytest.param("95000000", "MOOV", id="95"),
        pytest.param("99999999", "MOOV", id="99"),
        pytest.param("20010000", "ORANGE", id="2001"),
        pytest.param("20790000", "MOOV", id="2079"),
        pytest.param("21700000", "MOOV", id="217"),
        pytest.param("20223344", "AUTRE", id="20 fixed"),
    ],
)
def test_the_operator_is_known_by_the_first_digits(national, operator):
    assert operator_of(Msisdn(f"+223{national}"), DAY) == operator


@pytest.mark.parametrize(
    "phone", [pytest.param("+254711082999", id="Kenya"), pytest.param("+33700000000", id="France")]
)
def test_other_countries_have_no_malian_operator(phone):
    assert operator_of(Msisdn.parse(phone), DAY) == "AUTRE"
