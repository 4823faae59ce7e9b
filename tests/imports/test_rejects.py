"""The file of rejected lines: written only where nothing was, by an import that is applied."""

import os

import pytest

from gateway.register_files import understood
from gateway.register_rejects import Rejects, Taken
from models.import_lines import Complaint
from tests.imports.conftest import AWA, GOOD, MOUSSA, changed, written
from tests.imports.test_files import TODAY

BAD = [changed(AWA, sexe="?"), MOUSSA]
WRONG = [Complaint(2, "Sexe", "?", "mot inconnu", "F, M")]
INDEX = bytes(range(32))


def everything(folder):
    """Every file but the database's."""
    files = [path for path in folder.iterdir() if path.is_file() and "sqlite" not in path.name]
    return {path.name: path.read_bytes() for path in files}


@pytest.mark.parametrize("options", [(), ("--apply",)], ids=["trial", "applied"])
@pytest.mark.parametrize("name", ["r.csv", "link.csv", "hard.csv"])
def test_the_file_itself_is_never_the_file_of_rejects(bring_quick, tmp_path, options, name):
    file = written(tmp_path / "r.csv", GOOD)
    (tmp_path / "link.csv").symlink_to(file)
    (tmp_path / "hard.csv").hardlink_to(file)
    before = everything(tmp_path)
    with pytest.raises(Taken, match="est le fichier à importer"):
        bring_quick("ramed", file, "--rejects", str(tmp_path / name), *options)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("lines", [GOOD, BAD], ids=["no line wrong", "a line wrong"])
@pytest.mark.parametrize("rejects", [(), ("--rejects", "precious.csv")], ids=["by default", "named"])
def test_a_file_that_is_there_stays_as_it_is(bring, held, tmp_path, monkeypatch, lines, rejects):
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path / "r.csv", lines)
    for name in ("r-refus.csv", "precious.csv"):
        (tmp_path / name).write_text("corrected by hand")
    before = everything(tmp_path)
    told, _ = bring("ramed", file, *rejects, code=3 if lines is BAD else 0)
    assert told["rejects"] is None, "a trial writes nothing, and says of no file that it is there"
    with pytest.raises(Taken, match="existe déjà"):
        bring("ramed", file, "--apply", *rejects)
    assert everything(tmp_path) == before
    assert held() == []
    bring("ramed", file, "--apply", "--rejects", str(tmp_path / "other.csv"), code=3 if lines is BAD else 0)
    assert (tmp_path / "other.csv").exists() is (lines is BAD)
    assert {name: everything(tmp_path)[name] for name in before} == before


@pytest.mark.parametrize("kind", ["ramed", "facilities"])
def test_a_trial_writes_no_file(bring_quick, tmp_path, kind):
    header = {"header": ["Type", "Nom de la structure", "Commune", "Conventionnée", "Horaires"]}
    file = (
        written(tmp_path / "r.csv", BAD)
        if kind == "ramed"
        else written(tmp_path / "r.csv", [["CSCom", "Koko", "Katii", "oui", ""]], **header)
    )
    before = everything(tmp_path)
    told, _ = bring_quick(kind, file, code=3)
    assert told["rejected"] == 1
    assert everything(tmp_path) == before
    told, _ = bring_quick(kind, file, "--apply", code=3)
    assert told["rejects"] == str(tmp_path / "r-refus.csv")
    assert everything(tmp_path).keys() - before.keys() == {"r-refus.csv"}


def test_a_dangling_link_is_not_followed(bring_quick, tmp_path):
    (tmp_path / "r-refus.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(Taken, match="existe déjà"):
        bring_quick("ramed", written(tmp_path / "r.csv", BAD), "--apply")
    assert not (tmp_path / "elsewhere.csv").exists()


@pytest.fixture
def source(tmp_path):
    """A file with a line to leave out."""
    return understood(written(tmp_path / "r.csv", BAD), "ramed", TODAY)


def test_a_name_that_is_taken_meanwhile_is_left_and_the_lines_wait(source, tmp_path):
    path = tmp_path / "out.csv"
    rejects = Rejects(path, source, INDEX)
    rejects.add(BAD[0], WRONG)
    path.write_text("somebody's")
    with pytest.raises(Taken):
        rejects.publish()
    assert path.read_text() == "somebody's"
    path.unlink()
    rejects.publish()
    assert b"mot inconnu" in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_imports_of_one_file_do_not_write_into_one_another(source, tmp_path):
    first, second = Rejects(tmp_path / "a.csv", source, INDEX), Rejects(tmp_path / "b.csv", source, INDEX)
    other = Rejects(tmp_path / "c.csv", source, INDEX[::-1])
    first.add(BAD[0], WRONG)
    with pytest.raises(Taken, match="en cours"):
        second.add(BAD[0], WRONG)
    other.add(BAD[0], WRONG)
    for each in (first, other):
        each.publish()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()


@pytest.mark.parametrize("short_by", [0, 1], ids=["whole", "shorter than what was committed"])
def test_a_killed_import_goes_on_behind_what_was_committed(source, tmp_path, short_by):
    killed = Rejects(tmp_path / "a.csv", source, INDEX)
    killed.add(BAD[0], WRONG)
    kept = killed.sync()
    killed.add(BAD[1], WRONG)
    killed.sync()
    (part,) = tmp_path.glob(".refus-*")
    content = part.read_bytes()[:kept]
    del killed
    if short_by:
        os.truncate(part, kept - short_by)
    again = Rejects(tmp_path / "a.csv", source, INDEX, kept)
    again.publish()
    assert (tmp_path / "a.csv").exists() is not bool(short_by)
    assert short_by or (tmp_path / "a.csv").read_bytes() == content
