"""The explorer finds what it is there to find, and the real menu has none of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows import commands, efforts, explorer, graph, shortcuts, tree
from flows.ask import Ask
from flows.screens import Choice, End, Go, Kind, Menu, Notice, Question, Screen
from flows.world import UNKNOWN, World
from models.identifiers import Msisdn

FULLEST, MEMBER = Msisdn.parse(commands.FULLEST), Msisdn.parse(commands.MEMBER)


def faults(
    world: World, monkeypatch: pytest.MonkeyPatch, draw: Callable[[Ask], Screen], **said: bool
) -> list[str]:
    """What the explorer says when the help screen, which every screen leads to, is drawn so."""
    monkeypatch.setitem(tree.SCREENS, "help.keys", Kind(draw, **said))
    walk = explorer.Walk()
    start = explorer.advance(None, explorer.Dial(()), world.context(UNKNOWN))
    step = explorer.advance(start.session, "99", world.context(UNKNOWN))
    for _, _reached in explorer._ways_on(world, UNKNOWN, step, walk):
        assert _reached
    return [complaint.fault for complaint in walk.complaints if complaint.screen == "help.keys"]


def test_a_good_screen_has_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(world, monkeypatch, lambda ask: Notice("Bien")) == []


@pytest.mark.parametrize(
    ("draw", "said", "fault"),
    [
        pytest.param(lambda ask: End(""), {}, "an empty screen", id="empty"),
        pytest.param(lambda ask: Notice("a {name} left"), {}, "a value left open", id="a value left open"),
        pytest.param(
            lambda ask: Notice("ok😀"), {}, "without replacement", id="a letter without replacement"
        ),
        pytest.param(lambda ask: End("mot " * 60), {}, "more than one page", id="an end of two pages"),
        pytest.param(
            lambda ask: Question("Nom :", lambda ask, typed: Go("home.home"), ("a",)),
            {},
            "says that it is",
            id="kind",
        ),
        pytest.param(
            lambda ask: Menu("Menu", (Choice("1", "Nulle part", "no.where"),)),
            {},
            "raises KeyError",
            id="nowhere",
        ),
    ],
)
def test_a_fault_is_found(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    draw: Callable[[Ask], Screen],
    said: dict[str, bool],
    fault: str,
) -> None:
    found = faults(world, monkeypatch, draw, **said)
    assert any(fault in complaint for complaint in found), found


def test_a_screen_that_nothing_reaches_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tree.SCREENS, "more.forgotten", Kind(lambda ask: Notice("Oubli")))
    walk = explorer.Walk(seen=set(tree.SCREENS) - {"more.forgotten"})
    explorer.unreached(walk)
    assert [complaint.screen for complaint in walk.complaints] == ["more.forgotten"]


def test_a_dial_string_gone_astray_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    callers = efforts.Callers(FULLEST, UNKNOWN, MEMBER)
    assert list(efforts.astray(world, callers)) == []
    lost = shortcuts.Shortcut("6*3", "6*3", "callback.noted", "any", "6*3")
    monkeypatch.setattr(shortcuts, "published", lambda day: (lost,))
    assert len(list(efforts.astray(world, callers))) == 2


def test_efforts_are_counted_as_a_person_spends_them(world: World) -> None:
    effort = efforts.play(world, UNKNOWN, "free care", "", ["4", "1", "36"])
    assert (effort.screens, effort.inputs, effort.keys, effort.led_to) == (4, 3, 4, "free_care.child")
    assert list(efforts.too_much(world, efforts.Callers(FULLEST, UNKNOWN, MEMBER))) == []


def test_the_menu_has_no_fault_and_its_kept_graph_is_not_stale(tmp_path: Path) -> None:
    """All that `ramu flows check` looks at, on the diagram's day: every phone, every language, the longest texts."""
    walk, strays = commands.checked(tmp_path, commands.DRAWN_ON)
    assert walk.complaints == []
    assert strays == []
    assert commands.GRAPH.read_text(encoding="utf-8") == graph.mermaid(walk), "run `ramu flows graph`"
