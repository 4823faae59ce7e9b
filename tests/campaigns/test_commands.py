"""`ramu campaign`, from the first word to the hour, as an author and an approver type it; and files of numbers."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import flows.world
from flows import gsm7
from flows.texts import Catalogues
from flows.world import LIMITS
from gateway.command_line import main
from models import agents
from models.identifiers import Msisdn
from tests.campaigns.conftest import NOW, World
from tests.flows.sms.texting import Texter

TEXT = "Sante Mali: {prenom|bonjour}, vos droits: {code_service}. STOP"
NUMBER, OTHER = "70000301", "60000302"


@pytest.fixture
def told(
    world: World,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """Types a command, whose exit code is as expected, and reads its JSON or what was wrong."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RAMU_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("RAMU_KEY_FOLDER", str(tmp_path / "keys"))
    monkeypatch.setenv("RAMU_SETTINGS", "/dev/null")

    def type_in(*words: str, code: int = 0) -> Any:
        try:
            ended = main(["campaign", *words])
        except SystemExit as end:
            ended = int(end.code or 0)
        shown = capsys.readouterr()
        assert ended == code, shown.err
        assert NUMBER not in shown.out + shown.err
        return json.loads(shown.out) if "--json" in words and shown.out else shown.out + shown.err

    return type_in


def begun(
    told: Any, text: str = TEXT, budget: int = 1_000, *, name: str = "essai", author: str = "B. Keita"
) -> str:
    number = told("new", name, "--author", author, "--budget", str(budget), "--hold-out", "0", "--json")
    told("text", str(number["campaign"]), text)
    return str(number["campaign"])


def test_from_the_first_word_to_the_hour(world: World, told: Any) -> None:
    world.phone(world.person(given="Awa"), number=NUMBER)
    world.phone(number=OTHER)
    stopped = world.phone(world.person())
    world.says(stopped, False)
    number = begun(told)
    told("audience", number, "--everybody")
    assert told("check", number, "--json")["personalised"] is True
    size = told("size", number, "--json")
    assert (size["found"], size["excluded"]["STOP"], size["people"], size["fcfa"]) == (3, 1, 2, 34)
    assert told("test", number, "--to", "70000399", "--json")["texts"][0].startswith("Sante Mali: FATOUMATA,")
    shown = told("sample", number, "--json")
    assert {one["text"] for one in shown["messages"]} == {
        "Sante Mali: Awa, vos droits: *212#. STOP",
        "Sante Mali: bonjour, vos droits: *212#. STOP",
    }
    assert "another person" in told("approve", number, "--as", "b keita", "--seen", shown["content"], code=1)
    assert "mark" in told("approve", number, "--as", "A. Diarra", "--seen", "00000000", code=1)
    told("approve", number, "--as", "A. Diarra", "--seen", shown["content"][:8])
    assert told("schedule", number, "--at", "2027-01-05 09:00", "--json")["rows"] == 2
    assert len(world.recipients(int(number))) == 2
    assert told("show", number, "--json")["state"] == "SCHEDULED"
    assert "to pause it must be SENDING" in told("pause", number, code=1)
    assert told("cancel", number, "--why", "depasse", "--json")["state"] == "CANCELLED"


@pytest.mark.parametrize(
    ("name", "author", "shown"),
    [
        pytest.param(
            "Kati, mutuelle en retard", "B. Keita", "B. Keita: 1 tel (Kati, mutuelle en retard)", id="usual"
        ),
        pytest.param(
            "Cercle de Gourma-Rharous, mutuelles en retard de paiement",
            "Abdoulaye Mahamadoulamine Diarrassouba",
            "Abdoulaye Mahamadoulamin: 1 tel (Cercle de Gourma-Rharous, mutuelles en",
            id="the longest names",
        ),
    ],
)
def test_the_approver_is_asked_in_one_sms_and_answers_by_another(
    world: World, told: Any, name: str, author: str, shown: str
) -> None:
    phone = Msisdn.parse("70000399")
    world.phone(number=NUMBER)
    with world.database.begin() as conn:
        agents.add(conn, world.keys, "A. Diarra", phone, NOW)
    number = begun(told, "Vos droits: {code_service}. STOP", name=name, author=author)
    told("audience", number, "--everybody")
    told("check", number)
    told("size", number)
    told("test", number, "--to", "70000398")
    told("sample", number, "--as", "A. Diarra", "--to", "70000399")
    catalogues = Catalogues.load()
    approver = Texter(flows.world.World(world.database, world.keys, catalogues, LIMITS, NOW, {}), phone)
    asked, text = approver.received()
    code = asked.partition(" OK ")[2][:6]
    assert asked.startswith(f"CAMP {number} de {shown}")
    assert asked.endswith(f"), 1 SMS, 17 F. Accord: CAMP {number} OK {code}. Texte suit.")
    assert gsm7.septets(asked) <= gsm7.SINGLE_SEPTETS
    assert text == "Vos droits: *212#. STOP"
    approver.sends(f"CAMP {number} OK {code}").reads("approuvee")
    assert told("show", number, "--json")["state"] == "APPROVED"


