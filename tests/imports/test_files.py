"""Files as offices send them: encodings, separators, workbooks, and what is told of each cell."""

from datetime import date
from itertools import product

import pytest
from openpyxl import Workbook

from gateway.register_files import BadFile, encoding_of, understood
from models.import_columns import BadHeading
from tests.imports.conftest import AWA, FANTA, GOOD, HEADER, MOUSSA, changed, written

TODAY = date(2026, 11, 22)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman")
ODD = [changed(AWA, prenom="Aïssata", ref="a;b,c|d\te"), changed(MOUSSA, nom="N'Diaye Bâ")]


def workbook(path, lines, header=HEADER):
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for cells in (header, *lines):
        sheet.append(cells)
    book.save(path)
    return path


@pytest.mark.parametrize(("encoding", "separator"), list(product(ENCODINGS, ";,\t|")))
def test_every_encoding_with_every_separator_reads_the_same(tmp_path, encoding, separator):
    file = understood(
        written(tmp_path / "r.csv", ODD, encoding=encoding, separator=separator), "ramed", TODAY
    )
    assert list(file.first_cells) == HEADER
    ((span, rows),) = file.spans(10)
    assert rows == ODD == list(file.rows_of(span))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_parts_of_a_file_begin_where_they_should(tmp_path, encoding):
    lines = [changed(AWA, prenom=f"Aïssata{'é' * place}", ref='deux\nlignes "ici"') for place in range(7)]
    file = understood(written(tmp_path / "r.csv", lines, encoding=encoding), "ramed", TODAY)
    spans = [span for span, _ in file.spans(3)]
    assert [(span.first_line, span.lines) for span in spans] == [(2, 3), (5, 3), (8, 1)]
    assert [cells for span in spans for cells in file.rows_of(span)] == lines


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["Unix", "Windows", "old Mac"])
def test_lines_may_end_in_three_ways(tmp_path, ending):
    path = tmp_path / "r.csv"
    path.write_bytes(ending.join(";".join(cells) for cells in (HEADER, AWA, MOUSSA)).encode())
    file = understood(path, "ramed", TODAY)
    spans = [span for span, _ in file.spans(1)]
    assert [cells for span in spans for cells in file.rows_of(span)] == [AWA, MOUSSA]


def test_an_encoding_that_could_be_two_is_asked_for(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(";".join(HEADER[1:]).encode("ascii", "ignore") + b"\n" + bytes([0x81, 0x8D, 0xF5, 0xD3]))
    with pytest.raises(BadFile, match="CSV UTF-8"):
        encoding_of(path)


def test_a_workbook_is_read_like_a_csv_file(bring, held, tmp_path):
    awa = changed(AWA, ne=None, debut=None)
    awa[4], awa[6] = date(1987, 5, 17), date(2025, 1, 1)
    moussa = changed(MOUSSA)
    moussa[0] = int(MOUSSA[0])
    told, _ = bring("ramed", workbook(tmp_path / "r.xlsx", [awa, moussa, FANTA]), "--apply")
    assert (told["new"], told["rejected"]) == (3, 0)
    told, _ = bring("ramed", written(tmp_path / "r.csv", GOOD), "--apply")
    assert told["unchanged"] == 3


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"", "est vide", id="empty"),
        pytest.param(b"PK\x03\x04 no workbook", "ce classeur ne s'ouvre pas", id="broken workbook"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "ancien classeur XLS", id="xls"),
        pytest.param(
            ";".join(HEADER).encode() + b'\n"' + b"x;\n" * 9_000, "un guillemet est ouvert", id="quote"
        ),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path, content, what):
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=what):
        list(understood(path, "ramed", TODAY).spans(10))


