"""The engine: from (session, what was typed, context) to (session, screen, effects). It knows no network and no clock.

hop       one request of the provider: finds what is new in its text, then advances
advance   one step of the conversation
draw      the screen on which a session stands
"""

from __future__ import annotations

import re
from typing import NamedTuple

from flows import gsm7, layout, shortcuts
from flows.ask import Ask
from flows.branches import resume, rights
from flows.branches.locked import dial_string
from flows.context import Context
from flows.effects import Disclosed, Effect, MessageOwed
from flows.inputs import Dial, Stale, newest, seen
from flows.screens import Choice, End, Go, Menu, Notice, Question, Refused, Screen
from flows.session import MOST_STEPS_BACK, Place, Session
from flows.tree import FIRST, HOME, SCREENS
from models.identifiers import digits, in_ascii

SHORTEST_NUMBER = 6
"""From this many digits on, what is typed at a menu is a number to check, never a choice."""

BAD_KEYS_BEFORE_HELP = 3

EVERYWHERE = {"98": "language.choose", "99": "help.keys"}
"""Keys that lead to the same screen from anywhere."""

LONGEST_ECHO = 16
"""Septets of a wrong input that are shown back."""


class Shown(NamedTuple):
    """What the phone shows: the screen's name, its text (within the limits of flows.gsm7), whether the call ends."""

    name: str
    text: str
    ends: bool


class Step(NamedTuple):
    """One hop's outcome.

    `resumable`: True when a form stands open, which a later call may continue; False when one was finished or left;
    None when the hop has nothing to do with forms, and one that an earlier call left open stays so.
    """

    session: Session
    screen: Shown
    effects: tuple[Effect, ...]
    resumable: bool | None


STEPPING = frozenset({"members"})
"""Disclosures that are a step on the way of a published dial string, not its end."""


class NotUnderstood(Exception):
    """What was typed is nothing on this screen; carries the fault to show, already translated."""


def hop(session: Session | None, text: str, context: Context) -> Step:
    """One request: `text` is the provider's whole history. Raises models.database.DatabaseAway."""
    typed = newest(session, text)
    if session is None:
        step = advance(None, typed, context)
        return step._replace(session=step.session._replace(seen=seen(text), hop=1))
    if not isinstance(typed, Stale):
        # Taken apart and made anew: `_replace` costs twice as much.
        place, back, language, charset, phone_id, own, number, bad, _, opened, helped = session
        heard = seen(text)
        session = Session(
            place, back, language, charset, phone_id, own, number + 1, bad, heard, opened, helped
        )
    return advance(session, typed, context)


def advance(session: Session | None, typed: Dial | Stale | str, context: Context) -> Step:
    """One step. Without a session, or after an End, the call begins. Raises models.database.DatabaseAway."""
    if session is None or isinstance(typed, Dial):
        return _begin(typed.tail if isinstance(typed, Dial) else (), context)
    ask = Ask(context, session.language, session.charset, session.own)
    if session.place.screen not in SCREENS:
        fresh = session._replace(place=Place(HOME), back=(), bad=0)
        return _step(fresh, ask, (), ask.t("Le menu a changé : on recommence."))
    if isinstance(typed, Stale):
        return _step(session, ask)
    return _answer(session, typed, ask)


def _begin(tail: tuple[str, ...], context: Context) -> Step:
    ask = Ask(context, "fr", "GSM7")
    caller = ask.caller()
    ask.own = tuple(dict.fromkeys(right.household_id for right in caller.rights))
    ask.speak(caller.language or "fr", caller.charset)
    session = Session(
        Place(HOME),
        language=ask.language,
        charset=ask.charset,
        phone_id=caller.phone_id,
        own=ask.own,
        opened=int(context.now.timestamp()),
    )
    effects = rights.own_shown(caller)
    if tail:
        return _walk(session, shortcuts.walk(tail, context.today), ask, effects)
    if caller.language is None:
        session = session._replace(place=Place("language.first"))
    elif context.left is not None and (place := resume.begun(ask, context.left)):
        session = session._replace(place=place)
    return _step(session, ask, effects)


