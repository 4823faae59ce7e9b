"""INS and what follows it: whole conversations of an agent, of the counter and of a citizen, and what nobody may do."""

import re

import pytest
from sqlalchemy import func, select

from flows import gsm7
from flows.world import World
from gateway.ready_cards import tell
from models import agents, deaths, demo_longest, dossiers, erasures, people
from models.dossier_tables import DEAD, DONE, OPEN, dossier_members, dossier_papers
from models.dossier_tables import dossiers as files
from models.identifiers import Msisdn, with_check_digit
from models.messages import messages
from models.phones import phone_index
from models.reminders import SENT, reminders
from tests.flows.sms.conftest import AWA, NURSE, STRANGER, Texting
from tests.flows.sms.texting import Texter

AGENT, OTHER, TREASURER = "+22370000203", "+22370000204", "+22370000205"
INS = "INS TRAORE AWA F 1990 KATI"
CARD = "2600100000017"


@pytest.fixture
def agent(world: World, texter: Texting) -> Texter:
    """A RAMED agent; a second one and a treasurer are there too."""
    with world.register.begin() as conn:
        for name, number, role in (
            ("F. Kone", AGENT, agents.RAMED),
            ("S. Kone", OTHER, agents.RAMED),
            ("M. Keita", TREASURER, agents.MUTUELLE),
        ):
            agents.add(conn, world.keys, name, Msisdn.parse(number), world.now, role)
    return texter(AGENT)


def code(phone: Texter) -> str:
    """The number of the last file that was told."""
    return re.findall(r"[Dd]ossier ([0-9]{6,8})", "\n".join(phone.transcript))[-1]


def count(world: World, table: object = files) -> int:
    with world.register.begin(reading=True) as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def the_file(world: World, number: str) -> dossiers.Dossier:
    with world.register.begin(reading=True) as conn:
        found = dossiers.by_code(conn, world.keys, number)
    assert found is not None
    return found


def test_the_published_answers(agent: Texter) -> None:
    agent.sends(f"{INS} 4")
    published = (
        r"Note dossier [0-9]{6} AWA TRAORE F 1990 Kati RAMED \+4\. Manque: NINA, .*acte.*\."
        r" Ajouter: AYD [0-9]{6} prenom sexe annee lien"
    )
    assert re.fullmatch(published, agent.answer), agent.answer
    agent.sends("INS TRAORE AWA F KATI")
    assert agent.answer == (
        "E21 lu: nom AWA TRAORE, sexe F, annee ?, Kati. Envoyez seulement: 1990 (ou 0 si inconnue)."
        " Reste garde 24 h."
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("INS TRAORE AWA 1990 F KATI", id="year before sex"),
        pytest.param("INS TRAORE AWA KATI F 1990", id="place before sex and year"),
        pytest.param("INS TRAORE AWA KATI 1990 F", id="place first of three"),
        pytest.param("INS TRAORE AWA F1990 KATI", id="sex stuck to the year"),
        pytest.param("INS TRAORE AWA F12031990 KATI", id="a day of birth"),
        pytest.param("INS F 1990 COMMUNE KATI NOM TRAORE AWA", id="fields by their names"),
        pytest.param("ins  Traoré, Awa; femme 1990 kati svp", id="as people write"),
        pytest.param("INS AWA TRAORE F 1990 KATI", id="the name the other way round"),
        pytest.param("INS TRAORE AWA F 1990 KATI RAMED 4", id="scheme before others"),
    ],
)
def test_order_is_free_and_a_repeat_is_the_same_file(world: World, agent: Texter, text: str) -> None:
    agent.sends(INS)
    first = code(agent)
    agent.sends(text).reads(f"Deja note: dossier {first}", "1990")
    assert count(world) == 1


@pytest.mark.parametrize(
    ("text", "asked", "rest"),
    [
        pytest.param("INS TRAORE AWA F KATI", "1990 (ou 0 si inconnue)", "1990", id="year"),
        pytest.param("INS TRAORE AWA 1990 KATI", "F ou M", "F", id="sex"),
        pytest.param("INS TRAORE AWA F 1990", "la commune, ex: KATI", "KATI", id="place"),
        pytest.param("INS TRAORE F 1990 KATI", "nom et prenom", "TRAORE AWA", id="name"),
        pytest.param(
            "INS TRAORE AWA", "la commune, ex: KATI, F ou M, 1990", "KATI F 1990", id="three at once"
        ),
        pytest.param("INS", "nom et prenom, la commune", "TRAORE AWA F 1990 KATI", id="everything"),
        pytest.param("INS TRAORE AWA F 1990 ZZZZ", "la commune", "KATI", id="no such place"),
    ],
)
def test_only_what_lacks_is_asked_for(agent: Texter, text: str, asked: str, rest: str) -> None:
    agent.sends(text).reads("E21 lu:", asked, "Reste garde 24 h")
    agent.sends(rest).reads("Note dossier", "AWA TRAORE F 1990 Kati RAMED")


