"""Workbooks that are broken or unpack to more than a machine holds: one sentence, and little memory."""

import subprocess
import sys
import zipfile

import pytest

from config.settings import CHECKOUT
from gateway.register_files import BadFile, understood
from gateway.register_workbooks import MOST_COLUMNS, workbook_rows
from tests.imports.conftest import AWA, GOOD, HEADER
from tests.imports.test_files import TODAY, workbook

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TEXTS_ARE_THERE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument'
    b'.spreadsheetml.sharedStrings+xml"/>'
)
ENTITIES = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def sheet(rows: str) -> str:
    return f"<worksheet xmlns='{MAIN}'><sheetData>{rows}</sheetData></worksheet>"


def cell(text: str) -> str:
    return f"<row r='1'><c r='A1' t='inlineStr'><is><t>{text}</t></is></c></row>"


def with_member(tmp_path, member: str, *content: str, spaces: int = 0):
    """A good workbook with other content in one of its members, and so many MiB of spaces after the first of it."""
    good, path = workbook(tmp_path / "good.xlsx", GOOD), tmp_path / "r.xlsx"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist()} - {member}:
            content_of = old.read(name)
            if member == STRINGS:
                content_of = content_of.replace(b"</Types>", TEXTS_ARE_THERE + b"</Types>")
            new.writestr(name, content_of)
        with new.open(member, "w") as out:
            out.write(content[0].encode())
            for _ in range(spaces):
                out.write(b" " * (1 << 20))
            out.write("".join(content[1:]).encode())
    return path


@pytest.mark.parametrize(
    ("member", "content", "what"),
    [
        pytest.param(SHEET, "<worksheet><sheetData>", "ne s'ouvre pas", id="cut"),
        pytest.param(SHEET, "no XML", "ne s'ouvre pas", id="no XML"),
        pytest.param(STRINGS, "<sst><si>", "ne s'ouvre pas", id="cut texts"),
        pytest.param("xl/workbook.xml", "<a/>", "ne s'ouvre pas", id="no sheets"),
        pytest.param("xl/styles.xml", "&", "ne s'ouvre pas", id="bad styles"),
        pytest.param(SHEET, sheet("<row r='x'/>"), "ne s'ouvre pas", id="a row without a number"),
        pytest.param(SHEET, sheet("<row><c r='1A'/></row>"), "ne s'ouvre pas", id="a cell that is nowhere"),
        pytest.param(
            SHEET, sheet("<row><c t='s'><v>9999</v></c></row>"), "ne s'ouvre pas", id="a text not there"
        ),
        pytest.param(SHEET, f"{ENTITIES}]><worksheet>&i;</worksheet>", "ses propres entités", id="entities"),
        pytest.param(SHEET, sheet(cell("A" * (1 << 20))), "sans fin", id="a long cell"),
        pytest.param(SHEET, sheet(f"<row>{'<c/>' * 150_000}</row>"), "trop d'éléments", id="a wide row"),
        pytest.param(SHEET, sheet("<row r='999999999'/>"), "300000 lignes", id="a gap of rows"),
        pytest.param(SHEET, sheet("<row><c r='XFD1'><v>1</v></c></row>"), "1000 colonnes", id="a far column"),
    ],
)
def test_a_workbook_that_is_no_good_is_told_in_a_sentence(tmp_path, member, content, what):
    with pytest.raises(BadFile, match=what) as told:
        list(workbook_rows(with_member(tmp_path, member, content)))
    assert "-> enregistrez-le" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("member", [SHEET, STRINGS, "xl/media/a.bin"], ids=["lines", "texts", "picture"])
def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(tmp_path, member):
    with pytest.raises(BadFile, match="plus de 128 Mo"):
        next(workbook_rows(with_member(tmp_path, member, "", spaces=128)))


@pytest.mark.parametrize(
    ("member", "content"),
    [
        pytest.param(SHEET, sheet(cell("A" * 32_767)), id="the longest cell of a spreadsheet"),
        pytest.param(SHEET, sheet(f"<row>{'<c/>' * MOST_COLUMNS}</row>"), id="many columns"),
        pytest.param(
            SHEET,
            sheet("<row r='1'><c r='A1'><v>1</v></c><c r='XFD1' s='0'/></row>"),
            id="a far cell that is empty",
        ),
        pytest.param("xl/media/a.bin", "\x00 a picture", id="a picture"),
    ],
)
def test_a_workbook_within_the_limits_is_read(tmp_path, member, content):
    rows = list(workbook_rows(with_member(tmp_path, member, content)))
    assert len(rows) == (1 if member == SHEET else 1 + len(GOOD))
    assert len(rows[0]) <= MOST_COLUMNS


@pytest.mark.parametrize(("lines", "fits"), [(3, True), (4, False)])
def test_lines_are_counted(tmp_path, lines, fits):
    rows = workbook_rows(workbook(tmp_path / "r.xlsx", [AWA] * lines), most_lines=4)
    if fits:
        assert len(list(rows)) == 1 + lines
    else:
        with pytest.raises(BadFile, match="plus de 4 lignes"):
            list(rows)


@pytest.mark.parametrize(("cells", "fits"), [(4 * len(HEADER), True), (4 * len(HEADER) - 1, False)])
def test_cells_are_counted(tmp_path, cells, fits):
    rows = workbook_rows(workbook(tmp_path / "r.xlsx", [AWA] * 3), most_cells=cells)
    if fits:
        assert len(list(rows)) == 4
    else:
        with pytest.raises(BadFile, match=f"ou de {cells} cellules"):
            list(rows)


def test_a_workbook_with_another_ending_is_one_all_the_same(tmp_path):
    path = workbook(tmp_path / "r.xlsx", GOOD).rename(tmp_path / "r.csv")
    assert understood(path, "ramed", TODAY).is_workbook


def test_what_unpacks_to_much_takes_little_memory(tmp_path):
    path = with_member(tmp_path, SHEET, *sheet(cell("|")).split("|"), spaces=100)
    assert path.stat().st_size < 1 << 20
    code = (
        "import sys; from pathlib import Path\n"
        "from gateway.register_workbooks import BadFile, workbook_rows\n"
        "try: list(workbook_rows(Path(sys.argv[1])))\n"
        "except BadFile: print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], cwd=CHECKOUT, stdout=subprocess.PIPE, check=True, text=True
    )
    assert 0 < int(done.stdout) < 150 * 1024, "kB: the programme itself, and some pieces"
