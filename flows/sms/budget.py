"""How many look-ups a message may still cost: read once, spent as it goes, and held again when it is committed."""

from __future__ import annotations

from flows.sms.talk import Declined, Talk
from flows.sms.thread import Question
from models import lookups


class Budget:
    """What is left to a phone (and to the centre of a nurse) of failed look-ups and of found ones."""

    def __init__(self, misses: int, hits: int) -> None:
        self._misses = misses
        self._hits = hits

    @classmethod
    def of(cls, talk: Talk, facility_id: int | None = None) -> Budget:
        """What is left now. Raises Declined: E71 when nothing may be looked up any more, E61 when enough was found."""
        context = talk.context
        left = lookups.standing(
            context.db, context.keys, context.phone, facility_id, context.now, context.limits.budgets
        )
        budget = cls(left.misses, left.hits)
        budget.check(talk)
        return budget

    def hit(self) -> None:
        """Somebody was found."""
        self._hits -= 1

    def miss(self, talk: Talk) -> None:
        """Nobody was found. Raises Declined (E71) when that is one too many."""
        if self._misses <= 0:
            raise _locked(talk)
        self._misses -= 1

    def check(self, talk: Talk) -> None:
        """Before a look-up. Raises Declined (E71, E61)."""
        if self._misses <= 0:
            raise _locked(talk)
        if self._hits <= 0:
            raise Declined(talk.t("E61 Limite de verifications atteinte. Reessayez dans une heure."))


def _locked(talk: Talk) -> Declined:
    return Declined(
        talk.t("E71 Trop de numeros inconnus. Reessayez plus tard, ou repondez 1, on vous appelle."),
        Question("callback", {"reason": "BLOQUE"}),
    )