@pytest.mark.parametrize(("budget", "code"), [(17, 0), (16, 1)])
def test_above_the_budget_is_blocked(world: World, told: Any, budget: int, code: int) -> None:
    world.phone(number=NUMBER)
    number = begun(told, budget=budget)
    told("audience", number, "--everybody")
    told("check", number)
    told("size", number, code=code)
    assert told("show", number, "--json")["state"] == ("CHECKED" if code else "SIZED")


def test_a_step_out_of_order_and_a_place_that_is_not_are_told(told: Any) -> None:
    number = begun(told)
    assert "no audience" in told("check", number, code=1)
    told("audience", number, "--filter", "region=Atlantide")
    assert "Atlantide" in told("check", number, code=1)
    assert "Atlantide" in told("size", number, code=1)
    assert "NOM=VALEUR" in told("audience", number, "--filter", "region", code=1)


def test_an_audience_is_kept_and_used_again(told: Any) -> None:
    first, second = begun(told), begun(told)
    told("audience", first, "--filter", "regime=RAMED", "--save", "ramed")
    found = told("audience", second, "--use", "ramed", "--filter", "sexe=F", "--json")
    assert found["audience"] == {"regime": "RAMED", "sexe": "F"}
    assert "no audience is called" in told("audience", second, "--use", "amo", code=1)


def test_a_file_brings_numbers_and_variables(world: World, told: Any, tmp_path: Path) -> None:
    file = tmp_path / "numeros.csv"
    file.write_text(
        f"Téléphone;Lieu de soin\n{NUMBER};Kati\n{OTHER};Ségou\n+223 {NUMBER};Mopti\n7000;Kayes\n;Gao\n",
        "utf-8",
    )
    number = begun(told, "Rendez-vous: {prenom|vous}. STOP")
    taken = told("file", number, str(file), "--json", code=3)
    assert (taken["kept"], taken["doubled"], taken["refused"]) == (2, 1, 2)
    assert taken["columns"] == ["lieu_de_soin"]
    assert [fault[:28] for fault in taken["faults"]] == [
        "ligne 5, colonne Téléphone :",
        "ligne 6, colonne Téléphone :",
    ]
    told("text", number, "Rendez-vous a {lieu_de_soin}. STOP")
    told("check", number)
    told("size", number)
    told("test", number, "--to", "70000399")
    shown = told("sample", number, "--json")
    assert {one["text"] for one in shown["messages"]} == {
        "Rendez-vous a Kati. STOP",
        "Rendez-vous a Ségou. STOP",
    }
    again = begun(told)
    assert "déjà servi" in told("file", again, str(file), code=1)
    told("file", again, str(file), "--again", code=3)


def test_a_workbook_is_read_too(told: Any, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["numero", "nom"], [int(NUMBER), "A"], [OTHER, None]):
        book.active.append(row)
    book.save(tmp_path / "numeros.xlsx")
    assert told("file", begun(told), str(tmp_path / "numeros.xlsx"), "--json")["kept"] == 2


@pytest.mark.parametrize("heading", ["nom;age", "telephone;tel", "telephone;a;a"])
def test_a_heading_that_is_not_clear_is_told(told: Any, tmp_path: Path, heading: str) -> None:
    file = tmp_path / "numeros.csv"
    file.write_text(f"{heading}\n70000301;1;2\n", "utf-8")
    assert "->" in told("file", begun(told), str(file), code=1)


def test_nobody_is_named_in_what_is_stored(world: World, told: Any, tmp_path: Path) -> None:
    file = tmp_path / "numeros.csv"
    file.write_text(f"telephone;prenom_enfant\n{NUMBER};Korotoumou\n", "utf-8")
    number = begun(told, "Pour vous. STOP")
    told("file", number, str(file))
    with world.database.begin(reading=True) as conn:
        rows = conn.exec_driver_sql("SELECT * FROM campaign_lines").all()
    assert rows
    assert b"Korotoumou" not in repr(rows).encode()
    assert NUMBER not in repr(rows)
