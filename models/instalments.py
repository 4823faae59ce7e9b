"""What a household may pay now: one part of its plan, two, or all that is left of the season; and what follows from it.

Pure rules over the dues that were called (`models.dues`). Amounts in FCFA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.dues import ADHESION, Due


@dataclass(frozen=True, slots=True)
class Offers:
    """What may be paid: a part, two parts, all; 0 for what would be the same as all, or nothing.

    `joining`: the first part is the fee for joining. `state_percent`: what the State adds to a contribution.
    """

    one: int
    two: int
    whole: int
    joining: bool
    state_percent: int


@dataclass(frozen=True, slots=True)
class Split:
    """Where an amount goes: what the State adds to it, and what stays as an advance for a later season."""

    state: int
    advance: int


def offers(owed: Sequence[Due]) -> Offers:
    """What may be paid of dues, the oldest first: of the season that lacks something, with all that is older.

    A part is a whole one, also when the next was begun: people think in months, and what is beyond goes to the next.
    """
    missing = [due for due in owed if due.missing]
    season = [due for due in missing if due.season_from <= missing[0].season_from]
    whole = sum(due.missing for due in season)
    one, two = (sum(due.amount for due in season[:parts]) for parts in (1, 2))
    counted = next((due for due in season if due.kind != ADHESION), None)
    return Offers(
        one=one if one < whole else 0,
        two=two if one < two < whole else 0,
        whole=whole,
        joining=bool(season) and season[0].kind == ADHESION,
        state_percent=counted.state_percent if counted else 0,
    )


def split(owed: Sequence[Due], amount: int) -> Split:
    """Where `amount` goes when it is paid now: to the oldest dues, each with the State's share by floors."""
    left, state = amount, 0
    for due in owed:
        part = min(left, due.missing)
        state += due.state(due.paid + part) - due.state(due.paid)
        left -= part
    return Split(state, left)


def less(offered: Offers, amount: int, least: int) -> int:
    """A smaller payment than one that was refused: the next part, else half in whole hundreds; 0 when none is left."""
    if 0 < offered.one < amount:
        return offered.one
    half = amount // 2 // 100 * 100
    return half if half >= least else 0
