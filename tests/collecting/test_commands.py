"""`ramu collector`: numbers, limits, groups, cash and deposits at the console, each with its row in the trail."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import func, select

from gateway.collector_commands import collector
from models.audit import audit
from models.database import Database
from models.keyring import KeyRing
from models.schema import migrate
from tests.collecting.conftest import AWA, FANTA, NOW, TODAY, Till, furnished

Ramu = Callable[..., str]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Till, dict[str, str]]]:
    """A mutuelle in a file, and the settings that find it."""
    folder: Path = tmp_path_factory.mktemp("collectors")
    url = f"sqlite:///{folder / 'ramu.sqlite3'}"
    migrate(url)
    database = Database.open(url, deadline_ms=None)
    till = furnished(database, KeyRing.create(folder / "keys"))
    told = {"DATABASE_URL": url, "RAMU_DATA_FOLDER": str(folder), "RAMU_SETTINGS": os.devnull}
    yield till, told | {"RAMU_KEY_FOLDER": str(folder / "keys")}
    database.dispose()


@pytest.fixture
def ramu(shop: tuple[Till, dict[str, str]]) -> Ramu:
    """Runs `ramu collector` with some words; what it prints, or why it did not."""

    def run(*words: str) -> str:
        with time_machine.travel(NOW, tick=False):
            found = CliRunner().invoke(collector, words, env=shop[1])
        return found.output if found.exception is None else f"{found.output}{found.exception}"

    return run


def rows(till: Till, action: str) -> int:
    with till.database.begin(reading=True) as conn:
        asked = select(func.count()).select_from(audit).where(audit.c.action == action)
        return int(conn.execute(asked).scalar_one())


def test_a_collector_from_her_number_to_her_removal(shop: tuple[Till, dict[str, str]], ramu: Ramu) -> None:
    added = ramu("add", "76000311", "--mutuelle", "benkadi", "--section", "Kati")
    assert added == "76***311 is agent 105\n"
    assert "takes cash already" in ramu("add", "76000311", "--mutuelle", "benkadi")
    (told,) = [one for one in json.loads(ramu("list", "--json"))["collectors"] if one["number"] == 105]
    assert (told["state"], told["role"], told["sections"]) == ("active", "COLLECTEUR", ["Kati"])
    assert "76000311" not in ramu("list")
    assert "at most 75000 F" in ramu("limit", "105", "75000", "--from", TODAY.isoformat())
    assert "0 F are still in her hands" in ramu("remove", "105")
    assert "has no phone any more" in ramu("remove", "105")
    assert ramu("add", "76000312", "--number", "105") == "76***312 is agent 105\n"
    assert [rows(shop[0], f"collector.{what}") for what in ("added", "limit", "removed")] == [2, 1, 1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["add", "76000320"], "needs --mutuelle", id="no mutuelle"),
        pytest.param(["add", "76000320", "--mutuelle", "nulle"], "0 mutuelles", id="no such mutuelle"),
        pytest.param(["add", "76000320", "--number", "999"], "nobody has the number", id="no such number"),
        pytest.param(
            ["add", "76000320", "--mutuelle", "benkadi", "--role", "CHEF_DE_GROUPE"], "--group", id="no group"
        ),
        pytest.param(
            ["add", "76000320", "--mutuelle", "benkadi", "--section", "Zzzz"], "no commune", id="no commune"
        ),
        pytest.param(["limit", "999", "500"], "nobody has the number", id="nobody's limit"),
        pytest.param(["limit", "101", "500", "--from", "demain"], "YYYY-MM-DD", id="no day"),
        pytest.param(["remove", "999"], "nobody has the number", id="nobody's phone"),
        pytest.param(["deposit", "confirm", "999"], "no deposit", id="no deposit"),
        pytest.param(
            ["group", "X1", "X", "--mutuelle", "benkadi", "--member", "57100007"],
            "no member",
            id="no member",
        ),
    ],
)
def test_what_cannot_be_done_says_why(ramu: Ramu, words: list[str], says: str) -> None:
    assert says in ramu(*words)


def test_a_group_is_made_and_grows(ramu: Ramu) -> None:
    made = ramu("group", "RIZ1", "Femmes du riz", "--mutuelle", "benkadi", "--member", FANTA)
    assert made == "RIZ1: 1 households of the mutuelle\n"
    assert ramu("group", "riz1", "Femmes du riz", "--mutuelle", "benkadi", "--member", AWA).startswith(
        "RIZ1: 2"
    )
    assert "is agent" in ramu(
        "add", "76000313", "--mutuelle", "benkadi", "--role", "CHEF_DE_GROUPE", "--group", "RIZ1"
    )


def test_a_deposit_is_counted_at_the_console(shop: tuple[Till, dict[str, str]], ramu: Ramu) -> None:
    till = shop[0]
    phone = till.phone("collector").sends(f"COT {FANTA} 3000", "VERS 3000 B12")
    (waiting,) = json.loads(ramu("deposit", "list", "--json"))["deposits"]
    assert (waiting["agent"], waiting["amount"], waiting["reference"]) == (101, 3_000, "B12")
    number = str(waiting["deposit"])
    (cash,) = json.loads(ramu("cash", "--json"))["cash"]
    assert (cash["in_hand"], cash["declared"], cash["since"]) == (3_000, 3_000, TODAY.isoformat())
    assert "somebody else counts it" in ramu("deposit", "confirm", number, "--by", "101")
    assert "difference -500 F" in ramu("deposit", "confirm", number, "--counted", "2500", "--by", "102")
    assert "settled before" in ramu("deposit", "confirm", number)
    assert phone.received()[-1].startswith("Versement B12: 2500 F comptes sur 3000, ecart -500 F.")
    (difference,) = json.loads(ramu("cash", "--differences", "--json"))["differences"]
    assert (difference["difference"], difference["counted_by"]) == (-500, "102")
    assert "500" in ramu("cash")
    assert "-500" in ramu("cash", "--differences")
