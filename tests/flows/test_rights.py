"""What a person is told of her rights: every verdict of the demo world, masks, members, codes, links, the lock."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from flows.effects import Disclosed, MessageOwed, Missed, PhoneLinked, VisitCodeIssued
from flows.explorer import NOBODY
from flows.world import World
from models import demo_world
from models.identifiers import recognise
from tests.flows.talking import Phone

Dialling = Callable[..., Phone]
OWN = "+22370000001"
RAMED = "2600100000017"

STATES = {
    "VALIDE": ("VALIDE",),
    "EXPIRE": ("EXPIRE",),
    "SUSPENDU": ("SUSPENDU",),
    "EN_OBSERVATION": ("couvert",),
    "PAS_ENCORE_VALIDE": ("PAS ENCORE VALIDE",),
    "RADIE": ("RADIE",),
    "INCONNU": ("E12", "introuvable"),
    "FORMAT_INVALIDE": ("E",),
}
NUMBERED = [person for person in demo_world.expected() if person.number]
KNOWN = [person for person in demo_world.expected() if person.phone and person.number]


@pytest.mark.parametrize("person", NUMBERED, ids=lambda person: f"{person.number} {person.verdict}")
def test_a_number_is_worth_what_the_demo_promises(phone: Dialling, person: demo_world.Expected) -> None:
    caller = phone().dial().types("1", person.number).sees(*STATES[person.verdict])
    if person.verdict == "FORMAT_INVALIDE":
        card = recognise(person.number, caller.world.now.date())
        caller.sees("E22" if card is None else "E11 Un chiffre est faux")


@pytest.mark.parametrize("person", NUMBERED, ids=lambda person: str(person.number))
def test_a_stranger_reads_a_masked_name_and_no_member(phone: Dialling, person: demo_world.Expected) -> None:
    caller = phone().dial().types("1", person.number)
    caller.sees_not("autres", "Code de visite", " ans")
    if caller.step and any(isinstance(effect, Disclosed) for effect in caller.step.effects):
        caller.sees("***")


def test_the_receipt_of_the_annex_has_expired(phone: Dialling) -> None:
    phone().dial("*212*2*1*1111234567890#").sees(
        "RAMED EXPIRE le 31/12/2024", "1 Pièces à fournir", "3 Soins gratuits"
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [pytest.param(0, "VALIDE", id="the last day"), pytest.param(1, "EXPIRE", id="the day after")],
)
def test_a_receipt_is_valid_until_the_end_of_its_last_day(world: World, days: int, expected: str) -> None:
    last = world.context(Phone(world, world.phones[OWN]).number).today + timedelta(days=695 + days)
    later = world.moved(now=world.now + (last - world.now.date()))
    Phone(later, world.phones[OWN]).dial().sees(f"RAMED {expected}")


def test_a_known_phone_reads_its_right_before_any_key(phone: Dialling) -> None:
    caller = phone(OWN).dial().sees("RAMED VALIDE", "AWA T*** et 4 autres", "1 Mes droits, code de visite")
    assert caller.step is not None
    assert [type(effect) for effect in caller.step.effects] == [Disclosed]


def test_members_show_who_will_need_a_certificate_and_whose_right_ends(phone: Dialling) -> None:
    phone(OWN).dial().types("1", "2").sees("MOUSSA, 45 : oui", "certificat avant le", "fin le")


def test_a_visit_code_is_given_once_and_shown_again(phone: Dialling) -> None:
    caller = phone(OWN).dial("*212*1*1#").ends().sees("Code de visite", "AWA", "24 h")
    assert caller.step is not None
    issued = [effect for effect in caller.step.effects if isinstance(effect, VisitCodeIssued)]
    assert len(issued) == 1
    code = issued[0].code
    assert len(code) == 6
    assert code[0] != "0"
    assert [effect.kind for effect in caller.step.effects if isinstance(effect, MessageOwed)] == [
        "visit_code"
    ]
    caller.dial("*212*1*1#").sees(f"{code[:3]} {code[3:]}")
    assert caller.step is not None
    assert not [effect for effect in caller.step.effects if isinstance(effect, VisitCodeIssued | MessageOwed)]


def test_a_visit_code_for_a_member(phone: Dialling) -> None:
    phone(OWN).dial("*212*1*1*2#").ends().sees("Pour : OUMOU")


def test_two_rights_say_which_pays_first(phone: Dialling) -> None:
    both = [
        rights[0]["number"] for house in demo_world.households() if len(rights := house.get("right", [])) > 1
    ]
    phone().dial().types("1", both[0]).sees("2 droits", "d'abord AMO")


def test_a_right_by_sms_is_owed_once_with_its_reference(phone: Dialling) -> None:
    caller = phone(OWN).dial().types("1", "3")
    assert caller.step is not None
    (message,) = [effect for effect in caller.step.effects if isinstance(effect, MessageOwed)]
    assert "RAMED VALIDE" in message.text
    assert "AWA T***" in message.text
    assert "TRAORE" not in message.text
    caller.sees(message.text.split("Ref ")[1][:6])
    caller.types("0")
    assert caller.step is not None
    assert not caller.step.effects


def test_a_phone_is_linked_with_consent_and_the_year_and_the_first_phone_is_told(phone: Dialling) -> None:
    caller = (
        phone()
        .dial()
        .types("1", RAMED, "2")
        .sees_page("consent.wanted")
        .types("1")
        .sees_page("link.year")
        .types("1987")
    )
    caller.sees_page("link.done")
    assert caller.step is not None
    assert any(isinstance(effect, PhoneLinked) for effect in caller.step.effects)
    told = [effect.to.e164 for effect in caller.step.effects if isinstance(effect, MessageOwed) and effect.to]
    assert told == [OWN]
    caller.types("1").sees("AWA TRAORE", "Code de visite")
    caller.dial().sees("RAMED VALIDE", "AWA T*** et 4 autres")


def test_a_wrong_year_links_nothing_and_counts_as_a_try(phone: Dialling) -> None:
    caller = phone().dial().types("1", RAMED, "2", "1", "1988").sees_page("link.refused")
    assert caller.step is not None
    assert [type(effect) for effect in caller.step.effects] == [Missed]
    caller.dial().sees_page("home.home").sees_not("RAMED VALIDE")


def test_who_was_found_by_name_cannot_be_linked(phone: Dialling) -> None:
    caller = (
        phone()
        .dial()
        .types("1", "1", "1", "3", "Awa Traore", "1987", "KAT", "1", "1")
        .sees_page("rights.person")
    )
    caller.sees_not("lier ce téléphone").types("2").sees_page("callback.slot")


def test_failed_proofs_count_against_the_person_from_any_phone(phone: Dialling) -> None:
    for number in ("+22376543211", "+22376543212"):
        caller = phone(number).dial().types("1", RAMED, "2", "1")
        for year in ("1950", "1951", "1952"):
            caller.types(year)
            if caller.step and caller.step.screen.ends:
                break
            caller.types("1")
    phone("+22376543213").dial().types("1", RAMED, "2", "1", "1987").sees_page("locked.out")


def test_consent_is_asked_once(phone: Dialling) -> None:
    phone().dial().types("1", RAMED, "2", "1", "1988").dial().types(RAMED, "2").sees_page("link.year")


def test_too_many_misses_lock_the_look_ups_of_this_phone_and_nothing_else(phone: Dialling) -> None:
    caller = phone().dial().types("1")
    for _ in range(5):
        caller.types(NOBODY).sees_page("rights.unknown")
    caller.types(RAMED).sees_page("locked.out").ends().sees("30 min", "E71", "*212*6*3#")
    caller.dial(f"*212*1*{RAMED}#").sees_page("locked.out")
    caller.dial("*212*4*1*36#").sees_page("free_care.child")
    phone(OWN).dial().types(RAMED).sees_page("rights.person")


def test_the_lock_opens_after_half_an_hour(world: World, phone: Dialling) -> None:
    caller = phone().dial().types("1")
    for _ in range(5):
        caller.types(NOBODY)
    for minutes, screen in ((29, "locked.out"), (31, "rights.person")):
        later = world.moved(now=world.now + timedelta(minutes=minutes))
        Phone(later, caller.number).dial(f"*212*1*{RAMED}#").sees_page(screen)


@pytest.mark.parametrize("name", ["Awa Traore", "traoré AWA", "TARAWORE  Awa"])
def test_a_person_is_found_by_name_year_and_commune_masked(phone: Dialling, name: str) -> None:
    caller = phone().dial().types("1", "1", "1", "3", name, "1987", "KAT", "1")
    caller.sees_page("search.found").sees("AWA T*** RAMED").types("1").sees_page("rights.person").sees(
        "AWA T***"
    )


def test_a_search_counts_as_a_try_even_when_it_finds(phone: Dialling) -> None:
    caller = phone().dial().types("1", "1", "1", "3", "Awa Traore", "1987", "KAT", "1")
    assert caller.step is not None
    assert [type(effect) for effect in caller.step.effects] == [Disclosed, Missed]


def test_the_printed_example_is_refused(phone: Dialling) -> None:
    caller = phone().dial().types("1", "482109376").sees_page("home.home").sees("est un exemple")
    assert caller.step is not None
    assert not caller.step.effects


def test_a_second_call_back_request_is_not_taken(phone: Dialling) -> None:
    caller = phone().dial("*212*6*3#").types("1").ends()
    caller.dial("*212*6*3#").types("2").sees_page("callback.slot").sees("Déjà demandé le 22/11/2026")


@pytest.mark.parametrize(
    ("number", "line"),
    [
        pytest.param("+22370000010", "RAMED PAS ENCORE VALIDE, dès le 17/12/2026", id="not yet valid"),
        pytest.param("+22370000006", "MUTUELLE EN ATTENTE, dès le 10/12/2026", id="waiting"),
        pytest.param("+22370000004", "MUTUELLE VALIDE, EN RETARD", id="late and still covered"),
        pytest.param("+22370000005", "MUTUELLE SUSPENDUE", id="suspended"),
        pytest.param("+22370000007", "MUTUELLE RADIEE", id="struck off"),
    ],
)
def test_the_first_line_tells_the_day_that_matters(phone: Dialling, number: str, line: str) -> None:
    caller = phone(number).dial()
    assert caller.screen.splitlines()[0] == line


def test_a_late_member_reads_no_end_that_is_over(phone: Dialling) -> None:
    phone("+22370000004").dial().types("1").sees("EN RETARD", "Cotisation en retard").sees_not("Fin :")


def test_a_suspended_ramed_is_never_told_to_pay(phone: Dialling) -> None:
    suspended = next(
        person for person in NUMBERED if person.scheme == "RAMED" and person.verdict == "SUSPENDU"
    )
    phone().dial().types("1", suspended.number).sees("Demandez pourquoi").sees_not("Payé")


def test_a_phone_gets_only_so_many_sms_a_day(phone: Dialling) -> None:
    caller = phone(OWN)
    for _ in range(10):
        caller.dial().types("1", "3").sees_page("rights.sent")
    caller.dial().types("1", "3").sees_page("rights.mine").sees("E61")


def test_one_other_member_is_one(phone: Dialling) -> None:
    phone("+22370000005").dial().sees("et 1 autre").sees_not("1 autres")