def test_what_was_read_is_kept_for_a_day_alone(world: World, agent: Texter) -> None:
    agent.sends("INS TRAORE AWA F KATI").waits(hours=23.9).sends("1990").reads("Note dossier")
    agent.sends("INS TRAORE BINTA F KATI").waits(hours=24.1).sends("1991").reads_not("Note dossier")
    assert count(world) == 1


def test_an_unknown_year_is_known_to_be_unknown(world: World, agent: Texter) -> None:
    agent.sends("INS TRAORE AWA F KATI", "0").reads("AWA TRAORE F Kati")
    assert the_file(world, code(agent)).birth_year is None


def test_of_several_communes_a_digit_chooses(world: World, agent: Texter) -> None:
    agent.sends("INS TRAORE AWA F 1990 FARABA").reads("Quelle commune?", "1 Faraba (", "2 Faraba (")
    agent.sends("7").reads("E22")
    agent.sends("2").reads("Note dossier", "Faraba")
    assert count(world) == 1


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("INS TRAORE AWA F 2050 KATI", "E22", id="a year to come"),
        pytest.param("INS TRAORE AWA F 1990 KATI 55", "E22", id="too many people"),
        pytest.param("AYD 482214 FATOU F 2015 ENF", "E11", id="a file number with a slip"),
        pytest.param("AYD", "E21", id="no file"),
        pytest.param("PIECE", "E21", id="papers of no file"),
        pytest.param("DEC", "E21", id="nobody's death"),
    ],
)
def test_what_makes_no_sense_is_not_kept(world: World, agent: Texter, text: str, read: str) -> None:
    agent.sends(text).reads(read)
    assert count(world) == 0


def test_the_household_and_its_papers(world: World, agent: Texter) -> None:
    agent.sends(f"{INS} 4")
    number = code(agent)
    agent.sends(f"AYD {number} FATOU F 2015 ENF").reads("FATOU F 2015 ENF. Avec AWA: 1", "vie collectif")
    agent.sends(f"AYD {number} FATOU F 2015 ENF").reads("Avec AWA: 1")
    agent.sends(f"AYD {number} MOUSSA M").reads("E21", "2015 (ou 0 si inconnue), EPX, ENF, HAN ou ASC")
    agent.sends("1985 EPX").reads("MOUSSA M 1985 EPX. Avec AWA: 2")
    assert count(world, dossier_members) == 2
    agent.sends(f"PIECE {number}").reads("E21", "CI, AN, CR").sends("AN CR").reads("vu AN CR", "NINA")
    agent.sends(f"PIECE {number} XX").reads("E22", "CI AN CR")
    agent.sends(f"PIECE {number} NINA 1900115029999A").reads("vu NINA").reads_not("Manque: NINA")
    agent.sends(f"PIECE {number} CI AM CV").reads("Dossier complet")
    assert count(world, dossier_papers) > 4
    assert the_file(world, number).has_nina


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("OUMAR M 2004 ENF", "Note dossier", id="may be 21 still"),
        pytest.param("OUMAR M 2003 ENF", "E17 RAMED: enfants jusqu'a 21 ans", id="is 22 at least"),
        pytest.param("OUMAR M 1990 HAN", "Note dossier", id="disabled at any age"),
        pytest.param("OUMAR M 1950 PERE", "E17 RAMED: epoux, enfants", id="a parent"),
    ],
)
def test_who_may_belong_to_a_ramed_file(agent: Texter, text: str, read: str) -> None:
    agent.sends(INS)
    agent.sends(f"AYD {code(agent)} {text}").reads(read)


def test_the_scheme_is_that_of_the_agents_role(agent: Texter, texter: Texting) -> None:
    agent.sends(INS).reads("RAMED")
    texter(TREASURER).sends(INS).reads("MUTUELLE", "identite")
    texter(TREASURER).sends("INS TRAORE BINTA F 1990 KATI RAMED 2").reads("RAMED +2")


