"""An SMS that a copy of the register answered, and what the register makes of it: its code is confirmed or taken back.

From the copy only a verification is answered, and only when every number of it was really looked up: so its look-ups
are paid for, and the register's own answer costs no second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from flows.context import Context
from flows.effects import (
    Disclosed,
    Effect,
    HitsSpent,
    Missed,
    Verified,
    VisitBound,
    VisitCodeIssued,
    VisitConfirmed,
    VisitWithdrawn,
)
from flows.sms.conversation import Reply
from flows.sms.grammar import parse
from flows.sms.writing import one_segment
from models import visit_codes
from models.coverage import Verdict
from models.lookups import Budgets
from models.visit_codes import Visit

OF_A_COPY = (Disclosed, HitsSpent, Missed, Verified, VisitBound, VisitCodeIssued)
"""What a verification does. Nothing else is done in a copy: what was remembered there would be forgotten."""

PAID = Budgets(*[2**31] * 5)
"""The budgets of who has paid."""

LOST = "-"
"""Before a code that the register could not take over."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an SMS was told from a copy: at which facility, which new codes, and which of them the register lost."""

    facility_id: int
    codes: tuple[str, ...]
    lost: tuple[str, ...] = ()

    def encode(self) -> str:
        """As a row of the inbox keeps it: `17:482913,-555551`."""
        return f"{self.facility_id}:{','.join((*self.codes, *(LOST + code for code in self.lost)))}"

    @classmethod
    def decode(cls, text: str) -> Given:
        """What `encode` made."""
        facility_id, _, rest = text.partition(":")
        told = rest.split(",") if rest else []
        return cls(
            int(facility_id),
            tuple(code for code in told if not code.startswith(LOST)),
            tuple(code.removeprefix(LOST) for code in told if code.startswith(LOST)),
        )


def is_verification(text: str, context: Context) -> bool:
    """Whether an SMS asks about cards and nothing else; a visit code alone does not."""
    said = parse(text, context.today)
    return said.word == "NUMBERS" and any(len(number) != 6 for number in said.numbers)


def of_copy(text: str, reply: Reply, context: Context) -> Reply | None:
    """A copy's answer with what may be done there; None when some number was not looked up: that answer waits."""
    effects = tuple(effect for effect in reply.effects if isinstance(effect, OF_A_COPY))
    paid = sum(effect.count if isinstance(effect, HitsSpent) else 1 for effect in effects if _costs(effect))
    asked = set(parse(text, context.today).numbers)
    return Reply(reply.text, effects) if 0 < paid == len(asked) else None


def surroundings(context: Context, given: Given) -> Context:
    """In which the register answers: its look-ups are paid for, and the codes are to be settled."""
    limits = replace(context.limits, budgets=PAID)
    return replace(context, limits=limits, unsettled=(*given.codes, *given.lost))


def settled(reply: Reply, given: Given, context: Context) -> Reply:
    """The register's answer with what becomes of the copy's codes. Raises models.database.DatabaseAway."""
    good = {effect.person_id for effect in reply.effects if isinstance(effect, Verified) and _is_good(effect)}
    visits = tuple(_visits(given, context))
    standing = {visit.visit_id for visit in visits if visit.person_id in good and _is_open(visit, context)}
    ends = (
        VisitConfirmed(visit.visit_id) if visit.visit_id in standing else VisitWithdrawn(visit.visit_id)
        for visit in visits
    )
    untold = [code for code in (*given.codes, *given.lost) if code not in reply.text]
    text = one_segment(*(f"PEC {code} n'est pas confirme." for code in untold), reply.text)
    return Reply(text, (*_unpaid(reply.effects), *ends))


def _costs(effect: Effect) -> bool:
    return isinstance(effect, HitsSpent | Missed)


def _is_good(effect: Verified) -> bool:
    return effect.verdict == Verdict.VALIDE


def _is_open(visit: Visit, context: Context) -> bool:
    return visit_codes.is_open(visit, context.now)


def _visits(given: Given, context: Context) -> Iterator[Visit]:
    """The codes that the register took over, unless somebody settled them meanwhile."""
    for code in given.codes:
        visit = visit_codes.at_facility(context.db, code, given.facility_id, context.now)
        if visit is not None and visit.provisional and visit.state == visit_codes.OPEN:
            yield visit


def _unpaid(effects: Iterable[Effect]) -> Iterator[Effect]:
    """The effects, without paying again: a miss leaves its audit row alone."""
    for effect in effects:
        if isinstance(effect, Missed):
            yield Disclosed(effect.action, effect.about, "missed")
        elif not isinstance(effect, HitsSpent):
            yield effect
