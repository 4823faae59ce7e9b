"""How much a task asks of a person, and where a printed dial string leads: played on the real menu and counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from config import facts
from flows import shortcuts
from flows.engine import hop
from flows.world import World
from models.identifiers import Msisdn


@dataclass(frozen=True, slots=True)
class Effort:
    """What a task took: screens shown (the last included), times the person sent, keys pressed after dialling."""

    task: str
    screens: int
    inputs: int
    keys: int
    led_to: str


@dataclass(frozen=True, slots=True)
class Callers:
    """Phones of the demo world: one whose household has several members with rights, one that nobody knows, and one
    whose household contributes to a mutuelle.
    """

    known: Msisdn
    unknown: Msisdn
    member: Msisdn

    def of(self, kind: str) -> tuple[Msisdn, ...]:
        """The phones meant by `known`, `unknown`, `member`, or by `any` for the first two."""
        phones = {"known": (self.known,), "unknown": (self.unknown,), "member": (self.member,)}
        return phones.get(kind) or (self.known, self.unknown)


def play(world: World, phone: Msisdn, task: str, dial: str, typed: list[str]) -> Effort:
    """Plays a task and counts. The language screen of a first dial is chosen before, and not counted."""
    text, step = dial, hop(None, dial, world.context(phone, "0"))
    if step.session.place.screen == "language.first":
        text = "1"
        step = hop(step.session, text, world.context(phone, "language"))
    for number, keys in enumerate(typed, start=1):
        text = f"{text}*{keys}" if text else keys
        step = hop(step.session, text, world.context(phone, str(number)))
    return Effort(task, len(typed) + 1, len(typed), sum(map(len, typed)), step.session.place.screen)


def too_much(world: World, callers: Callers) -> Iterator[str]:
    """Each task of config/rules/efforts.csv that takes more than its row allows, or ends elsewhere."""
    for row in facts.on(world.now.date(), facts.rows("efforts")):
        for phone in callers.of(row["caller"]):
            effort = play(world, phone, row["task"], row["dial"], row["types"].split())
            allowed = (int(row["screens"]), int(row["inputs"]), int(row["keys"]))
            if effort.led_to != row["leads_to"]:
                yield f"{effort.task}: leads to {effort.led_to}, not to {row['leads_to']}"
            if any(
                took > most
                for took, most in zip((effort.screens, effort.inputs, effort.keys), allowed, strict=True)
            ):
                yield f"{effort.task}: {effort.screens}/{effort.inputs}/{effort.keys}, allowed {allowed}"


def astray(world: World, callers: Callers) -> Iterator[str]:
    """Each published dial string that does not lead where its row says."""
    for shortcut in shortcuts.published(world.now.date()):
        for phone in callers.of(shortcut.caller):
            led_to = hop(None, shortcut.sample, world.context(phone)).session.place.screen
            if led_to != shortcut.leads_to:
                yield f"*{shortcut.sample}# leads to {led_to}, not to {shortcut.leads_to} ({phone.masked})"
