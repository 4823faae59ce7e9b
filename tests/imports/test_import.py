"""Registers of people brought in: tried, applied, applied again, corrected and sent again, ended."""

import csv
from datetime import date

import pytest
from sqlalchemy import func, select, update

from models.audit import audit, verify_chain
from models.coverage import coverages
from models.database import Database
from models.imports import import_batches, import_seen
from models.people import persons
from tests.imports.conftest import AWA, FANTA, GOOD, HEADER, MOUSSA, changed, written


def counts(told):
    return {name: told[name] for name in ("new", "changed", "unchanged", "ended", "rejected")}


def only(**told):
    return {"new": 0, "changed": 0, "unchanged": 0, "ended": 0, "rejected": 0, **told}


@pytest.fixture
def database(database_url):
    opened = Database.open(database_url, deadline_ms=None)
    yield opened
    opened.dispose()


def test_without_apply_nothing_is_changed(bring, held, tmp_path):
    told, _ = bring("ramed", written(tmp_path / "r.csv", GOOD))
    assert (counts(told), told["applied"]) == (only(new=3), False)
    assert held() == []


def test_applied_the_register_holds_what_the_file_says(bring, held, tmp_path):
    told, _ = bring("ramed", written(tmp_path / "r.csv", GOOD), "--apply")
    assert counts(told) == only(new=3)
    span = ("RAMED", "OUVRANT_DROIT", "ACTIF", "2025-01-01", "2027-12-31")
    assert held() == [
        (
            "",
            "Fanta",
            "Traoré",
            "2015-02-01",
            "RAMED",
            "AYANT_DROIT",
            *span[2:],
            "ENFANT",
            "F",
            "ML-C02040101",
            "",
            0,
        ),
        (AWA[0], "Awa", "Traoré", "1987-05-17", *span, "SOI", "F", "ML-C02040101", "1/A", 0),
        (MOUSSA[0], "Moussa", "Keïta", "1980-01-02", *span, "SOI", "M", "ML-C02040101", "", 1),
    ]


def test_the_same_file_again_changes_nothing(bring, held, tmp_path):
    file = written(tmp_path / "r.csv", GOOD)
    bring("ramed", file, "--apply")
    before = held()
    assert counts(bring("ramed", file)[0]) == only(unchanged=3)
    assert counts(bring("ramed", file, "--apply")[0]) == only(unchanged=3)
    assert held() == before


def test_the_order_of_lines_and_batches_makes_no_difference(bring, held, tmp_path):
    lines = [FANTA, changed(FANTA, prenom="Ali", sexe="M"), MOUSSA, AWA]
    told, _ = bring("ramed", written(tmp_path / "r.csv", lines), "--apply", "--batch", "1")
    assert counts(told) == only(new=4)
    homes = {row[1]: row[-1] for row in held()}
    assert homes["Fanta"] == homes["Ali"] == homes["Awa"] != homes["Moussa"]


def test_what_changed_is_changed_and_nothing_else(bring, held, tmp_path):
    bring("ramed", written(tmp_path / "r.csv", GOOD), "--apply")
    later = [changed(AWA, fin="2028-06-30", ref="9/Z"), changed(MOUSSA, nom="KEITA"), FANTA]
    told, _ = bring("ramed", written(tmp_path / "s.csv", later), "--apply")
    assert counts(told) == only(changed=2, unchanged=1)
    rows = {row[1]: row for row in held()}
    assert (rows["Awa"][8], rows["Awa"][12]) == ("2028-06-30", "9/Z")
    assert rows["Moussa"][2] == "KEITA"


def test_a_column_that_is_missing_leaves_what_is_known(bring, held, tmp_path):
    bring("ramed", written(tmp_path / "r.csv", [AWA]), "--apply")
    place = HEADER.index("Réf")
    short = [cell for at, cell in enumerate(changed(AWA, fin="30/06/2028")) if at != place]
    header = [cell for at, cell in enumerate(HEADER) if at != place]
    bring("ramed", written(tmp_path / "s.csv", [short], header=header), "--apply")
    assert [(row[8], row[12]) for row in held()] == [("2028-06-30", "1/A")]


