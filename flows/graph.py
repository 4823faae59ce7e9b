"""The state machine as a Mermaid diagram, drawn from what the explorer saw: one box a screen, one group a branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from flows.explorer import Walk
from flows.tree import SCREENS

EVERYWHERE = {"0", "00", "98", "99", "9"}
"""Keys that work on every screen; drawing them would hide the rest."""


def mermaid(walk: Walk) -> str:
    """The diagram as a Markdown page. Dashed arrows are digits kept for what is not open yet."""
    lines = ["# The menu as a graph", "", "Written by `ramu flows graph`; a test says when it is stale.", ""]
    lines += ["```mermaid", "flowchart LR"]
    branches: dict[str, list[str]] = defaultdict(list)
    for name in SCREENS:
        branches[name.split(".")[0]].append(name)
    for branch, names in branches.items():
        lines += [
            f"  subgraph {branch}",
            *(f"    {_box(name)}[{name.split('.')[1]}]" for name in names),
            "  end",
        ]
    lines += [f"  {_box(start)} -->|{_label(keys)}| {_box(end)}" for (start, end), keys in _arrows(walk)]
    for screen, keys in _doors(walk):
        lines.append(f"  {_box(screen)} -.->|{', '.join(keys)}| {_box(screen)}_later([later])")
    return "\n".join([*lines, "```", ""])


def _arrows(walk: Walk) -> list[tuple[tuple[str, str], list[str]]]:
    arrows: dict[tuple[str, str], set[str]] = defaultdict(set)
    for start, key, end in walk.edges:
        if start != end and key not in EVERYWHERE:
            arrows[start, end].add(key if key.isdigit() and len(key) < 3 else "...")
    return sorted((pair, sorted(keys, key=lambda key: (len(key), key))) for pair, keys in arrows.items())


def _doors(walk: Walk) -> list[tuple[str, list[str]]]:
    doors: dict[str, set[str]] = defaultdict(set)
    for screen, key, _ in walk.doors:
        doors[screen].add(key)
    return sorted((screen, sorted(keys)) for screen, keys in doors.items())


def _label(keys: Iterable[str]) -> str:
    return ", ".join(keys)


def _box(name: str) -> str:
    return name.replace(".", "_")
