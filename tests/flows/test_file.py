"""2*2 on the phone: no file, a file on its way, a card that waits, a card that was taken."""

from collections.abc import Callable

import pytest

from flows.world import UNKNOWN, World
from gateway.ready_cards import tell
from models import dossiers
from models.dossier_records import Candidate, Dossier, Owner
from models.dossier_tables import CITIZEN, DONE, READY
from tests.flows.talking import Phone

LONGEST = "Séré Moussa Ani Samou de Siékorolé"


@pytest.fixture
def made(world: World) -> int:
    """A file of the phone that no household has."""
    who = Candidate("Awa", "Traoré", "F", 1990, "ML-C02040101", "RAMED", 4)
    with world.register.begin() as conn:
        return dossiers.open_dossier(
            conn, world.keys, "482213", Owner(CITIZEN, UNKNOWN), who, "test", world.now
        )


def the_file(world: World) -> Dossier:
    with world.register.begin(reading=True) as conn:
        found = dossiers.by_code(conn, world.keys, "482213")
    assert found is not None
    return found


def test_without_a_file_there_is_a_way_to_one(phone: Callable[..., Phone]) -> None:
    phone().dial("*212*2*2#").sees("Aucun dossier", "INS", "1 Pièces à fournir")


def test_a_file_on_its_way(phone: Callable[..., Phone], made: int) -> None:
    phone().dial("*212*2*2#").sees(
        "Dossier 482213, Kati", "- demande 22/11 : faite", "- manque : ", "- carte : attendue"
    )


def test_a_card_that_waits_is_taken_once(world: World, phone: Callable[..., Phone], made: int) -> None:
    with world.register.begin() as conn:
        tell(conn, world.keys, world.catalogues, made, f"la mairie de {LONGEST}", "lun-ven 8h-15h", world.now)
    assert the_file(world).state == READY
    phone().dial("*212*2*2#").sees("Carte RAMED prete", "la mairie de", "Apportez le récépissé").types(
        "1"
    ).sees("C'est noté")
    assert the_file(world).state == DONE
    phone().dial("*212*2*2#").sees("- carte : remise 22/11")
