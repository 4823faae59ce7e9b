"""Groups of digits that are one number: `482 109 376`, `70 00 00 01`, `+223 70 00 00 01`.

Nothing says where a number ends, so groups are joined where the whole makes sense: a length that a scheme issues, a
phone or a visit code, and a check digit above all. A group that makes sense alone is never joined to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import groupby

from config import facts
from models.identifiers import check_digit_ok

CODE_DIGITS = 6
"""A visit code or a reference: five digits and a check digit, the first not 0."""

PHONE_DIGITS = 8
LONGEST_RUN = 104
"""Groups in a row that are looked at: eight numbers of thirteen digits, typed digit by digit."""

YEAR_DIGITS, DATE_DIGITS = 4, 8

# What a piece costs; the cheapest reading of a row of groups is taken. A year of birth may follow a number.
YEAR, SURE, SHAPED, SLIP, LEFT_OVER, LENGTH_ONLY = 1, 2, 4, 6, 8, 12


def runs(said: Sequence[str], how: str) -> list[str]:
    """The words of a message with the groups in each row of digits joined; `how` is a word of SMS_JOINS.

    Codes stand in front: what comes behind them are acts and amounts, which are never joined.
    """
    words: list[str] = []
    for are_digits, row in groupby(said, str.isdigit):
        groups = list(row)
        words += joined(groups, how) if are_digits else groups
        if are_digits and how in ("CODE", "CODES", "NUMBER"):
            how = "NONE"
    return words


def joined(groups: list[str], how: str) -> list[str]:
    """One row of groups of digits with those joined that are one number."""
    if how == "NONE" or not 1 < len(groups) <= LONGEST_RUN:
        return groups
    if how == "ALL":
        pieces = [national(piece) for piece in _cheapest(groups)]
        return pieces if pieces == groups else joined(pieces, how)
    if how == "NUMBER":
        return _number_first(groups)
    if how == "DATE":
        date = "".join(group.zfill(2) for group in groups)
        return [date] if len(date) <= DATE_DIGITS else groups
    code, *behind = _code_first(groups)
    return [code, *(joined(behind, how) if how == "CODES" else behind)]


def national(number: str) -> str:
    """The eight digits of a Malian mobile number with 223 or 00223 in front; anything else as it is."""
    prefix, rest = number[:-PHONE_DIGITS], number[-PHONE_DIGITS:]
    return rest if prefix in ("223", "00223") and rest.startswith(_mobiles()) else number


def _code_first(groups: Sequence[str]) -> list[str]:
    """The first groups joined if they are six digits together: behind them come acts and amounts."""
    for count in range(1, len(groups) + 1):
        if len("".join(groups[:count])) == CODE_DIGITS:
            return ["".join(groups[:count]), *groups[count:]]
    return list(groups)


def _number_first(groups: list[str]) -> list[str]:
    """The first groups joined if they are a card's or a phone's number together: behind it comes an amount."""
    if len(groups[0]) == CODE_DIGITS:
        return groups  # a code that stands for somebody
    wholes = [national("".join(groups[:count])) for count in range(1, len(groups) + 1)]
    costs = [
        (sureness(whole) or LENGTH_ONLY) if len(whole) >= PHONE_DIGITS else LENGTH_ONLY for whole in wholes
    ]
    best = costs.index(min(costs))
    return groups if costs[best] > SLIP else [wholes[best], *groups[best + 1 :]]


def _cheapest(groups: Sequence[str]) -> list[str]:
    """The cut into pieces that costs least; of two alike the one with the longer piece in front."""
    behind = {len(groups): 0}  # what the groups from here to the end cost
    ends: dict[int, int] = {}  # where the piece that begins here ends
    for start in range(len(groups) - 1, -1, -1):
        furthest = min(len(groups), start + _longest())
        costs = ((_cost(groups[start:end]), end) for end in range(furthest, start, -1))
        behind[start], _, ends[start] = min(
            (cost + behind[end], -end, end) for cost, end in costs if cost is not None
        )
    pieces, start = [], 0
    while start < len(groups):
        pieces.append("".join(groups[start : ends[start]]))
        start = ends[start]
    return pieces


def _cost(groups: Sequence[str]) -> int | None:
    """What reading `groups` as one piece costs; None when they are not to be joined."""
    if len(groups) == 1:
        return _alone(groups[0])
    whole = "".join(groups)
    if national(whole) != whole:
        return SURE
    cost = sureness(whole)
    if cost is None or any((sureness(group) or LENGTH_ONLY) <= SLIP for group in groups):
        return None
    if cost > SHAPED and any(len(group) >= CODE_DIGITS for group in groups):
        return None
    return cost


def _alone(group: str) -> int:
    return YEAR if is_year(group) else sureness(group) or LEFT_OVER


def is_year(word: str) -> bool:
    """Whether a word is four digits of the last century or of this one."""
    return len(word) == YEAR_DIGITS and word.isdigit() and word.startswith(("19", "20"))


def sureness(number: str) -> int | None:
    """How surely these digits are a number: SURE, SHAPED, SLIP (its check digit is wrong), LENGTH_ONLY, or None."""
    if len(number) == CODE_DIGITS:
        return SURE if number[0] != "0" and check_digit_ok(number) else LENGTH_ONLY
    if national(number) != number or (len(number) == PHONE_DIGITS and number.startswith(_mobiles())):
        return SURE
    shapes = _shapes().get(len(number))
    if shapes is None:
        return LENGTH_ONLY if len(number) == PHONE_DIGITS else None
    for starts, check in shapes:
        if number.startswith(starts):
            return SHAPED if check != "DAMM" else SURE if check_digit_ok(number) else SLIP
    return LENGTH_ONLY


@cache
def _shapes() -> dict[int, list[tuple[tuple[str, ...], str]]]:
    """(first digits, check) by length, of every number that was ever issued: old cards are typed too."""
    shapes: dict[int, list[tuple[tuple[str, ...], str]]] = {}
    for row in facts.rows("number_shapes"):
        shapes.setdefault(int(row["length"]), []).append((tuple(row["starts"].split("|")), row["check"]))
    return shapes


@cache
def _longest() -> int:
    return max((*_shapes(), len("00223") + PHONE_DIGITS))


@cache
def _mobiles() -> tuple[str, ...]:
    return tuple(row["prefix"] for row in facts.reference("operators_prefixes") if row["kind"] == "MOBILE")
