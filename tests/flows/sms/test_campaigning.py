"""CAMP by SMS: who may, what is read, and the second person's code."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from flows import gsm7
from flows.world import World
from models import agents, campaigns, messages
from models.campaign_content import Text, put_text
from models.campaign_tables import recipients
from models.identifiers import Msisdn
from models.phones import phone_index
from tests.flows.sms.conftest import STRANGER, Texting

AUTHOR, APPROVER = "+22370000201", "+22370000202"
CODE = "593100"


@pytest.fixture
def number(world: World) -> int:
    """A tested campaign of B. Keita, whose approval was asked of A. Diarra."""
    with world.register.begin() as conn:
        agents.add(conn, world.keys, "B. Keita", Msisdn.parse(AUTHOR), world.now)
        agents.add(conn, world.keys, "A. Diarra", Msisdn.parse(APPROVER), world.now)
        made = campaigns.make(
            conn,
            name="Kati, mutuelle en retard",
            author="B. Keita",
            policy="evidence",
            budget_fcfa=400_000,
            hold_out_percent=5,
            chunk_size=50,
            max_segments=1,
            now=world.now,
        )
        campaigns.checked(conn, made, False, {}, world.now)
        campaigns.sized(conn, made, {"people": 19_980, "fcfa": 339_660, "minutes": 100}, world.now)
        campaigns.move(conn, made, campaigns.TEST, world.now)
        campaigns.ask_approval(conn, world.keys, made, "A. Diarra", CODE)
    return made


def state(world: World, number: int) -> str:
    with world.register.begin(reading=True) as conn:
        return campaigns.load(conn, number).state


def test_a_stranger_is_told_nothing(texter: Texting, number: int) -> None:
    for text in ("CAMP", f"CAMP {number}", f"CAMP {number} OK {CODE}", f"CAMP {number} STOP"):
        texter(STRANGER).sends(text).reads("E02").reads_not("Keita", "19980")


def test_an_agent_lists_and_reads(texter: Texting, number: int) -> None:
    texter(AUTHOR).sends("CAMP").reads(f"CAMP: {number} A APPROUVER")
    texter(AUTHOR).sends(f"CAMP {number}").reads(
        f"CAMP {number} A APPROUVER 0%: envoyes 0 recus 0 echec 0 STOP 0. Cout 339660 F."
    )


def test_another_person_approves_with_the_code_that_she_was_sent(
    world: World, texter: Texting, number: int
) -> None:
    texter(APPROVER).sends(f"CAMP {number} OK {CODE}").reads("approuvee")
    assert state(world, number) == campaigns.APPROVED


@pytest.mark.parametrize(
    ("phone", "text", "read"),
    [
        pytest.param(AUTHOR, f"CAMP 1 OK {CODE}", "E02", id="the author"),
        pytest.param(APPROVER, "CAMP 1 OK 111111", "E22", id="another code"),
        pytest.param(APPROVER, "CAMP 1 OK", "E21", id="no code"),
        pytest.param(APPROVER, "CAMP 99", "E12", id="no such campaign"),
        pytest.param(APPROVER, "CAMP 1 PAUSE", "E22", id="not in this state"),
        pytest.param(APPROVER, "CAMP 1 BLA", "E22", id="no such word"),
        pytest.param(APPROVER, "CAMP abc", "E22", id="no number"),
    ],
)
def test_what_is_not_done(
    world: World, texter: Texting, number: int, phone: str, text: str, read: str
) -> None:
    texter(phone).sends(text.replace("CAMP 1 ", f"CAMP {number} ")).reads(read)
    assert state(world, number) == campaigns.TESTED


def test_guessed_codes_run_out(world: World, texter: Texting, number: int) -> None:
    phone = texter(APPROVER)
    for guess in range(5):
        phone.sends(f"CAMP {number} OK 10000{guess}").reads("E22")
    phone.sends(f"CAMP {number} OK {CODE}").reads("E22")
    assert state(world, number) == campaigns.TESTED


def begin(world: World, number: int) -> None:
    """It is approved, and messages leave from now on."""
    with world.register.begin() as conn:
        seen = campaigns.load(conn, number).content_hash or b""
        campaigns.approve(conn, world.keys, number, "A. Diarra", CODE, seen, world.now)
        campaigns.set_hours(conn, number, world.now, None, world.now)
        campaigns.move(conn, number, campaigns.BEGIN, world.now)


def sent(world: World, number: int, **people: int) -> None:
    """People by the state of their message."""
    states = [state for state, count in people.items() for _ in range(count)]
    row = {"campaign_id": number, "language": "fr", "operator": "ORANGE", "hold_out": False, "attempt": 1}
    with world.register.begin() as conn:
        for place, one in enumerate(states):
            hers = {"phone_index": place.to_bytes(32), "state": one, "dup_risk": False}
            conn.execute(recipients.insert().values(**row, **hers))


HALF = {"PENDING": 57, "DELIVERED": 30, "ACCEPTED": 6, "UNDELIVERED": 4, "REJECTED": 1, "STOPPED": 2}


def test_how_far_it_is_what_it_cost_and_when_it_ends(world: World, texter: Texting, number: int) -> None:
    begin(world, number)
    sent(world, number, **HALF)
    answer = texter(AUTHOR).sends(f"CAMP {number}").answer
    assert answer == (
        f"CAMP {number} EN COURS 40%: envoyes 40 recus 30 echec 5 STOP 2. Cout 135864 F. Fin vers 11h39."
        f" CAMP {number} PAUSE pour arreter"
    )
    seven_digits = answer.replace("135864", "9999999").replace(f"CAMP {number} ", "CAMP 99999 ")
    for short in ("40 ", "30 ", "5 ", "2."):
        seven_digits = seven_digits.replace(f" {short}", f" 9999999{short[-1]}", 1)
    assert gsm7.septets(seven_digits) <= gsm7.SINGLE_SEPTETS, seven_digits


@pytest.mark.parametrize(
    ("moment", "people"),
    [
        pytest.param("2026-11-22T18:30", HALF, id="not before the evening"),
        pytest.param("2026-11-22T21:00", HALF, id="at night"),
        pytest.param("2026-11-22T10:00", {"DELIVERED": 3}, id="nobody waits"),
    ],
)
def test_no_end_is_told_that_is_not_known(
    world: World, texter: Texting, number: int, moment: str, people: dict[str, int]
) -> None:
    begin(world, number)
    sent(world, number, **people)
    phone = texter(AUTHOR)
    phone.world = world.moved(now=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    phone.sends(f"CAMP {number}").reads("EN COURS", "PAUSE").reads_not("Fin vers")


def test_pause_resume_and_end(world: World, texter: Texting, number: int) -> None:
    begin(world, number)
    agent = texter(AUTHOR)
    agent.sends(f"CAMP {number} PAUSE radio en retard").reads("EN PAUSE")
    assert state(world, number) == campaigns.PAUSED
    agent.sends(f"CAMP {number}").reads("EN PAUSE", "Motif: RADIO EN RETARD")
    agent.sends(f"CAMP {number} REPRISE").reads("EN COURS")
    agent.sends(f"CAMP {number} STOP").reads("ARRETEE")
    assert state(world, number) == campaigns.CANCELLED


def test_no_from_the_approver_ends_it(world: World, texter: Texting, number: int) -> None:
    texter(APPROVER).sends(f"CAMP {number} NON texte pas clair").reads("ARRETEE")
    assert state(world, number) == campaigns.CANCELLED


def texts_of(world: World, number: int, *steps: str) -> None:
    """The campaign changed to one of two texts, and brought as far as these steps."""
    with world.register.begin() as conn:
        put_text(conn, number, Text("fr", "Bonjour {prenom|bonjour}. STOP pour arreter", "GSM7", None))
        put_text(conn, number, Text("bm", "I ni ce {prenom|bonjour}. STOP", "GSM7", None))
        campaigns.change(conn, number, world.now, audience="{}")
        if campaigns.CHECK in steps:
            campaigns.checked(conn, number, True, {}, world.now)
        if campaigns.SIZE in steps:
            campaigns.sized(conn, number, {"people": 2, "fcfa": 34}, world.now)


def sent_to(world: World, phone: str) -> list[str]:
    """The texts of a campaign that this phone is owed."""
    with world.register.begin(reading=True) as conn:
        rows = conn.execute(
            select(messages.messages.c.text_sealed)
            .where(
                messages.messages.c.kind == "campaign_test",
                messages.messages.c.to_index == phone_index(world.keys, Msisdn.parse(phone)),
            )
            .order_by(messages.messages.c.id)
        )
        return [world.keys.unseal(row.text_sealed, messages.TEXT) for row in rows]


def test_the_author_tests_by_sms_and_then_another_may_approve(
    world: World, texter: Texting, number: int
) -> None:
    texts_of(world, number, campaigns.CHECK, campaigns.SIZE)
    texter(APPROVER).sends(f"CAMP {number} TEST").reads("E02", "APERCU")
    assert (state(world, number), sent_to(world, APPROVER)) == (campaigns.SIZED, [])
    texter(AUTHOR).sends(f"CAMP {number} TEST").reads("les textes suivent")
    assert state(world, number) == campaigns.TESTED
    # What no speaker has read is not sent, and not shown.
    assert [text[:7] for text in sent_to(world, AUTHOR)] == ["Bonjour"]


def test_an_approver_sees_the_texts_and_changes_nothing(world: World, texter: Texting, number: int) -> None:
    texts_of(world, number, campaigns.CHECK)
    texter(APPROVER).sends(f"CAMP {number} APERCU").reads("E22")
    texts_of(world, number, campaigns.CHECK, campaigns.SIZE)
    texter(APPROVER).sends(f"CAMP {number} APERCU").reads("les textes suivent")
    assert state(world, number) == campaigns.SIZED
    assert len(sent_to(world, APPROVER)) == 1
