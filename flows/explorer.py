"""Walks every screen that can be reached, as every demo phone and in every language, and says what is wrong with it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from flows import gsm7, layout
from flows.ask import Ask
from flows.engine import Step, advance
from flows.inputs import Dial
from flows.screens import End, Question, Screen
from flows.session import Session
from flows.tree import HOME, SCREENS
from flows.world import WAITED_FOR, World
from models import coverage, demo_world
from models.coverage import Right
from models.identifiers import Msisdn, recognise, with_check_digit

WRONG_KEY = "7777"
LONGEST_RECORD = 1024
"""Bytes of a session record."""

RECEIPT = "1111234567890"
NOBODY = with_check_digit("90000000")
NUMBERS = (RECEIPT, NOBODY, NOBODY[:-1] + str((int(NOBODY[-1]) + 1) % 10), "999999999999999")
"""Typed at every menu: an expired receipt, a card nobody has, one with a wrong digit, and no number at all."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong, and on which screen, with the text that showed it."""

    screen: str
    fault: str
    text: str = ""


@dataclass(slots=True)
class Walk:
    """What a walk saw: screens, edges (from, key, to), doors (screen, digit, name), complaints.

    `known` are the states that need not be walked again, whichever phone, language or world led to them.
    """

    seen: set[str] = field(default_factory=set)
    edges: set[tuple[str, str, str]] = field(default_factory=set)
    doors: set[tuple[str, str, str]] = field(default_factory=set)
    complaints: list[Complaint] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    states: int = 0

    def complain(self, screen: str, fault: str, text: str = "") -> None:
        """Notes a fault once."""
        complaint = Complaint(screen, fault, text)
        if complaint not in self.complaints:
            self.complaints.append(complaint)


def explore(
    world: World, phone: Msisdn, walk: Walk, language: str | None = None, charset: str | None = None
) -> None:
    """Walks everything that `phone` can reach, in its own language or in another one, and notes what is wrong."""
    first = world.dial(phone)
    start = first.session._replace(
        language=language or first.session.language, charset=charset or first.session.charset
    )
    starts = [first] if start == first.session else [_again(world, phone, start)]
    if first.session.place.screen != HOME:
        home = start._replace(place=start.place._replace(screen=HOME))
        starts.append(_again(world, phone, home))
    waiting = deque(starts)
    walk.known.update(_state(step) for step in starts)
    while waiting:
        step = waiting.popleft()
        walk.states += 1
        for key, reached in _ways_on(world, phone, step, walk):
            walk.edges.add((step.session.place.screen, key, reached.session.place.screen))
            state = _state(reached)
            if state not in walk.known:
                walk.known.add(state)
                waiting.append(reached)


def tell_stories(world: World, walk: Walk, known: Msisdn, unknown: Msisdn) -> None:
    """Plays what the walk cannot guess: a person found by name, a phone tied, a waiting card, the lock, the resume."""
    holder = world.dial(known)
    right = _holder(world, known)
    number = demo_number(known)
    _tell(
        world,
        unknown,
        walk,
        ("00", "1", "1", "3", f"{right.family} {right.given}", str(right.birth_year), "KAT", "1"),
    )
    _tell(world, unknown, walk, ("00", number, "2", "1", str(right.birth_year), "1"))
    _tell(world, unknown, walk, ("00", number, "2", "2", "1", "1850", "1"))
    _tell(world, WAITED_FOR, walk, ("00", "2", "2", "1"))
    strict = world.moved(limits=replace(world.limits, misses=0))
    _tell(strict, unknown, walk, ("00", NOBODY))
    _tell(strict, unknown, walk, ("00", "1", "1", "3", "Personne", "1900", "KAY"))
    form = _tell(world, unknown, walk, ("00", "5", "1", "3"))
    for phone in (known, unknown):
        offer = advance(None, Dial(()), world.context(phone, left=form.session))
        walk.seen.add(offer.session.place.screen)
        for key, reached in _ways_on(world, phone, offer, walk):
            walk.edges.add((offer.session.place.screen, key, reached.session.place.screen))
    if holder.session.place.screen != HOME:
        walk.complain(HOME, "a known phone does not begin at home")


def demo_number(phone: Msisdn) -> str:
    """The number that the demo world gives to this phone's household."""
    return next(
        person.number for person in demo_world.expected() if person.phone == phone.e164 and person.number
    )


def _holder(world: World, phone: Msisdn) -> Right:
    card = recognise(demo_number(phone), world.now.date())
    assert card is not None, "the demo world has a number that no scheme issues"
    context = world.context(phone)
    return coverage.by_number(context.db, context.keys, card, phone, world.now, world.now.date()).rights[0]


def _tell(world: World, phone: Msisdn, walk: Walk, keys: tuple[str, ...]) -> Step:
    """Types the keys one after the other and looks at every screen on the way."""
    step = world.dial(phone)
    for key in keys:
        before = step.session.place.screen
        reached = _typed(world, phone, step.session, key, walk)
        if reached is None:
            return step
        step = reached
        walk.seen.add(step.session.place.screen)
        walk.edges.add((before, key, step.session.place.screen))
        _check_text(step, walk)
    return step


