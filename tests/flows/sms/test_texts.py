"""The published texts, each in a whole conversation."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from flows.world import World
from models import staff
from models.facilities import facilities
from models.identifiers import Msisdn
from models.mutuelle_tables import dues
from tests.flows.sms.conftest import AWA, FANTA, NURSE, STRANGER, Texting
from tests.flows.sms.texting import Texter

RAMED, AMO, MUTUELLE = "2600100000017", "0410000012", "54100015"
EXPIRED, SUSPENDED, AT_SECTION, WAITING = "2300100000028", "54100154", "54100031", "54100044"
SLIP, MEANT = "483000062", "483000026"
ELSEWHERE = "Kati Sananfara (démo)"


def like(pattern: str) -> re.Pattern[str]:
    """A published text with {} for what differs from person to person."""
    return re.compile(re.escape(pattern).replace(r"\{\}", r"[^ ]+(?: [^ ]+)*?"))


STAFF_TEXTS = [
    pytest.param(
        [RAMED],
        "OK RAMED valide au 17/10/28. AWA TRAORE F 39a Kati +4. Patient 0 F. Doute: piece d'identite."
        " PEC {} (24h). Pas elle? NON {}",
        id="valid: the patient pays nothing",
    ),
    pytest.param(
        [MUTUELLE],
        "OK MUTUELLE Benkadi au 22/03/27. MAMADOU DIARRA M 50a Kati +4. Mutuelle 75%, patient 25%."
        " PEC {} (24h). Pas lui? NON {}",
        id="valid: partial cover",
    ),
    pytest.param(
        [EXPIRED],
        "NON RAMED expire 12/10/26. KOROTOUMOU SAMAKE F 61a. Renouveler: {}. Reste gratuit: {}. Ref {}",
        id="expired",
    ),
    pytest.param(
        [SUSPENDED],
        f"NON MUTUELLE Nyeleni suspendue, manque 6600 F. KADIDIA SANGARE F 33a."
        f" Payer ici: COT {SUSPENDED} 6600 = couvert ce jour. Ref {{}}",
        id="suspended",
    ),
    pytest.param(
        [AT_SECTION],
        "NON MUTUELLE Jigi suspendue, manque 6600 F. {}. Payer a la section = couvert ce jour. {}. Ref {}",
        id="suspended, its account at the section",
    ),
    pytest.param(
        [SLIP],
        f"E12 {SLIP} inconnu. Un chiffre pres: {MEANT} (ZEINABOU H***)? Repondez 1. Sinon CH nom annee commune.",
        id="unknown, one slip away",
    ),
    pytest.param(
        [f"{RAMED} {EXPIRED} 483000019 {AMO}"],
        "4 lus: 1 OK RAMED 0 F PEC {}. 2 NON expire 10/26. 3 E11 chiffre faux. 4 OK AMO 70% PEC {}. Ref {}",
        id="batch of four",
    ),
    pytest.param(
        [RAMED, "S {code} CES"],
        "Note: {} CES, RAMED paie, patient 0 F. Centre ce jour: 1. Erreur? A {} avant minuit.",
        id="act recorded",
    ),
    pytest.param(
        [RAMED, "S {code} CES", "S {code} CES"],
        "E31 {} a deja 1 CES le 22/11. Pas note 2 fois. Si 2e acte vrai: S {} CES 2. Ref {}",
        id="act refused",
    ),
    pytest.param(
        [RAMED, "S {code} CON", MUTUELLE, EXPIRED, "F"],
        "CSCom Kati Koko (démo) 22/11: 3 verifies, 2 OK, 1 NON; actes 1: CON 1. A signer: 1 ({}). Ref {}",
        id="day sheet",
    ),
    pytest.param(
        ["VZ 482109"],
        'E03 "VZ 482109" pas compris, rien de note. Ex: V 482109376. Liste: AIDE',
        id="not understood",
    ),
    pytest.param(
        ["VZ 482109", "blabla", "encore"],
        "3 essais non compris. Tapez seulement le numero: 482109376. Ou repondez 1, on vous appelle (8h-18h).",
        id="third mistake",
    ),
    pytest.param(
        ["AIDE"],
        "AIDE: numero seul=verifier. S code acte. NON code. A code=annuler. F=jour. STAT. LISTE. Detail: AIDE S",
        id="help for staff",
    ),
]
CITIZENS_TEXTS = [
    pytest.param(
        AWA,
        ["DROITS"],
        "RAMED VALIDE au 17/10/2028: AWA T*** et 4 autres. Soins RAMED: 0 F. Ref {} du 22/11 10:42",
        id="rights",
    ),
    pytest.param(
        STRANGER,
        ["S 482913 CON"],
        "E01 Ce telephone n'est lie a aucun centre. Chef de centre: ACT code code. Aide: repondez 1, on vous appelle.",
        id="phone not activated",
    ),
    pytest.param(
        STRANGER,
        ["AIDE"],
        "Sante Mali: tapez *212# (gratuit). SMS: DROITS numero, CODE, RECU, COT montant, SOLDE, CENTRE lieu,"
        " PLAINTE, STOP. Un agent: repondez 1",
        id="help for citizens",
    ),
    pytest.param(
        STRANGER,
        ["STOP"],
        "C'est fait: plus de campagnes ni rappels. Recus et codes restent. Vos droits ne changent pas. Revenir: OUI",
        id="stop",
    ),
    pytest.param(
        STRANGER,
        ["STOP les messages"],
        "Arreter: 1 rappels mutuelle 2 campagnes 3 tout. Sans reponse dans 1 h: tout est arrete."
        " Vos droits ne changent pas.",
        id="stop, ambiguous",
    ),
]


def told(phone: Texter, texts: list[str]) -> str:
    for text in texts:
        phone.sends(text.replace("{code}", phone.code) if "{code}" in text else text)
    return phone.answer


@pytest.mark.parametrize(("texts", "published"), STAFF_TEXTS)
def test_what_staff_reads(nurse: Texter, texts: list[str], published: str) -> None:
    assert like(published).fullmatch(told(nurse, texts)), nurse.answer


@pytest.mark.parametrize(("number", "texts", "published"), CITIZENS_TEXTS)
def test_what_citizens_read(texter: Texting, number: str, texts: list[str], published: str) -> None:
    phone = texter(number)
    assert like(published).fullmatch(told(phone, texts)), phone.answer


def seen_elsewhere(world: World) -> None:
    """Another centre has verified her a minute ago."""
    elsewhere = Msisdn.parse("+22370000188")
    with world.register.begin() as conn:
        centre = conn.execute(select(facilities.c.id).where(facilities.c.name == ELSEWHERE)).scalar_one()
        staff.add(conn, world.keys, elsewhere, centre, staff.STAFF, world.now)
    Texter(world, elsewhere).sends(RAMED).reads("OK RAMED")


def test_who_was_seen_elsewhere_today_is_announced(world: World, texter: Texting) -> None:
    seen_elsewhere(world)
    here = texter(NURSE).sends(RAMED)
    published = (
        "OK RAMED AWA TRAORE F 39a. ATTENTION: deja vue ce jour 10h42 a Kati Sananfara (dé. PEC {} (24h)."
        " Doute: NON {}"
    )
    assert like(published).fullmatch(here.answer), here.answer


def test_the_copy_is_named_while_the_register_is_away(world: World, texter: Texting) -> None:
    phone = texter(NURSE)
    phone.copied_on = (world.now - timedelta(days=1)).date()
    published = (
        "OK? RAMED valide selon liste du 21/11 (ANAM ne repond pas). AWA TRAORE F 39a."
        " PEC {} provisoire, confirme par SMS."
    )
    assert like(published).fullmatch(phone.sends(RAMED).answer), phone.answer


def test_the_holder_is_asked_after_the_visit(texter: Texting) -> None:
    nurse = texter(NURSE).sends(RAMED)
    nurse.sends(f"S {nurse.code} PAL")
    published = (
        "Sante Mali: AWA soignee le 22/11 a Kati Koko (démo)? Repondez 1 oui, rien paye. 2 oui, on a paye."
        " 3 non, pas venue. Reponse gratuite."
    )
    assert texter(AWA).received() == [published]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param("ACC", id="birth"),
        pytest.param("CPN", id="pregnancy"),
        pytest.param("CES", id="caesarean"),
    ],
)
def test_care_that_a_shared_phone_must_not_betray_is_not_asked_about(texter: Texting, act: str) -> None:
    nurse = texter(NURSE).sends(RAMED)
    nurse.sends(f"S {nurse.code} {act}")
    assert texter(AWA).received() == []


def below_threshold(world: World) -> None:
    """Nothing of a season is covered before three quarters of it are paid."""
    with world.register.begin() as conn:
        conn.execute(update(dues).values(threshold_percent=75))


def test_a_payment_has_its_receipt(texter: Texting) -> None:
    phone = texter(FANTA).sends("COT 3300", "OK").pays()
    published = (
        "RECU {}: 3300 F le 22/11 par Orange Money, Benkadi, foyer FANTA D***. Total 13200 sur 16500."
        " COUVERT au {}."
    )
    assert like(published).fullmatch(phone.received()[-1]), phone.received()[-1]


def test_a_payment_below_the_threshold_says_what_lacks(world: World, texter: Texting) -> None:
    below_threshold(world)
    phone = texter(FANTA).sends("COT 1375", "OK").pays()
    published = (
        "RECU {}: 1375 F le 22/11 par Orange Money, foyer FANTA D***. Total 11275 sur 16500."
        " Couvert a partir de 12375: encore 1100 F."
    )
    assert like(published).fullmatch(phone.received()[-1]), phone.received()[-1]
