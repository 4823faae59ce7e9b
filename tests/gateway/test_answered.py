"""What was answered is known on the disk, for as long as it may be delivered again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.answered import FOLDER, KEPT, Answered

NOW = datetime(2026, 11, 22, 10, 59, tzinfo=UTC)
ONE, OTHER = b"1" * 16, b"2" * 16


def test_what_was_noted_is_known_to_every_process(tmp_path: Path) -> None:
    assert not Answered(tmp_path).has(ONE)
    Answered(tmp_path).note(ONE, NOW)
    assert Answered(tmp_path).has(ONE)
    assert not Answered(tmp_path).has(OTHER)


def test_it_is_forgotten_when_nobody_delivers_it_any_more(tmp_path: Path) -> None:
    answered = Answered(tmp_path)
    answered.note(ONE, NOW)
    answered.note(OTHER, NOW + KEPT)
    assert answered.has(ONE)
    answered.note(OTHER, NOW + KEPT + timedelta(hours=1))
    assert not answered.has(ONE)
    assert answered.has(OTHER)


def test_a_write_that_was_cut_hides_nothing_after_it(tmp_path: Path) -> None:
    answered = Answered(tmp_path)
    answered.note(ONE[:5], NOW)
    answered.note(OTHER, NOW)
    assert answered.has(OTHER)
    assert not answered.has(ONE)


def test_a_disk_that_takes_nothing_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("a file where the folder should be")
    Answered(tmp_path).note(ONE, NOW)
    assert (tmp_path / FOLDER).is_file()