def unreached(walk: Walk) -> None:
    """Complains of screens that no path reaches."""
    for name in SCREENS:
        if name not in walk.seen:
            walk.complain(name, "no path reaches this screen")


def _ways_on(world: World, phone: Msisdn, step: Step, walk: Walk) -> Iterator[tuple[str, Step]]:
    """Checks a screen and gives each way on from it."""
    session, name = step.session, step.session.place.screen
    walk.seen.add(name)
    _check_text(step, walk)
    screen = drawn(world, phone, session)
    if SCREENS[name].question != isinstance(screen, Question):
        walk.complain(name, "says that it is a question and is not, or the other way round")
    if isinstance(screen, End):
        _check_end(screen, session, walk)
        return
    for door, label in getattr(screen, "doors", {}).items():
        walk.doors.add((name, door, label))
    leads = 0
    for key in _keys(screen, step):
        reached = _typed(world, phone, session, key, walk)
        if reached is None:
            continue
        _check_text(reached, walk)
        leads += reached.session.place != session.place
        yield key, reached
    if not leads:
        walk.complain(name, "a dead end: no key leads anywhere", step.screen.text)
    _check_back(world, phone, session, walk)


def _keys(screen: Screen, step: Step) -> list[str]:
    if isinstance(screen, End):
        return []
    keys = [choice.key for choice in screen.choices]
    keys += (
        screen.samples
        if isinstance(screen, Question)
        else [*NUMBERS, "98", "99", *getattr(screen, "doors", {})]
    )
    return [*keys, "9", "0", "00", WRONG_KEY, ""]


def _typed(world: World, phone: Msisdn, session: Session, key: str, walk: Walk) -> Step | None:
    try:
        return advance(session, key, world.context(phone, key))
    except Exception as fault:  # noqa: BLE001 - whatever a screen raises is a finding of the walk
        walk.complain(session.place.screen, f"{key!r} raises {type(fault).__name__}: {fault}")
        return None


def _check_text(step: Step, walk: Walk) -> None:
    name, text = step.screen.name, step.screen.text
    if not text.strip():
        walk.complain(name, "an empty screen")
    if gsm7.ALPHABET.issuperset(text):
        if gsm7.septets(text) > gsm7.SCREEN_SEPTETS:
            walk.complain(name, f"{gsm7.septets(text)} septets", text)
    elif step.session.charset != "UCS2":
        walk.complain(name, f"outside GSM-7: {sorted(set(text) - gsm7.ALPHABET)}", text)
    elif len(text) > gsm7.SCREEN_UCS2:
        walk.complain(name, f"{len(text)} letters in UCS-2", text)
    if "{" in text or "?" in text.replace(" ?", ""):
        walk.complain(name, "a letter without replacement, or a value left open", text)
    if len(step.session.encode()) > LONGEST_RECORD:
        walk.complain(name, f"a session record of {len(step.session.encode())} bytes")


def _check_end(screen: End, session: Session, walk: Walk) -> None:
    """Nobody can turn the page of a call that is over."""
    if len(layout.pages(screen, session.charset, "", "")) > 1:
        walk.complain(
            session.place.screen, "the last screen of a call takes more than one page", screen.title
        )


def _check_back(world: World, phone: Msisdn, session: Session, walk: Walk) -> None:
    """`0` returns to the screen before, and asks for nothing to be done."""
    step = _typed(world, phone, session, "0", walk)
    if step is None:
        return
    expected = session.back[-1].screen if session.back else HOME
    if step.session.place.screen != expected or step.effects:
        walk.complain(session.place.screen, f"0 leads to {step.session.place.screen} with {step.effects}")


def drawn(world: World, phone: Msisdn, session: Session) -> Screen:
    """The screen on which a session stands."""
    ask = Ask(world.context(phone), session.language, session.charset, session.own)
    ask.args = session.place.args
    return SCREENS[session.place.screen].draw(ask)


def _again(world: World, phone: Msisdn, session: Session) -> Step:
    """The session's own screen, as a hop that changes nothing shows it."""
    return advance(session, WRONG_KEY, world.context(phone))


def _state(step: Step) -> str:
    """What makes two steps the same for the walk, whoever calls: where they stand and what they show."""
    place = step.session.place
    return json.dumps([place.screen, place.args, place.page, step.session.charset, step.screen.text])


def check_dials(
    world: World, complain: Callable[[str, str, str], None], known: Msisdn, unknown: Msisdn
) -> None:
    """Nothing typed first may break a call: empty, long, foreign digits, a star alone."""
    for tail in ("*", "**", "#", "1**2", "٣", "²", "x" * 500, "1*" * 200):
        for phone in (known, unknown):
            step = advance(None, Dial(tuple(tail.split("*"))), world.context(phone))
            if not step.screen.text:
                complain(step.screen.name, f"dialling {tail[:20]!r} shows nothing", "")
