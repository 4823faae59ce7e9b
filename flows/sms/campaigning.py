"""CAMP: an agent sees her campaigns and their texts, approves another's by the code she was sent, and steers them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flows.effects import CampaignApproved, CampaignShown, CampaignSteered, Disclosed
from flows.sms.talk import Answer, Declined, Mistake, Talk, command
from flows.sms.writing import hour, one_segment
from flows.texts import N_
from flows.wording import capitals
from models import agents, campaign_brief
from models.campaign_brief import Brief
from models.campaigns import (
    APPROVED,
    CANCEL,
    CANCELLED,
    CHECKED,
    DONE,
    DRAFT,
    PAUSE,
    PAUSED,
    RESUME,
    SCHEDULED,
    SENDING,
    STEPS,
    TEST,
    TESTED,
)
from models.days import day_of
from models.sending_windows import CAMPAIGN, open_at

MOST_LISTED = 5
PREVIEW = "preview"


@command("CAMPAIGN")
def campaign(talk: Talk) -> Answer:
    """CAMP, CAMP 12, CAMP 12 and what to do with it. Raises Declined: E02 for who is no agent, E12 for no such one."""
    agent = agents.name_of(talk.context.db, talk.context.keys, talk.context.phone)
    if agent is None:
        raise Declined(talk.t("E02 Ce telephone n'est pas celui d'un agent. Demandez au responsable."))
    if not talk.said.args:
        return _listed(talk)
    number, *told = talk.said.args
    if not (number.isdigit() and len(number) <= 9):
        raise Mistake(talk.t("E22 Ex: CAMP 12, CAMP 12 PAUSE, CAMP 12 OK 593100"), "CAMP")
    found = campaign_brief.brief(talk.context.db, int(number))
    if found is None:
        raise Declined(talk.t("E12 Campagne {number} inconnue. Liste: CAMP", number=number))
    word = told[0] if told else "STAT"
    doing = DOING.get(word)
    if doing is None:
        raise Mistake(
            talk.t(
                "E22 Apres CAMP {number}: STAT, TEST, APERCU, OK code, NON, PAUSE, REPRISE ou STOP.",
                number=number,
            ),
            f"CAMP {number}",
        )
    return doing(talk, agent, found, tuple(told[1:]))


def _listed(talk: Talk) -> Answer:
    newest = campaign_brief.newest(talk.context.db, MOST_LISTED)
    if not newest:
        return Answer(talk.t("Aucune campagne."))
    listed = ", ".join(f"{number} {_state(talk, state)}" for number, _author, state in newest)
    return Answer(one_segment(talk.t("CAMP: {listed}. Detail: CAMP numero", listed=listed)))


def _told(talk: Talk, agent: str, found: Brief, rest: tuple[str, ...]) -> Answer:
    """How it stands: how much is sent, what became of it, what it costs, how to stop it."""
    number = found.campaign_id
    steer = talk.t("CAMP {number} PAUSE pour arreter", number=number) if found.state == SENDING else ""
    why = talk.t("Motif: {why}.", why=found.why) if found.why else ""
    text = one_segment(
        talk.t(
            "CAMP {number} {state} {percent}%:",
            number=number,
            state=_state(talk, found.state),
            percent=found.percent,
        ),
        talk.t(
            "envoyes {sent} recus {received} echec {failed} STOP {stopped}.",
            sent=found.sent,
            received=found.delivered,
            failed=found.failed,
            stopped=found.stopped,
        ),
        talk.t("Cout {fcfa} F.", fcfa=found.fcfa),
        _end(talk, found),
        why,
        steer,
        spare=(why, steer),
    )
    return Answer(text)


def _end(talk: Talk, found: Brief) -> str:
    """Fin vers 16h40, of what ends today if nothing holds it up; nothing while the hours are closed."""
    now = talk.context.now
    end = now + timedelta(minutes=found.minutes_left)
    closed = any(open_at(CAMPAIGN, moment).nowhere for moment in (now, end))
    if found.state != SENDING or not found.minutes_left or closed or day_of(end) != talk.ask.today:
        return ""
    return talk.t("Fin vers {hour}.", hour=hour(end))


def _tested(talk: Talk, agent: str, found: Brief, rest: tuple[str, ...]) -> Answer:
    """The author is sent the texts as people will read them: without that nobody approves."""
    number = found.campaign_id
    if not campaign_brief.same(agent, found.author):
        raise Declined(
            talk.t(
                "E02 CAMP {number} est de {author}: le test lui revient. Voir: CAMP {number} APERCU",
                number=number,
                author=capitals(found.author)[:30],
            )
        )
    if found.state not in STEPS[TEST][0]:
        raise Declined(_wrong_state(talk, found))
    return _shown(talk, number, TEST)


def _previewed(talk: Talk, agent: str, found: Brief, rest: tuple[str, ...]) -> Answer:
    """Any agent may see what people will read, from the moment at which the texts are known to be right."""
    if found.state in (DRAFT, CHECKED):
        raise Declined(_wrong_state(talk, found))
    return _shown(talk, found.campaign_id, PREVIEW)


def _shown(talk: Talk, number: int, step: str) -> Answer:
    text = talk.t("CAMP {number}: les textes suivent par SMS, sans les donnees de personne.", number=number)
    shown = CampaignShown(number, is_test=step == TEST)
    return Answer(one_segment(text, _ref(talk)), (shown, _noted(number, step)))


def _approved(talk: Talk, agent: str, found: Brief, rest: tuple[str, ...]) -> Answer:
    """OK and the code: never by the author, and only for what was shown."""
    number = found.campaign_id
    if campaign_brief.same(agent, found.author):
        raise Declined(
            talk.t("E02 CAMP {number} est de vous: une autre personne donne l'accord.", number=number)
        )
    if found.state != TESTED:
        raise Declined(_wrong_state(talk, found))
    if not rest:
        raise Mistake(
            talk.t("E21 Ex: CAMP {number} OK et le code recu", number=number), f"CAMP {number} OK code"
        )
    context = talk.context
    fits = campaign_brief.code_fits(context.db, context.keys, number, agent, rest[0])
    text = (
        talk.t("CAMP {number} approuvee. Le responsable la programme.", number=number)
        if fits
        else talk.t("E22 Ce code n'est pas bon, ou plus bon. Demandez-en un autre au responsable.")
    )
    done = CampaignApproved(number, agent, rest[0], found.content)
    return Answer(one_segment(text, _ref(talk)), (done, _noted(number, "approve" if fits else "refused")))


def _refused(talk: Talk, agent: str, found: Brief, rest: tuple[str, ...]) -> Answer:
    """NON and why: it is not sent, and its author reads why."""
    return _step(talk, found, CANCEL, " ".join(rest) or "NON")


def _paused(talk: Talk, agent: str, found: Brief, rest: tuple[str, ...]) -> Answer:
    return _step(talk, found, PAUSE, " ".join(rest))


def _resumed(talk: Talk, agent: str, found: Brief, rest: tuple[str, ...]) -> Answer:
    return _step(talk, found, RESUME, "")


def _ended(talk: Talk, agent: str, found: Brief, rest: tuple[str, ...]) -> Answer:
    return _step(talk, found, CANCEL, " ".join(rest))


def _step(talk: Talk, found: Brief, step: str, why: str) -> Answer:
    before, after = STEPS[step]
    if found.state not in before:
        raise Declined(_wrong_state(talk, found))
    text = talk.t(
        "CAMP {number} {state}. Envoyes: {sent} sur {people}.",
        number=found.campaign_id,
        state=_state(talk, after),
        sent=found.sent,
        people=found.people,
    )
    steered = CampaignSteered(found.campaign_id, step, why[:40])
    return Answer(one_segment(text, _ref(talk)), (steered, _noted(found.campaign_id, step)))


def _noted(number: int, step: str) -> Disclosed:
    return Disclosed(f"campaign.{step}", f"campaign:{number}", "sms")


def _wrong_state(talk: Talk, found: Brief) -> str:
    return talk.t(
        "E22 CAMP {number} est {state}: pas possible maintenant.",
        number=found.campaign_id,
        state=_state(talk, found.state),
    )


def _state(talk: Talk, state: str) -> str:
    return talk.t(_STATES.get(state, N_("EN PREPARATION")))


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)


_STATES = {
    DRAFT: N_("EN PREPARATION"),
    TESTED: N_("A APPROUVER"),
    APPROVED: N_("APPROUVEE"),
    SCHEDULED: N_("PROGRAMMEE"),
    SENDING: N_("EN COURS"),
    PAUSED: N_("EN PAUSE"),
    CANCELLED: N_("ARRETEE"),
    DONE: N_("FINIE"),
}
"""States as an agent reads them."""

DOING: dict[str, Callable[[Talk, str, Brief, tuple[str, ...]], Answer]] = {
    "STAT": _told,
    "TEST": _tested,
    "APERCU": _previewed,
    "OK": _approved,
    "NON": _refused,
    "PAUSE": _paused,
    "REPRISE": _resumed,
    "STOP": _ended,
}
"""The word behind a campaign's number to what it does."""