def _walk(session: Session, tail: tuple[str, ...], ask: Ask, effects: tuple[Effect, ...]) -> Step:
    """A shortcut: the keys one after the other, showing only the last screen.

    It stops at a wrong key, at a look-up, at a screen that must be read first and at the first thing that is done: one
    dial asks one question or does one thing, however long its tail. What is left over is said, or has to be typed.
    """
    waiting = list(tail)
    while waiting:
        typed = waiting.pop(0)
        try:
            go = _understand(session, typed, ask)
        except NotUnderstood:
            # A word of ours that this screen has nothing for: the screen itself says why.
            fault = "" if typed.startswith("@") else _not_understood(ask, typed)
            return _step(session, ask, effects, fault)
        except Refused as refusal:
            return _step(session, ask, effects, str(refusal))
        session, effects = _moved(session, go, ask), effects + go.effects
        stepping = all(isinstance(effect, Disclosed) and effect.action in STEPPING for effect in go.effects)
        read_first = SCREENS[session.place.screen].read_first
        if waiting and (read_first or not stepping):
            # What must be read is shown whole: a fault would stand in the place of its first line.
            left = next((word for word in waiting if not word.startswith("@")), "")
            fault = _not_understood(ask, left) if left and not read_first else ""
            return _step(session, ask, effects, fault)
    return _step(session, ask, effects)


def _not_understood(ask: Ask, typed: str) -> str:
    return ask.t("E05 suite non comprise : {typed}", typed=_echo(typed))


def _answer(session: Session, typed: str, ask: Ask) -> Step:
    try:
        go = _understand(session, typed, ask)
    except (NotUnderstood, Refused) as fault:
        return _bad(session, ask, str(fault))
    step = _step(_moved(session, go, ask), ask, go.effects)
    was_open = SCREENS[session.place.screen].form
    return step._replace(resumable=False) if was_open and not step.resumable else step


def _bad(session: Session, ask: Ask, fault: str) -> Step:
    """The same screen with the fault on line 1; the third time in a row help goes out by SMS, once a call."""
    session = session._replace(bad=session.bad + 1)
    if session.bad < BAD_KEYS_BEFORE_HELP or session.helped:
        return _step(session, ask, (), fault)
    text = ask.t(
        "Santé Mali : tapez {code} puis le chiffre choisi. 0 retour, 00 accueil. Un agent vous appelle : {agent}",
        code=ask.context.service_code,
        agent=dial_string(ask, "6*3"),
    )
    help_text = layout.written(text, session.charset)
    return _step(session._replace(helped=True), ask, (MessageOwed(help_text, "help"),), fault)


def _understand(session: Session, typed: str, ask: Ask) -> Go:
    """Where `typed` leads from the session's screen. Raises NotUnderstood or Refused with the fault to show."""
    typed = typed.strip()
    key = _key(typed)
    if key == "00":
        return Go(HOME, back=())
    if key == "0":
        return _back(session)
    kind = SCREENS[session.place.screen]
    if _is_number(key) and not kind.question:
        return rights.check_number(ask, key)
    if kind.keys and (choice := _chosen(kind.keys(ask), key, typed)):
        return _target(choice, ask)
    screen = draw(session, ask)
    if isinstance(screen, End):
        return Go(HOME, back=())
    choice = _chosen(screen.choices, key, typed)
    if choice:
        return _target(choice, ask)
    pages = _pages(screen, session, ask)
    if key == "9" and session.place.page + 1 < len(pages):
        return Go(session.place.screen, session.place.args, back=session.back, page=session.place.page + 1)
    if key in EVERYWHERE:
        return Go(EVERYWHERE[key])
    if isinstance(screen, Question):
        if typed.startswith("@"):
            raise NotUnderstood
        return screen.accept(ask, typed)
    return _at_a_menu(screen, key, typed, ask)