def test_another_agents_file_reads_like_none(agent: Texter, texter: Texting) -> None:
    agent.sends(INS)
    number, other = code(agent), texter(OTHER)
    for text in (f"AYD {number} FATOU F 2015 ENF", f"PIECE {number} AN"):
        hers = other.sends(text).answer
        nobodys = other.sends(text.replace(number, with_check_digit("99999"))).answer
        assert re.sub("[0-9]{6}", "#", hers) == re.sub("[0-9]{6}", "#", nobodys)
    assert "AWA" not in other.answer


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("AYD {code} FATOU F 2015 ENF", id="a dependant"),
        pytest.param("PIECE {code} AN", id="papers"),
        pytest.param("CARTE {code}", id="a card"),
        pytest.param("DEC {code}", id="a death"),
    ],
)
def test_who_is_no_agent_changes_nothing(world: World, agent: Texter, texter: Texting, text: str) -> None:
    agent.sends(INS)
    number = code(agent)
    texter(STRANGER).sends(text.replace("{code}", number)).reads_not("AWA", "Note")
    assert the_file(world, number).state == OPEN
    assert count(world, dossier_members) + count(world, dossier_papers) + count(world, deaths.deaths) == 0


def test_an_enroller_steers_no_campaign(agent: Texter) -> None:
    agent.sends("CAMP").reads("E02")


def test_the_counter_enrols_after_a_no(world: World, nurse: Texter) -> None:
    nurse.sends("2300100000028").reads("NON RAMED expire")
    nurse.sends("INS SAMAKE KOROTOUMOU F 1965 KATI").reads("Note dossier", "RAMED")
    assert the_file(world, code(nurse)).facility_id is not None
    nurse.sends(f"CARTE {CARD}").reads("OK RAMED")


def test_a_citizen_agrees_first(world: World, stranger: Texter) -> None:
    stranger.sends(f"{INS} 4").reads("Garder le dossier de AWA TRAORE?", "EFFACER", "OUI", "NON")
    assert count(world) == 0
    stranger.sends("NON").reads("rien n'est garde")
    stranger.sends(f"{INS} 4", "OUI").reads("Note dossier", "+4")
    stranger.sends("INS TRAORE BINTA F 1999 KATI").reads("Note dossier")
    stranger.sends(f"AYD {code(stranger)} FATOU F 2015 ENF").reads("Note dossier")
    assert count(world) == 2


def test_an_agreement_is_asked_for_again_after_a_day(world: World, stranger: Texter) -> None:
    stranger.sends(INS).waits(hours=24.1).sends("OUI").reads_not("Note dossier")
    assert count(world) == 0


def test_a_phone_makes_ten_files(world: World, stranger: Texter) -> None:
    stranger.sends(INS, "OUI")
    for year in range(1991, 2000):
        stranger.sends(f"INS TRAORE AWA F {year} KATI").reads("Note dossier")
    stranger.sends("INS TRAORE AWA F 2000 KATI").reads("E61", "repondez 1")
    assert count(world) == 10


def test_who_is_registered_by_others_is_told_and_may_have_it_erased(
    world: World, agent: Texter, texter: Texting
) -> None:
    agent.sends(f"{INS} 76123456")
    hers = texter("+22376123456")
    assert "fait au nom de AWA T***" in hers.received()[-1]
    assert "EFFACER" in hers.received()[-1]
    hers.sends("EFFACER")
    hers.sends(f"EFFACER {hers.erasing}")
    with world.register.begin() as conn:
        for erasure_id, _ in erasures.waiting(conn):
            erasures.carry_out(conn, world.keys, erasure_id, world.now)
    assert count(world) == 0


def test_an_agent_hands_the_card_over_once(world: World, agent: Texter) -> None:
    agent.sends(INS)
    number = code(agent)
    agent.sends(f"CARTE {number}").reads("carte RAMED de AWA T*** remise")
    agent.sends(f"carte{number}").reads("E31")
    assert the_file(world, number).state == DONE
    agent.sends(INS).reads("Note dossier")
    assert count(world) == 2


def test_a_death_needs_a_second_person(world: World, agent: Texter, texter: Texting, nurse: Texter) -> None:
    for _ in range(2):
        agent.sends(f"DEC {CARD}").reads("Rien ne change avant qu'une autre personne confirme")
    nurse.sends(CARD).reads("OK RAMED")
    texter(OTHER).sends(f"DEC {CARD}").reads("confirme par une 2e personne")
    nurse.sends(CARD).reads("OK RAMED")
    with world.register.begin() as conn:
        (said,) = deaths.waiting(conn)
        assert said.state == deaths.CONFIRMED
        people.note_death(conn, int(said.subject.removeprefix("person:")), world.now.date())
    nurse.sends(CARD).reads("E12")


def test_the_death_of_a_file(world: World, agent: Texter, nurse: Texter) -> None:
    agent.sends(INS)
    number = code(agent)
    agent.sends(f"DEC {number}")
    assert the_file(world, number).state == OPEN
    nurse.sends(f"DEC {number}").reads("confirme")
    assert the_file(world, number).state == DEAD