def test_a_corrected_file_of_rejects_brings_in_the_rest(bring, held, tmp_path):
    bad = [changed(AWA, sexe="?"), MOUSSA, changed(FANTA, ne="31/02/2015")]
    told, _ = bring("ramed", written(tmp_path / "r.csv", bad), "--apply", code=3)
    assert counts(told) == only(new=1, rejected=2)
    rejects = tmp_path / "r-refus.csv"
    assert rejects.stat().st_mode & 0o777 == 0o600
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        header, *lines = csv.reader(file, delimiter=";")
    assert header == [*HEADER, "erreur"]
    assert [line[:-1] for line in lines] == [bad[0], bad[2]]
    assert ["mot inconnu" in lines[0][-1], "ce jour n'existe pas" in lines[1][-1]] == [True, True]
    corrected = [[*AWA, lines[0][-1]], [*FANTA, lines[1][-1]]]
    told, _ = bring("ramed", written(tmp_path / "s.csv", corrected, header=header), "--apply")
    assert counts(told) == only(new=2)
    assert [row[1] for row in held()] == ["Fanta", "Awa", "Moussa"]


def test_a_reject_that_is_sent_back_uncorrected_is_the_same_reject(bring, tmp_path):
    formula = changed(AWA, nom="=HYPERLINK(1)", prenom="@x", ref="'=1")
    bring("ramed", written(tmp_path / "r.csv", [formula]), "--apply", code=3)
    first = (tmp_path / "r-refus.csv").read_bytes()
    assert b";'=HYPERLINK(1);'@x;" in first
    bring("ramed", tmp_path / "r-refus.csv", "--apply", "--rejects", str(tmp_path / "again.csv"), code=3)
    assert (tmp_path / "again.csv").read_bytes() == first


@pytest.mark.parametrize(
    ("again", "why"),
    [
        pytest.param(changed(AWA, prenom="Aïcha"), "le même numéro qu'à la ligne 2", id="number"),
        pytest.param(changed(MOUSSA, nina="20198702030001A"), "le même NINA qu'à la ligne 3", id="nina"),
        pytest.param(changed(FANTA, ne="07/07/2015"), "la même personne", id="dependant"),
    ],
)
def test_a_file_that_speaks_twice_of_one(bring, held, tmp_path, again, why):
    moussa = changed(MOUSSA, nina="20198702030001A", numero="2600100002999")
    told, said = bring("ramed", written(tmp_path / "r.csv", [AWA, moussa, FANTA, again]), "--apply", code=3)
    assert counts(told) == only(new=3, rejected=1)
    assert why in said


def test_a_dependant_without_her_opener_is_told(bring, held, tmp_path):
    file = written(tmp_path / "r.csv", [MOUSSA, FANTA])
    for option in ((), ("--apply",)):
        told, said = bring("ramed", file, *option, code=3)
        assert counts(told)["rejected"] == 1
        assert "l'ouvrant droit n'est pas dans le registre" in said


def test_a_nina_leads_to_the_person_of_another_scheme(bring, held, database, tmp_path):
    nina = "20198702030001A"
    bring("ramed", written(tmp_path / "r.csv", [changed(AWA, nina=nina)]), "--apply")
    header = [
        "Matricule",
        "Nom",
        "Prénom",
        "Sexe",
        "Date de naissance",
        "Commune",
        "Début",
        "Organisme",
        "NINA",
    ]
    amo = ["0410000012", "TRAORE", "Awa", "F", "17/05/1987", "Kati", "01/01/2026", "INPS", nina]
    told, _ = bring("amo", written(tmp_path / "a.csv", [amo], header=header), "--apply")
    assert counts(told) == only(new=1)
    with database.begin(reading=True) as conn:
        assert conn.execute(select(func.count()).select_from(persons)).scalar_one() == 1
        assert conn.execute(select(func.count()).select_from(coverages)).scalar_one() == 2
    other = changed(MOUSSA, nina=nina)
    _, said = bring("ramed", written(tmp_path / "s.csv", [other]), "--apply", code=3)
    assert "ce NINA est celui d'une autre personne" in said
    renewed = changed(AWA, nina=nina, numero="2600100003999")
    _, said = bring("ramed", written(tmp_path / "t.csv", [renewed]), "--apply", code=3)
    assert "a déjà un droit en cours sous un autre numéro" in said


