"""A hop that cannot be answered now: what its call ends with, and the SMS that follows once the register answers."""

from __future__ import annotations

from flows import layout
from flows.ask import Ask
from flows.context import Context
from flows.engine import Shown, Step, draw, hop
from flows.screens import End, Notice
from flows.session import Place, Session
from flows.tree import HOME, SCREENS


def promised(session: Session | None, context: Context) -> Step:
    """The end of a call that cannot be answered now: the reference under which the answer will come by SMS."""
    present = session or Session(Place(HOME), opened=int(context.now.timestamp()))
    ask = Ask(context, present.language, present.charset)
    text = ask.t(
        "Réponse lente. Rien n'est perdu : elle arrive par SMS. Ref {reference}",
        reference=context.reference(),
    )
    return Step(present, Shown("slow.owed", layout.written(text, present.charset), True), (), None)


def answer(session: Session | None, text: str, context: Context) -> tuple[Step, str]:
    """The owed hop, now that the register answers: its step, and the SMS that carries it. Raises DatabaseAway.

    What was to be read on the screen is told; a mere list of choices, or a private screen, is an invitation to dial.
    """
    step = hop(session, text, context)
    ask = Ask(context, step.session.language, step.session.charset, step.session.own)
    screen = draw(step.session, ask)
    readable = isinstance(screen, Notice | End) or bool(screen.lines)
    if not readable or SCREENS[step.session.place.screen].private:
        return step, call_again(context, ask)
    reference = ask.t("Ref {reference}", reference=context.reference())
    told = "\n".join([screen.title, *screen.lines])
    return step, layout.written(told if reference in told else f"{told}\n{reference}", ask.charset)


def call_again(context: Context, ask: Ask | None = None) -> str:
    """The SMS that keeps a promise which cannot be answered any more: the service is there again."""
    ask = ask or Ask(context, "fr", "GSM7")
    code, reference = context.service_code, context.reference()
    text = ask.t("Le service répond à nouveau : tapez {code} Ref {reference}", code=code, reference=reference)
    return layout.written(text, ask.charset)