def _key(typed: str) -> str:
    """What was meant: digits of any script with marks between them; among words only a run as long as a number."""
    if typed.isascii() and typed.isdecimal():
        return typed
    if not any(letter.isalpha() for letter in typed):
        return digits(typed) or typed
    run = re.search(rf"[0-9]{{{SHORTEST_NUMBER},}}", in_ascii(typed))
    return run[0] if run else typed


def _is_number(key: str) -> bool:
    """Whether this is a card's number rather than a choice: known before the screen is drawn, which may cost a read."""
    return len(key) >= SHORTEST_NUMBER and key.isdecimal()


def _at_a_menu(screen: Menu | Notice, key: str, typed: str, ask: Ask) -> Go:
    if key in screen.doors:
        raise Refused(ask.t("{key} ({door}) : pas encore ouvert ici.", key=key, door=screen.doors[key]))
    if not any(letter.isalnum() for letter in _echo(typed)):
        raise NotUnderstood(ask.t("Tapez un chiffre de la liste."))
    raise NotUnderstood(ask.t("{typed} n'est pas dans la liste.", typed=_echo(typed)))


def _chosen(choices: tuple[Choice, ...], key: str, typed: str) -> Choice | None:
    for choice in choices:
        if choice.key == key or (choice.alias and choice.alias == typed):
            return choice
    wanted = gsm7.fold(typed).casefold()
    return next((choice for choice in choices if gsm7.fold(choice.label).casefold() == wanted), None)


def _target(choice: Choice, ask: Ask) -> Go:
    if isinstance(choice.to, str):
        return Go(choice.to)
    return choice.to if isinstance(choice.to, Go) else choice.to(ask)


def _back(session: Session) -> Go:
    """To the screen before, on the page where it was left; nothing that was done is done again."""
    if not session.back:
        return Go(HOME, back=())
    place = session.back[-1]
    return Go(place.screen, place.args, back=session.back[:-1], page=place.page)


def _moved(session: Session, go: Go, ask: Ask) -> Session:
    """The session after `go`: wrong keys before it are forgiven."""
    if go.back is not None:
        back = go.back
    elif go.instead:
        back = session.back
    else:
        back = (*session.back, session.place)[-MOST_STEPS_BACK:]
    _, _, language, charset, phone_id, _, number, _, heard, opened, helped = session
    if go.language or go.charset:
        language, charset = go.language or language, go.charset or charset
        ask.speak(language, charset)
    return Session(go.place, back, language, charset, phone_id, ask.own, number, 0, heard, opened, helped)


def draw(session: Session, ask: Ask) -> Screen:
    """The screen on which the session stands. Raises models.database.DatabaseAway."""
    ask.args = session.place.args
    return SCREENS[session.place.screen].draw(ask)


def _pages(screen: Screen, session: Session, ask: Ask, fault: str = "") -> tuple[str, ...]:
    somewhere = session.back or session.place.screen not in FIRST
    back = ask.t("Retour") if somewhere else ""
    return layout.pages(screen, session.charset, back, ask.t("Suite"), fault)


def _step(session: Session, ask: Ask, effects: tuple[Effect, ...] = (), fault: str = "") -> Step:
    screen = draw(session, ask)
    pages = _pages(screen, session, ask, "" if isinstance(screen, End) else fault)
    page = min(session.place.page, len(pages) - 1)
    if page != session.place.page:
        session = session._replace(place=session.place.turned_to(page))
    name = session.place.screen
    return Step(
        session, Shown(name, pages[page], isinstance(screen, End)), effects, SCREENS[name].form or None
    )


def _echo(typed: str) -> str:
    """A wrong input as it may be shown back: short, on one line, in letters of GSM-7 of one septet."""
    letters = "".join(letter for letter in gsm7.fold(typed) if letter in gsm7.BASIC and letter not in "\n\r")
    return letters[:LONGEST_ECHO]
