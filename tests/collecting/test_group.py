"""D11: the leader of a group collects, hands over and reminds by dialling; her cash is on every screen."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.outbox import carry_out
from models import collectors, member_groups, memberships
from models.identifiers import Msisdn
from models.reminders_wanted import reminders_wanted
from tests.collecting.conftest import AWA, FANTA, LATE, NOW, PHONES, Till
from tests.flows.talking import Phone

GOLDEN = Path(__file__).parent / "golden" / "chef_de_groupe.txt"
COLLECT = ("2", AWA, "1375", "1")


def calling(till: Till, who: str = "leader") -> Phone:
    """A phone that stands on the branch of the mutuelle."""
    return Phone(till.world, Msisdn.parse(PHONES[who])).dial("*212*3#")


def test_the_whole_of_a_leaders_work(till: Till, update: bool) -> None:
    phone = calling(till).types("8", "1", "0", *COLLECT, "1", *COLLECT, "0", "0")
    phone.dial("*212*3#").types("8", "3", "b 12", "1", "4", "1")
    spoken = "\n".join(phone.transcript) + "\n"
    if update:
        GOLDEN.write_text(spoken, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == spoken
    assert till.in_hand("leader").amount == till.in_hand("leader").declared == till.ledger() == 1375


def test_a_hop_that_comes_twice_collects_once(till: Till) -> None:
    phone = calling(till).types("8", *COLLECT)
    for _ in range(2):
        repeated = phone.again()
        carry_out(till.database, repeated.effects, phone._context())
    assert till.in_hand("leader").amount == till.ledger() == 1375
    assert len(till.phone("member").received()) == 1


def test_a_second_payment_needs_a_second_word(till: Till) -> None:
    phone = calling(till).types("8", *COLLECT, "1", *COLLECT[:3]).sees("déjà encaissé", "En main : 1 375 F")
    phone.types("1").sees("n'est pas dans la liste")
    assert till.in_hand("leader").amount == 1375
    phone.types("2").sees("Encaissé 1 375 F", "En main : 2 750 F")
    assert till.in_hand("leader").amount == till.ledger() == 2750


@pytest.mark.parametrize(
    ("typed", "sees"),
    [
        pytest.param(("2", FANTA), "E18", id="a household of another group"),
        pytest.param(("2", f"{AWA[:-1]}{(int(AWA[-1]) + 1) % 10}"), "E11", id="a wrong digit"),
        pytest.param(("2", "57100007"), "E1", id="nobody's number"),
        pytest.param(("2", "12"), "E22", id="no number"),
        pytest.param(("2", AWA, "999999"), "E41", id="more than she could owe"),
        pytest.param(("2", AWA, "1"), "Encaisser 1 375 F", id="one key for what is due"),
        pytest.param(("2", AWA, "0"), "Numéro de mutuelle", id="back"),
        pytest.param(("3",), "Rien à verser", id="nothing to hand over"),
    ],
)
def test_what_is_refused_books_nothing(till: Till, typed: tuple[str, ...], sees: str) -> None:
    calling(till).types("8", *typed).sees(sees)
    assert till.ledger() == 0


@pytest.mark.parametrize("who", ["collector", "treasurer", "member", "stranger"])
def test_only_a_leader_has_the_screen(till: Till, who: str) -> None:
    assert "Mon groupe" not in calling(till, who).screen


def test_a_role_that_ends_during_a_call_ends_there(till: Till) -> None:
    phone = calling(till).types("8", "2", AWA, "1375")
    with till.database.begin() as conn:
        assert collectors.remove(conn, till.numbers["leader"], NOW)
    phone.types("1").sees("E02")
    assert till.ledger() == 0


def test_everybody_late_of_her_group_is_reminded(till: Till) -> None:
    phone = calling(till).types("8", "4").sees("pour 0 foyers")
    with till.database.begin() as conn:
        home = memberships.by_id(conn, till.members[LATE])
        group = till.known("leader").group_id
        assert home is not None
        assert group is not None
        member_groups.put(conn, group, home.household_id)
    phone.types("1", "1").sees("MOUSSA K***", "En main : 0 F").types("0", "4").sees("pour 1 foyers")
    with till.database.begin(reading=True) as conn:
        assert conn.execute(select(func.count()).select_from(reminders_wanted)).scalar_one() == 1
