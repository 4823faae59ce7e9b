"""The whole menu: every screen of every branch, by the name under which sessions, funnel and shortcuts know it."""

from __future__ import annotations

from types import ModuleType

from flows.branches import (
    advice,
    callback,
    centres,
    consent,
    contribution_receipts,
    file,
    free_care,
    group,
    harvest,
    help,
    home,
    joining,
    joining_mutuelle,
    language,
    link,
    locked,
    members,
    messages,
    more,
    mutuelle,
    papers,
    paying,
    paying_for,
    paying_means,
    paying_refused,
    ramed,
    resume,
    rights,
    search,
    visit,
)
from flows.screens import Kind

HOME = "home.home"

FIRST = frozenset({HOME, "language.first", "resume.offer"})
"""Screens on which a call may begin: there is nothing before them to go back to."""

BRANCHES = (
    language,
    resume,
    home,
    rights,
    members,
    visit,
    search,
    link,
    ramed,
    file,
    papers,
    mutuelle,
    paying,
    paying_means,
    paying_refused,
    paying_for,
    harvest,
    contribution_receipts,
    joining_mutuelle,
    group,
    free_care,
    joining,
    advice,
    more,
    centres,
    callback,
    messages,
    consent,
    locked,
    help,
)


def screens_of(branch: ModuleType) -> dict[str, Kind]:
    """A branch's screens in the order in which they are written: `rights.number` and so on."""
    name = branch.__name__.rpartition(".")[2]
    return {f"{name}.{key}": kind for key, kind in vars(branch).items() if isinstance(kind, Kind)}


SCREENS: dict[str, Kind] = {name: kind for branch in BRANCHES for name, kind in screens_of(branch).items()}
