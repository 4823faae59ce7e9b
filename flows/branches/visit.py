"""The visit code: six digits for the centre, valid a day. Never compulsory: a centre can always check the number."""

from flows.ask import Ask
from flows.effects import Disclosed, Effect, MessageOwed, VisitCodeIssued
from flows.screens import End, Go, Refused, screen
from flows.wording import capitals
from models import visit_codes
from models.coverage import Right, Verdict


@screen()
def code(ask: Ask) -> End:
    """B7, the end of the call: the code, for whom, and for how long."""
    return End(
        ask.t("Code de visite : {code}", code=_spaced(ask.args["code"])),
        (
            ask.t("Pour : {name}", name=ask.args["name"]),
            ask.t("Valable {hours} h. Donnez-le au centre.", hours=ask.context.limits.visit_code_hours),
        ),
    )


def issue(ask: Ask, right: Right) -> Go:
    """A code for one person, shown and, when it is new, also sent by SMS. Raises Refused."""
    name = capitals(right.given)
    code, effects = code_for(ask, right)
    if effects:
        hours = ask.context.limits.visit_code_hours
        text = ask.t(
            "Code de visite {code} pour {name}, valable {hours} h.", code=code, name=name, hours=hours
        )
        effects = (*effects, MessageOwed(text, "visit_code"))
    return Go("visit.code", {"code": code, "name": name}, effects=effects)


def code_for(ask: Ask, right: Right) -> tuple[str, tuple[Effect, ...]]:
    """A person's code: the open one, or a new one with what gives it to her. Raises Refused without an open right."""
    if right.verdict is not Verdict.VALIDE:
        raise Refused(ask.t("E17 {name} n'a pas de droit ouvert.", name=capitals(right.given)))
    context = ask.context
    open_code = visit_codes.open_code(context.db, right.person_id, context.now)
    if open_code:
        return open_code, ()
    hours = context.limits.visit_code_hours
    fresh = next(
        code
        for code in visit_codes.codes_from(context.seed)
        if visit_codes.is_free(context.db, code, context.now)
    )
    return fresh, (
        VisitCodeIssued(fresh, right.person_id, right.coverage_id, hours),
        Disclosed("visit_code", f"person:{right.person_id}"),
    )


def _spaced(code: str) -> str:
    return f"{code[:3]} {code[3:]}"
