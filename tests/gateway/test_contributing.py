"""The Mutuelle branch through the provider's callback, on every database: what is asked is kept, once."""

import pytest

from tests.gateway.handset import AWA, STRANGER, Gateway, Handset

FANTA, SIAKA = "+22370000021", "+22366000022"


def test_a_member_pays_by_another_number_an_agent_and_a_relative(each_gateway: Gateway) -> None:
    phone = Handset(each_gateway, FANTA).dial("3*1*2000").sees("L'Etat ajoute 2 000 F")
    phone.types("2", "3").goes_on().sees("Code").types("0", "4", "76123456").sees("Demande envoyée")
    phone.types("0", "0", "5", "66000009").sees("par Moov Money 66***009").types("1").ends()
    assert (each_gateway.count("payment_requests"), each_gateway.count("payments")) == (2, 1)


def test_the_same_amount_is_asked_back_by_the_register(each_gateway: Gateway) -> None:
    Handset(each_gateway, FANTA).dial("3*1*2000").types("1").ends()
    again = Handset(each_gateway, FANTA).dial("3*1*2000").types("1").goes_on().sees("déjà en cours")
    again.types("2").ends()
    assert each_gateway.count("payments") == 2


def test_a_household_joins_pays_and_changes_its_plan(each_gateway: Gateway) -> None:
    before = each_gateway.count("memberships")
    phone = (
        Handset(each_gateway, AWA)
        .dial("3")
        .sees("1 Benkadi")
        .types("1", "1", "3", "1")
        .sees("Adhésion notée")
    )
    phone.types("1", "1").sees("Payer 1 000 F").types("1").ends()
    Handset(each_gateway, AWA).dial("3*2").sees("Plan : Chaque mois").types("5", "1").sees("C'est noté")
    assert (each_gateway.count("memberships"), each_gateway.count("payments")) == (before + 1, 1)


@pytest.mark.parametrize("number", ["54100122", "70000021"], ids=["member number", "phone"])
def test_a_stranger_pays_for_a_household_that_she_names(each_gateway: Gateway, number: str) -> None:
    phone = Handset(each_gateway, STRANGER).dial(f"3*4*{number}*1375").sees("FANTA D***", "Payer 1 375 F")
    phone.types("1", "1").ends()
    assert each_gateway.count("payments") == 1


def test_receipts_and_the_harvest_plan_are_read(each_gateway: Gateway) -> None:
    Handset(each_gateway, FANTA).dial("3*3").sees("2 750 F OM").types("1").sees("part par SMS")
    Handset(each_gateway, SIAKA).dial("3*2").sees("Plan : Coton").types("1").sees("Plan Coton")
    assert each_gateway.count("messages") == 1
