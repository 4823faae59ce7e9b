"""Audiences: every filter on both sides of its limit, and every reason to be left out."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import contributions, member_groups, memberships
from models.audience_filters import BadFilter
from models.audiences import DEAD, OFF, RECENT, STOP
from models.campaign_tables import recipients
from models.people import persons
from tests.campaigns.conftest import KATI, NOW, SEGOU, World, days_ago

TODAY = NOW.date()


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        pytest.param({"region": "Koulikoro"}, True, id="region"),
        pytest.param({"region": "ségou"}, False, id="another region"),
        pytest.param({"region": "Segou|KOULIKORO"}, True, id="one of two regions"),
        pytest.param({"cercle": "Kati"}, True, id="cercle"),
        pytest.param({"cercle": "Kayes"}, False, id="another cercle"),
        pytest.param({"sexe": "F"}, True, id="sex"),
        pytest.param({"sexe": "M"}, False, id="another sex"),
        pytest.param({"age": "36"}, True, id="the age itself"),
        pytest.param({"age": "36..40"}, True, id="youngest"),
        pytest.param({"age": "37..40"}, False, id="a year too young"),
        pytest.param({"age": "30..36"}, True, id="oldest"),
        pytest.param({"age": "..35"}, False, id="a year too old"),
        pytest.param({"regime": "RAMED"}, True, id="scheme"),
        pytest.param({"regime": "AMO"}, False, id="another scheme"),
        pytest.param({"regime": "RAMED|AMO", "statut": "valide"}, True, id="scheme and status of one right"),
        pytest.param({"regime": "RAMED", "statut": "EN_RETARD"}, False, id="the status of another right"),
        pytest.param({"statut": "EN_RETARD"}, True, id="status"),
        pytest.param({"fin": "0..10"}, True, id="ends on the last day asked"),
        pytest.param({"fin": "0..9"}, False, id="ends the day after"),
        pytest.param({"fin": "10..20"}, True, id="ends on the first day asked"),
        pytest.param({"fin": "11..20"}, False, id="ends the day before"),
        pytest.param({"fin": "..-1"}, False, id="has not ended"),
        pytest.param({"groupe": "BENKADI"}, True, id="mutuelle"),
        pytest.param({"groupe": "AUTRE"}, False, id="another mutuelle"),
        pytest.param({"langue": "bm"}, True, id="language"),
        pytest.param({"langue": "fr"}, False, id="another language"),
        pytest.param({"source": "agent"}, True, id="source"),
        pytest.param({"source": "ussd"}, False, id="another source"),
        pytest.param({"lien": "SOI"}, True, id="head of the household"),
        pytest.param({"lien": "ENFANT"}, False, id="a child"),
        pytest.param({"operateur": "ORANGE"}, True, id="operator"),
        pytest.param({"operateur": "MOOV"}, False, id="another operator"),
        pytest.param({"jamais": "oui"}, False, id="never written to"),
        pytest.param({"jamais": "non"}, True, id="written to"),
        pytest.param({"contact": "30.."}, True, id="30 days ago"),
        pytest.param({"contact": "31.."}, False, id="not yet 31 days ago"),
        pytest.param({"contact": "..30"}, True, id="within 30 days"),
        pytest.param({"contact": "..29"}, False, id="not within 29 days"),
        pytest.param({}, True, id="no filter"),
    ],
)
def test_a_filter(world: World, filters: dict[str, str], found: bool) -> None:
    awa = world.person(birth_year=TODAY.year - 36)
    world.right(awa, "RAMED", valid_to=TODAY + timedelta(days=10))
    world.right(awa, "MUTUELLE", status="EN_RETARD", mutuelle_id=world.mutuelle("BENKADI"))
    phone = world.phone(awa, language="bm", how="agent")
    world.was_sent(phone, "DELIVERED", days_ago(30))
    assert (phone.e164 in world.found(**filters)) is found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        pytest.param({"reste": "3000"}, True, id="what is left to pay"),
        pytest.param({"reste": "3001.."}, False, id="a franc less is left"),
        pytest.param({"reste": "..2999"}, False, id="a franc more is left"),
        pytest.param({"reste": "1..20000"}, True, id="something is left"),
        pytest.param({"culture": "riz|mois"}, True, id="plan"),
        pytest.param({"culture": "COTON"}, False, id="another plan"),
        pytest.param({"collectif": "coop1"}, True, id="group of households"),
        pytest.param({"collectif": "COOP2"}, False, id="another group"),
        pytest.param({"culture": "MOIS", "reste": "0"}, False, id="both must hold"),
    ],
)
def test_a_filter_on_contributions(world: World, filters: dict[str, str], found: bool) -> None:
    awa = world.person()
    phone = world.phone(awa)
    mutuelle_id = world.mutuelle("BENKADI")
    with world.database.begin() as conn:
        home = conn.execute(select(persons.c.household_id).where(persons.c.id == awa)).scalar_one()
        member = memberships.join(conn, world.keys, home, mutuelle_id, TODAY, "MOIS", now=NOW, fee=False)
        contributions.pay(conn, member, 300, contributions.TILL, "", "test:1", "713482", NOW, TODAY)
        group = member_groups.make(conn, "COOP1", "Coton de Kati", mutuelle_id)
        assert group
        member_groups.put(conn, group, home)
    assert (phone.e164 in world.found(**filters)) is found


def test_who_is_in_no_mutuelle_owes_none_anything(world: World) -> None:
    phone = world.phone(world.person())
    assert phone.e164 not in world.found(reste="0..")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("sexe", "femme"),
        ("age", "vieux"),
        ("age", "-3"),
        ("age", "40..30"),
        ("age", "12345"),
        ("regime", "CMU"),
        ("region", "Kayes||Segou"),
        ("jamais", "peut-etre"),
        ("culture", "mangue"),
        ("reste", "-1..5"),
        ("reste", "12345678"),
        ("recolte", "coton"),
    ],
)
def test_a_filter_that_is_not_understood_says_what_may_be_written(
    world: World, name: str, written: str
) -> None:
    with pytest.raises(BadFilter, match="->"):
        world.found(**{name: written})


@pytest.mark.parametrize(
    ("state", "days", "code", "excluded"),
    [
        pytest.param("DELIVERED", 6.99, None, RECENT, id="delivered within the week"),
        pytest.param("DELIVERED", 7, None, None, id="a week ago"),
        pytest.param("ACCEPTED", 1, None, RECENT, id="accepted yesterday"),
        pytest.param("UNKNOWN", 1, None, RECENT, id="in doubt since yesterday"),
        pytest.param("REJECTED", 1, "SOLDE", None, id="refused for want of credit"),
        pytest.param("SKIPPED", 1, "PLAFOND_NUMERO", None, id="left out"),
        pytest.param("HELD_OUT", 1, None, None, id="held out"),
        pytest.param("REJECTED", 400, "NUMERO_INVALIDE", OFF, id="no such number"),
        pytest.param("EXPIRED", 60, None, OFF, id="off for 60 days"),
        pytest.param("EXPIRED", 59.9, None, None, id="not yet off for 60 days"),
        pytest.param("UNDELIVERED", 61, None, OFF, id="not delivered for 61 days"),
    ],
)
def test_what_another_campaign_met_excludes(
    world: World, state: str, days: float, code: str | None, excluded: str | None
) -> None:
    phone = world.phone(world.person())
    world.was_sent(phone, state, days_ago(days), code=code)
    assert world.found() == {phone.e164: excluded}


def test_a_delivery_since_says_that_a_number_is_on(world: World) -> None:
    phone = world.phone(world.person())
    world.was_sent(phone, "EXPIRED", days_ago(90))
    world.was_sent(phone, "DELIVERED", days_ago(20), campaign_id=901)
    assert world.found() == {phone.e164: None}


def test_the_newest_word_on_campaigns_holds(world: World) -> None:
    stopped, back, other = (world.phone(world.person()) for _ in range(3))
    world.says(stopped, True)
    world.says(stopped, False)
    world.says(back, False)
    world.says(back, True)
    world.says(other, False, topic="RAPPELS")
    assert world.found() == {stopped.e164: STOP, back.e164: None, other.e164: None}


def test_a_phone_counts_once_and_lives_on_with_one_of_its_people(world: World) -> None:
    dead = world.person(died_on=TODAY)
    widowed = world.phone(dead, world.person())
    alone = world.phone(dead)
    nobody = world.phone()
    assert world.found() == {widowed.e164: None, alone.e164: DEAD, nobody.e164: None}


def test_the_first_reason_counts(world: World) -> None:
    phone = world.phone(world.person(died_on=TODAY))
    world.was_sent(phone, "DELIVERED", days_ago(1))
    world.says(phone, False)
    assert world.found() == {phone.e164: STOP}


def test_a_place_is_the_persons_not_the_phones(world: World) -> None:
    here = world.phone(world.person(commune=KATI))
    there = world.phone(world.person(commune=SEGOU))
    both = world.phone(world.person(commune=KATI), world.person(commune=SEGOU))
    assert set(world.found(region="Koulikoro")) == {here.e164, both.e164}
    assert set(world.found(region="Ségou")) == {there.e164, both.e164}
    assert recipients.c.region.type.length >= len("TOMBOUCTOU")
