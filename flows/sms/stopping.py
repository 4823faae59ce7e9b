"""STOP in its exact words, per topic, at once; OUI to come back; EFFACER with a code. Service answers never stop."""

from __future__ import annotations

from typing import Any

from flows.effects import CallbackRequested, Effect, ErasureRequested, TopicsChosen, TopicStopped
from flows.sms.talk import DAY_SLOT, Answer, Mistake, Talk, answers, command
from flows.sms.thread import Question
from flows.sms.writing import one_segment
from flows.wording import day
from models import callbacks

TOPICS = {
    "RAMED": "RAMED",
    "MUTUELLE": "MUTUELLE",
    "RAPPEL": "RAPPELS",
    "RAPPELS": "RAPPELS",
    "CAMPAGNE": "CAMPAGNES",
    "CAMPAGNES": "CAMPAGNES",
}
"""Words behind STOP, and the topic of messages that each ends."""

EVERYTHING = ("TOUT", "TOUS")


@command("STOP")
def stop(talk: Talk) -> Answer:
    """Stops, and confirms once: everything, or the topic that was named."""
    named = talk.said.args[0] if talk.said.args else EVERYTHING[0]
    if named in EVERYTHING:
        text = talk.t(
            "C'est fait: plus de campagnes ni rappels. Recus et codes restent. Vos droits ne changent pas."
            " Revenir: OUI"
        )
        return Answer(one_segment(text), (TopicsChosen(reminders=False, campaigns=False),))
    topic = TOPICS.get(named)
    if topic is None:
        return asked(talk)
    text = talk.t(
        "C'est fait: plus de messages {topic}. Recus et codes restent. Tout arreter: STOP. Revenir: OUI",
        topic=named,
    )
    return Answer(one_segment(text), (TopicStopped(topic),))


def asked(talk: Talk) -> Answer:
    """A stop that is not in its exact words: everything rests while the person says what she meant."""
    text = talk.t(
        "Arreter: 1 rappels mutuelle 2 campagnes 3 tout. Sans reponse dans 1 h: tout est arrete."
        " Vos droits ne changent pas."
    )
    return Answer(one_segment(text), (TopicsChosen(reminders=False, campaigns=False),), Question("stop"))


@answers("stop")
def narrowed(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """1 reminders, 2 campaigns, 3 everything."""
    chosen: dict[str, tuple[Effect, str]] = {
        "1": (TopicsChosen(False, True), talk.t("C'est fait: plus de rappels.")),
        "2": (TopicsChosen(True, False), talk.t("C'est fait: plus de campagnes.")),
        "3": (TopicsChosen(False, False), talk.t("C'est fait: plus de campagnes ni rappels.")),
    }
    if answer not in chosen:
        raise Mistake(talk.t("E22 Repondez 1, 2 ou 3."))
    effect, text = chosen[answer]
    return Answer(one_segment(text, talk.t("Vos droits ne changent pas. Revenir: OUI")), (effect,))


@command("YES")
def back(talk: Talk) -> Answer:
    """OUI without a question: all messages again."""
    text = talk.t("C'est fait: vous recevez a nouveau les messages. Arreter: STOP")
    return Answer(one_segment(text), (TopicsChosen(reminders=True, campaigns=True),))


@command("ERASE")
def erase(talk: Talk) -> Answer:
    """EFFACER, then EFFACER with the code that was sent: what the phone entrusted is erased by a worker."""
    asked_before = talk.thread.question
    if talk.said.args and asked_before is not None and asked_before.kind == "erase":
        if talk.said.args[0] == asked_before.args["code"]:
            text = talk.t(
                "Demande {reference} notee. Un SMS confirme quand c'est efface.", reference=talk.reference
            )
            return Answer(one_segment(text), (ErasureRequested(talk.reference),))
        raise Mistake(talk.t("E22 Ce n'est pas le code. Recommencez: EFFACER"), "EFFACER")
    code = talk.context.reference("erase")[:4]
    text = talk.t(
        "Effacer ce que ce telephone a confie: langue, accord, liens, demandes? Vos droits restent."
        " Confirmez: EFFACER {code}",
        code=code,
    )
    return Answer(one_segment(text), (), Question("erase", {"code": code}))


@answers("erase")
def not_by_a_digit(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """An erasure is confirmed by its code, not by OUI or a digit."""
    raise Mistake(talk.t("E22 Pour effacer, envoyez: EFFACER {code}", code=args["code"]))


@answers("callback")
def call_me(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """1 to an offer of a call: somebody rings, in the caller's language."""
    if answer not in ("1", "OK", "OUI"):
        raise Mistake(talk.t("E22 Repondez 1 pour etre rappele."))
    context = talk.context
    already = callbacks.open_request(
        context.db, context.keys, context.phone, context.now, context.limits.callback_hours
    )
    if already is not None:
        known = talk.t("Deja demande le {day}. Ref {ref}", day=day(already.created_on), ref=already.reference)
        return Answer(one_segment(known))
    request = CallbackRequested(talk.reference, DAY_SLOT, str(args.get("reason", "AIDE")), talk.ask.language)
    text = talk.t("C'est note. Un agent vous appelle (8h-18h). Gardez votre telephone allume.")
    return Answer(one_segment(text, talk.t("Ref {reference}", reference=talk.reference)), (request,))