@pytest.mark.parametrize(
    ("header", "what"),
    [
        pytest.param([*HEADER[:3], *HEADER[4:]], "il manque : sexe", id="a column is missing"),
        pytest.param([*HEADER[:4], *HEADER[5:]], r"date de naissance \(ou annee", id="no birth"),
        pytest.param([*HEADER, "nom de famille"], "disent la même chose : « Nom »", id="twice"),
    ],
)
def test_a_heading_that_lacks_something_says_what(tmp_path, header, what):
    with pytest.raises(BadHeading, match=what):
        understood(written(tmp_path / "r.csv", [], header=header), "ramed", TODAY)


CELLS = [
    ("numero", "260010000099", "***099", "12 chiffres lus, 9 ou 13 attendus", "format Texte"),
    ("numero", "2,6001E+12", "***+12", "un nombre arrondi", "format Texte"),
    ("numero", "2600100000999,0", "***9,0", "un nombre à virgule", "format Texte"),
    ("numero", "26001O0000999", "***999", "il n'y a pas que des chiffres", "en chiffres"),
    ("numero", "482109377", "***377", "le dernier chiffre ne correspond pas", "chaque chiffre"),
    ("numero", "", "", "vide pour un ouvrant droit", "numéro de sa carte"),
    ("nom", "", "", "vide", "remplissez"),
    ("nom", "TraorÃ©", "« *** »", "lettres accentuées sont abîmées", "CSV UTF-8"),
    ("nom", "=SUM(A1)", "« *** »", "ce n'est pas un nom", "en lettres"),
    ("prenom", "A" * 61, "« *** »", "plus de 60 lettres", "abrégez"),
    ("sexe", "X", "« X »", "mot inconnu", "F, M"),
    ("ne", "17/05/87", "« *** »", "l'année n'a pas quatre chiffres", "JJ/MM/AAAA"),
    ("ne", "05/17/1987", "« *** »", "peut-être inversés", "JJ/MM/AAAA"),
    ("ne", "29/02/2023", "« *** »", "ce jour n'existe pas", "JJ/MM/AAAA"),
    ("ne", "31914", "« *** »", "remplacé une date de 1987 par un nombre de jours", "format Date"),
    ("ne", "17/05/2087", "", "une naissance à venir", "l'acte"),
    ("ne", "", "", "ni date ni année", "au moins l'année"),
    ("commune", "Katii", "", "commune inconnue", "découpage de 2023"),
    ("debut", "demain", "« demain »", "ce n'est pas une date", "JJ/MM/AAAA"),
    ("fin", "31/12/2024", "", "avant le début du droit", "l'une des deux dates"),
    ("lien", "cousin", "« cousin »", "mot inconnu", "conjoint, enfant, ascendant"),
    ("lien", "enfant", "", "vide pour un ayant droit", "numéro de l'ouvrant droit"),
    ("ouvrant", AWA[0], "", "le même numéro que celui de l'ayant droit", "laissez vide"),
]


@pytest.mark.parametrize(
    ("cell", "content", "read", "wrong", "remedy"),
    [pytest.param(*row, id=f"{row[0]}: {row[3][:40]}") for row in CELLS],
)
def test_a_cell_that_is_wrong_is_told_with_what_to_do(
    bring_quick, tmp_path, cell, content, read, wrong, remedy
):
    line = changed(AWA, **{cell: content}, **({"lien": "enfant"} if cell == "ouvrant" else {}))
    told, said = bring_quick("ramed", written(tmp_path / "r.csv", [MOUSSA, line]), code=3)
    assert (told["new"], told["rejected"]) == (1, 1)
    (complaint,) = [row for row in said.splitlines() if "ligne 3" in row]
    assert read in complaint
    assert wrong in complaint
    assert remedy in complaint
    assert not (len(content) > 8 and content in complaint), "personal content is masked"


def test_a_nina_that_was_badly_copied_costs_nobody_her_right(bring_quick, tmp_path):
    told, said = bring_quick("ramed", written(tmp_path / "r.csv", [changed(AWA, nina="12")]))
    assert (told["new"], told["rejected"]) == (1, 0)
    assert "sans gravité" in said