def ready(world: World, number: str) -> None:
    with world.register.begin() as conn:
        assert tell(
            conn, world.keys, world.catalogues, the_file(world, number).dossier_id, None, None, world.now
        )


def test_a_card_that_waits_is_told_and_ok_closes_the_file(
    world: World, stranger: Texter, texter: Texting
) -> None:
    stranger.sends(INS, "OUI")
    number = code(stranger)
    with world.register.begin() as conn:
        assert tell(
            conn,
            world.keys,
            world.catalogues,
            the_file(world, number).dossier_id,
            None,
            None,
            stranger.world.now,
        )
        assert not tell(
            conn,
            world.keys,
            world.catalogues,
            the_file(world, number).dossier_id,
            None,
            None,
            stranger.world.now,
        )
    assert stranger.received()[-1] == (
        "Carte RAMED de AWA T*** prete a la mairie de Kati, lun-ven 8h-15h, avec le recepisse. Deja prise? OK"
    )
    stranger.waits(hours=23).sends("ok").reads("C'est note: AWA T*** a sa carte")
    assert the_file(world, number).state == DONE
    stranger.sends("OK").reads_not("AWA")


def test_ok_after_a_day_is_no_answer(world: World, stranger: Texter) -> None:
    stranger.sends(INS, "OUI")
    number = code(stranger)
    with world.register.begin() as conn:
        tell(
            conn,
            world.keys,
            world.catalogues,
            the_file(world, number).dossier_id,
            None,
            None,
            stranger.world.now,
        )
    stranger.waits(hours=24.1).sends("OK").reads("Pour une question: AIDE")
    assert the_file(world, number).state != DONE


def test_ok_to_a_reminder_counts_once(world: World, texter: Texting) -> None:
    awa = texter(AWA)
    with world.register.begin() as conn:
        row = {"kind": "RAMED_90", "subject_id": 1, "period": "2027-02-20", "planned_at": world.now}
        hers = {"phone_index": phone_index(world.keys, awa.number), "claimed_at": world.now, "outcome": SENT}
        conn.execute(reminders.insert().values(**row, **hers))
    awa.waits(minutes=5).sends("OK").reads("C'est note, merci")
    awa.sends("OK").reads("Pour une question: AIDE")
    with world.register.begin(reading=True) as conn:
        assert conn.execute(select(reminders.c.answered_at)).scalar_one() is not None


LONGEST = [
    f"INS {demo_longest.FAMILY} {demo_longest.GIVEN} F 1990 SERE MOUSSA ANI SAMOU DE SIEKOROLE 30 MUTUELLE",
    f"INS {demo_longest.FAMILY} {demo_longest.GIVEN} F 1990 SERE MOUSSA ANI SAMOU DE SIEKOROLE 30 RAMED",
    f"INS {demo_longest.FAMILY} {demo_longest.GIVEN}",
    f"INS {demo_longest.FAMILY} {demo_longest.GIVEN} F SERE MOUSSA ANI SAMOU DE SIEKOROLE",
    f"INS {demo_longest.FAMILY} {demo_longest.GIVEN} F 1990 KAT",
    "AYD {code} Mahamadoulamine F",
    "AYD {code} Mahamadoulamine F 2015 ENF",
    "PIECE {code} AN CR CI CS CM PI DM",
    "DEC {code}",
    "CARTE {code}",
]


@pytest.mark.parametrize("text", LONGEST, ids=lambda text: text[:4] + text[-12:])
@pytest.mark.parametrize("number", [AGENT, STRANGER, NURSE])
def test_the_longest_values_fit_one_segment(
    world: World, agent: Texter, texter: Texting, number: str, text: str
) -> None:
    phone = texter(number).sends(LONGEST[0], "OUI")
    if "{code}" in text:
        text = text.replace("{code}", code(phone))
    phone.sends(text)
    assert gsm7.segments(phone.answer) == 1


def test_no_name_and_no_number_is_in_clear(world: World, agent: Texter) -> None:
    agent.sends("INS XOQUIBE KWAZUYA F 1990 KATI 76987654 1900777029999A")
    agent.sends(f"AYD {code(agent)} ZYLOFAN F 2015 ENF")
    with world.register.begin(reading=True) as conn:
        cells = [
            bytes(cell) if isinstance(cell, bytes) else str(cell).encode()
            for table in (files, dossier_members, dossier_papers, messages)
            for row in conn.execute(select(table))
            for cell in row
        ]
    found = b"\n".join(cells).lower()
    for canary in (b"xoquibe", b"kwazuya", b"zylofan", b"76987654", b"1900777029999"):
        assert canary not in found
