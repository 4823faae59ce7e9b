"""Members of the household, each with a right or with what is missing for it; choosing one gives a visit code."""

from flows.ask import Ask
from flows.branches.visit import issue
from flows.effects import Disclosed
from flows.screens import Choice, Go, Menu, Refused, Target, numbers, screen
from flows.wording import capitals, day
from models import households
from models.coverage import Verdict
from models.households import END_OF_RIGHT, Member
from models.people import age_on


@screen()
def family(ask: Ask) -> Menu:
    """B6: everybody of the household but its head, each with a right or with what is missing."""
    context = ask.context
    everybody = households.members(context.db, context.keys, ask.args["household"], ask.today)
    others = [member for member in everybody if member.relation != "SOI"]
    choices = tuple(
        Choice(key, _line(ask, member), _code_for(member))
        for key, member in zip(numbers(), others, strict=False)
    )
    return Menu(ask.t("Foyer"), choices)


def _line(ask: Ask, member: Member) -> str:
    age = age_on(member.birth_year, member.birth_date, ask.today)
    if member.verdict is not Verdict.VALIDE:
        answer = ask.t("non")
    elif member.needs == END_OF_RIGHT:
        answer = ask.t("fin le {day}", day=day(member.due))
    elif member.needs:
        answer = ask.t("certificat avant le {day}", day=day(member.due))
    else:
        answer = ask.t("oui")
    return f"{capitals(member.given)}, {age} : {answer}"


def _code_for(member: Member) -> Target:
    def chosen(ask: Ask) -> Go:
        rights = ask.rights_of(member.person_id)
        if not rights:
            raise Refused(ask.t("E17 {name} n'a pas de droit ouvert.", name=capitals(member.given)))
        return issue(ask, rights[0])

    return chosen


def shown(household_id: int) -> Go:
    """To the list: who is in a household is a disclosure of its own."""
    return Go(
        "members.family",
        {"household": household_id},
        effects=(Disclosed("members", f"household:{household_id}"),),
    )