def test_a_complete_file_ends_what_it_does_not_hold(bring, held, database, tmp_path):
    bring("ramed", written(tmp_path / "r.csv", GOOD), "--apply")
    rest = written(tmp_path / "s.csv", [AWA, FANTA])
    with pytest.raises(Exception, match="--ends 1"):
        bring("ramed", rest, "--apply", "--complete")
    told, _ = bring("ramed", rest, "--apply", "--complete", "--ends", "1")
    assert counts(told) == only(unchanged=2, ended=1)
    rows = {row[1]: row[8] for row in held()}
    assert rows["Moussa"] < "2027-12-31" == rows["Awa"] == rows["Fanta"]
    with database.begin(reading=True) as conn:
        assert conn.execute(select(func.count()).select_from(import_seen)).scalar_one() == 0
    told, _ = bring("ramed", written(tmp_path / "t.csv", GOOD), "--apply")
    assert counts(told) == only(changed=1, unchanged=2)
    assert {row[8] for row in held()} == {"2027-12-31"}


def test_a_complete_file_with_a_rejected_line_ends_nothing(bring, held, tmp_path):
    bring("ramed", written(tmp_path / "r.csv", GOOD), "--apply")
    file = written(tmp_path / "s.csv", [changed(AWA, sexe="?")])
    told, _ = bring("ramed", file, "--apply", "--complete", "--ends", "9", code=3)
    assert (told["ended"], told["not_ended_because_of_rejects"]) == (0, True)
    assert {row[8] for row in held()} == {"2027-12-31"}


def test_a_person_who_was_erased_is_left_alone(bring, database, tmp_path):
    file = written(tmp_path / "r.csv", [AWA])
    bring("ramed", file, "--apply")
    gone = {"identity_sealed": None, "given_key": None, "family_key": None, "erased_at": func.now()}
    with database.begin() as conn:
        conn.execute(update(persons).values(gone))
    later = written(tmp_path / "s.csv", [changed(AWA, fin="01/01/2029")])
    told, said = bring("ramed", later, "--apply", code=3)
    assert counts(told) == only(rejected=1)
    assert "a été effacée" in said
    with database.begin(reading=True) as conn:
        assert conn.execute(select(persons.c.identity_sealed)).scalar_one() is None
        assert conn.execute(select(coverages.c.valid_to)).scalar_one() == date(2027, 12, 31)


def test_each_batch_has_its_row_in_the_trail(bring, database, keys, tmp_path):
    bring("ramed", written(tmp_path / "r.csv", GOOD), "--apply", "--batch", "2")
    with database.begin(reading=True) as conn:
        batches = conn.execute(select(func.count()).select_from(import_batches)).scalar_one()
        noted = (
            conn.execute(select(audit.c.detail).where(audit.c.action == "register.import")).scalars().all()
        )
        assert verify_chain(conn, keys).ok
    assert batches == len(noted) == 4
    assert noted[0] == "batch 0: 2 new, 0 changed, 0 ended"


def test_members_of_a_mutuelle_make_it_when_the_file_names_it(bring, held, database, tmp_path):
    header = [
        "N° adhérent",
        "Nom",
        "Prénom",
        "Sexe",
        "Né vers",
        "Commune",
        "Adhésion",
        "Échéance",
        "Statut",
        "Mutuelle",
        "Nom de la mutuelle",
        "Cercle de la mutuelle",
    ]
    line = [
        "54100028",
        "Diarra",
        "Ba",
        "M",
        "1970",
        "Kati",
        "02/2024",
        "31/12/2026",
        "à jour",
        "M1",
        "Jigi",
        "Kati",
    ]
    nowhere = [*line[:9], "M2", "", ""]
    nowhere[0] = "54100015"
    told, said = bring(
        "mutuelle", written(tmp_path / "m.csv", [line, nowhere], header=header), "--apply", code=3
    )
    assert counts(told) == only(new=1, rejected=1), said
    assert "mutuelle inconnue" in said
    assert [row[4:9] for row in held()] == [("MUTUELLE", "ADHERENT", "A_JOUR", "2024-02-01", "2026-12-31")]
