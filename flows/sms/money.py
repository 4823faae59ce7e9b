"""An amount of money as a thumb writes it: 1375, 1 375, 1375F, 1.375 FCFA. Whole FCFA and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flows.sms.normal import plain_letters
from flows.sms.talk import Mistake, Talk

UNITS = frozenset({"F", "FR", "FCFA", "CFA", "XOF", "FRANC", "FRANCS"})
GROUP, MOST_DIGITS = 3, 7
LONGEST_REFERENCE = 12

_PART_OF_A_FRANC = re.compile(r"[0-9][.,][0-9]{1,2}(?![0-9])")
_DIGITS_ALONE = re.compile(r"(?<![A-Z0-9])[0-9]+")
_LIKE_DIGITS = frozenset("OILSB")


def amount_of(talk: Talk, words: Sequence[str], example: str, smallest: str) -> tuple[int, tuple[str, ...]]:
    """(FCFA, the words behind) of words that begin with an amount.

    Raises Mistake (E21, E41) with an `example`, and with the `smallest` thing to send the next time.
    """
    if not words:
        raise Mistake(talk.t("E21 Manque le montant. Ex: {example}", example=example), smallest)
    if _PART_OF_A_FRANC.search(talk.said.raw):
        raise Mistake(talk.t("E41 Montant en francs entiers. Ex: {example}", example=example), smallest)
    figures, *rest = words
    # B13 was read as 813, which is no group of thousands.
    typed_so = set(_DIGITS_ALONE.findall(plain_letters(talk.said.raw)))
    in_groups = figures.isdigit() and len(figures) <= GROUP
    while in_groups and rest and rest[0].isdigit() and len(rest[0]) == GROUP and rest[0] in typed_so:
        figures += rest.pop(0)
    unclear = bool(rest) and _LIKE_DIGITS.issuperset(rest[0])
    if unclear or not figures.isdigit() or len(figures) > MOST_DIGITS or int(figures) == 0:
        typed = figures + (rest[0] if unclear else "")
        raise Mistake(
            talk.t("E41 Montant {typed} pas compris. Ex: {example}", typed=typed[:12], example=example),
            smallest,
        )
    if rest and rest[0] in UNITS:
        rest.pop(0)
    return int(figures), tuple(rest)


def reference_of(talk: Talk, behind: Sequence[str]) -> str:
    """The reference behind an amount, in its own spelling (B12 stays B12); "" when nothing stands there."""
    return plain_letters(talk.said.raw).split()[-1][:LONGEST_REFERENCE] if behind else ""
